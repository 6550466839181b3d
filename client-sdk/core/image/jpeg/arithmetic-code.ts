/**
 * The binary arithmetic coder of JPEG: adaptive decisions to bytes and back, stuffing and restart markers among them.
 * It knows no coefficients. ITU-T T.81 annex D; SPEC.md section 6.
 */
import type { ScanPadding } from './scan-traits.js';

/** The state of a bin whose two decisions are always equally probable; T.81 has it beside the table. */
const evenState = 226;

/** Table D.3: per state the probability of its less probable decision, and the states after that one and after the other. */
const estimates: readonly (readonly [probability: number, afterLess: number, afterMore: number])[] = [
  [0x5a1d, 1, 1], [0x2586, 14, 2], [0x1114, 16, 3], [0x080b, 18, 4], [0x03d8, 20, 5], [0x01da, 23, 6], [0x00e5, 25, 7], [0x006f, 28, 8],
  [0x0036, 30, 9], [0x001a, 33, 10], [0x000d, 35, 11], [0x0006, 9, 12], [0x0003, 10, 13], [0x0001, 12, 13], [0x5a7f, 15, 15], [0x3f25, 36, 16],
  [0x2cf2, 38, 17], [0x207c, 39, 18], [0x17b9, 40, 19], [0x1182, 42, 20], [0x0cef, 43, 21], [0x09a1, 45, 22], [0x072f, 46, 23], [0x055c, 48, 24],
  [0x0406, 49, 25], [0x0303, 51, 26], [0x0240, 52, 27], [0x01b1, 54, 28], [0x0144, 56, 29], [0x00f5, 57, 30], [0x00b7, 59, 31], [0x008a, 60, 32],
  [0x0068, 62, 33], [0x004e, 63, 34], [0x003b, 32, 35], [0x002c, 33, 9], [0x5ae1, 37, 37], [0x484c, 64, 38], [0x3a0d, 65, 39], [0x2ef1, 67, 40],
  [0x261f, 68, 41], [0x1f33, 69, 42], [0x19a8, 70, 43], [0x1518, 72, 44], [0x1177, 73, 45], [0x0e74, 74, 46], [0x0bfb, 75, 47], [0x09f8, 77, 48],
  [0x0861, 78, 49], [0x0706, 79, 50], [0x05cd, 48, 51], [0x04de, 50, 52], [0x040f, 50, 53], [0x0363, 51, 54], [0x02d4, 52, 55], [0x025c, 53, 56],
  [0x01f8, 54, 57], [0x01a4, 55, 58], [0x0160, 56, 59], [0x0125, 57, 60], [0x00f6, 58, 61], [0x00cb, 59, 62], [0x00ab, 61, 63], [0x008f, 61, 32],
  [0x5b12, 65, 65], [0x4d04, 80, 66], [0x412c, 81, 67], [0x37d8, 82, 68], [0x2fe8, 83, 69], [0x293c, 84, 70], [0x2379, 86, 71], [0x1edf, 87, 72],
  [0x1aa9, 87, 73], [0x174e, 72, 74], [0x1424, 72, 75], [0x119c, 74, 76], [0x0f6b, 74, 77], [0x0d51, 75, 78], [0x0bb6, 77, 79], [0x0a40, 77, 48],
  [0x5832, 80, 81], [0x4d1c, 88, 82], [0x438e, 89, 83], [0x3bdd, 90, 84], [0x34ee, 91, 85], [0x2eae, 92, 86], [0x299a, 93, 87], [0x2516, 86, 71],
  [0x5570, 88, 89], [0x4ca9, 95, 90], [0x44d9, 96, 91], [0x3e22, 97, 92], [0x3824, 99, 93], [0x32b4, 99, 94], [0x2e17, 93, 86], [0x56a8, 95, 96],
  [0x4f46, 101, 97], [0x47e5, 102, 98], [0x41cf, 103, 99], [0x3c3d, 104, 100], [0x375e, 99, 93], [0x5231, 105, 102], [0x4c0f, 106, 103],
  [0x4639, 107, 104], [0x415e, 103, 99], [0x5627, 105, 106], [0x50e7, 108, 107], [0x4b85, 109, 103], [0x5597, 110, 109], [0x504f, 111, 107],
  [0x5a10, 110, 111], [0x5522, 112, 109], [0x59eb, 112, 111],
];
/** The states in which the less probable decision becomes the more probable one. */
const switches: readonly number[] = [0, 14, 36, 64, 80, 88, 95, 105, 110, 112];

