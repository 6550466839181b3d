/**
 * A set of prints in memory that may forget what was added, and claims nothing that was not: 48 bits of a print are kept, in one of two
 * buckets that others of its bits choose, so one that was never added is taken for another with a chance of 2^-44. Grown by
 * generations up to a bound; above it, new ones replace old ones.
 */
import { printWords } from './pair-prints.js';

/** Prints to a bucket, 6 bytes each. */
const bucketSlots = 8;
/** Of all slots. Where more are taken, room is no longer found in few moves. */
const fullness = 0.95;
const mostMoves = 64;

/** What is kept of a print: 32 bits, never 0, and 16. */
interface Kept {
  readonly low: number;
  readonly high: number;
}

interface Generation {
  /** 0 where a slot is empty. */
  readonly lows: Uint32Array;
  readonly highs: Uint16Array;
  readonly buckets: number;
  readonly capacity: number;
  entries: number;
}

export class PairTable {
  /** The newest first: it is the largest. */
  #generations: readonly Generation[];
  #moved = 0;
  #touched = 0;

  /** For `capacity` prints to begin with, and never for more than `most`. */
  constructor(capacity: number, private readonly most: number) {
    this.#generations = [generationFor(Math.min(capacity, most))];
  }

  /** Prints that it knows. */
  get entries(): number {
    return this.#generations.reduce((sum, { entries }) => sum + entries, 0);
  }

  get bytes(): number {
    return this.#generations.reduce((sum, { lows, highs }) => sum + lows.byteLength + highs.byteLength, 0);
  }

  /** The print whose words begin at `at` was added, and is known still. */
  has(prints: Uint32Array, at: number): boolean {
    for (const generation of this.#generations) if (slotOf(generation, prints, at) >= 0) return true;
    return false;
  }

  /** Reads where prints may stand, none of which waits for another: `has` then finds the memory near. */
  touch(prints: Uint32Array): void {
    const [newest] = this.#generations;
    if (newest === undefined) return;
    for (let at = 0; at < prints.length; at += printWords) {
      const first = firstBucket(newest, prints, at);
      const second = otherBucket(newest, first, keptOf(prints, at).low);
      this.#touched ^= (newest.lows[bucketSlots * first] ?? 0) ^ (newest.lows[bucketSlots * second] ?? 0) ^ (newest.highs[bucketSlots * first] ?? 0) ^ (newest.highs[bucketSlots * second] ?? 0);
    }
  }

  /** Adds a print. */
  add(prints: Uint32Array, at: number): void {
    if (this.has(prints, at)) return;
    const generation = this.#roomy() ?? this.#anyOf(prints[at + 1] ?? 0);
    if (this.#place(generation, firstBucket(generation, prints, at), keptOf(prints, at))) generation.entries++;
  }

  /** Forgets a print. Absence is not an error. */
  remove(prints: Uint32Array, at: number): void {
    for (const generation of this.#generations) {
      const slot = slotOf(generation, prints, at);
      if (slot < 0) continue;
      const bucket = Math.floor(slot / bucketSlots);
      // The last of the bucket takes its place: what follows an empty slot is not looked at.
      const last = bucketSlots * bucket + filled(generation, bucket) - 1;
      const moved = exchange(generation, last, { low: 0, high: 0 });
      if (slot !== last) exchange(generation, slot, moved);
      generation.entries--;
    }
  }

  /** Puts a print into a bucket or its other one. Where both are full one moves on to its own other, and so on; after too many moves the last is lost. */
  #place(generation: Generation, first: number, kept: Kept): boolean {
    if (put(generation, first, kept)) return true;
    let [bucket, moving] = [otherBucket(generation, first, kept.low), kept];
    for (let move = 0; move < mostMoves; move++) {
      if (put(generation, bucket, moving)) return true;
      moving = exchange(generation, bucketSlots * bucket + (this.#moved++ % bucketSlots), moving);
      bucket = otherBucket(generation, bucket, moving.low);
    }
    return false;
  }

  /** The newest generation, after a larger one was made where it is full. Undefined where the bound allows for none. */
  #roomy(): Generation | undefined {
    const [newest] = this.#generations;
    if (newest !== undefined && newest.entries < newest.capacity) return newest;
    const left = this.most - this.#capacity();
    if (left <= 0) return undefined;
    const made = generationFor(Math.min(2 * (newest?.capacity ?? 1), left));
    this.#generations = [made, ...this.#generations];
    return made;
  }

  /** One of the generations, the larger the more likely: where all are full the old must give way in all alike. */
  #anyOf(word: number): Generation {
    let spot = (word / 2 ** 32) * this.#capacity();
    const found = this.#generations.find(({ capacity }) => (spot -= capacity) < 0) ?? this.#generations[0];
    return found ?? generationFor(1);
  }

  #capacity(): number {
    return this.#generations.reduce((sum, { capacity }) => sum + capacity, 0);
  }
}

function generationFor(capacity: number): Generation {
  const buckets = Math.max(1, Math.ceil(capacity / fullness / bucketSlots));
  return { lows: new Uint32Array(buckets * bucketSlots), highs: new Uint16Array(buckets * bucketSlots), buckets, capacity, entries: 0 };
}

/** The slot that holds a print, or -1. */
function slotOf(generation: Generation, prints: Uint32Array, at: number): number {
  const kept = keptOf(prints, at);
  const bucket = firstBucket(generation, prints, at);
  const slot = slotIn(generation, bucket, kept);
  return slot >= 0 ? slot : slotIn(generation, otherBucket(generation, bucket, kept.low), kept);
}

function slotIn({ lows, highs }: Generation, bucket: number, { low, high }: Kept): number {
  for (let slot = bucketSlots * bucket; slot < bucketSlots * (bucket + 1); slot++) {
    const found = lows[slot];
    if (found === low && highs[slot] === high) return slot;
    if (found === 0) return -1;
  }
  return -1;
}

/** Puts a print into the first empty slot of a bucket, if it has one. */
function put(generation: Generation, bucket: number, kept: Kept): boolean {
  const taken = filled(generation, bucket);
  if (taken === bucketSlots) return false;
  exchange(generation, bucketSlots * bucket + taken, kept);
  return true;
}

/** Puts a print into a slot. Answers the one that was there. */
function exchange({ lows, highs }: Generation, slot: number, { low, high }: Kept): Kept {
  const before = { low: lows[slot] ?? 0, high: highs[slot] ?? 0 };
  lows[slot] = low;
  highs[slot] = high;
  return before;
}

/** How many slots of a bucket are taken: always its first ones. */
function filled({ lows }: Generation, bucket: number): number {
  let slots = 0;
  while (slots < bucketSlots && lows[bucketSlots * bucket + slots] !== 0) slots++;
  return slots;
}

function keptOf(prints: Uint32Array, at: number): Kept {
  const low = prints[at + 2] ?? 0;
  return { low: low === 0 ? 1 : low, high: (prints[at + 3] ?? 0) & 0xffff };
}

function firstBucket({ buckets }: Generation, prints: Uint32Array, at: number): number {
  return Math.floor(((prints[at] ?? 0) / 2 ** 32) * buckets);
}

/** The other bucket of a print that is in `bucket`: told from what is kept of it, and the same in both directions. */
function otherBucket({ buckets }: Generation, bucket: number, low: number): number {
  const other = Math.floor((low / 2 ** 32) * buckets) - bucket;
  return other < 0 ? other + buckets : other;
}
