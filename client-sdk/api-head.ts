/**
 * The account head as the SDK speaks of it: the newest signed state, and what of it the server lacks. Types alone; part of api.ts. SPEC.md section 14.
 */
import type { ImageId } from './protocol/ids.js';

/** What the newest account head says: a signed state of the account, counted up with each change. */
export interface HeadFigures {
  readonly counter: number;
  /** How often a loss was accepted. */
  readonly epoch: number;
  readonly signedAt: number;
  /** Images that it names, removed ones included. */
  readonly leaves: number;
}

/**
 * How the server differs: `missing` is named and not there; `trashed` lies in the trash, by nobody's word; `returned` was removed, and is listed;
 * `changed` has another manifest than was committed. `unsaid` is right, and no head says it yet.
 */
export type HeadDifferenceKind = 'missing' | 'trashed' | 'returned' | 'changed' | 'unsaid';

/** An image of which the server shows something else than the account head. */
export interface HeadDifference {
  readonly id: ImageId;
  readonly kind: HeadDifferenceKind;
  /** It lay in the trash, by the account head. */
  readonly isTrashed: boolean;
}

/** All of them, in order of ids. */
export interface HeadDifferences {
  readonly images: readonly HeadDifference[];
  /** SHA-256 over the state that the server shows and all that accepting it would sign: what acceptLoss signs, and nothing else. */
  readonly digest: string;
}
