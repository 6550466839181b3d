/**
 * Account heads: what an account signs of its images, the leaves that it signs, and what the server keeps of the tree over them so that
 * no question needs all leaves. Opaque to the store. SPEC.md section 14.
 */
import type { AccountId } from '../../client-sdk/protocol/ids.js';

/** The tree that the newest head signs. `crown`: the hashes of its upper part, as the rules pack them. */
export interface HeadTree {
  readonly counter: number;
  readonly root: Uint8Array;
  readonly crown: Uint8Array;
}

/** A head as it was sealed. */
export interface KeptHead {
  readonly counter: number;
  readonly sealed: Uint8Array;
}

/** What replaces the newest head: `tree.counter` is one more than its counter, 1 for the first. */
export interface HeadReplacement {
  readonly tree: HeadTree;
  readonly sealed: Uint8Array;
  /** Packed; each replaces the one of its id. */
  readonly leaves: readonly Uint8Array[];
  /** Heads up to this counter are forgotten. */
  readonly forgetTo: number;
}

/** Heads and leaves of accounts. Each method is one transaction. */
export interface HeadStore {
  find(accountId: AccountId): Promise<HeadTree | undefined>;
  /** Heads with a counter above `after`, in order. */
  list(accountId: AccountId, after: number, limit: number): Promise<readonly KeptHead[]>;
  /** Packed leaves with ids (16 bytes) from `from` to `to`, both included, in order. */
  leaves(accountId: AccountId, range: { readonly from: Uint8Array; readonly to: Uint8Array; readonly limit: number }): Promise<readonly Uint8Array[]>;
  /** False where the newest head has another counter by now, or the account is closed. */
  replace(accountId: AccountId, replacement: HeadReplacement): Promise<boolean>;
}
