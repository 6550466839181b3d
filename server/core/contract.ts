/**
 * What the rules ask for (stores, world, policy, secrets) and what they offer (one interface per service).
 * Types only. Every service throws Refusal for the client's faults; StorageError and CorruptionError of the
 * ports pass through. SPEC.md section 12.
 */
import type { Commit } from '../../client-sdk/protocol/commit-body.js';
import type { Frame } from '../../client-sdk/protocol/frames.js';
import type { AccountId, ImageId, InvitationId, SessionId, Tag, UploadId } from '../../client-sdk/protocol/ids.js';
import type {
  AccountRecord, AccountReport, BegunFactor, CollectAnswer, ConfirmedFactor, CommitResult, CredentialChange, ExistenceAnswer, HeadCard, HeadChange, HeadList, ImageCard, ImageList, IntakeAnswer,
  InvitationCard, InvitationRequest, Kdf, OpenedInvitation, OperatorReport, PageSession, RecoveryAnswer, Registration, SessionCard,
  SessionGrant, Usage, UserCard,
} from '../../client-sdk/protocol/messages.js';
import type { AccountRow, AccountStore, SessionRow } from '../ports/account-store.js';
import type { BlockStore } from '../ports/block-store.js';
import type { Gate } from '../ports/gate.js';
import type { HeadStore } from '../ports/head-store.js';
import type { ImageStore } from '../ports/image-store.js';
import type { Meter } from '../ports/meter.js';
import type { TagStore } from '../ports/tag-store.js';
import type { Clock, Hasher, RandomBytes, StoreState } from '../ports/world.js';

/** All ports of storage. */
export interface Stores {
  readonly blocks: BlockStore;
  readonly tags: TagStore;
  readonly images: ImageStore;
  readonly accounts: AccountStore;
  readonly heads: HeadStore;
  readonly state: StoreState;
}

/** Time, randomness, hashing. */
export interface World {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly hasher: Hasher;
}

/** What the operator decides. Times in milliseconds, sizes in bytes. `defaultPolicy` has the usual numbers. */
export interface Policy {
  readonly existence: 'own' | 'shared';
  readonly signup: 'open' | 'invite' | 'closed';
  /** Of an account whose row names no other; undefined: unlimited. */
  readonly quotaBytes: number | undefined;
  readonly trashMs: number;
  /** How long an unreferenced, unpinned block stays before it may be collected. */
  readonly graceMs: number;
  /** Bytes of one account in live upload sessions that no image refers to. */
  readonly maxSessionBytes: number;
  /** Bytes of stored ciphers that one account may have read for its proofs within `proofWindowMs`. */
  readonly maxProofBytes: number;
  readonly proofWindowMs: number;
  readonly pageIdleMs: number;
  readonly pageLifetimeMs: number;
  readonly bearerLifetimeMs: number;
  /** Invitations of one account that the listing keeps. */
  readonly maxInvitations: number;
}

/** What the server keeps for itself. */
export interface ServerSecrets {
  /** 16 bytes as hex; public. */
  readonly serverId: string;
  /** 32 bytes; makes the stable salts of unknown users. */
  readonly saltKey: Uint8Array;
  /** The one-time token of the data directory; undefined where none was made. */
  readonly setupToken: string | undefined;
}

/** All that the factories take. `gate` is one for all of them: every writer and the collector share it. */
export interface Parts {
  readonly stores: Stores;
  readonly world: World;
  readonly policy: Policy;
  readonly secrets: ServerSecrets;
  readonly gate: Gate;
  /** Bytes of files of the data directory that are neither packs nor database, measured. */
  readonly otherFileBytes: () => Promise<number>;
  /** Hears what the rules do; nobody does without it. */
  readonly meter?: Meter | undefined;
}

/** Where a call comes from, as the http layer sees it. */
export interface Origin {
  /** Address of the peer, for the limiter of failed logins. */
  readonly address: string;
  /** Loopback, no public URL, no proxy, no forwarding header: the first account needs no setup token. */
  readonly isTrustedLocal: boolean;
}

