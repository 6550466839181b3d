/**
 * LZW as TIFF 6.0 section 13 defines it (codes of 9 to 12 bits, most significant bit first), both ways. The
 * format leaves the encoder free in when it clears its table; this one does so as libtiff does: when the table
 * is full, and when the ratio stops growing. SPEC.md section 6.5.
 */

const clearCode = 256;
const endCode = 257;
const firstCode = 258;
const minBits = 9;
const maxBits = 12;
const tableSize = 4_096;
/** The encoder clears its table before this code would be given out. */
const fullAt = 4_094;
/** Bytes between two looks at the ratio. */
const checkGap = 10_000;
const largeCount = 0x7fffff;

/** Which end an encoder wrote: later versions count the last code before they choose the width of the end code. */
export interface LzwVariant {
  readonly doesCountLast: boolean;
}

/** Plain bytes of a strip: exactly `length`, or undefined where the codes do not give them. */
export function decodeLzw(codes: Uint8Array, length: number): Uint8Array | undefined {
  const plain = new Uint8Array(length);
  const prefix = new Uint16Array(tableSize);
  const suffix = new Uint8Array(tableSize);
  const lengths = new Uint16Array(tableSize);
  for (let i = 0; i < 256; i++) {
    suffix[i] = i;
    lengths[i] = 1;
  }
  let [next, width, previous, at] = [firstCode, minBits, -1, 0];
  let [word, bits, from] = [0, 0, 0];
  for (;;) {
    while (bits < width && from < codes.length) {
      word = ((word << 8) | codes[from++]!) & 0xffffff;
      bits += 8;
    }
    if (bits < width) return undefined;
    bits -= width;
    const code = (word >>> bits) & ((1 << width) - 1);
    if (code === endCode) return at === length ? plain : undefined;
    if (code === clearCode) {
      [next, width, previous] = [firstCode, minBits, -1];
      continue;
    }
    const isKnown = code < 256 || (code >= firstCode && code < next);
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
      if (next + 1 >= 1 << width && width < maxBits) width++;
    }
    previous = code;
    at += stringLength;
  }
}

/** The codes of `plain`, which is not empty. */
export function encodeLzw(plain: Uint8Array, variant: LzwVariant): Uint8Array {
  const encoder = new LzwEncoder(plain.length);
  encoder.write(plain);
  return encoder.end(variant);
}

const hashSize = 16_384;

class LzwEncoder {
  readonly #keys = new Int32Array(hashSize).fill(-1);
  readonly #codes = new Uint16Array(hashSize);
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

  constructor(expected: number) {
    this.#out = new Uint8Array(expected + 1_024);
  }

  write(plain: Uint8Array): void {
    this.#put(clearCode);
    let code = plain[0]!;
    this.#inBytes++;
    for (let i = 1; i < plain.length; i++) {
      const byte = plain[i]!;
      this.#inBytes++;
      const key = (byte << maxBits) | code;
      let slot = (Math.imul(key, 0x9e3779b1) >>> 18) & (hashSize - 1);
      while (this.#keys[slot] !== key && this.#keys[slot] !== -1) slot = (slot + 1) & (hashSize - 1);
      if (this.#keys[slot] === key) {
        code = this.#codes[slot]!;
        continue;
      }
      this.#put(code);
      code = byte;
      this.#keys[slot] = key;
      this.#codes[slot] = this.#free++;
      this.#afterEntry();
    }
    this.#last = code;
  }

  end({ doesCountLast }: LzwVariant): Uint8Array {
    this.#put(this.#last);
    if (doesCountLast) {
      this.#free++;
      if (this.#free === fullAt) {
        this.#put(clearCode);
        this.#width = minBits;
      } else if (this.#free > (1 << this.#width) - 1) this.#width++;
    }
    this.#put(endCode);
    if (this.#bits > 0) this.#byte(this.#word << (8 - this.#bits));
    return this.#out.subarray(0, this.#length);
  }

  #afterEntry(): void {
    if (this.#free === fullAt) {
      this.#clear();
    } else if (this.#free > (1 << this.#width) - 1) {
      this.#width++;
    } else if (this.#inBytes >= this.#checkpoint) {
      this.#checkpoint = this.#inBytes + checkGap;
      const ratio = ratioOf(this.#inBytes, this.#outBits);
      if (ratio <= this.#ratio) this.#clear();
      else this.#ratio = ratio;
    }
  }

  #clear(): void {
    this.#keys.fill(-1);
    this.#ratio = 0;
    this.#inBytes = 0;
    this.#outBits = 0;
    this.#free = firstCode;
    this.#put(clearCode);
    this.#width = minBits;
  }

  #put(code: number): void {
    this.#word = ((this.#word << this.#width) | code) & 0xfffff;
    this.#bits += this.#width;
    this.#outBits += this.#width;
    while (this.#bits >= 8) {
      this.#bits -= 8;
      this.#byte(this.#word >>> this.#bits);
    }
  }

  #byte(value: number): void {
    if (this.#length === this.#out.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#out);
      this.#out = larger;
    }
    this.#out[this.#length++] = value;
  }
}

function ratioOf(inBytes: number, outBits: number): number {
  if (inBytes <= largeCount) return Math.floor((inBytes * 256) / outBits);
  const part = outBits >>> 8;
  return part === 0 ? 0x7fffffff : Math.floor(inBytes / part);
}
