/**
 * What a page and its worker say to each other: the SDK's methods as messages, in values that the browser can clone. Types
 * and the table of names alone. Keys and plaintext stay in the worker but for what the page must show. DESIGN.md section 7.
 */
import type {
  AccountSummary, BlockCheck, BlockStep, CallOptions, CloseRequest, Credentials, DiceClient, DomainKind, FileCheck, Image, OpenImage, RecoverRequest, RegisterRequest, SavedSession,
} from '../api.js';
import type { UserCard } from '../protocol/messages.js';
import type { Plain, PlainFault } from './plain-outcome.js';
import type { UploadUpdate, UploadWord } from './upload-messages.js';

/** Checks whose error crosses as a plain value. */
export type PlainBlockCheck = Plain<BlockCheck>;
export type PlainFileCheck = Plain<FileCheck>;
export type PlainCheck = PlainBlockCheck | PlainFileCheck;

/** Numbers of tile states, by content. */
export const tileStateCodes = { unknown: 0, new: 1, stored: 2, flat: 3, patched: 4 } as const;

/** The states of an image's contents, and where they come from. */
export interface TileStates {
  /** One of tileStateCodes for each content, in content order. */
  readonly codes: Uint8Array;
  /** `upload`: as this browser saw it. `compared`: new where none of `comparedWith` earlier images has the block. */
  readonly from: 'upload' | 'compared';
  readonly comparedWith: number;
}

/** What is to be put into an archive, and where: a file that the person chose, or a blob where there is none. */
export interface ArchiveRequest {
  readonly ids: readonly string[] | 'all';
  readonly target: FileSystemFileHandle | undefined;
}

/** Progress of an archive; `images` and `bytes` are those of the images. `blob` stands in `done` exactly where no target was given. */
export type ArchiveUpdate =
  | { readonly kind: 'begun'; readonly images: number; readonly bytes: number }
  | { readonly kind: 'progress'; readonly images: number; readonly bytes: number }
  | { readonly kind: 'failed'; readonly name: string; readonly fault: PlainFault }
  | { readonly kind: 'done'; readonly images: number; readonly archiveBytes: number; readonly blob: Blob | undefined };

/** Progress of one file that is saved. `blob` stands in `done` exactly where no target was given. */
export type SaveUpdate = { readonly kind: 'progress'; readonly bytes: number } | { readonly kind: 'done'; readonly blob: Blob | undefined };

/** A file under way, and how large its picture is shown, in pixels. */
export interface LivePictureRequest {
  readonly file: File;
  readonly width: number;
  readonly height: number;
}

/** What stands beside an image in the gallery. */
export interface Neighbours {
  readonly newer: NamedImage | undefined;
  readonly older: NamedImage | undefined;
}

/** Enough for a link. */
export interface NamedImage {
  readonly id: string;
  readonly name: string;
}

type Answer<M extends keyof DiceClient> = DiceClient[M] extends (...args: never[]) => Promise<infer T> ? T : never;

