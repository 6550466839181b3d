/**
 * Patches of tiles of coefficients: what is expected of blocks, where others are wanted, and what these have that is not expected. One
 * function writes and reads; a reader fills in what is wanted. SPEC.md section 5.13.
 */
import { codeNumber, correctionBit, note, Trouble, trouble } from './corrections';
import { baseAt, countsAt, expectedAt, gainsAt, largestAt, leaningsAt, newBlocksAt, sharesAt, surveyAt, wantedAt } from './memory';

const blockBytes: usize = 128;
/** Where classes begin: of what neighbours, the base's block, a frequency's share of exceptions (in 256ths) come to, of places in a block. */
const neighbourSteps: usize = memory.data<u8>([1, 2, 3, 5, 8, 13, 21, 34, 55]);
const neighbourStepCount: i32 = 9;
const fillSteps: usize = memory.data<u8>([1, 2, 4, 7, 12, 20, 30, 42]);
const fillClasses: i32 = 9;
const densitySteps: usize = memory.data<u8>([3, 10, 26]);
const densityClasses: i32 = 4;
const shareSteps: usize = memory.data<u8>([2, 4, 8, 16, 26, 41, 64, 90, 129]);
const shareClasses: i32 = 10;
const orderSteps: usize = memory.data<u8>([1, 3, 10, 28]);
const orderClasses: i32 = 5;
/** Classes of the base's coefficient: 0, 1, 2, 3 to 5, more; and one for blocks that are written anew. */
const sizeClasses: i32 = 6;
const newClass: i32 = 5;
const newLeaning: i32 = 5;
const leaningClasses: i32 = 6;
const numberContexts: i32 = 24;

const newContext: i32 = (neighbourStepCount + 4) * fillClasses;
const placeContext: i32 = newContext + 16;
const placeContexts: i32 = leaningClasses * densityClasses * 2;
const signContext: i32 = placeContext + shareClasses * placeContexts;
const constantSignContext: i32 = signContext + orderClasses * 9;
const numberContext: i32 = constantSignContext + 27;

/** Share of exceptions, in 1/65536, that a frequency begins with, and how slowly it is learnt in the end. */
const firstShare: u32 = 4096;
const slowest: u32 = 255;
const maxNumber: i32 = 0xfffe;

/** Places of the coefficients in a block, in zigzag order. */
const orderAt: usize = memory.data<u8>([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
]);

/** The tile at hand: blocks of a row; where its expected blocks lie, for without gains these are the base's; the first context. */
let across: i32 = 0;
let hasGains = false;
let madeAt: usize = 0;
let first: i32 = 0;
/** What the constant coefficient of a block that is written anew is compared with. */
let fresh: i32 = 0;

/** Finds the largest magnitude of each frequency of the base. */
export function findLargest(blocks: i32): void {
  for (let part: usize = 0; part < blockBytes; part += 16) {
    let most = i16x8.splat(0);
    for (let at = baseAt + part, end = at + <usize>blocks * blockBytes; at < end; at += blockBytes) most = i16x8.max_u(most, i16x8.abs(v128.load(at)));
    const to = largestAt + (part << 1);
    v128.store(to, i32x4.extend_low_i16x8_u(most));
    v128.store(to, i32x4.extend_high_i16x8_u(most), 16);
  }
}

/** Coefficients of the blocks that are wanted that are not zero. */
export function countUsed(blocks: i32): i32 {
  return usedOf(wantedAt, <usize>blocks * blockBytes);
}

/** What becomes of the base under the gains, and their leanings. Answers whether one would leave its 16 bits. */
export function expectBlocks(blocks: i32): bool {
  const step = <i64>load<i32>(gainsAt + 64 * 8), end = <usize>blocks * blockBytes;
  let isBeyond = false;
  for (let at: usize = 0; at < end; at += 16) {
    v128.store(expectedAt + at, i16x8.splat(0));
    store<u64>(leaningsAt + (at >>> 1), 0);
    const isConstant = (at & (blockBytes - 1)) == 0;
    if (!v128.any_true(v128.load(baseAt + at)) && !(isConstant && step != 0)) continue;
    for (let i = at; i < at + 16; i += 2) {
      const value = <i64>load<i16>(baseAt + i), k = (i >>> 1) & 63;
      if (value == 0 && (k != 0 || step == 0)) continue;
      // Below 2^36. The offset comes with its sign, all else is the same for both signs.
      const product = value * load<i32>(gainsAt + (<usize>k << 2)) + (k == 0 ? step : 0), size = product < 0 ? -product : product;
      const shift = <i64>load<i32>(gainsAt + (<usize>k << 2), 64 * 4), half = (<i64>1 << shift) >> 1;
      const whole = (size + half) >> shift, leaning = ((size - (whole << shift)) * 8 + half) >> shift;
      if (whole > 0x7fff) isBeyond = true;
      store<i16>(expectedAt + i, product < 0 ? -whole : whole);
      store<i8>(leaningsAt + (i >>> 1), product < 0 ? -leaning : leaning);
    }
  }
  return isBeyond;
}

