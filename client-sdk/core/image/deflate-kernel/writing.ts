/**
 * Writes a raw deflate stream: headers as the outside puts their bits, tokens under the words that it has put down. RFC 1951 section 3.2.3.
 */
import { deflatedAt, tokensAt, wordsAt } from './memory';
import { distanceBase, distanceExtra, distanceSlot, endSymbol, lengthBase, lengthExtra, lengthSlot, literalSymbols } from './symbols';

let hold: u64 = 0;
let held: i32 = 0;
let out: usize = deflatedAt;

/** Begins a stream. */
export function beginWriting(): void {
  hold = 0;
  held = 0;
  out = deflatedAt;
}

/** Writes `count` bits (0 to 16) of `bits`, which has no others. */
export function put(bits: i32, count: i32): void {
  add(<u64>bits, count);
  flush();
}

/** Writes the `count` tokens of the block and its end. Words are put down as their bits, first bit lowest, and how many they are from bit 16 on. */
export function writeTokens(count: i32): void {
  const last = tokensAt + 4 * <usize>count;
  for (let at = tokensAt; at < last; at += 4) {
    const token = load<u32>(at);
    if (token < 256) word(token);
    else match(<i32>(token >>> 16), <i32>(token & 0xffff));
    flush();
  }
  word(endSymbol);
  flush();
}

/** Whole bytes so far. */
export function writtenBytes(): i32 {
  return <i32>(out - deflatedAt) + (held >> 3);
}

/** Fills the last byte up with the low bits of `padding`. */
export function align(padding: i32): void {
  const gap = -held & 7;
  put(padding & ((1 << gap) - 1), gap);
}

/** Puts all whole bytes down, and answers how many there are since the last time; what follows goes to the begin of the area again. */
export function takeWritten(): i32 {
  store<u64>(out, hold);
  const bytes = held >> 3;
  const written = <i32>(out - deflatedAt) + bytes;
  hold >>= 8 * <u64>bytes;
  held &= 7;
  out = deflatedAt;
  return written;
}

function match(length: i32, distance: i32): void {
  const slot = lengthSlot(length), far = distanceSlot(distance);
  word(<u32>(endSymbol + 1 + slot));
  add(<u64>(length - lengthBase(slot)), lengthExtra(slot));
  flush();
  word(<u32>(literalSymbols + far));
  add(<u64>(distance - distanceBase(far)), distanceExtra(far));
}

@inline function word(symbol: u32): void {
  const entry = load<u32>(wordsAt + 4 * <usize>symbol);
  add(<u64>(entry & 0xffff), <i32>(entry >>> 16));
}

@inline function add(bits: u64, count: i32): void {
  hold |= bits << <u64>held;
  held += count;
}

/** At most 31 bits stay. */
@inline function flush(): void {
  if (held < 32) return;
  store<u32>(out, <u32>hold);
  out += 4;
  hold >>= 32;
  held -= 32;
}
