/**
 * Raw deflate streams (RFC 1951) read in pieces. Whatever lacks bytes is begun again when more have come, so nothing is kept between
 * calls but bits and the block. What is refused is what zlib refuses.
 */
import { Allowed, longWord, makeCode } from './codes';
import {
  distanceCanonAt, distanceMeaningsAt, distanceTableAt, historyBytes, inAt, lengthsAt, literalCanonAt, literalMeaningsAt, literalTableAt, outAt, outEnd, rootBits,
} from './memory';
import { distanceBase, distanceExtra, distanceSymbols, endSymbol, lengthBase, lengthExtra, literalSymbols } from './symbols';

/** What `read` answers. */
const enum Outcome { Wanting, Full, Ended, Damaged }
/** What is read next. */
const enum Block { Header, Stored, Tokens, None }
/** Entries: the word's length in bits 0 to 3, extra bits in 4 to 7, what it is in 8 and 9, value or first value from 16 on. */
const enum Kind { Literal = 0, Length = 1 << 8, End = 2 << 8, Wrong = 3 << 8 }

const kindMask: u32 = 3 << 8;
const rootMask: u64 = (1 << rootBits) - 1;
const maxMatchBytes: usize = 258;
/** Bytes that a token takes at most, and those that a load of bits reaches. */
const fastIn: usize = 16;
/** Fixed codes have words for symbols that mean nothing. */
const fixedLiterals: i32 = 288;
const fixedDistances: i32 = 32;

let block: i32 = Block.Header;
let isFinal: bool = false;
let hold: u64 = 0;
let held: i32 = 0;
let inPos: usize = inAt;
let inEnd: usize = inAt;
let outPos: usize = outAt;
let storedLeft: usize = 0;
let areMeaningsMade: bool = false;

/** Begins a stream; `history` bytes that came before it were put at the begin of the area of output. */
export function beginReading(history: i32): void {
  if (!areMeaningsMade) makeMeanings();
  block = Block.Header;
  isFinal = false;
  hold = 0;
  held = 0;
  inPos = inEnd = inAt;
  outPos = outAt + <usize>history;
  storedLeft = 0;
}

/** Where the next bytes of the stream are to be put: behind those that wait. */
export function inputAt(): usize {
  const left = inEnd - inPos;
  if (inPos > inAt) memory.copy(inAt, inPos, left);
  inPos = inAt;
  inEnd = inAt + left;
  return inEnd;
}

/** Reads on with `length` further bytes that were put where `inputAt` said: until they are used up, output is full, or the stream ends. */
export function read(length: i32): i32 {
  inEnd += <usize>length;
  while (block != Block.None) {
    const outcome = block == Block.Header ? readHeader() : block == Block.Stored ? readStored() : readTokens();
    if (outcome >= 0) return outcome;
    if (block != Block.Header || !isFinal) continue;
    giveBack();
    block = Block.None;
  }
  return Outcome.Ended;
}

/** Bytes at hand that the stream has not used. */
export function unusedBytes(): i32 {
  return <i32>(inEnd - inPos);
}

/** Where output ends. */
export function outputEnd(): usize {
  return outPos;
}

/** Keeps the last 32 KiB of output at its begin. Answers where further output will begin. */
export function dropOutput(): usize {
  const kept = min(historyBytes, outPos - outAt);
  memory.copy(outAt, outPos - kept, kept);
  outPos = outAt + kept;
  return outPos;
}

/** Whole bytes among the bits go back. */
function giveBack(): void {
  inPos -= <usize>(held >> 3);
  held &= 7;
  hold &= (<u64>1 << <u64>held) - 1;
}

/** At least `count` bits (up to 56) are held; false where there are too few bytes. */
function hasBits(count: i32): bool {
  while (held < count) {
    if (inPos == inEnd) return false;
    hold |= <u64>load<u8>(inPos++) << <u64>held;
    held += 8;
  }
  return true;
}

function take(count: i32): i32 {
  const bits = <i32>(hold & ((<u64>1 << <u64>count) - 1));
  hold >>= <u64>count;
  held -= count;
  return bits;
}

/** -1 where it goes on. */
function readHeader(): i32 {
  const saved = hold, savedCount = held, savedAt = inPos;
  const outcome = readHeaderOnce();
  if (outcome == Outcome.Wanting) {
    hold = saved;
    held = savedCount;
    inPos = savedAt;
  }
  return outcome;
}

function readHeaderOnce(): i32 {
  if (!hasBits(3)) return Outcome.Wanting;
  const isLast = take(1) == 1;
  const type = take(2);
  let outcome: i32 = Outcome.Damaged;
  if (type == 0) outcome = readStoredHeader();
  else if (type == 1) outcome = makeFixed();
  else if (type == 2) outcome = readDynamicHeader();
  if (outcome < 0) isFinal = isLast;
  return outcome;
}

function readStoredHeader(): i32 {
  take(held & 7);
  if (!hasBits(32)) return Outcome.Wanting;
  const length = take(16), check = take(16);
  if (length != (~check & 0xffff)) return Outcome.Damaged;
  giveBack();
  storedLeft = <usize>length;
  block = Block.Stored;
  return -1;
}

