/**
 * Recognises a raw deflate stream of stored blocks only, as it passes by: zlib's level 0 cuts them by the sizes
 * of its caller's buffers, so that no parameter tells them, and their lengths are kept. SPEC.md section 6.4.
 */
import type { StoredBlocks } from './deflate-encoder.js';
import { maxPieces } from './image-limits.js';
import { RunList } from './varint.js';

/** Follows a stream piece by piece. */
export class StoredBlockReader {
  readonly #lengths = new RunList();
  readonly #head: number[] = [];
  #blocks = 0;
  #skip = 0;
  #isFinal = false;
  #isOther = false;

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#isOther) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, bytes.length - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      this.#header(bytes[at++]!);
    }
  }

  /** The stored blocks, if the whole stream was made of them. */
  method(): StoredBlocks | undefined {
    if (this.#isOther || !this.#isFinal || this.#skip > 0) return undefined;
    return { kind: 'stored', lengths: this.#lengths.runs };
  }

  #header(byte: number): void {
    const head = this.#head;
    head.push(byte);
    if (this.#isFinal || (head.length === 1 && byte > 1) || this.#blocks > maxPieces) {
      this.#isOther = true;
      return;
    }
    if (head.length < 5) return;
    const length = head[1]! | (head[2]! << 8);
    if ((length ^ 0xffff) !== (head[3]! | (head[4]! << 8))) this.#isOther = true;
    this.#isFinal = head[0] === 1;
    this.#lengths.add(length);
    this.#skip = length;
    this.#blocks++;
    head.length = 0;
  }
}
