/**
 * The bits of one scan for writing: stuffing put in, padding and restart markers as the traits say. It writes into a
 * buffer of its own, which grows, and knows no coefficients. ITU-T T.81 sections B.1.1.5 and F.1.2.3; SPEC.md section 6.
 */
import type { ScanPadding } from './scan-traits.js';

/** Bytes that `room` makes room for: a block, or the correction bits of a run, twice over for stuffing. */
const roomBytes = 1_024;

/** Bits wait in a word until there are 32 of them. */
export class ScanWriter {
  private bytes = new Uint8Array(65_536);
  private view = new DataView(this.bytes.buffer);
  private at = 0;
  /** Bits that wait, and how many: below 32. The coders of blocks keep them in local variables meanwhile. */
  word = 0;
  waiting = 0;
  private events = 0;

  constructor(private readonly padding: ScanPadding) {}

  /** Bytes that `take` would return, or a few less. */
  get length(): number {
    return this.at;
  }

  /** Makes room for one block. */
  room(): void {
    if (this.at + roomBytes <= this.bytes.length) return;
    const bytes = new Uint8Array(2 * this.bytes.length);
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  /** Writes 0 to 31 bits; those of `bits` above them are zero. */
  put(bits: number, count: number): void {
    const waiting = this.waiting + count;
    if (waiting < 32) {
      this.word = (this.word << count) | bits;
      this.waiting = waiting;
      return;
    }
    const rest = waiting - 32;
    this.four((this.word << (count - rest)) | (bits >>> rest));
    this.word = bits & ((1 << rest) - 1);
    this.waiting = rest;
  }

  /** Writes the 32 bits of a word. */
  four(word: number): void {
    // The bytes of the word that are 0xFF are zero in its complement.
    if (((~word - 0x01010101) & word & 0x80808080) === 0) {
      this.view.setInt32(this.at, word);
      this.at += 4;
    } else {
      for (let shift = 24; shift >= 0; shift -= 8) this.byte((word >>> shift) & 255);
    }
  }

  /** Writes the padding and the next restart marker. */
  restart(): void {
    const number = this.padding.numbers[this.events] ?? this.events & 7;
    this.finish();
    this.bytes[this.at++] = 0xff;
    this.bytes[this.at++] = 0xd0 | (number & 7);
  }

  /** Writes the padding. */
  finish(): void {
    this.room();
    const count = -this.waiting & 7;
    const { bit, exceptions } = this.padding;
    const filled = exceptions[this.events] ?? (bit === 1 ? 255 : 0);
    this.put(filled & ((1 << count) - 1), count);
    this.flush();
    this.events++;
  }

  /** @returns all the whole bytes so far, valid until the next call; the writer begins anew behind them. */
  take(): Uint8Array {
    this.room();
    this.flush();
    const taken = this.bytes.subarray(0, this.at);
    this.at = 0;
    return taken;
  }

  private flush(): void {
    while (this.waiting >= 8) {
      this.waiting -= 8;
      this.byte((this.word >>> this.waiting) & 255);
    }
    this.word &= (1 << this.waiting) - 1;
  }

  private byte(byte: number): void {
    this.bytes[this.at++] = byte;
    if (byte === 0xff) this.bytes[this.at++] = 0;
  }
}
