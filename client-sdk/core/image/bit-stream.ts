/**
 * Bits from the highest to the lowest of each byte, for what is coded without a model. SPEC.md section 5.4.
 */
import { fault } from '../errors.js';

const maxExponent = 19;

/** Writes bits into `bytes`. What does not fit is dropped while `length` runs on. */
export class BitWriter {
  #at: number;
  #hold = 0;
  #held = 0;

  constructor(
    private readonly bytes: Uint8Array,
    start: number,
  ) {
    this.#at = start;
  }

  /** Writes the low `count` (0 .. 16) bits of `value`. */
  write(value: number, count: number): void {
    this.#hold = (this.#hold << count) | (value & ((1 << count) - 1));
    this.#held += count;
    while (this.#held >= 8) {
      this.#held -= 8;
      this.bytes[this.#at++] = this.#hold >>> this.#held;
    }
  }

  /** Writes a number 0 .. 2^20 - 2: as many zeros as `value + 1` has bits after its first, then its bits. */
  writeNumber(value: number): void {
    const exponent = 31 - Math.clz32(value + 1);
    this.write(0, Math.max(0, exponent - 16));
    this.write(0, Math.min(16, exponent));
    this.write((value + 1) >>> 16, Math.max(0, exponent - 15));
    this.write(value + 1, Math.min(16, exponent + 1));
  }

  /** Fills the last byte with zeros. Answers where the bytes end. */
  end(): number {
    if (this.#held > 0) this.write(0, 8 - this.#held);
    return this.#at;
  }
}

/** Reads them again from `start`. Throws DiceError `recipe-invalid` past the end. */
export class BitReader {
  #at: number;
  #hold = 0;
  #held = 0;

  constructor(
    private readonly bytes: Uint8Array,
    start: number,
  ) {
    this.#at = start;
  }

  /** Reads `count` (0 .. 16) bits. */
  read(count: number): number {
    while (this.#held < count) {
      const byte = this.bytes[this.#at++];
      if (byte === undefined) throw fault('recipe-invalid', 'A tile ends early.');
      this.#hold = ((this.#hold & 0xffff) << 8) | byte;
      this.#held += 8;
    }
    this.#held -= count;
    return (this.#hold >>> this.#held) & ((1 << count) - 1);
  }

  readNumber(): number {
    let exponent = 0;
    while (this.read(1) === 0) {
      if (++exponent > maxExponent) throw fault('recipe-invalid', 'A tile is coded wrongly.');
    }
    const high = this.read(Math.max(0, exponent - 16));
    return (1 << exponent) + (high << 16) + this.read(Math.min(16, exponent)) - 1;
  }

  /** Where the bytes end. Throws DiceError `recipe-invalid` unless the rest of the last one is zeros. */
  end(): number {
    if ((this.#hold & ((1 << this.#held) - 1)) !== 0) throw fault('recipe-invalid', 'A tile is coded wrongly.');
    return this.#at;
  }
}

/** Signed to unsigned, small ones first: 0, -1, 1, -2, 2 become 0, 1, 2, 3, 4. */
export function fold(value: number): number {
  return (value << 1) ^ (value >> 31);
}

/** The inverse of `fold`. */
export function unfold(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}
