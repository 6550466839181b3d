/**
 * Tiles of quantised DCT coefficients: one symbol of nine for each coefficient up to a block's last one, from the highest frequency to
 * the lowest, under two adaptive distributions each, by range asymmetric numerals; the rest as bits. SPEC.md section 5.12.
 *
 * A distribution is a vector of eight thresholds: the probabilities that a symbol is at most 0 ... 7. Four states take turns. What is
 * needed for each coefficient stands in locals, and rows are done one by one without a loop, for speed: hence some lines that stand often.
 */
import { codeMargin, coefficientsAt, maxBytes, memoryEnd, samplesAt, valuesAt } from './memory';

/** Blocks of 64 coefficients that a content of 1 MiB may hold. */
const maxBlocks: usize = 8192;
const headerBytes: usize = 8;
/** Levels of expected magnitudes; rows of distributions by two of them. */
const levelCount: i32 = 14;
const rowOf: i32 = 16;
/** A distribution: its thresholds, then twice how often it has been used. All ids are places among them. */
const entryBytes: i32 = 32;
const usesOf: usize = 16;
/** Distributions that all frequencies share, then those by frequency. */
const ofInner: i32 = 0;
const ofEdge: i32 = ofInner + entryBytes * levelCount * rowOf;
const ofLast: i32 = ofEdge + entryBytes * levelCount * rowOf;
const ofLastPlace: i32 = ofLast + 2 * entryBytes * rowOf;
const ofEnd: i32 = ofLastPlace + 16 * entryBytes;
const ofEndRest: i32 = ofEnd + 12 * entryBytes;
const ofConstant: i32 = ofEndRest + 64 * entryBytes;
const ofFrequency: i32 = ofConstant + 2 * entryBytes * rowOf;
const sharedBytes: usize = <usize>ofFrequency;
const ownBytes: usize = 64 * <usize>(entryBytes * rowOf);
const signCount: usize = 20;
/** Highest threshold, and what each symbol has at least. */
const top: i32 = 32696;
const mostUses: i32 = 250;
const sharedUses: u16 = 6;
const lowestState: u32 = 0x10000;
/** Magnitudes that expectations count with. */
const mostCounted: i32 = 511;
const mostGuessed: i32 = 8191;
const statesBytes: usize = 16;
/** A block: its rows, then its columns. */
const blockBytes: usize = 256;

/** Places, all at the begin of a cache line. First those that keep what they hold, or are small. */
const distributionsAt: usize = coefficientsAt;
const firstsAt: usize = distributionsAt + sharedBytes + ownBytes;
const levelsAt: usize = firstsAt + sharedBytes;
const lowsAt: usize = levelsAt + 0x10000;
const ratesAt: usize = lowsAt + 0x8000;
const nextUsesAt: usize = ratesAt + 512;
const targetsAt: usize = nextUsesAt + 512;
/** The thresholds of a symbol begin 16 bytes after this; zero before them, one behind them. */
const scratchAt: usize = targetsAt + 192;
/** By row and which of its coefficients are not zero: zigzag place of the last. By last place: how many inner coefficients, how many at edges. */
const lastOfAt: usize = scratchAt + 64;
const innerCountAt: usize = lastOfAt + 8 * 256;
const edgeCountAt: usize = innerCountAt + 64;
/** In zigzag order from 1 on, inner coefficients and those at edges: place in a block, among what is added, of distributions, of the line. */
const innerAt: usize = edgeCountAt + 64;
const edgesAt: usize = innerAt + 64 * 8;
const zigzagAt: usize = edgesAt + 64 * 8;
const orderAt: usize = zigzagAt + 64;
const signsAt: usize = orderAt + 64;
const weightsAt: usize = signsAt + 64;
const constantWeightsAt: usize = weightsAt + 16 * 32;
/** By frequency: means of magnitudes, times 64; what the blocks around let expect, and what this block does; its magnitudes, 16 a row, two rows more. */
const meansAt: usize = constantWeightsAt + 64;
const expectedAt: usize = meansAt + 128;
const addedAt: usize = expectedAt + 128;
const magnitudesAt: usize = addedAt + 128;
const zeroAt: usize = magnitudesAt + 10 * 32;
const statesAt: usize = zeroAt + 128;
/** By the sum of the two last places around: which distribution of last places. */
const kindsAt: usize = statesAt + 64;
const tablesEnd: usize = kindsAt + 128;
/** Those of one tile, where other modes have theirs. By block: place of the last coefficient, error of the constant one. */
const endsAt: usize = (valuesAt + 63) & ~63;
const errorsAt: usize = endsAt + maxBlocks;
const blocksAt: usize = (errorsAt + 2 * maxBlocks + 63) & ~63;
/** Magnitudes that expectations count with; 0 for constant ones. */
const sizesAt: usize = blocksAt + blockBytes * maxBlocks;
const queueAt: usize = sizesAt + 128 * maxBlocks;
const wordsAt: usize = queueAt + 4 * 96 * maxBlocks;
const bitsAt: usize = wordsAt + 2 * 96 * maxBlocks;
const tileEnd: usize = bitsAt + maxBytes + codeMargin;
/** Where a reader keeps the code, and finds bits. */
const codeAt: usize = wordsAt;
const codeBitsAt: usize = codeAt + statesBytes;

/** Which state is next, times 4. */
let turnOf: usize = 0;
/** Words are read downwards, from here. */
let wordAt: usize = 0;
let queueEnd: usize = 0;
/** Writing: bits that are not yet in memory, where they go. */
let held: u64 = 0;
let heldCount: u64 = 0;
let heldAt: usize = 0;
/** Reading: bits that were read. */
let bitCount: u64 = 0;
let isBad: bool = false;
let isFilled: bool = false;