/** A session that was begun: `grant` is the answer's body; `token` goes into the cookie where the carrier is one. */
export interface BegunSession {
  readonly grant: SessionGrant;
  readonly token: Uint8Array;
  readonly session: SessionRow;
}

/** Who calls. `csrfToken` only for page sessions. */
export interface Caller {
  readonly account: AccountRow;
  readonly session: SessionRow;
  readonly csrfToken: Uint8Array | undefined;
}

export interface AccountService {
  /** Refusals: username-taken, account-exists, signup-closed, invitation-required, invitation-invalid, setup-token-required, request-invalid. */
  register(registration: Registration, origin: Origin): Promise<BegunSession>;
  /** True once any account exists. */
  hasAccounts(): Promise<boolean>;
  /** Cost and salt; for an unknown user a stable invention. */
  loginParameters(username: string): Promise<Kdf>;
  /**
   * credentials-wrong alike for an unknown user and a wrong key, whatever the code; rate-limited after repeated failures. Where a second factor is on:
   * second-factor-required without a code, second-factor-wrong.
   */
  login(request: { readonly username: string; readonly authKey: Uint8Array; readonly carrier: 'cookie' | 'bearer'; readonly device?: string; readonly isKept?: boolean; readonly code?: string }, origin: Origin): Promise<BegunSession>;
  /** credentials-wrong, rate-limited. */
  openRecovery(request: { readonly username: string; readonly recoveryAuth: Uint8Array }, origin: Origin): Promise<RecoveryAnswer>;
  /**
   * Ends all other sessions and tokens. credentials-wrong, rate-limited, revision-conflict, request-invalid; with the authKey as proof, the refusals of a second
   * factor as at login. Recovery words without a code turn the factor off.
   */
  changeCredentials(change: CredentialChange, origin: Origin): Promise<BegunSession>;
  /** Answers the new keyring revision. revision-conflict. */
  changeKeyring(accountId: AccountId, change: { readonly expectedRevision: number; readonly keyring: Uint8Array }): Promise<number>;
  changeEmail(accountId: AccountId, email: string | undefined): Promise<void>;
  /** Makes a new secret, asked of nobody until it is confirmed; it replaces one that was not. credentials-wrong, rate-limited; forbidden where a factor is on. */
  beginSecondFactor(account: AccountRow, authKey: Uint8Array, origin: Origin): Promise<BegunFactor>;
  /** Turns on what was begun. second-factor-wrong, rate-limited; not-found where nothing was begun, forbidden where a factor is on. */
  confirmSecondFactor(account: AccountRow, code: string, origin: Origin): Promise<ConfirmedFactor>;
  /** Forgets the secret. credentials-wrong, second-factor-wrong, rate-limited. */
  endSecondFactor(account: AccountRow, proof: { readonly authKey: Uint8Array; readonly code: string }, origin: Origin): Promise<void>;
  /** Closes the account; blocks that nobody else refers to are the collector's. credentials-wrong, rate-limited; forbidden for the operator's. */
  close(account: AccountRow, authKey: Uint8Array, origin: Origin): Promise<void>;
  /** The sealed record as its owner gets it. */
  record(account: AccountRow): AccountRecord;
}

export interface SessionService {
  /** Who this token belongs to; undefined where it is unknown, ended or expired. Notes the use now and then. */
  authenticate(token: Uint8Array): Promise<Caller | undefined>;
  /** The caller's CSRF token equals `presented`; false where the session has none. Constant time. */
  isCsrfToken(caller: Caller, presented: Uint8Array): boolean;
  /** forbidden where the session is not a page's. */
  pageSession(caller: Caller): PageSession;
  logout(caller: Caller): Promise<void>;
  list(caller: Caller): Promise<readonly SessionCard[]>;
  /** not-found where the account has no such session. */
  end(accountId: AccountId, sessionId: SessionId): Promise<void>;
  makeToken(accountId: AccountId, request: { readonly device: string; readonly days: number }): Promise<{ readonly sessionId: SessionId; readonly token: Uint8Array; readonly expiresAt: number }>;
}

