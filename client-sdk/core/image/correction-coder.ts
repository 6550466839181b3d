/**
 * Codes the corrections of a predicted deflate stream: adaptive bits, numbers and small trees of bits over the
 * range coder of SPEC.md section 5.8. Writing and reading have one interface, so that a model is written once
 * and both sides take the same steps. SPEC.md section 6.7.
 */
import { fault } from '../errors.js';
import { carry, evenProbability, minRange, newDecoder, type RangeDecoder } from './range-coder.js';

/** A writer gives back what it is given; a reader ignores it and answers what was written. */
export interface CorrectionCoder {
  /** One bit under context `index`. */
  bit(index: number, bit: number): number;
  /** `count` (0 .. 16) bits, each as likely as not. */
  raw(value: number, count: number): number;
}

/** Thrown by a writer whose corrections are longer than they may be. */
export class TooManyCorrections extends Error {
  override readonly name = 'TooManyCorrections';
}

// Taken once: looking them up costs where globals are not plain objects.
const { imul, min, clz32 } = Math;
const fullRange = 0x7fffffff;
/** How fast a context adapts after it was used 0, 1, 2, ... times. */
const rates = Uint8Array.of(1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5);
const lastRate = rates.length - 1;

/** Probabilities of zero and how often each was used. */
class ContextTable {
  readonly probabilities: Uint16Array;
  readonly uses: Uint8Array;

  constructor(count: number) {
    this.probabilities = new Uint16Array(count).fill(evenProbability);
    this.uses = new Uint8Array(count);
  }

  adapt(index: number, bit: number): void {
    const use = this.uses[index]!;
    const rate = rates[use]!;
    if (use < lastRate) this.uses[index] = use + 1;
    const p = this.probabilities[index]!;
    this.probabilities[index] = bit === 0 ? p + ((65_535 - p) >>> rate) : p - (p >>> rate);
  }
}

/** Writes at most `maxBytes`, else throws TooManyCorrections. */
export class CorrectionWriter implements CorrectionCoder {
  readonly #table: ContextTable;
  #bytes = new Uint8Array(1_024);
  #at = 0;
  #low = 0;
  #range = fullRange;

  constructor(
    contexts: number,
    private readonly maxBytes: number,
  ) {
    this.#table = new ContextTable(contexts);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#at;
  }

  bit(index: number, bit: number): number {
    const bound = imul(this.#range >>> 15, this.#table.probabilities[index]! >>> 1);
    if (bit === 0) this.#range = bound;
    else {
      this.#low = (this.#low + bound) | 0;
      this.#range -= bound;
      if (this.#low < 0) this.#carry();
    }
    this.#table.adapt(index, bit);
    if (this.#range < minRange) this.#shift();
    return bit;
  }

  raw(value: number, count: number): number {
    this.#range >>>= count;
    this.#low = (this.#low + imul(this.#range, value)) | 0;
    if (this.#low < 0) this.#carry();
    if (this.#range < minRange) this.#shift();
    return value;
  }

  /** All that was written; nothing can be written after it. */
  finish(): Uint8Array {
    for (const shift of [23, 15, 7]) this.#byte(this.#low >>> shift);
    this.#byte(this.#low << 1);
    return this.#bytes.slice(0, this.#at);
  }

  #carry(): void {
    carry(this.#bytes, this.#at);
    this.#low &= fullRange;
  }

  #shift(): void {
    while (this.#range < minRange) {
      this.#byte(this.#low >>> 23);
      this.#low = (this.#low & 0x7fffff) << 8;
      this.#range <<= 8;
    }
  }

  #byte(value: number): void {
    if (this.#at >= this.maxBytes) throw new TooManyCorrections();
    if (this.#at === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#at);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#at++] = value;
  }
}

/** Reads what a CorrectionWriter wrote. Throws DiceError `recipe-invalid` beyond the end. */
export class CorrectionReader implements CorrectionCoder {
  readonly #table: ContextTable;
  readonly #decoder: RangeDecoder;

  constructor(contexts: number, bytes: Uint8Array) {
    this.#table = new ContextTable(contexts);
    this.#decoder = newDecoder(bytes, 0);
    if (this.#decoder.at > bytes.length) throw ended();
  }

  bit(index: number): number {
    const decoder = this.#decoder;
    const bound = imul(decoder.range >>> 15, this.#table.probabilities[index]! >>> 1);
    const bit = decoder.code >>> 1 < bound ? 0 : 1;
    if (bit === 0) decoder.range = bound;
    else {
      decoder.code = (decoder.code - (bound << 1)) | 0;
      decoder.range -= bound;
    }
    this.#table.adapt(index, bit);
    if (decoder.range < minRange) this.#shift();
    return bit;
  }

  raw(_value: number, count: number): number {
    const decoder = this.#decoder;
    decoder.range >>>= count;
    const value = Math.floor((decoder.code >>> 1) / decoder.range);
    if (value >>> count !== 0) throw fault('recipe-invalid', 'Its corrections are coded wrongly.');
    decoder.code = (decoder.code - (imul(decoder.range, value) << 1)) | 0;
    if (decoder.range < minRange) this.#shift();
    return value;
  }

  /** Throws DiceError `recipe-invalid` unless every byte was read. */
  end(): void {
    if (this.#decoder.at !== this.#decoder.bytes.length) throw fault('recipe-invalid', 'Bytes follow its corrections.');
  }

  #shift(): void {
    const decoder = this.#decoder;
    while (decoder.range < minRange) {
      // A writer shifts out exactly as often and ends with four bytes more: nobody reads beyond them.
      if (decoder.at >= decoder.bytes.length) throw ended();
      decoder.code = (decoder.code << 8) | decoder.bytes[decoder.at++]!;
      decoder.range <<= 8;
    }
  }
}

function ended(): Error {
  return fault('recipe-invalid', 'Its corrections end early.');
}

/** Contexts that `codeNumber` needs. */
export const numberContexts = 24;

/** A number of at most `max` (below 2^24 - 1): exponent in unary, from context `index`, then the mantissa. */
export function codeNumber(coder: CorrectionCoder, index: number, value: number, max: number): number {
  const wanted = 31 - clz32(value + 1);
  let exponent = 0;
  while (coder.bit(index + exponent, exponent < wanted ? 1 : 0) === 1) {
    if (++exponent === numberContexts) throw fault('recipe-invalid', 'A number among its corrections is too large.');
  }
  let mantissa = 0;
  for (let left = exponent; left > 0; ) {
    const bits = min(left, 12);
    left -= bits;
    mantissa = (mantissa << bits) | coder.raw(((value + 1) >>> left) & ((1 << bits) - 1), bits);
  }
  const number = (1 << exponent) + mantissa - 1;
  if (number > max) throw fault('recipe-invalid', 'A number among its corrections is too large.');
  return number;
}

/** A value of `bits` bits, high bit first, each under a context of its own: 2^bits contexts from `index`. */
export function codeTree(coder: CorrectionCoder, index: number, value: number, bits: number): number {
  let node = 1;
  for (let k = bits - 1; k >= 0; k--) node = (node << 1) | coder.bit(index + node, (value >>> k) & 1);
  return node - (1 << bits);
}
