/**
 * The coder of corrections (../correction-coder.ts): adaptive bits and numbers over the range coder of SPEC.md section 5.8. The same
 * steps write and read. What goes wrong is noted, the first of it, and the steps go on over zeros: whoever takes many looks in between.
 */
import { correctionsAt, samplesAt } from './memory';

/** What went wrong: a writer's code is longer than it may be, or no writer writes so. */
export const enum Trouble { None, TooLong, Malformed }

const fullRange: u32 = 0x7fffffff;
const minRange: u32 = 0x800000;
const lastUse: u32 = 15;
const lastRate: u32 = 5;
const maxExponent: i32 = 24;
/** How fast a context adapts after it was used so often. */
const ratesAt: usize = memory.data<u8>([1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5]);

let isReading = false;
let low: u32 = 0;
let range: u32 = 0;
/** Of a reader: what it read, above `low`; one bit more than `range` has. */
let code: u32 = 0;
let byteAt: usize = 0;
let byteEnd: usize = 0;
export let trouble: i32 = Trouble.None;

export function note(what: i32): void {
  if (trouble == Trouble.None) trouble = what;
}

/** Starts with so many contexts: a reader of `bytes` of code, or a writer of at most so many. */
export function beginCorrections(contexts: i32, bytes: i32, reads: bool): void {
  for (let i = 0; i < contexts; i++) store<u32>(correctionsAt + (<usize>i << 2), 0x8000);
  isReading = reads;
  low = 0;
  range = fullRange;
  byteAt = samplesAt;
  byteEnd = samplesAt + <usize>bytes;
  trouble = Trouble.None;
  code = 0;
  if (reads) for (let i = 0; i < 4; i++) code = (code << 8) | nextByte();
}

/** What went wrong so far. */
export function correctionTrouble(): i32 {
  return trouble;
}

/** One bit under a context: a probability of zero, and how often it was used. */
export function correctionBit(index: i32, wanted: i32): i32 {
  const at = correctionsAt + (<usize>index << 2), entry = load<u32>(at), p = entry & 0xffff, use = entry >>> 16;
  const rate: u32 = use < lastUse ? load<u8>(ratesAt + <usize>use) : lastRate, next = use < lastUse ? (use + 1) << 16 : lastUse << 16;
  const bound = (range >>> 15) * (p >>> 1);
  const bit = isReading ? i32(code >>> 1 >= bound) : wanted;
  if (bit == 0) {
    range = bound;
    store<u32>(at, next | (p + ((65535 - p) >>> rate)));
  } else {
    range -= bound;
    store<u32>(at, next | (p - (p >>> rate)));
    if (isReading) code -= bound << 1;
    else add(bound);
  }
  if (range < minRange) shift();
  return bit;
}

/** `count` (0 to 16) bits, each as likely as not. */
export function correctionBits(wanted: i32, count: i32): i32 {
  range >>>= <u32>count;
  let value = <u32>wanted;
  if (isReading) {
    value = (code >>> 1) / range;
    if (value >>> <u32>count != 0) {
      note(Trouble.Malformed);
      return 0;
    }
    code -= (range * value) << 1;
  } else add(range * value);
  if (range < minRange) shift();
  return <i32>value;
}

/** A number of at most `max`: exponent in unary, then the mantissa. */
export function codeNumber(index: i32, value: i32, max: i32): i32 {
  const wanted = 31 - clz(value + 1);
  let exponent = 0;
  while (correctionBit(index + exponent, i32(exponent < wanted)) == 1) {
    if (++exponent < maxExponent) continue;
    note(Trouble.Malformed);
    return 0;
  }
  let mantissa = 0;
  for (let left = exponent; left > 0; ) {
    const bits = min(left, 12);
    left -= bits;
    mantissa = (mantissa << bits) | correctionBits(((value + 1) >>> left) & ((1 << bits) - 1), bits);
  }
  const number = (1 << exponent) + mantissa - 1;
  if (number <= max) return number;
  note(Trouble.Malformed);
  return 0;
}

/** Ends a writer: how many bytes it wrote. Of a reader, whether it read all of a shortened run that a writer ended so. */
export function endCorrections(): i32 {
  if (isReading) {
    if (byteAt != byteEnd || code >>> 1 >= minRange) note(Trouble.Malformed);
    return 0;
  }
  putByte(low >>> 23);
  putByte(low >>> 15);
  putByte(low >>> 7);
  putByte(low << 1);
  return <i32>(byteAt - samplesAt);
}

function add(bound: u32): void {
  low += bound;
  if (low <= fullRange) return;
  let i = byteAt - 1;
  while (i >= samplesAt && load<u8>(i) == 255) store<u8>(i--, 0);
  if (i >= samplesAt) store<u8>(i, load<u8>(i) + 1);
  low &= fullRange;
}

function shift(): void {
  while (range < minRange) {
    if (isReading) code = (code << 8) | nextByte();
    else {
      putByte(low >>> 23);
      low = (low & 0x7fffff) << 8;
    }
    range <<= 8;
  }
}

/** A writer shifts out exactly as often and ends with four bytes more: nobody reads beyond them. */
function nextByte(): u32 {
  if (byteAt < byteEnd) return load<u8>(byteAt++);
  note(Trouble.Malformed);
  return 0;
}

function putByte(value: u32): void {
  if (byteAt < byteEnd) store<u8>(byteAt++, value);
  else note(Trouble.TooLong);
}
