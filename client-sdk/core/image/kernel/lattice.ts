/**
 * The lattice mode: values that neighbours have are told apart from others, and found among their kind in the order of their
 * distance to the prediction, by decisions with adaptive probabilities. SPEC.md section 5.10.
 */
import { classOfAt, classesAt, codeMargin, decisionsAt, errorsAt, latticeAt, magnitudesAt, samplesAt, seenAt, valuesAt } from './memory';
import { channels, entry, height, lanes, openPlane, stride, width } from './planes';
import {
  coarseOffset, constantOffset, energiesOf, linearOffset, magnitudeOf, modelOf, openMagnitudes, predictionsOf, valueOffset, weightOf, westWestFactor,
} from './prediction';
import { fillConstant, median } from './errors';
import { closeBlock, openBlock } from './symbols';

/** Places that a neighbour or a candidate may have: 0, 1, -1, 2 ... -29 above the prediction. */
const places: i32 = 59;
/** Candidates without a neighbour of their value before the rest is a number. */
const maxUnseen: i32 = 24;
const maxExponent: i32 = 20;
const steps: i32 = 63;

/** Decisions, two tables each, of entries of 32 bits: the probability of a zero in the upper 16, how often it was used in the lower. */
const flagFirst: usize = decisionsAt;
const flagSecond: usize = flagFirst + 4 * 16 * 6;
const seenFirst: usize = flagSecond + 4 * 16 * 6;
const seenSecond: usize = seenFirst + 4 * 8 * 8 * 8 * 3;
const unseenFirst: usize = seenSecond + 4 * 12 * 8 * 8;
const unseenSecond: usize = unseenFirst + 4 * 16 * 16 * 4;
const exponents: usize = unseenSecond + 4 * 16 * 16;
const decisionsEnd: usize = exponents + 4 * 32;
/** Rates of adaptation by use, in 1/2^14; then by set of neighbours: the sum of their weights, its class, and its class where they are next to the prediction. */
const ratesAt: usize = decisionsEnd;
const sumsAt: usize = ratesAt + 4 * 64;
const kindsAt: usize = sumsAt + 256;
const closeAt: usize = kindsAt + 256;
/** By sum of weights left: its class. */
const restsAt: usize = closeAt + 256;
/** By the lowest four bits of a set: these in reverse order. By nine values around a place: which of four of them are there. */
const mirrorsAt: usize = restsAt + 64;
const aroundsAt: usize = mirrorsAt + 16;
/** Decisions of a block of 16 samples that wait to be written: probability of a zero in 1/2^15, and the bit in bit 0. */
const queueAt: usize = aroundsAt + 512;

const fullRange: u64 = 0x7fffffffffffffff;
const minRange: u64 = 0x80000000;
/** What probabilities go towards after a zero and after a one, and the even one. */
const mostZero: i32 = 65472;
const leastZero: i32 = 64;
const evenChance: i32 = 16384;

let low: u64 = 0;
let range: u64 = 0;
let code: u64 = 0;
let byteAt: usize = 0;
let byteEnd: usize = 0;
let queueEnd: usize = 0;
let isBad: bool = false;

/** Whether values on a lattice seem likely: where neighbours differ, in rows 1, 9, 17 ..., many are equal to the sample and few are one apart. */
export function isLattice(): bool {
  let balance: i64 = 0, samples: i64 = 0;
  for (let c = 0; c < channels; c++) {
    if (load<i32>(modelOf(c) + constantOffset) != 0) continue;
    for (let y = 1; y < height; y += 8) {
      let balances = i32x4.splat(0), counts = balances;
      const row = valuesAt + (entry(c, y) << 2), above = stride << 2;
      for (let at = row, end = row + (<usize>(width & ~3) << 2); at < end; at += 16) {
        const value = v128.load(at), west = v128.load(at - 4), north = v128.load(at - above);
        const northWest = v128.load(at - above - 4), northEast = v128.load(at - above + 4);
        const differ = v128.or(v128.or(i32x4.ne(west, north), i32x4.ne(north, northWest)), i32x4.ne(northWest, northEast));
        const sum = i32x4.add(i32x4.add(nearness(value, west), nearness(value, north)), i32x4.add(nearness(value, northWest), nearness(value, northEast)));
        balances = i32x4.add(balances, v128.and(sum, differ));
        counts = i32x4.sub(counts, differ);
      }
      balance += lanes(balances);
      samples += lanes(counts);
    }
  }
  return 3 * balance > samples;
}

