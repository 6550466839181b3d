/**
 * The decisions of one arithmetic-coded scan for reading: bytes to decisions, stuffing and restart markers passed. It
 * knows no coefficients. ITU-T T.81 section D.2; SPEC.md section 6.8.
 */
import { evenBin, newBins, transitions } from './arithmetic-states.js';

const { clz32 } = Math;

/** Zero bytes that may be read behind each interval, and behind all of them together: a writer leaves them out. */
const spareOfInterval = 4;
const spareOfScan = 1_024;
/** Decisions that a block and a byte may hold: real ones hold about 11 a byte, crafted ones 750. What is left of them stays a small integer. */
export const decisionsOfBlock = 16;
export const decisionsOfByte = 64;
const maxDecisions = 0x20000000;

/** Reads the decisions of one scan. Behind the bytes of an interval it reads zeros. */
export class ArithmeticReader {
  private readonly bins = newBins();
  private at = 0;
  /** The width of the interval and the code above its foot, of which `ahead` more bits are there. */
  private width = 0;
  private code = 0;
  private ahead = 0;
  private spare: number;
  private left: number;
  private readonly markers: Uint8Array;
  private passed = 0;

  /**
   * @param scan the entropy-coded bytes, at most 128 MiB.
   * @param expected how many blocks and restart markers the scan should have.
   */
  constructor(
    private readonly scan: Uint8Array,
    expected: { readonly blocks: number; readonly restarts: number },
  ) {
    this.left = Math.min(maxDecisions, decisionsOfBlock * expected.blocks);
    this.spare = spareOfScan + (scan.length >> 2);
    this.markers = new Uint8Array(Math.min(expected.restarts, scan.length >> 1));
    this.begin();
  }

  /** Whether more zeros were read than a writer leaves out, or more decisions than the bytes pay for: it is time to stop. */
  get isBeyond(): boolean {
    return this.spare < 0 || this.left < 0;
  }

  /** The number of each restart marker that was passed. */
  numbers(): Uint8Array {
    return this.markers.slice(0, this.passed);
  }

  /** Passes what is left of the interval and the restart marker, whatever its number. @returns whether it was there. */
  passRestart(): boolean {
    const { scan } = this;
    if (this.passed === this.markers.length) return false;
    let at = scan.indexOf(0xff, this.at);
    while (at >= 0 && scan[at + 1] === 0) at = scan.indexOf(0xff, at + 2);
    if (at < 0 || at + 1 >= scan.length) return false;
    this.markers[this.passed++] = scan[at + 1]! - 0xd0;
    this.at = at + 2;
    this.spare += spareOfInterval;
    this.begin();
    return true;
  }

  /** @returns a decision that is as probable as the other. */
  readEven(): number {
    return this.read(evenBin);
  }

  /** @returns the next decision of a bin. */
  read(bin: number): number {
    this.left--;
    const state = this.bins[bin]!;
    const entry = transitions[state]!;
    const part = (entry >>> 16) << 13;
    const width = this.width - part;
    // All ones if the code is in the upper part, that of the less probable decision.
    const isAbove = (width - 1 - this.code) >> 31;
    // The more probable decision has the wider part, wherever it is.
    const isLess = (isAbove ^ ((width - part) >> 31)) & 1;
    const settled = width + ((part - width) & isAbove);
    const shift = clz32(settled) - 3;
    this.bins[bin] = state ^ ((state ^ (entry >> (8 * isLess))) & (-shift >> 31));
    this.width = settled << shift;
    this.code = (this.code - (width & isAbove)) << shift;
    if ((this.ahead -= shift) < 0) this.fetch();
    return (state & 1) ^ isLess;
  }

  /**
   * @returns one more than the magnitude: unary, each step with a bin of its own from `bin`, then the bits below the
   * highest one; 0 if it has more than 15 bits. `first` is the magnitude without a further step.
   */
  readMagnitude(bin: number, first: number): number {
    let highest = first;
    let step = bin;
    for (; this.read(step) === 1; step++) {
      highest <<= 1;
      if (highest === 0x8000) return 0;
    }
    let magnitude = highest;
    for (let bit = highest >> 1; bit > 0; bit >>= 1) if (this.read(step + 14) === 1) magnitude |= bit;
    return magnitude + 1;
  }

  private fetch(): void {
    const { scan } = this;
    for (; this.ahead < 0; this.ahead += 8) {
      const byte = this.at < scan.length ? scan[this.at]! : 0xff;
      if (byte === 0xff && scan[this.at + 1] !== 0) {
        this.spare--;
        continue;
      }
      this.at += byte === 0xff ? 2 : 1;
      this.code |= byte << (5 - this.ahead);
      this.left = Math.min(maxDecisions, this.left + decisionsOfByte);
    }
  }

  private begin(): void {
    this.bins.fill(0, 0, evenBin);
    this.width = 0x20000000;
    this.code = 0;
    this.ahead = -16;
    this.fetch();
  }
}