/** Calls that are answered once: argument and answer. */
export interface PageCalls {
  register: { argument: RegisterRequest; answer: Answer<'register'> };
  login: { argument: Credentials; answer: undefined };
  recover: { argument: RecoverRequest; answer: undefined };
  changePassword: { argument: { readonly current: string; readonly next: string; readonly code?: string | undefined }; answer: undefined };
  changeRecoveryWords: { argument: { readonly password: string; readonly code?: string | undefined }; answer: Answer<'changeRecoveryWords'> };
  checkRecoveryWords: { argument: string; answer: undefined };
  closeAccount: { argument: CloseRequest; answer: undefined };
  beginSecondFactor: { argument: { readonly password: string }; answer: Answer<'beginSecondFactor'> };
  confirmSecondFactor: { argument: string; answer: Answer<'confirmSecondFactor'> };
  endSecondFactor: { argument: { readonly password: string; readonly code: string }; answer: undefined };
  changeEmail: { argument: string | undefined; answer: undefined };
  changeDomain: { argument: DomainKind; answer: undefined };
  logout: { argument: undefined; answer: undefined };
  saveSession: { argument: undefined; answer: SavedSession };
  resumeSession: { argument: SavedSession; answer: undefined };
  open: { argument: string; answer: OpenImage };
  preview: { argument: string; answer: Blob | undefined };
  download: { argument: string; answer: Blob };
  livePicture: { argument: LivePictureRequest; answer: ImageBitmap | undefined };
  tileStates: { argument: string; answer: TileStates };
  /** The images beside this one in the gallery's order, newest first; an image that is not in the gallery has none. */
  neighbours: { argument: string; answer: Neighbours };
  remove: { argument: string; answer: undefined };
  restore: { argument: string; answer: undefined };
  purge: { argument: string; answer: undefined };
  head: { argument: undefined; answer: Answer<'head'> };
  missing: { argument: undefined; answer: Answer<'missing'> };
  acceptLoss: { argument: string; answer: Answer<'acceptLoss'> };
  report: { argument: undefined; answer: Answer<'report'> };
  usage: { argument: undefined; answer: Answer<'usage'> };
  invite: { argument: { readonly days: number }; answer: Answer<'invite'> };
  invitations: { argument: undefined; answer: Answer<'invitations'> };
  endInvitation: { argument: string; answer: undefined };
  sessions: { argument: undefined; answer: Answer<'sessions'> };
  endSession: { argument: string; answer: undefined };
  makeToken: { argument: { readonly device: string; readonly days: number }; answer: Answer<'makeToken'> };
  operatorReport: { argument: undefined; answer: Answer<'operatorReport'> };
  collect: { argument: undefined; answer: Answer<'collect'> };
}

/** Calls that are answered piece by piece; `word` is what the page may tell one while it runs. */
export interface PageStreams {
  list: { argument: { readonly trash: boolean }; item: Image };
  /** Those of the gallery that the server took in at `since` or later, newest first. */
  newest: { argument: { readonly since: number }; item: Image };
  /** One file, written piece by piece; finished only after its hash was found right. */
  save: { argument: { readonly id: string; readonly target: FileSystemFileHandle | undefined }; item: SaveUpdate };
  /** Several as a ZIP archive. An image that fails is left out and named, in FAILED.txt too. */
  archive: { argument: ArchiveRequest; item: ArchiveUpdate };
  upload: { argument: undefined; item: UploadUpdate; word: UploadWord };
  verify: { argument: string; item: PlainCheck };
  /** The block by its tag T in hex: equal contents of an image are one block. Each step as it ends, then the check. */
  checkBlock: { argument: { readonly id: string; readonly tag: string }; item: BlockStep | PlainBlockCheck };
  users: { argument: undefined; item: UserCard };
}

/** What may be told to the stream `N` while it runs. */
export type WordOf<N extends keyof PageStreams> = PageStreams[N] extends { word: infer Word } ? Word : never;

/** From the page. Ids count up from 1. */
export type ToWorker =
  | { readonly kind: 'call'; readonly id: number; readonly name: keyof PageCalls; readonly argument: unknown }
  | { readonly kind: 'stream'; readonly id: number; readonly name: keyof PageStreams; readonly argument: unknown }
  | { readonly kind: 'tell'; readonly id: number; readonly word: unknown }
  | { readonly kind: 'abort'; readonly id: number };

/** From the worker. `answer` ends a stream too. */
export type FromWorker =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown; readonly account: AccountSummary | undefined }
  | { readonly kind: 'items'; readonly id: number; readonly items: readonly unknown[] }
  | { readonly kind: 'failed'; readonly id: number; readonly fault: PlainFault };

/** Carries one call out. */
export type CallHandlers = {
  readonly [N in keyof PageCalls]: (client: DiceClient, argument: PageCalls[N]['argument'], options: CallOptions) => Promise<PageCalls[N]['answer']>;
};

/** What a stream is given: the signal, and where to listen to the page while it runs. */
export interface StreamOptions<Word> extends CallOptions {
  readonly onWord: (hear: (word: Word) => void) => void;
}

/** Carries one stream out. */
export type StreamHandlers = {
  readonly [N in keyof PageStreams]: (client: DiceClient, argument: PageStreams[N]['argument'], options: StreamOptions<WordOf<N>>) => AsyncIterable<PageStreams[N]['item']>;
};