/** 1 for equal values, -1 for such as are one apart. */
@inline function nearness(value: v128, other: v128): v128 {
  const apart = i32x4.abs(i32x4.sub(value, other));
  return i32x4.sub(i32x4.eq(apart, i32x4.splat(1)), i32x4.eq(apart, i32x4.splat(0)));
}

/** Writes all planes that are not constant. Answers the bytes, or -1 where they are more than `limit`. */
export function writeLattice(limit: i32): i32 {
  low = 0;
  range = fullRange;
  byteAt = latticeAt;
  isBad = false;
  fillTables();
  for (let c = 0; c < channels; c++) {
    if (load<i32>(modelOf(c) + constantOffset) != 0) continue;
    openDecisions();
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x += 16) {
        queueEnd = queueAt;
        writeRun(c, y, x, min(16, width - x));
        writeQueue();
        if (isBad || byteAt > latticeAt + <usize>limit) return -1;
      }
    }
  }
  finish();
  const length = <i32>(byteAt - latticeAt);
  return length > limit ? -1 : length;
}

/** Ends writing: the fewest bytes that, followed by zeros, lie in the last range. */
function finish(): void {
  low = lastNumber();
  if (low > fullRange) carry(byteAt);
  store<u64>(byteAt, bswap<u64>(low << 1));
  byteAt += 8;
  while (byteAt > latticeAt && load<u8>(byteAt - 1) == 0) byteAt--;
}

/** The number of the last range that ends with the most zero bytes. */
function lastNumber(): u64 {
  for (let bits: i64 = 55; bits > 0; bits -= 8) {
    const mask: u64 = (<u64>1 << bits) - 1, value = (low + mask) & ~mask;
    if (value - low < range) return value;
  }
  return low;
}

/** Whether what was read ends as a writer ends it: that number, written without the zero bytes behind it, and nothing after it. */
function isEnd(begin: usize): bool {
  // The last eight bytes that were read are what was written, and `code` is by how much that is above `low`.
  const written = bswap<u64>(load<u64>(byteAt - 8));
  low = ((written - code) >>> 1) & fullRange;
  return byteAt >= byteEnd && written == lastNumber() << 1 && (byteEnd == begin || load<u8>(byteEnd - 1) != 0);
}

/** Reads all planes from the code between two places; models are in memory. Answers false for what no writer writes. */
export function readLattice(from: i32, length: i32): bool {
  range = fullRange;
  byteAt = samplesAt + <usize>from;
  byteEnd = samplesAt + <usize>length;
  memory.fill(byteEnd, 0, codeMargin);
  code = bswap<u64>(load<u64>(byteAt));
  byteAt += 8;
  isBad = false;
  fillTables();
  for (let c = 0; c < channels; c++) {
    const model = modelOf(c);
    if (load<i32>(model + constantOffset) != 0) {
      fillConstant(c, load<i32>(model + valueOffset));
      continue;
    }
    openPlane(c, load<i32>(model + valueOffset));
    openMagnitudes(c);
    openDecisions();
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x += 16) {
        openBlock(c, y, x);
        readRun(c, y, x, min(16, width - x));
        closeBlock(c, y, x);
        if (isBad) return false;
        // Behind the code are zeros, as many as one block may take.
        byteAt = min(byteAt, byteEnd + 8);
      }
    }
  }
  return isEnd(samplesAt + <usize>from);
}

/** Weights of the neighbours NWW, NW, N, NE, WW, W, NEE, NN. */
const weights: i64 = 0x0403080405080503;

let isFilled: bool = false;