export interface InvitationService {
  /** too-many; account-exists where the id is taken. */
  invite(accountId: AccountId, request: InvitationRequest): Promise<InvitationCard>;
  /** invitation-invalid where unknown, used or expired. */
  open(code: Uint8Array): Promise<OpenedInvitation>;
  list(accountId: AccountId): Promise<readonly InvitationCard[]>;
  /** not-found. */
  end(accountId: AccountId, invitationId: InvitationId): Promise<void>;
}

/** An upload session as its owner names it. */
export interface UploadName {
  readonly accountId: AccountId;
  readonly uploadId: UploadId;
}

export interface BlockService {
  /**
   * Takes frames in as they come, in groups that share a durable write. upload-unknown, quota-exceeded; frame-invalid of the
   * reader passes through. Groups that were stored before a refusal stay pinned; the group at hand is not stored.
   */
  receive(upload: UploadName, frames: AsyncIterable<Frame>): Promise<IntakeAnswer>;
  /**
   * Resolves once all tags are allowed: not-found for the image, block-not-found for any tag that no image of the account
   * refers to (a T1 or a stranger's T among them). The frames then come in the order asked; absent ones are damaged.
   */
  fetch(accountId: AccountId, imageId: ImageId, tags: readonly Tag[]): Promise<FetchedFrames>;
}

/** Frames of a fetch. */
export interface FetchedFrames extends AsyncIterable<Frame> {
  /** Bytes of ciphers that they hold at once, however slowly they are taken. */
  readonly heldBytes: number;
}

export interface UploadService {
  /** too-many. */
  begin(accountId: AccountId): Promise<{ readonly uploadId: UploadId; readonly expiresAt: number }>;
  /** `tags` packed T1s, 32 bytes each. upload-unknown, request-invalid. */
  askExistence(upload: UploadName, tags: Uint8Array): Promise<ExistenceAnswer>;
  /** One state per T1. upload-unknown, proof-invalid, rate-limited, forbidden (existence = own). */
  claim(upload: UploadName, claim: { readonly nonce: Uint8Array; readonly tags: Uint8Array; readonly proofs: Uint8Array }): Promise<Uint8Array>;
  /** One result per commit, in order; each image all or nothing. upload-unknown, request-invalid. */
  commit(upload: UploadName, commits: readonly Commit[]): Promise<readonly CommitResult[]>;
  end(upload: UploadName): Promise<void>;
}

export interface ImageService {
  /** Newest first. `cursor` is the `next` of the page before; request-invalid where it is not one. */
  list(accountId: AccountId, page: { readonly isTrash: boolean; readonly cursor: string | undefined; readonly limit: number | undefined }): Promise<ImageList>;
  /** not-found. */
  read(accountId: AccountId, imageId: ImageId): Promise<{ readonly card: ImageCard; readonly manifest: Uint8Array }>;
  /** In the order given, without those that are unknown or damaged, and without what would make the answer large. */
  readSeveral(accountId: AccountId, imageIds: readonly ImageId[]): Promise<readonly { readonly card: ImageCard; readonly manifest: Uint8Array }[]>;
  /** not-found where image or preview is unknown. */
  preview(accountId: AccountId, imageId: ImageId): Promise<Uint8Array>;
  trash(accountId: AccountId, imageId: ImageId): Promise<void>;
  restore(accountId: AccountId, imageId: ImageId): Promise<void>;
  /** Of the trash only; not-found otherwise. */
  purge(accountId: AccountId, imageId: ImageId): Promise<void>;
}

export interface HeadService {
  read(accountId: AccountId): Promise<HeadCard>;
  /** Those after a counter, the oldest first. */
  list(accountId: AccountId, after: number): Promise<HeadList>;
  /** Packed leaves after an id, in order of ids, as many as one answer takes. */
  leaves(accountId: AccountId, after: ImageId | undefined): Promise<Uint8Array>;
  /** The part of the tree that leads to the ids, as bytes. */
  paths(accountId: AccountId, images: readonly ImageId[]): Promise<Uint8Array>;
  /** revision-conflict where another head came first; request-invalid where root or leaves are not right; too-many where thousands of ids begin alike. */
  replace(accountId: AccountId, change: HeadChange): Promise<void>;
}

