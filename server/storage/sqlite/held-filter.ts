/**
 * Which blocks an account may hold, in memory: pairs of owner and T1. It says "no" to most of what the account does not hold, whether
 * others have it or nobody has, in the same time; a "yes" is looked up. Filled from the tables little by little; until then it
 * says yes to all. DESIGN.md, *What is held*.
 */
import { BloomFilter } from './bloom-filter.js';
import type { StoreDatabase } from './database.js';

interface Filling {
  readonly filter: BloomFilter;
  /** Tags up to here were read. */
  filledTo: number;
  /** The last tag when filling began: later ones enter when they are filed. */
  readonly end: number;
  /** Above so many entries most may be of blocks that are gone, or the store has outgrown the filter. */
  readonly most: number;
  /** Changes where another connection wrote. */
  readonly version: number;
}

/** Pairs to read for each that is asked: the first questions after a start cost about three times as much. */
const fillFactor = 4;
const leastFilled = 256;
const leastCapacity = 16_384;

const fillings = new WeakMap<StoreDatabase, Filling>();

/** Notes that `owner` is about to hold a block: before its row is written, so that no row is ever unknown. */
export function noteHeld(db: StoreDatabase, owner: number, rehash: Uint8Array): void {
  fillings.get(db)?.filter.add(owner, rehash);
}

/**
 * Of `rehashes`, the indexes of those that `owner` may hold. Every one that it does hold is among them. Reads on in the tables where
 * the filter is not full yet. Runs inside a transaction that its caller holds.
 */
export function mayHold(db: StoreDatabase, owner: number, rehashes: readonly Uint8Array[]): readonly number[] {
  const filling = currentFilling(db);
  const isFull = filling.filledTo >= filling.end;
  if (!isFull) fill(db, filling, Math.max(leastFilled, fillFactor * rehashes.length));
  const indexes: number[] = [];
  rehashes.forEach((rehash, index) => {
    if (!isFull || filling.filter.mayHave(owner, rehash)) indexes.push(index);
  });
  return indexes;
}

function currentFilling(db: StoreDatabase): Filling {
  const version = db.query<number>('PRAGMA data_version').pluck().get() ?? 0;
  const known = fillings.get(db);
  if (known?.version === version && known.filter.entries <= known.most) return known;
  const held = db.query<number>('SELECT COALESCE(SUM(blocks), 0) FROM owner').pluck().get() ?? 0;
  const end = db.query<number | null>('SELECT MAX(id) FROM tag').pluck().get() ?? 0;
  const capacity = Math.max(leastCapacity, Math.ceil(1.25 * held));
  const begun = { filter: new BloomFilter(capacity), filledTo: 0, end, most: 2 * Math.max(capacity, end), version };
  fillings.set(db, begun);
  return begun;
}

interface Pair {
  readonly owner: number;
  readonly t1: Uint8Array;
}

const pairsSql = `SELECT referrer.owner, tag.t1 FROM tag CROSS JOIN referrer ON referrer.tag = tag.id WHERE tag.id > ? AND tag.id <= ?
  UNION ALL SELECT pin.owner, tag.t1 FROM pin CROSS JOIN tag ON tag.id = pin.tag WHERE pin.tag > ? AND pin.tag <= ?`;

function fill(db: StoreDatabase, filling: Filling, tags: number): void {
  const from = filling.filledTo;
  const to = Math.min(filling.end, from + tags);
  for (const { owner, t1 } of db.query<Pair>(pairsSql).iterate(from, to, from, to)) filling.filter.add(owner, t1);
  filling.filledTo = to;
}
