/**
 * Adaptive binary range coder: integers only, carries propagated in the written bytes. It knows bits and their
 * probabilities, not pictures. SPEC.md section 5.8.
 *
 * A probability is that of a zero, in 1/65536, in a Uint16Array. Reading past the end gives zero bytes.
 */
import { fault } from '../errors.js';

/** State of writing. `range` is 2^23 .. 2^31 - 1 and `low` is below 2^31 between two bits. */
export interface RangeEncoder {
  readonly bytes: Uint8Array;
  at: number;
  low: number;
  range: number;
}

/** State of reading. `code` holds 32 bits, one more than `range` has: compare `code >>> 1`. */
export interface RangeDecoder {
  readonly bytes: Uint8Array;
  /** Where its code begins. */
  readonly start: number;
  at: number;
  code: number;
  range: number;
}

/** Below this, a byte is shifted out. */
export const minRange = 0x800000;
const fullRange = 0x7fffffff;
/** Adaptation of contexts with one probability: 1/32. */
const singleRate = 5;
/** Adaptation of the two estimates of a pair: 1/64 and 1/32. */
const firstRate = 6;
const secondRate = 5;
/** A probability of one half. */
export const evenProbability = 0x8000;
const maxExponent = 19;

/** A writer into `bytes`. What does not fit is dropped while `at` runs on: compare it with the length. */
export function newEncoder(bytes: Uint8Array): RangeEncoder {
  return { bytes, at: 0, low: 0, range: fullRange };
}

/** A reader of `bytes` from `at`. */
export function newDecoder(bytes: Uint8Array, at: number): RangeDecoder {
  const decoder = { bytes, start: at, at, code: 0, range: fullRange };
  for (let i = 0; i < 4; i++) decoder.code = (decoder.code << 8) | nextByte(decoder);
  return decoder;
}

function nextByte(decoder: RangeDecoder): number {
  const byte = decoder.at < decoder.bytes.length ? decoder.bytes[decoder.at]! : 0;
  decoder.at++;
  return byte;
}

/** Adds the carry to the bytes before `at`. */
export function carry(bytes: Uint8Array, at: number): void {
  let i = Math.min(at, bytes.length) - 1;
  while (i >= 0 && bytes[i] === 255) bytes[i--] = 0;
  if (i >= 0) bytes[i] = bytes[i]! + 1;
}

function shiftOut(encoder: RangeEncoder): void {
  if (encoder.low < 0) {
    carry(encoder.bytes, encoder.at);
    encoder.low &= fullRange;
  }
  while (encoder.range < minRange) {
    encoder.bytes[encoder.at++] = encoder.low >>> 23;
    encoder.low = (encoder.low & 0x7fffff) << 8;
    encoder.range <<= 8;
  }
}

/** Writes one bit under the probability `table[index]` and adapts it. */
export function encodeBit(encoder: RangeEncoder, table: Uint16Array, index: number, bit: number): void {
  const p = table[index]!;
  const bound = Math.imul(encoder.range >>> 15, p >>> 1);
  if (bit === 0) {
    encoder.range = bound;
    table[index] = p + ((65535 - p) >>> singleRate);
  } else {
    encoder.low = (encoder.low + bound) | 0;
    encoder.range -= bound;
    table[index] = p - (p >>> singleRate);
  }
  shiftOut(encoder);
}

/** Reads one bit under the probability `table[index]` and adapts it. */
export function decodeBit(decoder: RangeDecoder, table: Uint16Array, index: number): number {
  const p = table[index]!;
  const bound = Math.imul(decoder.range >>> 15, p >>> 1);
  const bit = decoder.code >>> 1 < bound ? 0 : 1;
  if (bit === 0) {
    decoder.range = bound;
    table[index] = p + ((65535 - p) >>> singleRate);
  } else {
    decoder.code = (decoder.code - (bound << 1)) | 0;
    decoder.range -= bound;
    table[index] = p - (p >>> singleRate);
  }
  shiftIn(decoder);
  return bit;
}

function shiftIn(decoder: RangeDecoder): void {
  while (decoder.range < minRange) {
    decoder.code = (decoder.code << 8) | nextByte(decoder);
    decoder.range <<= 8;
  }
}

/** Two estimates of one probability, used as their mean. A zero in `second` stands for "as the first says". */
export interface PairTables {
  readonly first: Uint16Array;
  readonly second: Uint16Array;
}

/** Writes one bit under the pair `first[a]`, `second[b]` and adapts both. */
export function encodePairBit(encoder: RangeEncoder, { first, second }: PairTables, a: number, b: number, bit: number): void {
  const p = first[a]!;
  let q = second[b]!;
  if (q === 0) q = p;
  const bound = Math.imul(encoder.range >>> 15, (p + q) >>> 2);
  if (bit === 0) {
    encoder.range = bound;
    first[a] = p + ((65535 - p) >>> firstRate);
    second[b] = q + ((65535 - q) >>> secondRate);
  } else {
    encoder.low = (encoder.low + bound) | 0;
    encoder.range -= bound;
    first[a] = p - (p >>> firstRate);
    second[b] = q - (q >>> secondRate);
  }
  shiftOut(encoder);
}