function fillTables(): void {
  if (isFilled) return;
  isFilled = true;
  for (let n = 0; n <= steps; n++) store<i32>(ratesAt + (<usize>n << 2), 32768 / (2 * n + 3));
  for (let set = 0; set < 256; set++) {
    let sum = 0;
    for (let k = 0; k < 8; k++) if (((set >> k) & 1) != 0) sum += <i32>(weights >> (k << 3)) & 255;
    store<u8>(sumsAt + <usize>set, sum);
    store<u8>(kindsAt + <usize>set, sum < 8 ? (sum < 5 ? <i32>(sum >= 3) : 2) : sum < 11 ? 3 : sum < 16 ? 4 : sum < 22 ? 5 : sum < 30 ? 6 : 7);
    store<u8>(closeAt + <usize>set, sum == 0 ? 0 : sum < 4 ? 1 : sum < 8 ? 2 : sum < 14 ? 3 : sum < 22 ? 4 : 5);
  }
  for (let set = 0; set < 16; set++) store<u8>(mirrorsAt + <usize>set, (set & 1) << 3 | (set & 2) << 1 | (set & 4) >> 1 | set >> 3);
  for (let around = 0; around < 512; around++) {
    store<u8>(aroundsAt + <usize>around, ((around >> 2) & 1) | ((around >> 5) & 2) | ((around & 1) << 2) | ((around >> 5) & 8));
  }
  for (let sum = 0; sum < 64; sum++) {
    store<u8>(restsAt + <usize>sum, sum < 12 ? (sum == 0 ? 0 : sum < 4 ? 1 : sum < 8 ? 2 : 3) : sum < 16 ? 4 : sum < 22 ? 5 : sum < 28 ? 6 : 7);
  }
}

function openDecisions(): void {
  for (let at = decisionsAt; at < decisionsEnd; at += 4) store<u32>(at, 0x80000000);
  memory.fill(seenAt, 0, 2 * (<usize>width + 8));
}

/** The probability of a zero that two entries say together. */
@inline function chanceOf(first: u32, second: u32): i32 {
  return <i32>((first >>> 16) + (second >>> 16)) >>> 2;
}

/** An entry after a decision, with what its probability goes towards. */
@inline function after(entry: u32, towards: i32): u32 {
  const uses = entry & 63, p = <i32>(entry >>> 16);
  return (<u32>(p + (((towards - p) * load<i32>(ratesAt + (<usize>uses << 2))) >> 14)) << 16) | (uses + <u32>(uses < <u32>steps));
}

/** Puts a decision under the entries at two places into the queue. */
@inline function put(one: usize, other: usize, bit: i32): void {
  const first = load<u32>(one), second = load<u32>(other), towards = bit != 0 ? leastZero : mostZero;
  store<u16>(queueEnd, (chanceOf(first, second) << 1) | bit);
  queueEnd += 2;
  store<u32>(one, after(first, towards));
  store<u32>(other, after(second, towards));
}

/** Writes the queue. */
function writeQueue(): void {
  let from = low, left = range, to = byteAt;
  for (let at = queueAt, end = queueEnd; at < end; at += 2) {
    const entry: i32 = load<u16>(at), bound = (left >>> 15) * <u64>(entry >>> 1), isOne = (entry & 1) != 0;
    from += select<u64>(bound, 0, isOne);
    left = select<u64>(left - bound, bound, isOne);
    if (from > fullRange) {
      carry(to);
      from &= fullRange;
    }
    if (left < minRange) {
      store<u32>(to, bswap<u32>(<u32>(from >>> 31)));
      to += 4;
      from = (from & (minRange - 1)) << 32;
      left <<= 32;
    }
  }
  low = from;
  range = left;
  byteAt = to;
}

/** Adds a carry to the bytes written before `to`. */
function carry(to: usize): void {
  let at = to - 1;
  while (at >= latticeAt && load<u8>(at) == 255) store<u8>(at--, 0);
  if (at >= latticeAt) store<u8>(at, load<u8>(at) + 1);
}

/** Puts a number into the queue: its exponent in adaptive decisions, and its mantissa in even ones. */
function putNumber(value: i32): void {
  const exponent = 31 - clz<i32>(value + 1);
  if (value < 0 || exponent > maxExponent) {
    isBad = true;
    return;
  }
  for (let k = 0; k <= exponent; k++) put(exponents + (<usize>k << 2), exponents + (<usize>k << 2), <i32>(k < exponent));
  for (let k = exponent - 1; k >= 0; k--, queueEnd += 2) store<u16>(queueEnd, (evenChance << 1) | (((value + 1) >> k) & 1));
}

/** Reads one bit. */
function take(chance: i32): i32 {
  const bound = (range >>> 15) * <u64>chance, isOne = code >>> 1 >= bound;
  code -= isOne ? bound << 1 : 0;
  range = isOne ? range - bound : bound;
  if (range < minRange) {
    code = (code << 32) | <u64>bswap<u32>(load<u32>(byteAt));
    byteAt += 4;
    range <<= 32;
  }
  return <i32>isOne;
}