function readStored(): i32 {
  while (storedLeft > 0) {
    const bytes = min(storedLeft, min(inEnd - inPos, outEnd - outPos));
    if (bytes == 0) return inPos == inEnd ? Outcome.Wanting : Outcome.Full;
    memory.copy(outPos, inPos, bytes);
    outPos += bytes;
    inPos += bytes;
    storedLeft -= bytes;
  }
  block = Block.Header;
  return -1;
}

function makeFixed(): i32 {
  for (let symbol = 0; symbol < fixedLiterals; symbol++) {
    store<u8>(lengthsAt + <usize>symbol, symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8);
  }
  makeCode(lengthsAt, fixedLiterals, literalMeaningsAt, literalTableAt, literalCanonAt, Allowed.Complete);
  memory.fill(lengthsAt, 5, fixedDistances);
  makeCode(lengthsAt, fixedDistances, distanceMeaningsAt, distanceTableAt, distanceCanonAt, Allowed.Complete);
  block = Block.Tokens;
  return -1;
}

function readDynamicHeader(): i32 {
  if (!hasBits(14)) return Outcome.Wanting;
  const literals = take(5) + 257, distances = take(5) + 1, precodes = take(4) + 4;
  if (literals > literalSymbols || distances > distanceSymbols) return Outcome.Damaged;
  memory.fill(lengthsAt, 0, 19);
  for (let i = 0; i < precodes; i++) {
    if (!hasBits(3)) return Outcome.Wanting;
    store<u8>(lengthsAt + precodePlace(i), <u8>take(3));
  }
  // The meanings of literals serve: the low symbols mean themselves.
  if (!makeCode(lengthsAt, 19, literalMeaningsAt, literalTableAt, literalCanonAt, Allowed.Complete)) return Outcome.Damaged;
  const outcome = readLengths(literals + distances);
  if (outcome >= 0) return outcome;
  if (load<u8>(lengthsAt + endSymbol) == 0) return Outcome.Damaged;
  if (!makeCode(lengthsAt, literals, literalMeaningsAt, literalTableAt, literalCanonAt, Allowed.SingleWord)) return Outcome.Damaged;
  if (!makeCode(lengthsAt + <usize>literals, distances, distanceMeaningsAt, distanceTableAt, distanceCanonAt, Allowed.SingleWordOrNone)) return Outcome.Damaged;
  block = Block.Tokens;
  return -1;
}

/** The lengths of both codes, one after the other. */
function readLengths(count: i32): i32 {
  let at = 0;
  while (at < count) {
    hasBits(14);
    const entry = load<u32>(literalTableAt + 4 * <usize>(hold & rootMask));
    const bits = <i32>(entry & 15), symbol = <i32>(entry >>> 16);
    const extra = symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
    if (bits + extra > held) return Outcome.Wanting;
    take(bits);
    const run = symbol < 16 ? 1 : (symbol == 18 ? 11 : 3) + take(extra);
    if (at + run > count || (symbol == 16 && at == 0)) return Outcome.Damaged;
    const value: u8 = symbol < 16 ? <u8>symbol : symbol == 16 ? load<u8>(lengthsAt + <usize>at - 1) : 0;
    memory.fill(lengthsAt + <usize>at, value, run);
    at += run;
  }
  return -1;
}

function precodePlace(i: i32): usize {
  // 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15.
  if (i < 4) return i == 3 ? 0 : 16 + <usize>i;
  return <usize>((i & 1) == 0 ? 6 + (i >> 1) : 9 - (i >> 1));
}

/** Reads tokens: fast while there is much of both, then one at a time. */
function readTokens(): i32 {
  for (;;) {
    const outcome = inEnd - inPos >= fastIn && outEnd - outPos > 2 * maxMatchBytes ? readFast() : readOne();
    if (outcome == More) continue;
    return outcome;
  }
}

/** A token was read, or several. */
const More: i32 = -2;

/** One token, or nothing. */
function readOne(): i32 {
  const saved = hold, savedCount = held, savedAt = inPos;
  hasBits(48);
  const outcome = outEnd - outPos < maxMatchBytes ? Outcome.Full : oneToken();
  if (outcome == Outcome.Wanting || outcome == Outcome.Full) {
    hold = saved;
    held = savedCount;
    inPos = savedAt;
  }
  return outcome;
}

function oneToken(): i32 {
  const entry = literalEntry(hold);
  const bits = <i32>(entry & 15), kind = entry & kindMask;
  if (entry == 0 || bits > held) return held < 48 ? Outcome.Wanting : Outcome.Damaged;
  take(bits);
  if (kind == Kind.Wrong) return Outcome.Damaged;
  if (kind == Kind.Literal) {
    store<u8>(outPos++, <u8>(entry >>> 16));
    return More;
  }
  if (kind == Kind.End) {
    block = Block.Header;
    return -1;
  }
  const extra = <i32>(entry >>> 4 & 15);
  if (extra > held) return Outcome.Wanting;
  const length = <i32>(entry >>> 16) + take(extra);
  const far = distanceEntry(hold);
  if (far == 0 || <i32>(far & 15) > held) return held < 28 && inPos == inEnd ? Outcome.Wanting : Outcome.Damaged;
  take(<i32>(far & 15));
  if ((far & kindMask) == Kind.Wrong) return Outcome.Damaged;
  const farExtra = <i32>(far >>> 4 & 15);
  if (farExtra > held) return Outcome.Wanting;
  const distance = <usize>(far >>> 16) + <usize>take(farExtra);
  if (distance > outPos - outAt) return Outcome.Damaged;
  copyMatch(outPos, distance, length);
  outPos += <usize>length;
  return More;
}