/** Where first distributions are put, 32 bytes each: thresholds, then twice how often they count as used. */
export function firstDistributions(): usize {
  return firstsAt;
}

/** Writes the content of `across` times `down` blocks at `samplesAt` to `samplesAt`. Answers the bytes, or -1 where they are more than `limit`. */
export function writeCoefficients(across: i32, down: i32, limit: i32): i32 {
  openTile();
  queueEnd = queueAt;
  heldAt = bitsAt;
  held = 0;
  heldCount = 0;
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      codeBlock(false, across, x, y);
      if (heldAt - bitsAt > <usize>limit) return -1;
    }
  }
  store<u64>(heldAt, held);
  heldAt += <usize>((heldCount + 7) >> 3);
  return writeWords(limit);
}

/** Reads the code at `samplesAt` into a content at `samplesAt`, but for its header. Answers false for what no writer writes. */
export function readCoefficients(across: i32, down: i32, length: i32): bool {
  if (<usize>length < statesBytes) return false;
  openTile();
  memory.copy(codeAt, samplesAt, length);
  memory.fill(codeAt + length, 0, 64);
  isBad = false;
  for (let i: usize = 0; i < 16; i += 4) {
    const state = load<u32>(codeAt + i);
    if (state < lowestState) return false;
    store<u32>(i, state, statesAt);
  }
  turnOf = 0;
  wordAt = codeAt + <usize>length;
  bitCount = 0;
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      codeBlock(true, across, x, y);
      if (codeBitsAt + <usize>(bitCount >> 3) > wordAt || isBad) return false;
    }
  }
  const used = codeBitsAt + <usize>((bitCount + 7) >> 3);
  for (let i: usize = 0; i < 16; i += 4) if (load<u32>(i, statesAt) != lowestState) return false;
  if (used != wordAt) return false;
  if ((bitCount & 7) != 0 && load<u8>(used - 1) >> <u8>(bitCount & 7) != 0) return false;
  return true;
}

/** What one symbol writes: from the last to the first, four states in turn. A reader begins with the state of the first symbol. */
function writeWords(limit: i32): i32 {
  let s0 = lowestState, s1 = s0, s2 = s0, s3 = s0, to = wordsAt;
  for (let at = queueEnd; at > queueAt;) {
    at -= 4;
    // `s3` is the state of the symbol at hand.
    const entry = load<u32>(at), low = entry & 0xffff, share = entry >>> 16, isLong = <u32>(s3 >>> 17 >= share);
    store<u16>(to, s3);
    to += isLong << 1;
    const state = s3 >>> (isLong << 4), quotient = state / share;
    s3 = s2;
    s2 = s1;
    s1 = s0;
    s0 = (quotient << 15) + (state - quotient * share) + low;
  }
  const words = to - wordsAt, bitBytes = heldAt - bitsAt, length: usize = statesBytes + words + bitBytes;
  if (length > <usize>limit) return -1;
  store<u32>(samplesAt, s0);
  store<u32>(samplesAt, s1, 4);
  store<u32>(samplesAt, s2, 8);
  store<u32>(samplesAt, s3, 12);
  memory.copy(samplesAt + statesBytes, bitsAt, bitBytes);
  memory.copy(samplesAt + statesBytes + bitBytes, wordsAt, words);
  return <i32>length;
}

function fillTables(): void {
  if (tablesEnd > memoryEnd || tileEnd > coefficientsAt) ERROR('A place is outside the memory.');
  if (isFilled) return;
  isFilled = true;
  for (let s = 0; s < 65536; s++) store<u8>(levelsAt + <usize>s, rowOf * min(levelCount - 1, s < 7 ? (s + 1) >> 1 : 35 - clz<i32>(s / 7)));
  for (let s = 0; s < 32768; s++) store<u8>(lowsAt + <usize>s, lengthOf((s * 171) >> 15));
  for (let n = 0; n < 256; n++) store<u16>(ratesAt + (<usize>n << 1), 65536 / (2 * n + 4));
  for (let n = 0; n < 256; n++) store<u16>(nextUsesAt + (<usize>n << 1), 2 * min(n + 1, mostUses));
  for (let s: usize = 0; s < 9; s++) for (let i: usize = 0; i < 8; i++) store<u16>(targetsAt + (s << 4) + (i << 1), i >= s ? top : 0);
  for (let s = 0; s < 128; s++) store<u8>(kindsAt + <usize>s, s == 0 ? 0 : s < 3 ? 1 : s < 6 ? 2 : s < 11 ? 3 : s < 17 ? 4 : s < 25 ? 5 : s < 35 ? 6 : s < 50 ? 7 : s < 70 ? 8 : s < 95 ? 9 : 10);
  store<u16>(scratchAt + 14, 0);
  store<u16>(scratchAt + 32, 32768);
  let x = 0, y = 0, inner: usize = 0, edges: usize = 0;
  for (let k = 0; k < 64; k++) {
    const place = y * 8 + x;
    store<u8>(zigzagAt + <usize>k, place);
    store<u8>(orderAt + <usize>place, k);
    if (k > 0) {
      const to = x > 0 && y > 0 ? innerAt + (++inner << 3) : edgesAt + (++edges << 3);
      store<u16>(to, place << 1);
      store<u16>(to, (y << 5) + (x << 1), 2);
      store<u16>(to, place * entryBytes * rowOf, 4);
      store<u16>(to, x == 0 ? y << 4 : y == 0 ? 128 + (x << 4) : 128 + (x << 4) + (y << 1), 6);
    }
    store<u8>(innerCountAt + <usize>k, <i32>inner);
    store<u8>(edgeCountAt + <usize>k, <i32>edges);
    if (((x + y) & 1) == 0) {
      if (x == 7) y++;
      else {
        x++;
        if (y > 0) y--;
      }
    } else if (y == 7) x++;
    else {
      y++;
      if (x > 0) x--;
    }
  }
  for (let y = 0; y < 8; y++) for (let some = 0; some < 256; some++) {
    let end = 0;
    for (let x = 0; x < 8; x++) if (((some >> x) & 1) != 0) end = max(end, <i32>load<u8>(orderAt + <usize>(y * 8 + x)));
    store<u8>(lastOfAt + <usize>(y << 8 | some), end);
  }
}