/** Where other blocks are wanted than expected: left, top, right, bottom of their smallest rectangle, and how many coefficients. */
export function surveyPatch(width: i32, blocks: i32, withGains: bool): void {
  const made = withGains ? expectedAt : baseAt;
  let left = width, top = blocks, right = -1, bottom = -1, exceptions = 0;
  for (let block = 0; block < blocks; block++) {
    const at = <usize>block * blockBytes;
    if (!differs(wantedAt + at, made + at)) continue;
    const x = block % width, y = block / width;
    left = min(left, x);
    top = min(top, y);
    right = max(right, x);
    bottom = y;
    for (let i = at; i < at + blockBytes; i += 16) exceptions += popcnt(i16x8.bitmask(i16x8.ne(v128.load(wantedAt + i), v128.load(made + i))));
  }
  store<i32>(surveyAt, left);
  store<i32>(surveyAt, top, 4);
  store<i32>(surveyAt, right, 8);
  store<i32>(surveyAt, bottom, 12);
  store<i32>(surveyAt, exceptions, 16);
}

/** Codes the blocks of a rectangle. Of a reader they are filled in; the others are as expected already. Answers what went wrong. */
export function codePatch(context: i32, width: i32, blocks: i32, withGains: bool, left: i32, top: i32, right: i32, bottom: i32): i32 {
  across = width;
  first = context;
  hasGains = withGains;
  madeAt = withGains ? expectedAt : baseAt;
  memory.fill(countsAt, 0, <usize>blocks);
  memory.fill(newBlocksAt, 0, <usize>blocks);
  for (let i = 0; i < sizeClasses * 64; i++) store<u32>(sharesAt + (<usize>i << 2), firstShare);
  let leftmost = right + 1, topmost = bottom + 1, rightmost = -1, lowest = -1;
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right && trouble == Trouble.None; x++) {
      if (!codeBlock(x, y)) continue;
      leftmost = min(leftmost, x);
      topmost = min(topmost, y);
      rightmost = max(rightmost, x);
      lowest = y;
    }
  }
  if (leftmost != left || topmost != top || rightmost != right || lowest != bottom) note(Trouble.Malformed);
  return trouble;
}

/** Answers whether it is an exception. */
function codeBlock(x: i32, y: i32): bool {
  const block = y * across + x, at = <usize>block * blockBytes;
  const newNear = newBlocksNear(x, y, block), sum = exceptionsNear(x, y, block);
  const near = newNear & 3;
  const blockClass = near == 0 ? classOf(sum, neighbourSteps, neighbourStepCount) : neighbourStepCount + near;
  // A reader's never does: it is not asked further what it will read.
  const isOther = differs(wantedAt + at, madeAt + at);
  if (correctionBit(first + blockClass * fillClasses + classOf(usedOf(baseAt + at, blockBytes), fillSteps, fillClasses - 1), i32(isOther)) == 0) return false;
  const before = x > 0 ? block - 1 : block - across;
  fresh = before < 0 ? 0 : <i32>load<i16>(wantedAt + <usize>before * blockBytes);
  const density = classOf(sum, densitySteps, densityClasses - 1);
  if (correctionBit(first + newContext + newNear, i32(isOther && isCheaperNew(at))) == 1) {
    store<u8>(newBlocksAt + <usize>block, 1);
    codeCoefficients(at, density, true);
    if (!differs(wantedAt + at, madeAt + at)) note(Trouble.Malformed);
  } else store<u8>(countsAt + <usize>block, codeCoefficients(at, density, false));
  return true;
}

/** Twice the exceptions of the blocks to the left and above, and those of the blocks beside that one. */
function exceptionsNear(x: i32, y: i32, block: i32): i32 {
  let sum = x > 0 ? 2 * <i32>load<u8>(countsAt + <usize>(block - 1)) : 0;
  if (y == 0) return sum;
  const above = countsAt + <usize>(block - across);
  sum += 2 * <i32>load<u8>(above);
  if (x > 0) sum += <i32>load<u8>(above - 1);
  if (x < across - 1) sum += <i32>load<u8>(above + 1);
  return sum;
}

/** Which of the same blocks are new, in the order left, above, and the two beside that one. */
function newBlocksNear(x: i32, y: i32, block: i32): i32 {
  let near = x > 0 ? <i32>load<u8>(newBlocksAt + <usize>(block - 1)) : 0;
  if (y == 0) return near;
  const above = newBlocksAt + <usize>(block - across);
  near |= <i32>load<u8>(above) << 1;
  if (x > 0) near |= <i32>load<u8>(above - 1) << 2;
  if (x < across - 1) near |= <i32>load<u8>(above + 1) << 3;
  return near;
}

function differs(one: usize, other: usize): bool {
  let all = v128.xor(v128.load(one), v128.load(other));
  for (let i: usize = 16; i < blockBytes; i += 16) all = v128.or(all, v128.xor(v128.load(one + i), v128.load(other + i)));
  return v128.any_true(all);
}