/**
 * Per state and more probable decision (its lowest bit): the probability from bit 16, the next state and decision after
 * the less probable one from bit 8, after the more probable one from bit 0.
 */
const transitions = transitionsOf();

function transitionsOf(): Int32Array {
  const table = new Int32Array(evenState + 2);
  estimates.forEach(([probability, afterLess, afterMore], index) => {
    const isSwitch = switches.includes(index) ? 1 : 0;
    for (const more of [0, 1]) table[2 * index + more] = (probability << 16) | ((2 * afterLess + (more ^ isSwitch)) << 8) | (2 * afterMore + more);
  });
  table[evenState] = (0x5a1d << 16) | (evenState << 8) | evenState;
  return table;
}

/** Bins of a scan: the states of its decisions. The last one is that of even decisions. */
const evenBin = 5_120;

function newBins(): Uint8Array {
  const bins = new Uint8Array(evenBin + 1);
  bins[evenBin] = evenState;
  return bins;
}

/** Zero bytes that may be read behind each interval, and behind all of them together: a writer leaves them out. */
const spareOfInterval = 4;
const spareOfScan = 1_024;

/** Reads the decisions of one scan. Behind the bytes of an interval it reads zeros. */
export class ArithmeticReader {
  private readonly bins = newBins();
  private at = 0;
  /** The width of the interval, and the code above its foot with `ahead` more bits. */
  private width = 0;
  private code = 0;
  private ahead = 0;
  private spare: number;
  private readonly markers: Uint8Array;
  private passed = 0;

  /**
   * @param scan the entropy-coded bytes, at most 128 MiB.
   * @param restarts how many restart markers the scan should have.
   */
  constructor(
    private readonly scan: Uint8Array,
    restarts: number,
  ) {
    this.spare = spareOfScan + (scan.length >> 2);
    this.markers = new Uint8Array(Math.min(restarts, scan.length >> 1));
    this.begin();
  }

  /** Whether more zeros were read than a writer leaves out: what was read since is of no use. */
  get isBeyond(): boolean {
    return this.spare < 0;
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
    const state = this.bins[bin]!;
    const entry = transitions[state]!;
    const less = entry >>> 16;
    const width = this.width - less;
    const top = width << this.ahead;
    const { code } = this;
    if (code < top) {
      this.width = width;
      if (width >= 0x8000) return state & 1;
      // The less probable decision has the wider part, wherever the names and the parts differ.
      return this.settle(bin, state, width < less ? (entry >>> 8) & 255 : entry & 255, width < less);
    }
    this.code = code - top;
    this.width = less;
    return this.settle(bin, state, width < less ? entry & 255 : (entry >>> 8) & 255, width >= less);
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

  private settle(bin: number, state: number, next: number, isLess: boolean): number {
    this.bins[bin] = next;
    const shift = Math.clz32(this.width) - 16;
    this.width <<= shift;
    this.ahead -= shift;
    while (this.ahead < 0) this.fetch();
    return isLess ? (state & 1) ^ 1 : state & 1;
  }

  private fetch(): void {
    const { scan, at } = this;
    const byte = at < scan.length ? scan[at]! : 0xff;
    this.ahead += 8;
    this.code <<= 8;
    if (byte !== 0xff) {
      this.at = at + 1;
      this.code |= byte;
    } else if (scan[at + 1] === 0) {
      this.at = at + 2;
      this.code |= byte;
    } else {
      this.spare--;
    }
  }

  private begin(): void {
    this.bins.fill(0, 0, evenBin);
    this.width = 0x10000;
    this.code = 0;
    this.ahead = -16;
    while (this.ahead < 0) this.fetch();
  }
}

/** Writes the decisions of one scan into a buffer of its own, which grows. */
export class ArithmeticWriter {
  private readonly bins = newBins();
  private bytes = new Uint8Array(65_536);
  private at = 0;
  private width = 0x10000;
  /** The foot of the interval: three bits for carries to come, and above them those of the next byte. */
  private foot = 0;
  /** Bits until the next byte is whole. */
  private missing = 11;
  /** What waits: a byte that a carry may change (-1: none) with zeros before it, and bytes of 0xFF that it would pass through. */
  private waiting = -1;
  private zeros = 0;
  private full = 0;
  private events = 0;

