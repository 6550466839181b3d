/**
 * The decisions of one arithmetic-coded scan for writing: decisions to bytes, stuffing and restart markers put in. It
 * writes into a buffer of its own, which grows, and knows no coefficients. ITU-T T.81 section D.1; SPEC.md section 6.8.
 */
import { evenBin, newBins, transitions } from './arithmetic-states.js';
import type { ScanPadding } from './scan-traits.js';

const { clz32 } = Math;

/** Decisions that wait to be coded, and those of them that `room` makes room for: a block has fewer. */
const queueLength = 32_768;
const roomDecisions = 4_096;

/** Decisions wait in a queue, so that one loop codes them. */
export class ArithmeticWriter {
  private readonly bins = newBins();
  private readonly queue = new Uint16Array(queueLength);
  private queued = 0;
  private coded = 0;
  private bytes = new Uint8Array(65_536);
  private at = 0;
  private width = 0x10000;
  /** The foot of the interval: from bit 19 the next byte and its carry, then bits to come, of which `missing` make that byte whole. */
  private foot = 0;
  private missing = 11;
  /** What waits: zeros, a byte that a carry may change (-1: none), and bytes of 0xFF that it would pass through. */
  private zeros = 0;
  private waiting = -1;
  private full = 0;
  private events = 0;

  constructor(private readonly padding: Pick<ScanPadding, 'numbers'>) {}

  /** @returns how many bytes `take` would return. */
  size(): number {
    this.drain();
    return this.at;
  }

  /** Decisions that were coded, and bytes that wait because the next ones may change them. */
  get decisions(): number {
    return this.coded;
  }
  get waitingBytes(): number {
    return this.zeros + this.full;
  }

  /** Makes room for the decisions of one block. */
  room(): void {
    if (this.queued + roomDecisions > queueLength) this.drain();
  }

  /** Writes the next decision of a bin, 0 or 1. */
  write(bin: number, decision: number): void {
    this.queue[this.queued++] = 2 * bin + decision;
  }

  /** Writes a decision that is as probable as the other. */
  writeEven(decision: number): void {
    this.queue[this.queued++] = 2 * evenBin + decision;
  }

  /** Writes what `readMagnitude` reads: `value` is one more than the magnitude, which has as many bits as `first` or more. */
  writeMagnitude(bin: number, first: number, value: number): void {
    const magnitude = value - 1;
    let step = bin;
    let highest = first;
    for (; magnitude >= 2 * highest; highest <<= 1) this.write(step++, 1);
    this.write(step, 0);
    for (let bit = highest >> 1; bit > 0; bit >>= 1) this.write(step + 14, (magnitude & bit) === 0 ? 0 : 1);
  }

  /** Ends the interval, writes the next restart marker, and begins anew. */
  restart(): void {
    this.finish();
    const number = this.padding.numbers[this.events] ?? this.events & 7;
    this.put(0xff);
    // In the place of the zero that follows 0xFF otherwise.
    this.bytes[this.at - 1] = 0xd0 | (number & 7);
    this.events++;
    this.bins.fill(0, 0, evenBin);
    this.width = 0x10000;
    this.foot = 0;
    this.missing = 11;
  }

  /** Ends the interval: with the code in it that has most zero bits at its end, without the zero bytes there. */
  finish(): void {
    this.drain();
    const last = (this.foot + this.width - 1) & ~0xffff;
    const code = (last < this.foot ? last + 0x8000 : last) << this.missing;
    this.shed(code >>> 19);
    this.shed((code & 0x7ffff) >>> 11);
    this.release(0xff);
    this.zeros = 0;
  }

  /** @returns the bytes so far but those that wait, valid until the next call; the writer begins anew behind them. */
  take(): Uint8Array {
    this.drain();
    const taken = this.bytes.subarray(0, this.at);
    this.at = 0;
    return taken;
  }

  /** Codes the decisions of the queue. */
  private drain(): void {
    const { bins, queue, queued } = this;
    let { width, foot, missing } = this;
    for (let index = 0; index < queued; index++) {
      const bin = queue[index]! >> 1;
      const state = bins[bin]!;
      const entry = transitions[state]!;
      const part = entry >>> 16;
      const isLess = (state ^ queue[index]!) & 1;
      width -= part;
      // All ones for the upper part: the more probable decision has the wider one, wherever it is.
      const isAbove = -isLess ^ ((width - part) >> 31);
      foot += width & isAbove;
      width += (part - width) & isAbove;
      let shift = clz32(width) - 16;
      bins[bin] = state ^ ((state ^ (entry >> (8 * isLess))) & (-shift >> 31));
      width <<= shift;
      for (; shift >= missing; missing = 8) {
        foot <<= missing;
        shift -= missing;
        this.shed(foot >>> 19);
        foot &= 0x7ffff;
      }
      foot <<= shift;
      missing -= shift;
    }
    this.coded += queued;
    this.queued = 0;
    this.width = width;
    this.foot = foot;
    this.missing = missing;
  }

  /** Takes a byte, or a carry and a byte. */
  private shed(byte: number): void {
    if (byte === 0xff) {
      this.full++;
      return;
    }
    // The first byte of an interval has no carry, so one waits here. Bytes of 0xFF become zero by it.
    if (byte > 0xff) this.waiting++;
    this.release(byte > 0xff ? 0 : 0xff);
    this.waiting = byte & 255;
  }

  /** Writes what waits, with `full` for bytes of 0xFF. */
  private release(full: number): void {
    if (this.waiting >= 0) this.pass(this.waiting);
    this.waiting = -1;
    for (; this.full > 0; this.full--) this.pass(full);
  }

  /** Writes a byte; zeros wait for another one. */
  private pass(byte: number): void {
    if (byte === 0) {
      this.zeros++;
      return;
    }
    for (; this.zeros > 0; this.zeros--) this.put(0);
    this.put(byte);
  }

  /** Writes a byte, and a zero after 0xFF. */
  private put(byte: number): void {
    if (this.at + 2 > this.bytes.length) {
      const bytes = new Uint8Array(2 * this.bytes.length);
      bytes.set(this.bytes);
      this.bytes = bytes;
    }
    this.bytes[this.at++] = byte;
    if (byte === 0xff) this.bytes[this.at++] = 0;
  }
}