/** Coefficients that are not zero among so many bytes of them. */
function usedOf(at: usize, bytes: usize): i32 {
  let count = 0;
  for (let i = at; i < at + bytes; i += 16) count += popcnt(i16x8.bitmask(i16x8.ne(v128.load(i), i16x8.splat(0))));
  return count;
}

/** Asked of a writer: a reader's answer is ignored. */
function isCheaperNew(at: usize): bool {
  let saved = 0;
  for (let i: usize = 0; i < blockBytes; i += 2) {
    const value = <i32>load<i16>(wantedAt + at + i), old = <i32>load<i16>(madeAt + at + i), compared = i == 0 ? fresh : 0;
    if (old != compared) saved += costOf(value - old) - costOf(value - compared);
  }
  return saved > 0;
}

/** About what an exception takes, in half bits. */
function costOf(difference: i32): i32 {
  return difference == 0 ? 0 : 4 + 4 * (32 - clz(abs(difference)));
}

/**
 * Codes the coefficients of a block by what they have more than expected. A block that is new is compared with zeros, its constant
 * coefficient with that to the left, else above. Answers how many are not the same.
 */
function codeCoefficients(at: usize, density: i32, isNew: bool): i32 {
  let count = 0;
  for (let z = 0; z < 64; z++) {
    const k = <usize>load<u8>(orderAt + <usize>z), i = at + (k << 1);
    const size = isNew ? newClass : sizeOf(load<i16>(baseAt + i)), old = !isNew ? <i32>load<i16>(madeAt + i) : z == 0 ? fresh : 0;
    const difference = <i32>load<i16>(wantedAt + i) - old;
    let isException = 1;
    // The last of a block that has exceptions is one if no other is.
    if (isNew || count > 0 || z < 63) {
      const leaning = isNew ? newLeaning : hasGains ? abs(<i32>load<i8>(leaningsAt + (i >>> 1))) : 0;
      isException = codePlace(size * 64 + <i32>k, (leaning * densityClasses + density) * 2 + i32(count > 0), i32(difference != 0));
    }
    const value = isException == 0 ? old : old + codeDifference(z, size, i, difference);
    if (value < -0x8000 || value > 0x7fff) note(Trouble.Malformed);
    store<i16>(wantedAt + i, value);
    count += isException;
  }
  return count;
}

/** Codes whether a coefficient is an exception, under its share and a context of other things. */
function codePlace(index: i32, context: i32, wanted: i32): i32 {
  const at = sharesAt + (<usize>index << 2), entry = load<u32>(at), share = entry & 0xffff, used = entry >>> 16;
  const bit = correctionBit(first + placeContext + classOf(share >>> 8, shareSteps, shareClasses - 1) * placeContexts + context, wanted);
  const rest = bit == 0 ? share : 0xffff - share, step = used < slowest ? rest / (used + 2) : rest >>> 8;
  store<u32>(at, (min(used + 1, slowest) << 16) | (bit == 0 ? share - step : share + step));
  return bit;
}

/** Not zero. */
function codeDifference(z: i32, size: i32, i: usize, difference: i32): i32 {
  const order = classOf(z, orderSteps, orderClasses - 1);
  const isNegative = correctionBit(first + signContextOf(order, size, i), i32(difference < 0)) == 1;
  const magnitude = 1 + codeNumber(first + numberContext + (order * sizeClasses + size) * numberContexts, max(abs(difference), 1) - 1, maxNumber);
  return isNegative ? -magnitude : magnitude;
}

function signContextOf(order: i32, size: i32, i: usize): i32 {
  if (size == newClass) return order == 0 ? constantSignContext + 13 : signContext + 9 * order + 4;
  const leaning = 1 + (hasGains ? signOf(load<i8>(leaningsAt + (i >>> 1))) : 0);
  if (order > 0) return signContext + 9 * order + 3 * (1 + signOf(load<i16>(baseAt + i))) + leaning;
  const block = <i32>(i / blockBytes);
  const west = block % across == 0 ? 0 : changeOf(block - 1), north = block < across ? 0 : changeOf(block - across);
  return constantSignContext + 9 * leaning + 3 * (1 + west) + 1 + north;
}

/** Whether the constant coefficient of a block is less (-1) or more (1) than expected. */
function changeOf(block: i32): i32 {
  const at = <usize>block * blockBytes;
  return signOf(<i32>load<i16>(wantedAt + at) - <i32>load<i16>(madeAt + at));
}

function signOf(value: i32): i32 {
  return i32(value > 0) - i32(value < 0);
}

/** The class of a coefficient of the base. */
function sizeOf(value: i32): i32 {
  const size = abs(value);
  return size < 3 ? size : 3 + i32(size > 5);
}

/** How many of so many steps the value reaches. */
function classOf(value: i32, steps: usize, count: i32): i32 {
  let found = 0;
  while (found < count && value >= <i32>load<u8>(steps + <usize>found)) found++;
  return found;
}