@inline function literalEntry(bits: u64): u32 {
  const entry = load<u32>(literalTableAt + 4 * <usize>(bits & rootMask));
  return entry != 0 ? entry : longWord(bits, literalMeaningsAt, literalCanonAt);
}

@inline function distanceEntry(bits: u64): u32 {
  const entry = load<u32>(distanceTableAt + 4 * <usize>(bits & rootMask));
  return entry != 0 ? entry : longWord(bits, distanceMeaningsAt, distanceCanonAt);
}

/** Tokens while at least 16 bytes of input and room for two matches are left. */
function readFast(): i32 {
  let bits = hold, count = held, from = inPos, to = outPos;
  const lastIn = inEnd - fastIn, lastOut = outEnd - 2 * maxMatchBytes;
  let outcome: i32 = More;
  while (from <= lastIn && to < lastOut) {
    bits |= load<u64>(from) << <u64>count;
    from += <usize>((63 - count) >> 3);
    count |= 56;
    let entry = literalEntry(bits);
    if ((entry & kindMask) == Kind.Literal && entry != 0) {
      store<u8>(to++, <u8>(entry >>> 16));
      bits >>= <u64>(entry & 15);
      count -= <i32>(entry & 15);
      entry = literalEntry(bits);
      if ((entry & kindMask) == Kind.Literal && entry != 0) {
        store<u8>(to++, <u8>(entry >>> 16));
        bits >>= <u64>(entry & 15);
        count -= <i32>(entry & 15);
        continue;
      }
      bits |= load<u64>(from) << <u64>count;
      from += <usize>((63 - count) >> 3);
      count |= 56;
    }
    const kind = entry & kindMask;
    if (entry == 0 || kind == Kind.Wrong) {
      outcome = Outcome.Damaged;
      break;
    }
    bits >>= <u64>(entry & 15);
    count -= <i32>(entry & 15);
    if (kind == Kind.End) {
      block = Block.Header;
      outcome = -1;
      break;
    }
    const extra = <u64>(entry >>> 4 & 15);
    const length = <i32>(entry >>> 16) + <i32>(bits & ((<u64>1 << extra) - 1));
    bits >>= extra;
    const far = distanceEntry(bits);
    if (far == 0 || (far & kindMask) == Kind.Wrong) {
      outcome = Outcome.Damaged;
      break;
    }
    bits >>= <u64>(far & 15);
    const farExtra = <u64>(far >>> 4 & 15);
    const distance = <usize>(far >>> 16) + <usize>(bits & ((<u64>1 << farExtra) - 1));
    bits >>= farExtra;
    count -= <i32>extra + <i32>(far & 15) + <i32>farExtra;
    if (distance > to - outAt) {
      outcome = Outcome.Damaged;
      break;
    }
    copyMatch(to, distance, length);
    to += <usize>length;
  }
  hold = bits;
  held = count;
  inPos = from;
  outPos = to;
  giveBack();
  return outcome;
}

/** Bytes of a match; up to 15 behind it may be overwritten. */
@inline function copyMatch(to: usize, distance: usize, length: i32): void {
  const end = to + <usize>length;
  let from = to - distance;
  if (distance >= 16) {
    for (; to < end; to += 16, from += 16) v128.store(to, v128.load(from));
  } else if (distance == 1) {
    memory.fill(to, load<u8>(from), <usize>length);
  } else if (distance >= 8) {
    for (; to < end; to += 8, from += 8) store<u64>(to, load<u64>(from));
  } else {
    while (to < end) store<u8>(to++, load<u8>(from++));
  }
}

/** The entries of all symbols, but for the lengths of their words. */
function makeMeanings(): void {
  for (let symbol = 0; symbol < fixedLiterals; symbol++) {
    let meaning: u32 = Kind.Wrong;
    if (symbol < endSymbol) meaning = <u32>symbol << 16;
    else if (symbol == endSymbol) meaning = Kind.End;
    else if (symbol < literalSymbols) meaning = Kind.Length | <u32>lengthBase(symbol - 257) << 16 | <u32>lengthExtra(symbol - 257) << 4;
    store<u32>(literalMeaningsAt + 4 * <usize>symbol, meaning);
  }
  for (let symbol = 0; symbol < fixedDistances; symbol++) {
    const isUsed = symbol < distanceSymbols;
    store<u32>(distanceMeaningsAt + 4 * <usize>symbol, isUsed ? <u32>distanceBase(symbol) << 16 | <u32>distanceExtra(symbol) << 4 : Kind.Wrong);
  }
  areMeaningsMade = true;
}