/** How much the cosines of frequencies are at a block's edge, in 1/4096. */
@inline function edgeOf(u: i32): i32 {
  return u == 0 || u == 4 ? 4096 : u == 1 ? 5681 : u == 2 ? 5352 : u == 3 ? 4816 : u == 5 ? 3218 : u == 6 ? 2217 : 1130;
}

function openTile(): void {
  fillTables();
  memory.copy(distributionsAt, firstsAt, sharedBytes);
  memory.fill(distributionsAt + sharedBytes, 0, ownBytes);
  memory.fill(meansAt, 0, 128);
  memory.fill(zeroAt, 0, 128);
  memory.fill(magnitudesAt, 0, 10 * 32);
  for (let s: usize = 0; s < signCount; s++) store<u16>(signsAt + (s << 1), 16384 + 700 * <u32>s);
  for (let u = 0; u < 8; u++) {
    const edge = edgeOf(u) * 7 / 10, half = edgeOf(u) * 7 / 20, at = <usize>u << 1;
    for (let d: usize = 0; d < 16; d++) {
      store<i16>(weightsAt + (d << 5) + at, (u & 1) != 0 ? -edge : edge);
      store<i16>(weightsAt + (d << 5) + at, u == 0 ? 0 : -edge, 16);
    }
    for (let d: usize = 0; d < 64; d += 32) {
      store<i16>(constantWeightsAt + d + at, u == 0 ? (d == 0 ? 3072 : 0) : (u & 1) != 0 ? -half : half);
      store<i16>(constantWeightsAt + d + at, u == 0 ? (d == 0 ? 3072 : 0) : -half, 16);
    }
  }
}

/** Writes a block's rows, and its columns behind them. */
@inline function takeBlock(from: usize, to: usize): void {
  const r0 = v128.load(from), r1 = v128.load(from, 16), r2 = v128.load(from, 32), r3 = v128.load(from, 48);
  const r4 = v128.load(from, 64), r5 = v128.load(from, 80), r6 = v128.load(from, 96), r7 = v128.load(from, 112);
  v128.store(to, r0);
  v128.store(to, r1, 16);
  v128.store(to, r2, 32);
  v128.store(to, r3, 48);
  v128.store(to, r4, 64);
  v128.store(to, r5, 80);
  v128.store(to, r6, 96);
  v128.store(to, r7, 112);
  const a0 = lowPairs(r0, r4), a1 = highPairs(r0, r4), a2 = lowPairs(r1, r5), a3 = highPairs(r1, r5);
  const a4 = lowPairs(r2, r6), a5 = highPairs(r2, r6), a6 = lowPairs(r3, r7), a7 = highPairs(r3, r7);
  const b0 = lowPairs(a0, a4), b1 = highPairs(a0, a4), b2 = lowPairs(a1, a5), b3 = highPairs(a1, a5);
  const b4 = lowPairs(a2, a6), b5 = highPairs(a2, a6), b6 = lowPairs(a3, a7), b7 = highPairs(a3, a7);
  v128.store(to, lowPairs(b0, b4), 128);
  v128.store(to, highPairs(b0, b4), 144);
  v128.store(to, lowPairs(b1, b5), 160);
  v128.store(to, highPairs(b1, b5), 176);
  v128.store(to, lowPairs(b2, b6), 192);
  v128.store(to, highPairs(b2, b6), 208);
  v128.store(to, lowPairs(b3, b7), 224);
  v128.store(to, highPairs(b3, b7), 240);
}

@inline function lowPairs(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23);
}

@inline function highPairs(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31);
}

@inline function lengthOf(v: i32): i32 {
  return 32 - clz<i32>(v);
}

/** Level of an expectation, times 16. */
@inline function levelOf(sum: i32): i32 {
  return load<u8>(<usize>sum, levelsAt);
}

/** Thresholds that two distributions say together. */
@inline function together(a: v128, b: v128): v128 {
  return i16x8.add(i16x8.avgr_u(a, b), i16x8(8, 16, 24, 32, 40, 48, 56, 64));
}

@inline function thresholdsOf(id: i32): v128 {
  return v128.load(<usize>id, distributionsAt);
}

/** The distribution of a frequency, which begins as the one that all share. */
@inline function ownThresholds(id: i32, shared: v128): v128 {
  if (load<u16>(<usize>id, distributionsAt + usesOf) != 0) return thresholdsOf(id);
  store<u16>(<usize>id, 2 * sharedUses, distributionsAt + usesOf);
  return shared;
}

@inline function learn(id: i32, thresholds: v128, target: v128): void {
  const uses = <usize>load<u16>(<usize>id, distributionsAt + usesOf), rate = v128.load16_splat(uses, ratesAt);
  v128.store(<usize>id, i16x8.add(thresholds, i16x8.q15mulr_sat_s(i16x8.sub(target, thresholds), rate)), distributionsAt);
  store<u16>(<usize>id, load<u16>(uses, nextUsesAt), distributionsAt + usesOf);
}

/** Which thresholds are above a state's symbol. */
@inline function above(state: u32, limits: v128): v128 {
  return i16x8.gt_s(limits, i16x8.splat(<i16>(state & 0x7fff)));
}