/** Reads one bit under the pair `first[a]`, `second[b]` and adapts both. */
export function decodePairBit(decoder: RangeDecoder, { first, second }: PairTables, a: number, b: number): number {
  const p = first[a]!;
  let q = second[b]!;
  if (q === 0) q = p;
  const bound = Math.imul(decoder.range >>> 15, (p + q) >>> 2);
  const bit = decoder.code >>> 1 < bound ? 0 : 1;
  if (bit === 0) {
    decoder.range = bound;
    first[a] = p + ((65535 - p) >>> firstRate);
    second[b] = q + ((65535 - q) >>> secondRate);
  } else {
    decoder.code = (decoder.code - (bound << 1)) | 0;
    decoder.range -= bound;
    first[a] = p - (p >>> firstRate);
    second[b] = q - (q >>> secondRate);
  }
  shiftIn(decoder);
  return bit;
}

/** Writes `count` (0 .. 16) bits of `value`, each as likely as not. */
function encodeRaw(encoder: RangeEncoder, value: number, count: number): void {
  encoder.range >>>= count;
  encoder.low = (encoder.low + Math.imul(encoder.range, value)) | 0;
  shiftOut(encoder);
}

/** Reads `count` (0 .. 16) bits, each as likely as not. Throws DiceError `recipe-invalid` for a code that no writer makes. */
function decodeRaw(decoder: RangeDecoder, count: number): number {
  decoder.range >>>= count;
  const value = Math.floor((decoder.code >>> 1) / decoder.range);
  if (value >>> count !== 0) throw fault('recipe-invalid', 'A tile is coded wrongly.');
  decoder.code = (decoder.code - (Math.imul(decoder.range, value) << 1)) | 0;
  shiftIn(decoder);
  return value;
}

/** Writes a number 0 .. 2^19 - 2 as exponent (unary, adaptive from `table[index]`, 20 entries) and raw mantissa. */
export function encodeNumber(encoder: RangeEncoder, table: Uint16Array, index: number, value: number): void {
  const exponent = 31 - Math.clz32(value + 1);
  for (let i = 0; i < exponent; i++) encodeBit(encoder, table, index + i, 1);
  encodeBit(encoder, table, index + exponent, 0);
  const mantissa = value + 1 - (1 << exponent);
  if (exponent > 12) encodeRaw(encoder, mantissa >>> 12, exponent - 12);
  encodeRaw(encoder, mantissa & 0xfff & ((1 << exponent) - 1), Math.min(exponent, 12));
}

/** Reads what `encodeNumber` wrote. Throws DiceError `recipe-invalid` for a larger exponent. */
export function decodeNumber(decoder: RangeDecoder, table: Uint16Array, index: number): number {
  let exponent = 0;
  while (decodeBit(decoder, table, index + exponent) === 1) {
    if (++exponent === maxExponent) throw fault('recipe-invalid', 'A tile is coded wrongly.');
  }
  const high = exponent > 12 ? decodeRaw(decoder, exponent - 12) : 0;
  const low = decodeRaw(decoder, Math.min(exponent, 12));
  return (1 << exponent) + (high << 12) + low - 1;
}

/** Entries that `encodeNumber` needs in its table. */
export const numberContexts = 20;

/** Ends writing: the fewest bytes that, followed by zeros, lie in the last range. Answers the length written. */
export function finish(encoder: RangeEncoder): number {
  encoder.low = lastNumber(encoder.low, encoder.range);
  encoder.range = 0;
  if (encoder.low < 0) carry(encoder.bytes, encoder.at);
  encoder.low &= fullRange;
  for (const shift of [23, 15, 7]) encoder.bytes[encoder.at++] = encoder.low >>> shift;
  encoder.bytes[encoder.at++] = encoder.low << 1;
  if (encoder.at > encoder.bytes.length) return encoder.at;
  while (encoder.at > 0 && encoder.bytes[encoder.at - 1] === 0) encoder.at--;
  return encoder.at;
}

/** The number in `low .. low + range - 1` that ends with the most zero bytes; bit 31 is a carry. */
function lastNumber(low: number, range: number): number {
  for (let bits = 23; bits > 0; bits -= 8) {
    const mask = (1 << bits) - 1;
    const value = ((low + mask) & ~mask) | 0;
    if (((value - low) | 0) < range) return value;
  }
  return low;
}

/** Throws DiceError `recipe-invalid` unless the code ends as `finish` ends it: every byte was read, and none is missing, more or other. */
export function expectEnd({ bytes, start, at, code, range }: RangeDecoder): void {
  // The last four bytes that were read are what was written, and `code` is by how much that is above `low`.
  let written = 0;
  for (let i = at - 4; i < at; i++) written = (written << 8) | (bytes[i] ?? 0);
  const low = ((written - code) >>> 1) & fullRange;
  const isWritten = written === lastNumber(low, range) << 1;
  if (at < bytes.length || !isWritten || (bytes.length > start && bytes[bytes.length - 1] === 0)) throw fault('recipe-invalid', 'A tile has bytes after its end, or lacks some.');
}