/** Reads a number. */
function takeNumber(): i32 {
  let exponent = 0;
  for (; ; exponent++) {
    const at = exponents + (<usize>exponent << 2), entry = load<u32>(at), bit = take(chanceOf(entry, entry));
    store<u32>(at, after(entry, bit != 0 ? leastZero : mostZero));
    if (bit == 0) break;
    if (exponent == maxExponent) {
      isBad = true;
      return 0;
    }
  }
  let number = 1;
  for (; exponent > 0; exponent--) number = (number << 1) | take(evenChance);
  return number - 1;
}

/** Place of what is `above` the prediction: 0, 1, -1, 2 ... are 0, 1, 2, 3 ... */
@inline function placeOf(above: i32): i32 {
  return abs(above << 1) - <i32>(above > 0);
}

@inline function aboveOf(place: i32): i32 {
  return (place & 1) != 0 ? (place + 1) >> 1 : -(place >> 1);
}

@inline function four(values: v128, prediction: v128): v128 {
  const above = i32x4.sub(values, prediction);
  return i32x4.add(i32x4.abs(i32x4.shl(above, 1)), i32x4.gt_s(above, i32x4.splat(0)));
}

/** Places of the neighbours of a sample of which `up` is above; those too far away are `places`. */
@inline function neighbours(up: usize, top: usize, west: i32, westWest: i32, prediction: i32): v128 {
  const from = i32x4.splat(prediction);
  const others = i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(westWest), 1, west), 2, load<i32>(up + 8)), 3, load<i32>(top));
  return i16x8.min_u(i16x8.narrow_i32x4_s(four(v128.load(up - 8), from), four(others, from)), i16x8.splat(<i16>places));
}

/** The places as a set of bits. */
@inline function setOf(near: v128): i64 {
  let set = <i64>1 << <i64>i16x8.extract_lane_u(near, 0) | <i64>1 << <i64>i16x8.extract_lane_u(near, 1);
  set |= <i64>1 << <i64>i16x8.extract_lane_u(near, 2) | <i64>1 << <i64>i16x8.extract_lane_u(near, 3);
  set |= <i64>1 << <i64>i16x8.extract_lane_u(near, 4) | <i64>1 << <i64>i16x8.extract_lane_u(near, 5);
  set |= <i64>1 << <i64>i16x8.extract_lane_u(near, 6) | <i64>1 << <i64>i16x8.extract_lane_u(near, 7);
  return set & ((<i64>1 << <i64> places) - 1);
}

@inline function bitAt(set: i64, place: i32): i32 {
  return <i32>(set >>> <i64>place) & 1;
}

/** The set four bits higher, and below it what lies beyond the prediction from there: 3 2 1 0. */
@inline function wideOf(set: i64): i64 {
  return (set << 4) | <i64>load<u8>(mirrorsAt + (<usize>set & 15));
}

/** The nine values around a place: those two towards the prediction and away from it are bits 0, 2, 6, 8. */
@inline function aroundOf(wide: i64, place: i32): usize {
  return <usize>(wide >>> <i64>place) & 511;
}

@inline function flagOne(near: v128, family: i32): usize {
  const close: i32 = load<u8>(closeAt + <usize>i16x8.bitmask(i16x8.lt_u(near, i16x8.splat(3))));
  return flagFirst + (<usize>(family * 6 + close) << 2);
}

@inline function flagOther(set: i64, history: i32): usize {
  return flagSecond + (<usize>(history * 6 + <i32>popcnt<i64>(set & 31)) << 2);
}

@inline function allOf(near: v128): i32 {
  return load<u8>(sumsAt + <usize>i16x8.bitmask(i16x8.lt_u(near, i16x8.splat(<i16>places))));
}

@inline function thoseAt(near: v128, place: i32): usize {
  return <usize>i16x8.bitmask(i16x8.eq(near, i16x8.splat(<i16>place)));
}

@inline function seenOne(wide: i64, place: i32, base: usize, rest: i32, kind: i32): usize {
  return base + ((<usize>(rest * 8 + kind) * 3 + <usize>popcnt<i32>(<i32>aroundOf(wide, place) & 0x44)) << 2);
}

