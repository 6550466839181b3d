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

/** An image that the account head names and the server does not have. */
export interface MissingImage {
  readonly id: ImageId;
  readonly isTrashed: boolean;
}