export interface ReportService {
  usage(accountId: AccountId): Promise<Usage>;
  account(accountId: AccountId): Promise<AccountReport>;
  operator(): Promise<OperatorReport>;
  /** By user name. `cursor` is the `next` of the page before. */
  users(cursor: string | undefined): Promise<{ readonly users: readonly UserCard[]; readonly next?: string }>;
}

/** Anything that can say stop: an AbortSignal is one. */
export interface Stop {
  readonly aborted: boolean;
}

/** `isThorough` compacts at 2 % of dead bytes (else 25 %), the open pack included. */
export interface SweepOrder {
  readonly isThorough: boolean;
  readonly stop?: Stop;
}

/**
 * Something that a sweep takes away (`goes`), or leaves for now. `at`: when it may go at the earliest; of blocks, the last of them. An account: a closed one of which
 * images are left. Blocks: nothing refers to them, and the grace has passed or not, or an upload holds them. Copies: equal ones, or such as cannot be read.
 */
export type ForecastEntry =
  | { readonly kind: 'upload'; readonly goes: boolean; readonly accountId: AccountId; readonly uploadId: UploadId; readonly at: number }
  | { readonly kind: 'account'; readonly goes: boolean; readonly accountId: AccountId; readonly images: number; readonly at: number }
  | { readonly kind: 'image'; readonly goes: boolean; readonly accountId: AccountId; readonly imageId: ImageId; readonly trashedAt: number; readonly at: number }
  | { readonly kind: 'blocks'; readonly goes: boolean; readonly reason: 'unreferenced' | 'grace' | 'pinned'; readonly blocks: number; readonly bytes: number; readonly at?: number }
  | { readonly kind: 'copies'; readonly goes: boolean; readonly reason: 'equal' | 'unreadable'; readonly copies: number; readonly bytes: number }
  | { readonly kind: 'pack'; readonly goes: boolean; readonly pack: number; readonly bytes: number; readonly deadBytes: number };

export interface SweepService {
  /**
   * One at a time, repeatable, abortable. unavailable while another runs, the store is held, or the tail of the packs could not be compared with the index. CorruptionError, after all else was done, where packs had to stay
   * because the index is damaged.
   */
  sweep(order: SweepOrder): Promise<CollectAnswer>;
  /** What a sweep of this moment would do, whether or not the store is held; read page by page as it is asked for. */
  forecast(order: Pick<SweepOrder, 'isThorough'>): AsyncIterable<ForecastEntry>;
}

/** What the packs hold and the index had no rows for, or such as are older than it. `blocks`: without a live row. `images`: without a row, or in the trash though they were restored. `moved`: rows led to records that compaction had moved. `incomplete`: images among `images` of which blocks are missing. */
export interface Reconciled {
  readonly accounts: number;
  readonly blocks: number;
  readonly images: number;
  readonly removals: number;
  readonly moved: number;
  readonly incomplete: number;
}

export interface ReconcileService {
  /**
   * Compares the tail of the packs with the index and brings back what is missing, unless that was done since this process and the index's engine were started. Undefined where it cannot be done now: the store is held, a sweep runs, or
   * it was stopped. Throws StorageError. Repeatable.
   */
  run(stop?: Stop): Promise<Reconciled | undefined>;
  /** All that was brought back since this was asked last, by a sweep too, and by what was broken off; undefined where nothing was. */
  takeUntold(): Reconciled | undefined;
  /** The index was compared since this process and the index's engine were started. */
  isDone(): Promise<boolean>;
}

/** What the http layer and the operator's commands call. */
export interface Services {
  readonly accounts: AccountService;
  readonly sessions: SessionService;
  readonly invitations: InvitationService;
  readonly blocks: BlockService;
  readonly uploads: UploadService;
  readonly images: ImageService;
  readonly heads: HeadService;
  readonly report: ReportService;
  readonly sweep: SweepService;
  readonly reconcile: ReconcileService;
}
