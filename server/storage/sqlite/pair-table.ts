/**
 * A set of prints in memory that may forget what was added, and claims nothing that was not: 64 bits of a print are kept, in one of two
 * buckets that others of its bits choose, so one that was never added is taken for another with a chance of 2^-60. Grown by
 * generations up to a bound; above it, new ones replace old ones.
 */

/** Prints to a bucket, which is a cache line. */
const bucketSlots = 8;
const slotWords = 2;
const bucketWords = bucketSlots * slotWords;
/** Of all slots. Where more are taken, room is no longer found in few moves. */
const fullness = 0.95;
const mostMoves = 64;

interface Print {
  readonly low: number;
  readonly high: number;
}

interface Generation {
  readonly words: Uint32Array;
  readonly buckets: number;
  readonly capacity: number;
  entries: number;
}

export class PairTable {
  /** The newest first: it is the largest. */
  #generations: readonly Generation[];
  #moved = 0;

  /** For `capacity` prints to begin with, and never for more than `most`. */
  constructor(capacity: number, private readonly most: number) {
    this.#generations = [generationFor(Math.min(capacity, most))];
  }

  /** Prints that it knows. */
  get entries(): number {
    return this.#generations.reduce((sum, { entries }) => sum + entries, 0);
  }

  get bytes(): number {
    return this.#generations.reduce((sum, { words }) => sum + words.byteLength, 0);
  }

  /** The print whose words begin at `at` was added, and is known still. */
  has(prints: Uint32Array, at: number): boolean {
    for (const generation of this.#generations) if (slotOf(generation, prints, at) >= 0) return true;
    return false;
  }

  /** Adds a print. */
  add(prints: Uint32Array, at: number): void {
    if (this.has(prints, at)) return;
    const generation = this.#roomy();
    if (this.#place(generation, firstBucket(generation, prints, at), { low: keptWord(prints, at), high: prints[at + 3] ?? 0 })) generation.entries++;
  }

  /** Forgets a print. Absence is not an error. */
  remove(prints: Uint32Array, at: number): void {
    for (const generation of this.#generations) {
      const slot = slotOf(generation, prints, at);
      if (slot < 0) continue;
      const { words } = generation;
      const bucket = slot - (slot % bucketWords);
      // The last of the bucket takes its place: what follows an empty slot is not looked at.
      const last = bucket + slotWords * (filled(words, bucket) - 1);
      words.copyWithin(slot, last, last + slotWords);
      words.fill(0, last, last + slotWords);
      generation.entries--;
    }
  }

  /** Puts a print into a bucket or its other one. Where both are full one moves on to its own other, and so on; after too many moves the last is lost. */
  #place({ words, buckets }: Generation, first: number, print: Print): boolean {
    if (put(words, first, print)) return true;
    let [bucket, moving] = [otherBucket(buckets, first, print.high), print];
    for (let move = 0; move < mostMoves; move++) {
      if (put(words, bucket, moving)) return true;
      moving = exchanged(words, bucketWords * bucket + slotWords * (this.#moved++ % bucketSlots), moving);
      bucket = otherBucket(buckets, bucket, moving.high);
    }
    return false;
  }

  /** The newest generation, after a larger one was made where it is full and the bound allows for one. */
  #roomy(): Generation {
    const [newest] = this.#generations;
    const left = this.most - this.#generations.reduce((sum, { capacity }) => sum + capacity, 0);
    if (newest !== undefined && (newest.entries < newest.capacity || left < newest.capacity / 4)) return newest;
    const made = generationFor(Math.min(2 * (newest?.capacity ?? 1), left));
    this.#generations = [made, ...this.#generations];
    return made;
  }
}

function generationFor(capacity: number): Generation {
  const buckets = Math.max(1, Math.ceil(capacity / fullness / bucketSlots));
  return { words: new Uint32Array(buckets * bucketWords), buckets, capacity, entries: 0 };
}

/** The first word of the slot that holds a print, or -1. */
function slotOf(generation: Generation, prints: Uint32Array, at: number): number {
  const { words, buckets } = generation;
  const [low, high] = [keptWord(prints, at), prints[at + 3] ?? 0];
  const bucket = firstBucket(generation, prints, at);
  const slot = slotIn(words, bucket, { low, high });
  return slot >= 0 ? slot : slotIn(words, otherBucket(buckets, bucket, high), { low, high });
}

function slotIn(words: Uint32Array, bucket: number, { low, high }: Print): number {
  const from = bucketWords * bucket;
  for (let slot = from; slot < from + bucketWords; slot += slotWords) {
    const word = words[slot];
    if (word === low && words[slot + 1] === high) return slot;
    if (word === 0) return -1;
  }
  return -1;
}

/** Puts a print into the first empty slot of a bucket, if it has one. */
function put(words: Uint32Array, bucket: number, { low, high }: Print): boolean {
  const slot = bucketWords * bucket + slotWords * filled(words, bucket);
  if (slot === bucketWords * (bucket + 1)) return false;
  words[slot] = low;
  words[slot + 1] = high;
  return true;
}

/** Puts a print into a slot. Answers the one that was there. */
function exchanged(words: Uint32Array, slot: number, { low, high }: Print): Print {
  const before = { low: words[slot] ?? 0, high: words[slot + 1] ?? 0 };
  words[slot] = low;
  words[slot + 1] = high;
  return before;
}

/** How many slots of a bucket are taken: always its first ones. */
function filled(words: Uint32Array, bucket: number): number {
  let slots = 0;
  while (slots < bucketSlots && words[bucketWords * bucket + slotWords * slots] !== 0) slots++;
  return slots;
}

/** Not 0, which is an empty slot. */
function keptWord(prints: Uint32Array, at: number): number {
  return prints[at + 2] === 0 ? 1 : (prints[at + 2] ?? 1);
}

function firstBucket({ buckets }: Generation, prints: Uint32Array, at: number): number {
  return Math.floor(((prints[at] ?? 0) / 2 ** 32) * buckets);
}

/** The other bucket of a print that is in `bucket`: told from what is kept of it, and the same in both directions. */
function otherBucket(buckets: number, bucket: number, high: number): number {
  const other = Math.floor((high / 2 ** 32) * buckets) - bucket;
  return other < 0 ? other + buckets : other;
}