/** Twice the symbol below these. */
@inline function twiceBelow(above: v128): i32 {
  return 16 - popcnt<i32>(i8x16.bitmask(above));
}

/** Bounds of a symbol, of which twice is given. */
@inline function lowOf(twice: i32): u32 {
  return load<u16>(<usize>twice, scratchAt + 14);
}

@inline function highOf(twice: i32): u32 {
  return load<u16>(<usize>twice, scratchAt + 16);
}

/** What follows a symbol of which twice is given. */
@inline function targetOf(twice: i32): v128 {
  return v128.load(<usize>twice << 3, targetsAt);
}

/** A state without its symbol. It may need a word. */
@inline function without(state: u32, low: u32, share: u32): u32 {
  return share * (state >>> 15) + (state & 0x7fff) - low;
}

/** 16 where a state needs a word, else 0. */
@inline function shiftOf(state: u32): u32 {
  return clz<u32>(state) & 16;
}

@inline function filled(state: u32, shift: u32, word: usize): u32 {
  return state << shift | (<u32>load<u16>(word - 2) << shift) >>> 16;
}

/** Codes a symbol under one distribution. */
@inline function code(isReading: bool, id: i32, symbol: i32): i32 {
  const a = thresholdsOf(id), limits = together(a, a);
  let twice = symbol << 1;
  v128.store(scratchAt, limits, 16);
  if (isReading) {
    const state = load<u32>(turnOf, statesAt);
    twice = twiceBelow(above(state, limits));
    const low = lowOf(twice), next = without(state, low, highOf(twice) - low), shift = shiftOf(next);
    store<u32>(turnOf, filled(next, shift, wordAt), statesAt);
    turnOf = (turnOf + 4) & 12;
    wordAt -= <usize>shift >> 3;
  } else {
    const low = lowOf(twice);
    store<u32>(queueEnd, low | ((highOf(twice) - low) << 16));
    queueEnd += 4;
  }
  learn(id, a, targetOf(twice));
  return twice >> 1;
}

/** Up to 50 bits as they are. */
@inline function putBits(value: u64, count: u64): void {
  held |= value << heldCount;
  store<u64>(heldAt, held);
  const all = heldCount + count;
  heldAt += <usize>(all >> 3);
  held >>= all & ~7;
  heldCount = all & 7;
}

@inline function bitsFrom(count: u64): u64 {
  return load<u64>(<usize>(count >> 3), codeBitsAt) >> (count & 7);
}

/** Exponent of what a symbol of 8 is above 8: as many ones, then a zero, then so many bits. */
@inline function exponentOf(value: i32): i32 {
  return lengthOf(value + 1) - 1;
}

@inline function restBits(value: i32): u64 {
  const exponent = <u64>exponentOf(value);
  return ((<u64>1 << exponent) - 1) | ((<u64>(value + 1) & ((<u64>1 << exponent) - 1)) << (exponent + 1));
}

@inline function restIn(some: u64, exponent: i32): i32 {
  return (1 << exponent | (<i32>(some >> <u64>(exponent + 1)) & ((1 << exponent) - 1))) - 1;
}

