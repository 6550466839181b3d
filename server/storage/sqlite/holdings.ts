/**
 * What accounts hold, in memory: pairs of owner and T1. It says "held" of most blocks that an image of the account refers to, and "absent" of
 * most that the account does not hold, whether others have them or nobody has, in the same time. The rest is looked up.
 * Filled from the tables little by little; until then nothing is absent. DESIGN.md, *What is held*.
 */
import { BloomFilter } from './bloom-filter.js';
import type { StoreDatabase } from './database.js';
import { readHeld, type HeldPairs } from './held-pairs.js';
import { PairPrinter, type Pairs } from './pair-prints.js';
import { PairTable } from './pair-table.js';

interface Holdings {
  /** Every pair that is held, and a few that are not. */
  readonly filter: BloomFilter;
  /** Pairs of which it is certain that the row is live and an image of the owner refers to it: as the last commit left them, less what changed since. */
  readonly certain: PairTable;
  /** Tags up to here were read. */
  filledTo: number;
  /** What was read is not entered yet: that waits for the end of the transaction. */
  isFilling: boolean;
  /** The last tag when filling began: later ones enter when they are filed. */
  readonly end: number;
  /** Above so many entries most may be of blocks that are gone, or the store has outgrown the filter. */
  readonly most: number;
  /** Changes where another connection wrote. */
  readonly version: number;
}

/** Tags to read for each that is asked: the first questions after a start cost about twice as much. */
const fillFactor = 8;
const leastFilled = 256;
const leastCapacity = 16_384;
/** 6.3 bytes each. Above it what is certain is some of what is held, and its memory grows no more. */
const mostCertain = 11_000_000;

const nothing = new Uint8Array(0);
const known = new WeakMap<StoreDatabase, Holdings>();
const printer = new PairPrinter();

/** Notes that `owner` is about to hold a block: before its row is written, so that no row is ever unknown. */
export function noteHeld(db: StoreDatabase, owner: number, rehash: Uint8Array): void {
  known.get(db)?.filter.add(owner, rehash);
}

/** Notes that what an owner holds is held by an older row from now on: reading on may have passed that one. */
export function notePassed(db: StoreDatabase, owner: number, rehash: Uint8Array): void {
  const holdings = known.get(db);
  if (holdings !== undefined && holdings.filledTo < holdings.end) holdings.filter.add(owner, rehash);
}

/** Of some T1s, indexes of those that the owner holds, and of those that have to be looked up. The others it does not hold. */
export interface Judged {
  readonly held: readonly number[];
  readonly unsure: readonly number[];
}

/** Judges T1s for an owner. Reads on in the tables where they were not read whole yet. Runs inside a transaction that its caller holds. */
export function judge(db: StoreDatabase, owner: number, rehashes: readonly Uint8Array[]): Judged {
  const holdings = currentHoldings(db);
  const isFull = holdings.filledTo >= holdings.end;
  if (!isFull) fill(db, holdings, Math.max(leastFilled, fillFactor * rehashes.length));
  const asked = isFull ? holdings.filter.whichMayHave(owner, rehashes) : [...rehashes.keys()];
  return sorted(holdings, owner, { rehashes, asked });
}

function sorted({ certain }: Holdings, owner: number, { rehashes, asked }: { readonly rehashes: readonly Uint8Array[]; readonly asked: readonly number[] }): Judged {
  const held: number[] = [];
  const unsure: number[] = [];
  const pairs = { count: asked.length, hashAt: (place: number) => rehashes[asked[place] ?? 0] ?? nothing, ownerAt: () => owner };
  printer.forEach(pairs, (place, prints, at) => { (certain.has(prints, at) ? held : unsure).push(asked[place] ?? 0); }, (prints) => { certain.touch(prints); });
  return { held, unsure };
}

/** Notes that live rows of these T1s are referred to by images of `owner`, once the transaction that wrote or saw it is committed. */
export function learnHeld(db: StoreDatabase, owner: number, rehashes: readonly Uint8Array[]): void {
  const holdings = known.get(db);
  if (holdings === undefined || rehashes.length === 0) return;
  after(db, (isCommitted) => {
    if (isCommitted) printer.forEach(pairsOf(owner, rehashes), (_, prints, at) => { holdings.certain.add(prints, at); });
  });
}

/** Notes that these T1s are certain no longer, from now on: what was learned in this transaction is forgotten after it too. */
export function forgetHeld(db: StoreDatabase, owner: number, rehashes: readonly Uint8Array[]): void {
  const holdings = known.get(db);
  if (holdings === undefined || rehashes.length === 0) return;
  const forget = (): void => {
    printer.forEach(pairsOf(owner, rehashes), (_, prints, at) => { holdings.certain.remove(prints, at); });
  };
  forget();
  after(db, forget);
}

/** What has failed half-way (memory may be short) no longer says what the tables do: it begins anew. */
function after(db: StoreDatabase, step: (isCommitted: boolean) => void): void {
  db.afterwards.add((isCommitted) => {
    try {
      step(isCommitted);
    } catch {
      known.delete(db);
    }
  });
}

function pairsOf(owner: number, rehashes: readonly Uint8Array[]): Pairs {
  return { count: rehashes.length, hashAt: (index) => rehashes[index] ?? nothing, ownerAt: () => owner };
}

function currentHoldings(db: StoreDatabase): Holdings {
  const version = db.query<number>('PRAGMA data_version').pluck().get() ?? 0;
  const before = known.get(db);
  if (before?.version === version && before.filter.entries <= before.most) return before;
  const held = db.query<number>('SELECT COALESCE(SUM(blocks), 0) FROM owner').pluck().get() ?? 0;
  const end = db.query<number | null>('SELECT MAX(id) FROM tag').pluck().get() ?? 0;
  const capacity = Math.max(leastCapacity, Math.ceil(1.25 * held));
  const certain = new PairTable(Math.max(leastCapacity, Math.ceil(1.05 * held)), mostCertain);
  const begun = { filter: new BloomFilter(capacity), certain, filledTo: 0, isFilling: false, end, most: 2 * Math.max(capacity, end), version };
  known.set(db, begun);
  return begun;
}

/** Reads on. What was read is entered when the transaction has ended: before, a step that is taken back later may have changed it. */
function fill(db: StoreDatabase, holdings: Holdings, tags: number): void {
  if (holdings.isFilling) return;
  const to = Math.min(holdings.end, holdings.filledTo + tags);
  const read = readHeld(db, holdings.filledTo, to);
  holdings.isFilling = true;
  after(db, (isCommitted) => {
    holdings.isFilling = false;
    if (!isCommitted) return;
    for (const pairs of read) enter(holdings, pairs);
    holdings.filledTo = to;
  });
}

function enter({ filter, certain }: Holdings, pairs: HeldPairs): void {
  printer.forEach(pairs, (index, prints, at) => {
    filter.add(pairs.ownerAt(index), pairs.hashAt(index));
    if (pairs.isCertain(index)) certain.add(prints, at);
  });
}
