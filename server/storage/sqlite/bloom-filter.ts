/**
 * A set that forgets nothing and may claim too much: asked for what was added it always says yes, asked for anything else it says
 * yes about once in a hundred times. 12 bits an entry, grown by generations. In memory only; who made it fills it.
 */
import { randomFillSync } from 'node:crypto';

const bitsPerEntry = 12;
/** All bits of an entry lie in one cache line. */
const blockWords = 16;
const blockBits = 32 * blockWords;
const bitsSet = 6;
/** Three mixed words of a pair say where its bits are. */
const spotWords = 3;
const chunk = 1_024;

const nothing = new Uint8Array(0);

interface Generation {
  readonly words: Uint32Array;
  readonly capacity: number;
  entries: number;
}

export class BloomFilter {
  /** Secret, so that nobody can choose what meets a false yes. */
  readonly #seed = randomFillSync(new Uint32Array(4));
  readonly #spots = new Uint32Array(spotWords * chunk);
  #touched = 0;
  readonly #generations: Generation[];

  /** For `capacity` entries to begin with; for more, generations twice as large follow. */
  constructor(capacity: number) {
    this.#generations = [generationFor(capacity)];
  }

  /** How many were added, those that were there already left out as far as can be told. */
  get entries(): number {
    return this.#generations.reduce((sum, { entries }) => sum + entries, 0);
  }

  get bytes(): number {
    return this.#generations.reduce((sum, { words }) => sum + words.byteLength, 0);
  }

  /** Adds the pair of an owner and 32 bytes that are as good as random. */
  add(owner: number, hash: Uint8Array): void {
    this.#place(owner, hash, 0);
    if (this.#hasSpot(0)) return;
    let last = this.#generations.at(-1);
    if (last === undefined || last.entries >= last.capacity) {
      last = generationFor(2 * (last?.capacity ?? 1));
      this.#generations.push(last);
    }
    this.#mark(last.words);
    last.entries++;
  }

  /** False only where the pair was never added. */
  mayHave(owner: number, hash: Uint8Array): boolean {
    this.#place(owner, hash, 0);
    return this.#hasSpot(0);
  }

  /** Indexes of those hashes of which `mayHave` is true: as many at once as shows the processor which memory it is to wait for. */
  whichMayHave(owner: number, hashes: readonly Uint8Array[]): readonly number[] {
    const found: number[] = [];
    for (let from = 0; from < hashes.length; from += chunk) {
      const length = Math.min(chunk, hashes.length - from);
      for (let index = 0; index < length; index++) this.#place(owner, hashes[from + index] ?? nothing, spotWords * index);
      this.#touch(length);
      for (let index = 0; index < length; index++) if (this.#hasSpot(spotWords * index)) found.push(from + index);
    }
    return found;
  }

  #place(owner: number, hash: Uint8Array, at: number): void {
    const [seed, spots] = [this.#seed, this.#spots];
    let word = mixed(owner ^ (seed[3] ?? 0)) ^ Math.floor(owner / 2 ** 32);
    for (let turn = 0; turn < spotWords; turn++) {
      word = mixed(word + (wordAt(hash, 8 + 4 * turn) ^ (seed[turn] ?? 0)));
      spots[at + turn] = word;
    }
  }

  /** Reads a word of each place, none of which waits for another: the tests that follow find them near. */
  #touch(length: number): void {
    const words = this.#generations.at(-1)?.words ?? new Uint32Array(0);
    for (let at = 0; at < spotWords * length; at += spotWords) this.#touched ^= words[firstWord(words, this.#spots[at] ?? 0)] ?? 0;
  }

  #hasSpot(at: number): boolean {
    for (const { words } of this.#generations) if (this.#isMarked(words, at)) return true;
    return false;
  }

  #isMarked(words: Uint32Array, at: number): boolean {
    const [first, from, step] = this.#steps(words, at);
    for (let turn = 0, bit = from; turn < bitsSet; turn++, bit = (bit + step) % blockBits) {
      if ((((words[first + (bit >>> 5)] ?? 0) >>> (bit & 31)) & 1) === 0) return false;
    }
    return true;
  }

  #mark(words: Uint32Array): void {
    const [first, from, step] = this.#steps(words, 0);
    for (let turn = 0, bit = from; turn < bitsSet; turn++, bit = (bit + step) % blockBits) {
      const at = first + (bit >>> 5);
      words[at] = (words[at] ?? 0) | (1 << (bit & 31));
    }
  }

  /** The first word of the block, the first bit in it, and the odd distance to the next. */
  #steps(words: Uint32Array, at: number): readonly [number, number, number] {
    const spots = this.#spots;
    return [firstWord(words, spots[at] ?? 0), (spots[at + 1] ?? 0) % blockBits, ((spots[at + 2] ?? 0) % blockBits) | 1];
  }
}

function firstWord(words: Uint32Array, spot: number): number {
  return blockWords * Math.floor((spot / 2 ** 32) * (words.length / blockWords));
}

function generationFor(capacity: number): Generation {
  const blocks = Math.max(1, Math.ceil((capacity * bitsPerEntry) / blockBits));
  return { words: new Uint32Array(blocks * blockWords), capacity, entries: 0 };
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

/** The finalizer of MurmurHash3 (Appleby): every bit of the word reaches every bit of the result. */
function mixed(word: number): number {
  let bits = word | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
