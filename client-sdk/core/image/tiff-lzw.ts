/**
 * LZW as TIFF 6.0 section 13 defines it (codes of 9 to 12 bits, most significant bit first), and as it was written before that (least
 * significant bit first, widths one code later), both ways. The format leaves the encoder free in when it clears its table and how it
 * ends; a variant says so. SPEC.md section 6.5.
 */

const clearCode = 256;
const endCode = 257;
const firstCode = 258;
const minBits = 9;
const maxBits = 12;
const tableSize = 4_096;
/** Bytes between two looks at the ratio. */
const checkGap = 10_000;
const largeCount = 0x7fffff;

/** What an encoder is free in. */
export interface LzwVariant {
  /** Bits and widths as before TIFF 6.0. */
  readonly isOld: boolean;
  /** The table is cleared before this code would be given out; 0: a list says when, and a table that is full just stays. */
  readonly full: number;
  /** It is also cleared when the ratio stops growing, as libtiff does. */
  readonly isWatched: boolean;
  /** An end code is written. */
  readonly hasEnd: boolean;
  /** The last code counts before the width of the end code is chosen: later versions of libtiff. */
  readonly doesCountLast: boolean;
}

/** What `decodeLzw` found. */
export interface LzwStrip {
  readonly plain: Uint8Array;
  /** Bytes that the codes took. */
  readonly used: number;
  readonly isOld: boolean;
  readonly hasEnd: boolean;
  /** How many codes were written between two clearings of the table, for each but the last stretch. */
  readonly clears: readonly number[];
}

/** Variants of known encoders that may have written a strip, the likely ones first. */
export function lzwVariants({ isOld, hasEnd }: Pick<LzwStrip, 'isOld' | 'hasEnd'>): readonly LzwVariant[] {
  const clears = [[4_094, true], [4_094, false], [4_095, false], [4_093, false], [4_096, false], [4_095, true], [4_096, true]] as const;
  return clears.flatMap(([full, isWatched]) => [true, false].map((doesCountLast) => ({ isOld, hasEnd, full, isWatched, doesCountLast })));
}

/** Lowest and highest `full` but for 0. */
export const lzwFullBounds = [firstCode + 1, tableSize] as const;

/** Plain bytes of a strip: exactly `length`, or undefined where the codes do not give them. */
export function decodeLzw(codes: Uint8Array, length: number): LzwStrip | undefined {
  const isOld = codes[0] === 0 && (codes[1]! & 1) === 1;
  const plain = new Uint8Array(length);
  const prefix = new Uint16Array(tableSize);
  const suffix = new Uint8Array(tableSize);
  const lengths = new Uint16Array(tableSize);
  for (let i = 0; i < 256; i++) {
    suffix[i] = i;
    lengths[i] = 1;
  }
  const early = isOld ? 0 : 1;
  const clears: number[] = [];
  let count = 0;
  let [next, width, previous, at] = [firstCode, minBits, -1, 0];
  let [word, bits, from, endAt] = [0, 0, 0, -1];
  for (;;) {
    if (at === length && endAt < 0) endAt = from - (bits >> 3);
    while (bits < width && from < codes.length) {
      word = isOld ? word | (codes[from++]! << bits) : ((word << 8) | codes[from++]!) & 0xffffff;
      bits += 8;
    }
    const code = bits < width ? -1 : (isOld ? word : word >>> (bits - width)) & ((1 << width) - 1);
    if (code === endCode && at === length) return { plain, used: from - ((bits - width) >> 3), isOld, hasEnd: true, clears };
    // The table may be cleared once more before the end.
    if (at === length && (code !== clearCode || previous < 0)) return { plain, used: endAt, isOld, hasEnd: false, clears };
    bits -= width;
    if (isOld) word >>>= width;
    if (code === clearCode) {
      if (at > 0) clears.push(count);
      count = 0;
      [next, width, previous] = [firstCode, minBits, -1];
      continue;
    }
    const isKnown = (code >= 0 && code < 256) || (code >= firstCode && code < next);
    if (!isKnown && (code !== next || previous < 0)) return undefined;
    const stringLength = isKnown ? lengths[code]! : lengths[previous]! + 1;
    if (at + stringLength > length) return undefined;
    let walk = isKnown ? code : previous;
    for (let to = at + (isKnown ? stringLength : stringLength - 1) - 1; to >= at; to--) {
      plain[to] = suffix[walk]!;
      walk = prefix[walk]!;
    }
    if (!isKnown) plain[at + stringLength - 1] = plain[at]!;
    if (previous >= 0 && next < tableSize) {
      prefix[next] = previous;
      suffix[next] = plain[at]!;
      lengths[next] = lengths[previous]! + 1;
      next++;
      if (next + early >= 1 << width && width < maxBits) width++;
    }
    previous = code;
    count++;
    at += stringLength;
  }
}

/** The codes of `plain`, which is not empty; `clears` are those of a variant that is full at 0. */
export function encodeLzw(plain: Uint8Array, variant: LzwVariant, clears: readonly number[] = []): Uint8Array {
  const encoder = new LzwEncoder(plain.length, variant, clears);
  encoder.write(plain, 0, plain.length);
  return encoder.end();
}

