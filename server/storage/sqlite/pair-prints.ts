/**
 * Pairs of an owner and a T1 as 128 bits that nobody can foresee: AES in CBC-MAC over T1 and owner, under a secret of the process. For
 * a thousand at a time, which costs a tenth of what one after the other does. In memory only: another process prints otherwise.
 */
import { createCipheriv, randomBytes, type Cipher } from 'node:crypto';

/** Words of 32 bits in a print. */
export const printWords = 4;
const hashWords = 8;
const chunk = 1_024;

/** Pairs as they are asked for one after the other: T1 of each, and the owner of each. */
export interface Pairs {
  readonly count: number;
  readonly hashAt: (index: number) => Uint8Array;
  readonly ownerAt: (index: number) => number;
}

export class PairPrinter {
  /** Without padding a block at a time is encrypted by itself, so one object serves for ever. */
  readonly #cipher: Cipher = createCipheriv('aes-256-ecb', randomBytes(32), null).setAutoPadding(false);
  /** Kept from call to call: what would be thrown away each time is most of the memory that this takes. */
  readonly #hashes = new Uint32Array(hashWords * chunk);
  readonly #bytes = new Uint8Array(this.#hashes.buffer);
  readonly #blocks = new Uint32Array(printWords * chunk);

  /** Calls `each` with every pair's place and where its print stands: `printWords` words from `at` on, until it returns. Before, `first` sees the prints of a thousand. */
  forEach({ count, hashAt, ownerAt }: Pairs, each: (index: number, prints: Uint32Array, at: number) => void, first?: (prints: Uint32Array) => void): void {
    for (let from = 0; from < count; from += chunk) {
      const length = Math.min(chunk, count - from);
      for (let index = 0; index < length; index++) this.#bytes.set(hashAt(from + index), 4 * hashWords * index);
      const prints = this.#printed(length, (index) => ownerAt(from + index));
      first?.(prints);
      for (let index = 0; index < length; index++) each(from + index, prints, printWords * index);
    }
  }

  /** All messages are of one length, as CBC-MAC asks: both halves of T1, then the owner. */
  #printed(length: number, ownerAt: (index: number) => number): Uint32Array {
    const [hashes, blocks] = [this.#hashes, this.#blocks.subarray(0, printWords * length)];
    for (let word = 0; word < blocks.length; word++) blocks[word] = hashes[2 * word - (word % printWords)] ?? 0;
    const first = this.#encrypted(blocks);
    for (let word = 0; word < first.length; word++) blocks[word] = (first[word] ?? 0) ^ (hashes[2 * word - (word % printWords) + printWords] ?? 0);
    const second = this.#encrypted(blocks);
    blocks.set(second);
    for (let index = 0; index < length; index++) {
      const [at, owner] = [printWords * index, ownerAt(index)];
      blocks[at] = (blocks[at] ?? 0) ^ (owner % 2 ** 32);
      blocks[at + 1] = (blocks[at + 1] ?? 0) ^ Math.floor(owner / 2 ** 32);
    }
    return this.#encrypted(blocks);
  }

  #encrypted(blocks: Uint32Array): Uint32Array {
    const bytes = this.#cipher.update(new Uint8Array(blocks.buffer, blocks.byteOffset, blocks.byteLength));
    return bytes.byteOffset % 4 === 0 ? new Uint32Array(bytes.buffer, bytes.byteOffset, blocks.length) : new Uint32Array(Uint8Array.from(bytes).buffer);
  }
}