@inline function seenOther(place: i32, rest: i32, kind: i32): usize {
  return seenSecond + (<usize>(min(11, (place + 1) >> 1) * 64 + rest * 8 + kind) << 2);
}

@inline function unseenOne(around: usize, base: usize, k: i32): usize {
  return base + (((<usize>min(15, k) << 2) + (<usize>load<u8>(aroundsAt + around) & 3)) << 2);
}

@inline function unseenOther(around: usize, place: i32): usize {
  return unseenSecond + (((<usize>min(15, (place + 1) >> 1) << 4) + <usize>load<u8>(aroundsAt + around)) << 2);
}

/** Where the entries of a class begin. */
@inline function seenBase(family: i32): usize {
  return seenFirst + (<usize>(family >> 1) * (4 * 8 * 8 * 3));
}

@inline function unseenBase(family: i32): usize {
  return unseenFirst + (<usize>family << 8);
}

@inline function historyOf(flags: usize, old: usize): i32 {
  return <i32>load<u8>(flags - 1) | (<i32>load<u8>(flags - 2) << 1) | (<i32>load<u8>(old) << 2) | (<i32>load<u8>(old + 1) << 3);
}

/** Puts the decisions of a run of samples into the queue. */
function writeRun(c: i32, y: i32, x: i32, count: i32): void {
  const at = valuesAt + ((entry(c, y) + <usize>x) << 2), above = stride << 2;
  const from = <usize>((c * height + y) * width + x), errors = errorsAt + (from << 2), classes = classesAt + from;
  const flags = seenAt + <usize>((y & 1) * (width + 8) + x + 2), old = seenAt + <usize>((1 - (y & 1)) * (width + 8) + x + 2);
  for (let i: usize = 0; i < <usize>count; i++) {
    const to = at + (i << 2), up = to - above, error = load<i32>(errors + (i << 2)), family: i32 = load<u8>(classes + i);
    const near = neighbours(up, y > 1 ? up - above : up, load<i32>(to - 4), load<i32>(to - 8), load<i32>(to) - error);
    const target = placeOf(error), set = setOf(near), isSeen = <u32>target < <u32>places ? bitAt(set, target) : 0;
    if (set != 0) put(flagOne(near, family), flagOther(set, historyOf(flags + i, old + i)), isSeen);
    store<u8>(flags + i, isSeen);
    if (isSeen != 0) writeSeen(near, set, family, target);
    else writeUnseen(set, family, target);
  }
}

function writeSeen(near: v128, set: i64, family: i32, target: i32): void {
  let left = allOf(near), open = set;
  const wide = wideOf(set), base = seenBase(family);
  while (true) {
    const place = <i32>ctz<i64>(open), those = thoseAt(near, place);
    open &= open - 1;
    if (open == 0) return;
    left -= <i32>load<u8>(sumsAt + those);
    const kind: i32 = load<u8>(kindsAt + those), rest: i32 = load<u8>(restsAt + <usize>left), isIt = <i32>(place == target);
    put(seenOne(wide, place, base, rest, kind), seenOther(place, rest, kind), isIt);
    if (isIt != 0) return;
  }
}

function writeUnseen(set: i64, family: i32, target: i32): void {
  let open = ~set;
  const wide = wideOf(set), base = unseenBase(family);
  for (let k = 0; k < maxUnseen; k++) {
    const place = <i32>ctz<i64>(open), isIt = <i32>(place == target);
    open &= open - 1;
    const around = aroundOf(wide, place);
    put(unseenOne(around, base, k), unseenOther(around, place), isIt);
    if (isIt != 0) return;
  }
  putNumber(target - <i32>ctz<i64>(open));
}

