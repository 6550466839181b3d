/** The index of a store, open: its tables, and what the processes that share them agree on. */
import type { Stores } from './core/contract.js';
import type { Gate } from './ports/gate.js';
import type { Meter } from './ports/meter.js';
import type { Clock } from './ports/world.js';

/** How an index is opened. */
export interface IndexWish {
  /** Only an index that was made before. */
  readonly mustExist: boolean;
  /** For a rebuild: an index that cannot be read is kept aside, and a new one made; with `isAnew` one that can be read, too. */
  readonly rebuild?: { readonly isAnew: boolean } | undefined;
  readonly meter?: Meter | undefined;
}

/** Closed once, after the block store. */
export interface OpenedIndex {
  readonly stores: Omit<Stores, 'blocks'>;
  readonly gate: Gate;
  /** The time that expiry is counted by. */
  readonly clock: Clock;
  /** Where the index lies that was put aside. */
  readonly aside?: string | undefined;
  close(): Promise<void>;
}
