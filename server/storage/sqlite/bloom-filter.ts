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

interface Generation {
  readonly words: Uint32Array;
  readonly capacity: number;
  entries: number;
}

export class BloomFilter {
  /** Secret, so that nobody can choose what meets a false yes. */
  readonly #seed = randomFillSync(new Uint32Array(4));
  readonly #spot = new Uint32Array(3);
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
    this.#place(owner, hash);
    if (this.#hasSpot()) return;
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
    this.#place(owner, hash);
    return this.#hasSpot();
  }

  /** Three mixed words of the pair: which block, and where in it. */
  #place(owner: number, hash: Uint8Array): void {
    const [seed, spot] = [this.#seed, this.#spot];
    let word = mixed(owner ^ (seed[3] ?? 0)) ^ Math.floor(owner / 2 ** 32);
    for (let turn = 0; turn < 3; turn++) {
      word = mixed(word + (wordAt(hash, 8 + 4 * turn) ^ (seed[turn] ?? 0)));
      spot[turn] = word;
    }
  }

  #hasSpot(): boolean {
    for (const { words } of this.#generations) if (this.#isMarked(words)) return true;
    return false;
  }

  #isMarked(words: Uint32Array): boolean {
    const [first, from, step] = this.#steps(words);
    for (let turn = 0, bit = from; turn < bitsSet; turn++, bit = (bit + step) % blockBits) {
      if ((((words[first + (bit >>> 5)] ?? 0) >>> (bit & 31)) & 1) === 0) return false;
    }
    return true;
  }

  #mark(words: Uint32Array): void {
    const [first, from, step] = this.#steps(words);
    for (let turn = 0, bit = from; turn < bitsSet; turn++, bit = (bit + step) % blockBits) {
      const at = first + (bit >>> 5);
      words[at] = (words[at] ?? 0) | (1 << (bit & 31));
    }
  }

  /** The first word of the block, the first bit in it, and the odd distance to the next. */
  #steps(words: Uint32Array): readonly [number, number, number] {
    const [block = 0, from = 0, step = 0] = this.#spot;
    const blocks = words.length / blockWords;
    return [blockWords * Math.floor((block / 2 ** 32) * blocks), from % blockBits, (step % blockBits) | 1];
  }
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