/** Whether `encodeLzw` gives `codes`; stops soon after the first byte that differs. */
export function isLzwOf(codes: Uint8Array, plain: Uint8Array, variant: LzwVariant, clears: readonly number[] = []): boolean {
  const encoder = new LzwEncoder(plain.length, variant, clears);
  let seen = 0;
  const isSame = (written: Uint8Array): boolean => {
    if (written.length > codes.length) return false;
    while (seen < written.length && written[seen] === codes[seen]) seen++;
    return seen === written.length;
  };
  for (let at = 0; at < plain.length; at += pieceBytes) {
    encoder.write(plain, at, Math.min(plain.length, at + pieceBytes));
    if (!isSame(encoder.written)) return false;
  }
  return isSame(encoder.end()) && seen === codes.length;
}

const pieceBytes = 8_192;
/** A code and the bits before it, in bytes; and what is left at the end. */
const maxCodeBytes = 4;
const hashSize = 16_384;
/** No entry: the last code follows itself nowhere. */
const noEntry = -1;

class LzwEncoder {
  /** Strings by hash: last byte, code of what is before it, code of the string. */
  readonly #entries = new Int32Array(hashSize).fill(noEntry);
  readonly #lastOfWidth: number;
  #out: Uint8Array;
  #length = 0;
  #word = 0;
  #bits = 0;
  #width = minBits;
  #free = firstCode;
  #inBytes = 0;
  #outBits = 0;
  #checkpoint = checkGap;
  #ratio = 0;
  #last = -1;

  /** Codes since the table was cleared. */
  #count = 0;
  #cleared = 0;

  constructor(
    expected: number,
    private readonly variant: LzwVariant,
    private readonly clears: readonly number[],
  ) {
    this.#out = new Uint8Array(expected + 1_024);
    this.#lastOfWidth = variant.isOld ? 0 : 1;
  }

  /** Bytes that are complete. */
  get written(): Uint8Array {
    return this.#out.subarray(0, this.#length);
  }

  /** Takes `plain` from `start` (what is before it was taken) to before `end`. */
  write(plain: Uint8Array, start: number, end: number): void {
    let at = start;
    if (at === 0) {
      this.#put(clearCode);
      this.#inBytes++;
      this.#last = plain[at++]!;
    }
    const entries = this.#entries;
    let code = this.#last;
    let from = at;
    for (; at < end; at++) {
      const byte = plain[at]!;
      const key = (byte << maxBits) | code;
      let slot = Math.imul(key, 0x9e3779b1) >>> 18;
      let entry = entries[slot]!;
      while (entry >>> maxBits !== key && entry !== noEntry) {
        slot = (slot + 1) & (hashSize - 1);
        entry = entries[slot]!;
      }
      if (entry !== noEntry) {
        code = entry & (tableSize - 1);
        continue;
      }
      this.#inBytes += at + 1 - from;
      from = at + 1;
      this.#put(code);
      this.#count++;
      code = byte;
      if (this.#free < tableSize) entries[slot] = (key << maxBits) | this.#free++;
      this.#afterEntry();
    }
    this.#inBytes += end - from;
    this.#last = code;
  }

  end(): Uint8Array {
    this.#put(this.#last);
    this.#count++;
    const { hasEnd, doesCountLast, isOld } = this.variant;
    if (hasEnd) {
      if (doesCountLast) this.#countLast();
      this.#put(endCode);
    }
    if (this.#bits > 0) this.#out[this.#length++] = isOld ? this.#word : this.#word << (8 - this.#bits);
    return this.#out.subarray(0, this.#length);
  }

  #countLast(): void {
    this.#free++;
    if (this.#isDue()) {
      this.#put(clearCode);
      this.#width = minBits;
    } else if (this.#isWider()) this.#width++;
  }

  #isDue(): boolean {
    return this.variant.full > 0 ? this.#free === this.variant.full : this.#count === this.clears[this.#cleared];
  }

  #isWider(): boolean {
    return this.#free > (1 << this.#width) - this.#lastOfWidth && this.#width < maxBits;
  }

  #afterEntry(): void {
    if (this.#isDue()) {
      this.#clear();
    } else if (this.#isWider()) {
      this.#width++;
    } else if (this.variant.isWatched && this.#inBytes >= this.#checkpoint) {
      this.#checkpoint = this.#inBytes + checkGap;
      const ratio = ratioOf(this.#inBytes, this.#outBits);
      if (ratio <= this.#ratio) this.#clear();
      else this.#ratio = ratio;
    }
  }

  #clear(): void {
    this.#cleared++;
    this.#count = 0;
    this.#entries.fill(noEntry);
    this.#ratio = 0;
    this.#inBytes = 0;
    this.#outBits = 0;
    this.#free = firstCode;
    this.#put(clearCode);
    this.#width = minBits;
  }

  #put(code: number): void {
    const width = this.#width;
    this.#outBits += width;
    let bits = this.#bits + width;
    let word: number;
    if (this.#length + maxCodeBytes > this.#out.length) this.#grow();
    const out = this.#out;
    if (this.variant.isOld) {
      word = this.#word | (code << this.#bits);
      for (; bits >= 8; bits -= 8) {
        out[this.#length++] = word;
        word >>>= 8;
      }
    } else {
      // Higher bits were written, and fall off.
      word = (this.#word << width) | code;
      while (bits >= 8) {
        bits -= 8;
        out[this.#length++] = word >>> bits;
      }
    }
    this.#word = word;
    this.#bits = bits;
  }

  #grow(): void {
    const larger = new Uint8Array(2 * this.#out.length + maxCodeBytes);
    larger.set(this.#out);
    this.#out = larger;
  }
}

function ratioOf(inBytes: number, outBits: number): number {
  if (inBytes <= largeCount) return Math.floor((inBytes * 256) / outBits);
  const part = outBits >>> 8;
  return part === 0 ? 0x7fffffff : Math.floor(inBytes / part);
}