/** Reads a run of samples. */
function readRun(c: i32, y: i32, x: i32, count: i32): void {
  const model = modelOf(c), coarse = load<i32>(model + coarseOffset), isLinear = y > 0 && load<i32>(model + linearOffset) != 0;
  const ofWest = weightOf(model, 0), ofWestWest = weightOf(model, 3), farFactor = westWestFactor(c);
  const known = predictionsOf(y), rough = energiesOf(y), above = stride << 2, far = y > 1 ? above : 0;
  const at = valuesAt + ((entry(c, y) + <usize>x) << 2), sizes = magnitudesAt + entry(c, y) + <usize>x;
  const flags = seenAt + <usize>((y & 1) * (width + 8) + x + 2), old = seenAt + <usize>((1 - (y & 1)) * (width + 8) + x + 2);
  let west = load<i32>(at - 4), westWest = load<i32>(at - 8);
  let value = code, left = range, bytes = byteAt;
  for (let i: usize = 0; i < <usize>count; i++) {
    const up = at + (i << 2) - above, northWest = load<i32>(up - 4);
    const energy = <usize>(<i32>load<u16>(rough + (i << 1)) + (<i32>load<u8>(sizes + i - 1) << 3) + <i32>load<u8>(sizes + i - 2) * farFactor
      + magnitudeOf(west - northWest, coarse));
    const family: i32 = load<u8>(classOfAt + energy);
    const prediction = isLinear ? (load<i32>(known + (i << 2)) + ofWest * west + ofWestWest * westWest) >> 6 : median(west, load<i32>(up), northWest);
    const near = neighbours(up, up - far, west, westWest, prediction), set = setOf(near), wide = wideOf(set);
    let isSeen = false, place = 0;
    if (set != 0) {
      const one = flagOne(near, family), other = flagOther(set, historyOf(flags + i, old + i)), first = load<u32>(one), second = load<u32>(other);
      const bound = (left >>> 15) * <u64>chanceOf(first, second);
      isSeen = value >>> 1 >= bound;
      const towards = select<i32>(leastZero, mostZero, isSeen);
      store<u32>(one, after(first, towards));
      store<u32>(other, after(second, towards));
      value -= select<u64>(bound << 1, 0, isSeen);
      left = select<u64>(left - bound, bound, isSeen);
      if (left < minRange) {
        value = (value << 32) | <u64>bswap<u32>(load<u32>(bytes));
        bytes += 4;
        left <<= 32;
      }
    }
    store<u8>(flags + i, <i32>isSeen);
    if (isSeen) {
      const base = seenBase(family);
      let weight = allOf(near), open = set;
      while (true) {
        place = <i32>ctz<i64>(open);
        open &= open - 1;
        if (open == 0) break;
        const those = thoseAt(near, place);
        weight -= <i32>load<u8>(sumsAt + those);
        const kind: i32 = load<u8>(kindsAt + those), rest: i32 = load<u8>(restsAt + <usize>weight);
        const one = seenOne(wide, place, base, rest, kind), other = seenOther(place, rest, kind), first = load<u32>(one), second = load<u32>(other);
        const bound = (left >>> 15) * <u64>chanceOf(first, second), isIt = value >>> 1 >= bound, towards = select<i32>(leastZero, mostZero, isIt);
        store<u32>(one, after(first, towards));
        store<u32>(other, after(second, towards));
        value -= select<u64>(bound << 1, 0, isIt);
        left = select<u64>(left - bound, bound, isIt);
        if (left < minRange) {
          value = (value << 32) | <u64>bswap<u32>(load<u32>(bytes));
          bytes += 4;
          left <<= 32;
        }
        if (isIt) break;
      }
    } else {
      const base = unseenBase(family);
      let open = ~set, k = 0;
      for (; k < maxUnseen; k++) {
        place = <i32>ctz<i64>(open);
        open &= open - 1;
        const around = aroundOf(wide, place), one = unseenOne(around, base, k), other = unseenOther(around, place), first = load<u32>(one), second = load<u32>(other);
        const bound = (left >>> 15) * <u64>chanceOf(first, second), isIt = value >>> 1 >= bound, towards = select<i32>(leastZero, mostZero, isIt);
        store<u32>(one, after(first, towards));
        store<u32>(other, after(second, towards));
        value -= select<u64>(bound << 1, 0, isIt);
        left = select<u64>(left - bound, bound, isIt);
        if (left < minRange) {
          value = (value << 32) | <u64>bswap<u32>(load<u32>(bytes));
          bytes += 4;
          left <<= 32;
        }
        if (isIt) break;
      }
      if (k == maxUnseen) {
        code = value;
        range = left;
        byteAt = bytes;
        place = <i32>ctz<i64>(open) + takeNumber();
        value = code;
        left = range;
        bytes = byteAt;
      }
    }
    const error = aboveOf(place);
    westWest = west;
    west = prediction + error;
    store<i32>(at + (i << 2), west);
    store<u8>(sizes + i, magnitudeOf(error, coarse));
  }
  code = value;
  range = left;
  byteAt = bytes;
}
