/**
 * What a pool and its threads say to each other. Types alone. The pool asks for the steps of a split and for the bytes of a join, so that
 * a thread is never more than one answer ahead. SPEC.md section 12.
 */
import type { CrossingError } from './crossing.js';
import type { AssembleInput, EntriesInput, JoinedFile, JoinInput, OpenedBlock, OpenInput, PackedEntries, PatchInput, SealedContent, SealInput, SplitInput, SplitStep, SplitWord } from './tasks.js';

/** Work, by its name. The bytes of a split's source go with it where they are few (`bytes`), else they are asked for as they are needed. */
export type Work =
  | { readonly name: 'split'; readonly input: SplitInput; readonly sourceBytes: number; readonly bytes: Uint8Array | undefined }
  | { readonly name: 'seal'; readonly input: SealInput }
  | { readonly name: 'open'; readonly input: OpenInput }
  | { readonly name: 'join'; readonly input: JoinInput }
  | { readonly name: 'assemble'; readonly input: AssembleInput }
  | { readonly name: 'patch'; readonly input: PatchInput }
  | { readonly name: 'entries'; readonly input: EntriesInput };

/** An OpenedBlock as it crosses. */
export type CrossingBlock = Omit<OpenedBlock, 'error'> & { readonly error?: CrossingError };

/** Some steps of a split; after the last ones nothing is asked any more. */
export interface SomeSteps {
  readonly steps: readonly SplitStep[];
  readonly isLast: boolean;
}

/** Some bytes of a file that is joined; after the last ones nothing is asked any more. */
export interface SomeBytes {
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

/** What work answers. */
export type WorkAnswer = readonly SealedContent[] | readonly CrossingBlock[] | SomeSteps | SomeBytes | JoinedFile | PackedEntries | readonly (Uint8Array | undefined)[];

/** To a thread. Ids count up from 1 and are never used again. */
export type ToThread =
  | { readonly kind: 'start'; readonly id: number; readonly work: Work }
  /** More steps of a split, or bytes of a file, whose first ones are answered unasked. */
  | { readonly kind: 'next'; readonly id: number; readonly word: SplitWord }
  | { readonly kind: 'bytes'; readonly id: number; readonly ask: number; readonly bytes: Uint8Array }
  | { readonly kind: 'contents'; readonly id: number; readonly ask: number; readonly contents: readonly Uint8Array[] }
  | { readonly kind: 'unreadable'; readonly id: number; readonly ask: number; readonly error: CrossingError }
  | { readonly kind: 'abort'; readonly id: number };

/**
 * From a thread. `ready` once, before all else: its script runs. `answer` is the end of work, or some of what it makes. `read`: of a split's
 * source; `take`: contents of the image that is joined.
 */
export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly id: number; readonly value: WorkAnswer }
  | { readonly kind: 'failed'; readonly id: number; readonly error: CrossingError }
  | { readonly kind: 'read'; readonly id: number; readonly ask: number; readonly offset: number; readonly length: number }
  | { readonly kind: 'take'; readonly id: number; readonly ask: number; readonly index: number };

/** A thread of the platform that serves tasks (task-server.ts). */
export interface ThreadPort {
  post(message: ToThread, transfer: readonly ArrayBuffer[]): void;
  /** Ends it at once; `onEnd` is not called for this. */
  end(): Promise<void>;
  /** Where the platform can: an idle thread does not keep the process alive. */
  keepAlive?(isBusy: boolean): void;
}

/** Who hears of a thread. */
export interface ThreadListener {
  onMessage(message: FromThread): void;
  /** It stopped by itself. */
  onEnd(reason: string): void;
}

/** Starts a thread. */
export type StartThread = (listener: ThreadListener) => ThreadPort;
