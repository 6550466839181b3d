/**
 * Small reads in ascending order over a random-access source, served from one window of it; PNG chunks are many
 * and short, and each read of a source may cost a round trip. SPEC.md section 6.1.
 */
import type { Source } from './splitter.js';

const windowBytes = 262_144;

/** Reads of a source, cheap where they move forward. */
export class SequentialSource {
  #window: Uint8Array = new Uint8Array(0);
  #start = 0;

  constructor(private readonly source: Source) {}

  get size(): number {
    return this.source.size;
  }

  /** At most `length` bytes from `offset`, at least one while there are any; the view is not kept by the reader. */
  async some(offset: number, length: number): Promise<Uint8Array> {
    const end = this.#start + this.#window.length;
    if (offset < this.#start || offset >= end) await this.#move(offset);
    const at = offset - this.#start;
    return this.#window.subarray(at, at + length);
  }

  /** Exactly `length` bytes, or undefined where the file ends before. */
  async exactly(offset: number, length: number): Promise<Uint8Array | undefined> {
    if (offset + length > this.source.size) return undefined;
    const end = this.#start + this.#window.length;
    if (offset >= this.#start && offset + length <= end) return this.#window.subarray(offset - this.#start, offset - this.#start + length);
    if (length > windowBytes) return this.source.read(offset, length);
    await this.#move(offset);
    return this.#window.subarray(0, length);
  }

  async #move(offset: number): Promise<void> {
    const bytes = await this.source.read(offset, Math.min(windowBytes, this.source.size - offset));
    this.#window = bytes;
    this.#start = offset;
  }
}
