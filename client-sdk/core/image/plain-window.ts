/**
 * The plain bytes around the place of a deflate stream that is being predicted: 32 KiB before it, and what is
 * known after it. Positions count from the start of the stream. SPEC.md section 6.7.
 */
import { maxDistance } from './deflate-code.js';

/** Bytes that a match may reach back, with room for a look at the byte before. */
const historyBytes = maxDistance + 8;

/** A growing and sliding piece of the plain bytes. */
export class PlainWindow {
  /** Bytes from position `base`. Replaced when the window grows; do not keep it. */
  bytes = new Uint8Array(131_072);
  base = 0;
  /** Position after the last known byte. */
  end = 0;
  /** No byte follows `end`. */
  isEnded = false;

  /** Makes room for `more` bytes after `end`, and forgets what lies too far before position `from`. */
  reserve(more: number, from: number): void {
    if (this.end - this.base + more <= this.bytes.length) return;
    const keep = Math.max(this.base, from - historyBytes);
    const kept = this.bytes.subarray(keep - this.base, this.end - this.base);
    // Twice what is needed, so that sliding is rare.
    const size = 2 * (kept.length + more);
    if (size <= this.bytes.length) this.bytes.copyWithin(0, keep - this.base, this.end - this.base);
    else {
      const larger = new Uint8Array(size);
      larger.set(kept);
      this.bytes = larger;
    }
    this.base = keep;
  }

  /** Takes further bytes; those before `from` less 32 KiB may go. */
  append(more: Uint8Array, from: number): void {
    this.reserve(more.length, from);
    this.bytes.set(more, this.end - this.base);
    this.end += more.length;
  }

  /** Byte at `position`, which is known. */
  at(position: number): number {
    return this.bytes[position - this.base]!;
  }
}