@inline function sumOf(v: v128): i32 {
  const two = i32x4.add(v, i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
  return i32x4.extract_lane(i32x4.add(two, i8x16.shuffle(two, two, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7)), 0);
}

/** Both sums: that of `a` in the low half. */
@inline function sumsOf(a: v128, b: v128): u64 {
  const low = i8x16.shuffle(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
  const high = i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31), two = i32x4.add(low, high);
  return i64x2.extract_lane(i32x4.add(two, i8x16.shuffle(two, two, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)), 0);
}

/** Weights at a place after an error. */
@inline function adapt(at: usize, x: v128, step: v128, shift: i32): void {
  v128.store(at, i16x8.add_sat_s(v128.load(at), i16x8.q15mulr_sat_s(i16x8.shl(x, shift), step)));
}

/** How far inputs of this norm may be shifted up: they stay below 2^15. */
@inline function roomOf(length: i32): i32 {
  return 15 - ((length + 1) >> 1);
}

/** Step of weights after an error, by the length of the norm. */
@inline function stepOf(error: i32, gain: i32, length: i32): v128 {
  return i16x8.splat(<i16>min(32767, max(-32768, (error << gain) >> (length >> 1))));
}

/** Codes the last coefficient's place in zigzag order. */
@inline function codeLast(isReading: bool, end: i32, left: i32, up: i32): i32 {
  const sum = left < 0 ? up < 0 ? -1 : 2 * up : up < 0 ? 2 * left : left + up;
  const high = code(isReading, ofEnd + (sum < 0 ? 11 : <i32>load<u8>(<usize>sum, kindsAt)) * entryBytes, end >> 3);
  const near = sum < 0 ? 7 : select<i32>((sum >> 1 & 7) >> 1, select<i32>(4, 5, sum >> 4 < high), sum >> 4 == high);
  const low = code(isReading, ofEndRest + (((high & 7) << 3) + near) * entryBytes, end & 7);
  if (isReading && (high | low) > 7) isBad = true;
  return ((high & 7) << 3) | (low & 7);
}

@inline function codeBlock(isReading: bool, across: i32, bx: i32, by: i32): void {
  const index = <usize>(by * across + bx), here = blocksAt + index * blockBytes;
  if (isReading) readBlock(across, index, here, bx > 0, by > 0, bx + 1 < across);
  else writeBlock(across, index, here, bx > 0, by > 0, bx + 1 < across);
}

function writeBlock(across: i32, index: usize, here: usize, hasLeft: bool, hasUp: bool, hasRight: bool): void {
  takeBlock(samplesAt + headerBytes + (index << 7), here);
  let end = 0;
  for (let y: usize = 0; y < 8; y++) end = max(end, <i32>load<u8>(lastOfAt + (y << 8) + <usize>i16x8.bitmask(i16x8.ne(v128.load(here + (y << 4)), i16x8.splat(0)))));
  codeLast(false, end, hasLeft ? <i32>load<u8>(endsAt + index - 1) : -1, hasUp ? <i32>load<u8>(endsAt + index - <usize>across) : -1);
  store<u8>(endsAt + index, end);
  const row = <usize>across * blockBytes;
  addAll(here);
  if (end > 0) {
    expect(across, index, hasLeft, hasUp, hasRight);
    codeInner(false, here, end);
    if (hasLeft && hasUp) codeEdges(false, here, row, true, true, (index & 3) == 0, end);
    else codeEdges(false, here, row, hasLeft, hasUp, (index & 3) == 0, end);
  }
  keepSizes(index);
  codeConstant(false, <usize>across, index, hasLeft, hasUp, hasRight);
}

function readBlock(across: i32, index: usize, here: usize, hasLeft: bool, hasUp: bool, hasRight: bool): void {
  const end = codeLast(true, 0, hasLeft ? <i32>load<u8>(endsAt + index - 1) : -1, hasUp ? <i32>load<u8>(endsAt + index - <usize>across) : -1);
  store<u8>(endsAt + index, end);
  const row = <usize>across * blockBytes;
  clearRow(here, 0);
  clearRow(here, 16);
  clearRow(here, 32);
  clearRow(here, 48);
  clearRow(here, 64);
  clearRow(here, 80);
  clearRow(here, 96);
  clearRow(here, 112);
  if (end > 0) {
    expect(across, index, hasLeft, hasUp, hasRight);
    codeInner(true, here, end);
    if (hasLeft && hasUp) codeEdges(true, here, row, true, true, (index & 3) == 0, end);
    else codeEdges(true, here, row, hasLeft, hasUp, (index & 3) == 0, end);
    if (load<i16>(here + (<usize>load<u8>(zigzagAt + <usize>end) << 1)) == 0) isBad = true;
  }
  keepSizes(index);
  codeConstant(true, <usize>across, index, hasLeft, hasUp, hasRight);
  const to = samplesAt + headerBytes + (index << 7);
  v128.store(to, v128.load(here, 0), 0);
  v128.store(to, v128.load(here, 16), 16);
  v128.store(to, v128.load(here, 32), 32);
  v128.store(to, v128.load(here, 48), 48);
  v128.store(to, v128.load(here, 64), 64);
  v128.store(to, v128.load(here, 80), 80);
  v128.store(to, v128.load(here, 96), 96);
  v128.store(to, v128.load(here, 112), 112);
}

@inline function clearRow(here: usize, i: usize): void {
  v128.store(i << 1, i16x8.splat(0), magnitudesAt);
  v128.store(here + i, i16x8.splat(0));
  v128.store(here + i, i16x8.splat(0), 128);
}

@inline function keepRow(sizes: usize, i: usize): void {
  const mean = v128.load(i, meansAt), now = v128.load(i << 1, magnitudesAt);
  v128.store(sizes + i, now);
  v128.store(i, i16x8.add(mean, i16x8.q15mulr_sat_s(i16x8.sub(i16x8.shl(now, 6), mean), i16x8.splat(2048))), meansAt);
}

/** Means of magnitudes go a sixteenth towards this block's. */
@inline function keepSizes(index: usize): void {
  const sizes = sizesAt + (index << 7);
  keepRow(sizes, 0);
  keepRow(sizes, 16);
  keepRow(sizes, 32);
  keepRow(sizes, 48);
  keepRow(sizes, 64);
  keepRow(sizes, 80);
  keepRow(sizes, 96);
  keepRow(sizes, 112);
  store<u16>(sizes, 0);
}

/** What the blocks around let expect. */
@inline function expect(across: i32, index: usize, hasLeft: bool, hasUp: bool, hasRight: bool): void {
  const row = <usize>across << 7, sizes = sizesAt + (index << 7);
  const left = hasLeft ? sizes - 128 : hasUp ? sizes - row : zeroAt, up = hasUp ? sizes - row : left;
  const upLeft = hasLeft && hasUp ? sizes - row - 128 : left, upRight = hasUp && hasRight ? sizes - row + 128 : up;
  expectRow(left, up, upLeft, upRight, 0);
  expectRow(left, up, upLeft, upRight, 16);
  expectRow(left, up, upLeft, upRight, 32);
  expectRow(left, up, upLeft, upRight, 48);
  expectRow(left, up, upLeft, upRight, 64);
  expectRow(left, up, upLeft, upRight, 80);
  expectRow(left, up, upLeft, upRight, 96);
  expectRow(left, up, upLeft, upRight, 112);
}

@inline function expectRow(left: usize, up: usize, upLeft: usize, upRight: usize, i: usize): void {
  const six = i16x8.mul(i16x8.add(v128.load(left + i), v128.load(up + i)), i16x8.splat(6));
  const three = i16x8.mul(v128.load(upLeft + i), i16x8.splat(3)), two = i16x8.shl(v128.load(upRight + i), 1);
  v128.store(i, i16x8.add(i16x8.add(six, three), i16x8.add(two, i16x8.shr_s(v128.load(i, meansAt), 2))), expectedAt);
}

/** What higher frequencies of this block let expect of all. */
@inline function addAll(here: usize): void {
  v128.store(0 << 1, i16x8.min_u(i16x8.abs(v128.load(here, 0)), i16x8.splat(<i16>mostCounted)), magnitudesAt);
  v128.store(16 << 1, i16x8.min_u(i16x8.abs(v128.load(here, 16)), i16x8.splat(<i16>mostCounted)), magnitudesAt);
  v128.store(32 << 1, i16x8.min_u(i16x8.abs(v128.load(here, 32)), i16x8.splat(<i16>mostCounted)), magnitudesAt);
  v128.store(48 << 1, i16x8.min_u(i16x8.abs(v128.load(here, 48)), i16x8.splat(<i16>mostCounted)), magnitudesAt);
  v128.store(64 << 1, i16x8.min_u(i16x8.abs(v128.load(here, 64)), i16x8.splat(<i16>mostCounted)), magnitudesAt);
  v128.store(80 << 1, i16x8.min_u(i16x8.abs(v128.load(here, 80)), i16x8.splat(<i16>mostCounted)), magnitudesAt);
  v128.store(96 << 1, i16x8.min_u(i16x8.abs(v128.load(here, 96)), i16x8.splat(<i16>mostCounted)), magnitudesAt);
  v128.store(112 << 1, i16x8.min_u(i16x8.abs(v128.load(here, 112)), i16x8.splat(<i16>mostCounted)), magnitudesAt);
  addRow(0);
  addRow(16);
  addRow(32);
  addRow(48);
  addRow(64);
  addRow(80);
  addRow(96);
  addRow(112);
}

@inline function addRow(i: usize): void {
  const at = i << 1, near = i16x8.add(v128.load(at, magnitudesAt + 2), v128.load(at, magnitudesAt + 32));
  const far = i16x8.add(v128.load(at, magnitudesAt + 4), v128.load(at, magnitudesAt + 64)), slant = v128.load(at, magnitudesAt + 34);
  v128.store(i, i16x8.shl(i16x8.add(i16x8.add(i16x8.add(near, slant), i16x8.shr_u(slant, 1)), i16x8.add(near, far)), 2), addedAt);
}

/** The same of the one at a place among magnitudes. */
@inline function addedTo(at: usize): i32 {
  const near = <i32>load<u16>(at, magnitudesAt + 2) + <i32>load<u16>(at, magnitudesAt + 32), far = <i32>load<u16>(at, magnitudesAt + 4) + <i32>load<u16>(at, magnitudesAt + 64);
  const slant: i32 = load<u16>(at, magnitudesAt + 34);
  return (slant + (slant >> 1) + 2 * near + far) << 2;
}

/** Codes coefficients that are in no edge row, from the last one to the first. */
@inline function codeInner(isReading: bool, here: usize, end: i32): void {
  let turn = turnOf, word = wordAt, queue = queueEnd, to = heldAt, some = held, count = isReading ? bitCount : heldCount;
  const place = <usize>load<u8>(zigzagAt + <usize>end) << 1;
  for (let at = innerAt + (<usize>load<u8>(innerCountAt + <usize>end) << 3); at > innerAt; at -= 8) {
    const i = <usize>load<u16>(at), add = <usize>load<u16>(at, 2), expected: i32 = load<u16>(i, expectedAt), added: i32 = isReading ? addedTo(add) : <i32>load<u16>(i, addedAt);
    const low: u32 = load<u8>(<usize>(expected + added), lowsAt), level = levelOf((expected + 2 * added) >> 1) << 1;
    let id = ofInner + (levelOf(expected) << 5) + (levelOf(added) << 1), own = ofFrequency + <i32>load<u16>(at, 4) + level, least = 0;
    if (i == place) {
      id = ofLast + (low > 0 ? rowOf * entryBytes : 0) + level;
      own = ofLastPlace + (end >> 2) * entryBytes;
      least = <i32>(low == 0);
    }
    const a = thresholdsOf(id), b = ownThresholds(own, a), limits = together(a, b);
    v128.store(scratchAt, limits, 16);
    if (isReading) {
      const state = load<u32>(turn, statesAt), over = above(state, limits), target = v128.and(over, i16x8.splat(<i16>top)), twice = twiceBelow(over);
      const begin = lowOf(twice), next = without(state, begin, highOf(twice) - begin), shift = shiftOf(next);
      store<u32>(turn, filled(next, shift, word), statesAt);
      turn = (turn + 4) & 12;
      word -= <usize>shift >> 3;
      learn(id, a, target);
      learn(own, b, target);
      let part = (twice >> 1) + least, raw = bitsFrom(count);
      if (twice == 16) {
        const exponent = <i32>ctz(~raw);
        part += restIn(raw, exponent & 31);
        count += <u64>(2 * exponent + 1);
        raw = bitsFrom(count);
        if (exponent > 16 || part > 65536 >> low) isBad = true;
        part &= 0xffff;
      }
      const size = (part << low) | (<i32>raw & ((1 << low) - 1)), isSome = <i32>(size != 0), isNegative = <i32>(raw >> <u64>low) & isSome;
      count += <u64>(low + isSome);
      const value = (size ^ -isNegative) + isNegative;
      if (twice == 16 && value != <i32><i16>value) isBad = true;
      store<i16>(here + i, value);
      store<i16>(here + <usize>load<u16>(at, 6), value);
      store<u16>(add, min(size, mostCounted), magnitudesAt);
    } else {
      const value: i32 = load<i16>(here + i), size = abs(value), part = (size >> low) - least, twice = min(part, 8) << 1;
      const begin = lowOf(twice), target = targetOf(twice);
      store<u32>(queue, begin | ((highOf(twice) - begin) << 16));
      queue += 4;
      learn(id, a, target);
      learn(own, b, target);
      if (twice == 16) {
        some |= restBits(part - 8) << count;
        count += <u64>(2 * exponentOf(part - 8) + 1);
        store<u64>(to, some);
        to += <usize>(count >> 3);
        some >>= count & ~7;
        count &= 7;
      }
      some |= <u64>(size & ((1 << low) - 1) | <i32>(value < 0) << low) << count;
      count += <u64>(low + <i32>(size != 0));
      store<u64>(to, some);
      to += <usize>(count >> 3);
      some >>= count & ~7;
      count &= 7;
    }
  }
  if (isReading) {
    turnOf = turn;
    wordAt = word;
    bitCount = count;
  } else {
    queueEnd = queue;
    held = some;
    heldAt = to;
    heldCount = count;
  }
}

/** Codes the coefficients of the first row and column, but the constant one, from the last one to the first. */
@inline function codeEdges(isReading: bool, here: usize, row: usize, hasLeft: bool, hasUp: bool, isLearning: bool, end: i32): void {
  let turn = turnOf, word = wordAt, queue = queueEnd, to = heldAt, some = held, count = isReading ? bitCount : heldCount;
  const place = <usize>load<u8>(zigzagAt + <usize>end) << 1;
  for (let at = edgesAt + (<usize>load<u8>(edgeCountAt + <usize>end) << 3); at > edgesAt; at -= 8) {
    const i = <usize>load<u16>(at), add = <usize>load<u16>(at, 2), line = <usize>load<u16>(at, 6), isRow = line < 128;
    const expected: i32 = load<u16>(i, expectedAt), added: i32 = isReading ? addedTo(add) : <i32>load<u16>(i, addedAt), low: u32 = load<u8>(<usize>(expected + added), lowsAt);
    let guess = 0, far = 0, x1 = i16x8.splat(0), x2 = x1, sum = 3 * expected;
    const isGuessed = isRow ? hasLeft : hasUp;
    if (isGuessed) {
      const own = here + line;
      x1 = v128.load(own - (isRow ? blockBytes : row));
      x2 = i16x8.replace_lane(v128.load(own), 0, 0);
      guess = sumOf(i32x4.add(i32x4.dot_i16x8_s(x1, v128.load(line << 1, weightsAt)), i32x4.dot_i16x8_s(x2, v128.load(line << 1, weightsAt + 16)))) >> 8;
      far = min(abs(guess), mostGuessed);
      sum = 3 * far + 3;
    }
    const level = levelOf((expected + 2 * added + sum) >> 1) << 1;
    let id = ofEdge + (levelOf(expected) << 5) + (levelOf(added) << 1), own = ofFrequency + <i32>load<u16>(at, 4) + level, least = 0;
    if (i == place) {
      id = ofLast + (low > 0 ? rowOf * entryBytes : 0) + level;
      own = ofLastPlace + (end >> 2) * entryBytes;
      least = <i32>(low == 0);
    }
    const a = thresholdsOf(id), b = ownThresholds(own, a), limits = together(a, b);
    v128.store(scratchAt, limits, 16);
    const isLikely = <i32>(far >= 8);
    let value: i32 = 0;
    if (isReading) {
      const state = load<u32>(turn, statesAt), over = above(state, limits), target = v128.and(over, i16x8.splat(<i16>top)), twice = twiceBelow(over);
      const begin = lowOf(twice), next = without(state, begin, highOf(twice) - begin), shift = shiftOf(next);
      store<u32>(turn, filled(next, shift, word), statesAt);
      turn = (turn + 4) & 12;
      word -= <usize>shift >> 3;
      learn(id, a, target);
      learn(own, b, target);
      let part = (twice >> 1) + least, raw = bitsFrom(count);
      if (twice == 16) {
        const exponent = <i32>ctz(~raw);
        part += restIn(raw, exponent & 31);
        count += <u64>(2 * exponent + 1);
        raw = bitsFrom(count);
        if (exponent > 16 || part > 65536 >> low) isBad = true;
        part &= 0xffff;
      }
      const size = (part << low) | (<i32>raw & ((1 << low) - 1)), isSome = <i32>(size != 0);
      let isNegative = <i32>(raw >> <u64>low) & isSome;
      count += <u64>low;
      if (isLikely != 0) if (isSome != 0) {
        const sign = <usize>min(19, far >> 2) << 1, p: u32 = load<u16>(sign, signsAt), state = load<u32>(turn, statesAt), isOther = <i32>((state & 0x7fff) >= p);
        const next = without(state, isOther != 0 ? p : 0, isOther != 0 ? 32768 - p : p), shift = shiftOf(next);
        store<u32>(turn, filled(next, shift, word), statesAt);
        turn = (turn + 4) & 12;
        word -= <usize>shift >> 3;
        store<u16>(sign, p + (((isOther != 0 ? 128 : 32640) - <i32>p) >> 6), signsAt);
        isNegative = <i32>(guess < 0) ^ isOther;
      }
      count += <u64>(isSome & (isLikely ^ 1));
      value = (size ^ -isNegative) + isNegative;
      if (twice == 16 && value != <i32><i16>value) isBad = true;
      store<i16>(here + i, value);
      store<i16>(here + (i >> 4 << 1) + ((i & 14) << 3), value, 128);
      store<u16>(add, min(size, mostCounted), magnitudesAt);
    } else {
      value = load<i16>(here + i);
      const size = abs(value), part = (size >> low) - least, twice = min(part, 8) << 1;
      const begin = lowOf(twice), target = targetOf(twice);
      store<u32>(queue, begin | ((highOf(twice) - begin) << 16));
      queue += 4;
      learn(id, a, target);
      learn(own, b, target);
      if (twice == 16) {
        some |= restBits(part - 8) << count;
        count += <u64>(2 * exponentOf(part - 8) + 1);
        store<u64>(to, some);
        to += <usize>(count >> 3);
        some >>= count & ~7;
        count &= 7;
      }
      const isSome = <i32>(size != 0), isRaw = isSome & (isLikely ^ 1);
      some |= <u64>(size & ((1 << low) - 1) | (<i32>(value < 0) & isRaw) << low) << count;
      count += <u64>(low + isRaw);
      store<u64>(to, some);
      to += <usize>(count >> 3);
      some >>= count & ~7;
      count &= 7;
      if (isLikely != 0) if (isSome != 0) {
        const sign = <usize>min(19, far >> 2) << 1, p: u32 = load<u16>(sign, signsAt), isOther = (guess ^ value) < 0;
        store<u32>(queue, isOther ? p | (32768 - p) << 16 : p << 16);
        queue += 4;
        store<u16>(sign, p + (((isOther ? 128 : 32640) - <i32>p) >> 6), signsAt);
      }
    }
    if (isGuessed && isLearning) {
      const length = lengthOf(4 + sumOf(i32x4.add(i32x4.dot_i16x8_s(x1, x1), i32x4.dot_i16x8_s(x2, x2)))), step = stepOf((value << 4) - guess, 4, length), room = roomOf(length);
      adapt(weightsAt + (line << 1), x1, step, room);
      adapt(weightsAt + 16 + (line << 1), x2, step, room);
    }
  }
  if (isReading) {
    turnOf = turn;
    wordAt = word;
    bitCount = count;
  } else {
    queueEnd = queue;
    held = some;
    heldAt = to;
    heldCount = count;
  }
}

/** Codes a block's constant coefficient, after all others. */
@inline function codeConstant(isReading: bool, across: usize, index: usize, hasLeft: bool, hasUp: bool, hasRight: bool): void {
  const here = blocksAt + index * blockBytes, row = across * blockBytes, zero = i16x8.splat(0);
  let west = hasLeft ? <i32>load<i16>(here - blockBytes) : 0, north = hasUp ? <i32>load<i16>(here - row) : west;
  if (!hasLeft) west = north;
  const northWest = hasLeft && hasUp ? <i32>load<i16>(here - row - blockBytes) : west;
  const x1 = i16x8.replace_lane(hasLeft ? v128.load(here - blockBytes) : zero, 0, <i16>(west - northWest));
  const x2 = i16x8.replace_lane(hasLeft ? v128.load(here) : zero, 0, <i16>(north - northWest));
  const x3 = i16x8.replace_lane(hasUp ? v128.load(here - row, 128) : zero, 0, hasUp && hasRight ? <i16>(<i32>load<i16>(here - row + blockBytes) - north) : 0);
  const x4 = i16x8.replace_lane(hasUp ? v128.load(here, 128) : zero, 0, 0);
  const w = constantWeightsAt;
  const sums = sumsOf(
    i32x4.add(
      i32x4.add(i32x4.dot_i16x8_s(x1, v128.load(w)), i32x4.dot_i16x8_s(x2, v128.load(w, 16))),
      i32x4.add(i32x4.dot_i16x8_s(x3, v128.load(w, 32)), i32x4.dot_i16x8_s(x4, v128.load(w, 48))),
    ),
    i32x4.add(i32x4.add(i32x4.dot_i16x8_s(x1, x1), i32x4.dot_i16x8_s(x2, x2)), i32x4.add(i32x4.dot_i16x8_s(x3, x3), i32x4.dot_i16x8_s(x4, x4))),
  );
  const guess = <i32>sums >> 8;
  const prediction = max(-32768, min(32767, northWest + ((guess + 8) >> 4))), value: i32 = isReading ? 0 : <i32>load<i16>(here), above = value - prediction;
  const errors = errorsAt + (index << 1);
  const before: i32 = hasLeft ? load<u16>(errors - 2) : hasUp ? load<u16>(errors - (across << 1)) : 200;
  const over: i32 = hasUp ? load<u16>(errors - (across << 1)) : before;
  const unrest = abs(west - north) + abs(west - northWest) + abs(north - northWest), expected = (2 * (before + over) + unrest) / 6;
  const low = lengthOf(expected / 6);
  let size = abs(above), isNegative = <i32>(above < 0);
  const s = code(isReading, ofConstant + (low > 0 ? rowOf * entryBytes : 0) + (levelOf(min(expected << 3, 8191)) << 1), min(size >> low, 8));
  if (isReading) {
    let part = s, some = bitsFrom(bitCount);
    if (s == 8) {
      const exponent = <i32>ctz(~some);
      part += restIn(some, exponent & 31);
      if (exponent > 16 || part > 65536 >> low) isBad = true;
      bitCount += <u64>(2 * exponent + 1);
      some = bitsFrom(bitCount);
    }
    size = (part << low) | (<i32>some & ((1 << low) - 1));
    isNegative = <i32>(some >> <u64>low) & <i32>(size != 0);
    bitCount += <u64>(low + <i32>(size != 0));
  } else {
    if (s == 8) putBits(restBits((size >> low) - 8), <u64>(2 * exponentOf((size >> low) - 8) + 1));
    putBits(<u64>(size & ((1 << low) - 1) | isNegative << low), <u64>(low + <i32>(size != 0)));
  }
  store<u16>(errors, min(size, 0xffff));
  const it = isReading ? prediction + (isNegative != 0 ? -size : size) : value;
  if (isReading && it != <i32><i16>it) isBad = true;
  if (isReading) {
    store<i16>(here, it);
    store<i16>(here, it, 128);
  }
  if (!hasLeft || !hasUp) return;
  const length = lengthOf(16 + <i32>(sums >> 32)), step = stepOf(((it - northWest) << 4) - guess, 4, length), room = roomOf(length);
  adapt(w, x1, step, room);
  adapt(w + 16, x2, step, room);
  adapt(w + 32, x3, step, room);
  adapt(w + 48, x4, step, room);
}