  constructor(private readonly padding: Pick<ScanPadding, 'numbers'>) {}

  /** Bytes that `take` would return. */
  get length(): number {
    return this.at;
  }

  /** Writes a decision that is as probable as the other. */
  writeEven(decision: number): void {
    this.write(evenBin, decision);
  }

  /** Writes the next decision of a bin, 0 or 1. */
  write(bin: number, decision: number): void {
    const state = this.bins[bin]!;
    const entry = transitions[state]!;
    const less = entry >>> 16;
    const width = this.width - less;
    const isMore = decision === (state & 1);
    if (isMore && width >= 0x8000) {
      this.width = width;
      return;
    }
    this.bins[bin] = isMore ? entry & 255 : (entry >>> 8) & 255;
    // The wider part belongs to the more probable decision; the foot's part is that of `width`.
    if (isMore === width < less) {
      this.foot += width;
      this.settle(less);
    } else {
      this.settle(width);
    }
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
    const number = this.padding.numbers[this.events] ?? this.events & 7;
    this.finish();
    this.put(0xff);
    this.bytes[this.at - 1] = 0xd0 | (number & 7);
    this.bins.fill(0, 0, evenBin);
    this.width = 0x10000;
    this.foot = 0;
    this.missing = 11;
    this.waiting = -1;
    this.events++;
  }

  /** Ends the interval: of all codes in it the one that ends with most zero bits, without its zero bytes at the end. */
  finish(): void {
    const last = (this.foot + this.width - 1) & ~0xffff;
    this.foot = last < this.foot ? last + 0x8000 : last;
    this.foot <<= this.missing;
    this.shed();
    this.foot <<= 8;
    this.shed();
    this.release();
    this.zeros = 0;
  }

  /** @returns the bytes so far but those that wait, valid until the next call; the writer begins anew behind them. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.at);
    this.at = 0;
    return taken;
  }

  private settle(width: number): void {
    let shift = Math.clz32(width) - 16;
    this.width = width << shift;
    while (shift >= this.missing) {
      this.foot <<= this.missing;
      shift -= this.missing;
      this.shed();
      this.missing = 8;
    }
    this.foot <<= shift;
    this.missing -= shift;
  }

  /** Takes the byte that is whole from the foot, with its carry. */
  private shed(): void {
    const byte = this.foot >>> 19;
    this.foot &= 0x7ffff;
    if (byte === 0xff) {
      this.full++;
      return;
    }
    // The first byte of an interval has no carry, so one waits here.
    if (byte > 0xff) this.waiting++;
    this.release(byte > 0xff);
    this.waiting = byte & 255;
  }

  /** Writes what waits; a carry has made the bytes of 0xFF zero. */
  private release(isCarried = false): void {
    this.one(this.waiting);
    this.waiting = -1;
    for (; this.full > 0; this.full--) this.one(isCarried ? 0 : 0xff);
  }

  /** Zeros wait for another byte. */
  private one(byte: number): void {
    if (byte < 0) return;
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
