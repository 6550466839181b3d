/**
 * Range asymmetric numerals: a state and a run of 16-bit words for even rows, and another for odd rows, so that two rows are
 * read or written side by side. SPEC.md sections 5.4 and 5.7.
 *
 * Even rows' words are read upwards from where the bits end, odd rows' words downwards from the end of the code. A writer goes from
 * the last symbol to the first. Loops for two rows say everything twice: that is what makes them fast.
 */
import {
  classCount, classStartsAt, classesAt, distributionOfAt, errorsAt, evenWordsEnd, lowBitsOfAt, magnitudesAt, maxBytes, oddWordsAt, partsAt,
  reachesAt, reciprocalsAt, restBitsAt, samplesAt, slotsAt, valuesAt,
} from './memory';
import { closeLeft, closeRight, channels, entry, height, openPlane, stride, width } from './planes';
import {
  closeLeftMagnitudes, closeRightMagnitudes, coarseOffset, constantOffset, energiesOf, familyOffset, levelsOffset, linearOffset, magnitudeOf,
  measureBlock, modelOf, openMagnitudes, predictBlock, predictionsOf, slopeBlock, valueOffset, weightOf, westWestFactor,
} from './prediction';
import { distributionOf, fillConstant, lowBitsOf, median } from './errors';

/** A state is 2^15 .. 2^31 - 1 between two symbols, and begins (in reading: ends) as 2^15. */
const lowest: i32 = 0x8000;
const escapeSymbol: i32 = -128;
/** Most bits of the exponent of an escape, and of raw bits in one piece. */
const maxExponent: i32 = 19;
const pieceBits: i32 = 12;

let evenState: i32 = 0;
let oddState: i32 = 0;
let evenAt: usize = 0;
let oddAt: usize = 0;
let isBad: bool = false;
/** Whether raw bits follow any symbols of the plane at hand. */
let hasLowBits: bool = false;

/** By class, while a plane is written: place of symbol 0 among the parts; reach, or -1 where raw bits follow. */
const placesAt: usize = distributionOfAt;
const plainReachesAt: usize = distributionOfAt + 4 * classCount;

/** Writes all planes that are not constant. Answers the bytes of the words, or -1 where they are more than `limit`. */
export function writeSymbols(limit: i32): i32 {
  evenState = oddState = lowest;
  evenAt = evenWordsEnd;
  oddAt = oddWordsAt;
  isBad = false;
  for (let c = channels - 1; c >= 0; c--) {
    const model = modelOf(c);
    if (load<i32>(model + constantOffset) != 0) continue;
    for (let k: usize = 0; k < classCount; k++) {
      const level = load<i32>(model + levelsOffset + (k << 2)), id = distributionOf(level, load<i32>(model + familyOffset));
      store<i32>(placesAt + (k << 2), <i32>partsAt + (((id << 8) + 128) << 2));
      store<i32>(plainReachesAt + (k << 2), lowBitsOf(level) > 0 ? -1 : load<i32>(reachesAt + (<usize>id << 2)));
    }
    let y = height - 1;
    if ((y & 1) == 0) writeRow(c, y--);
    if (isAbove(limit)) return -1;
    for (; y > 0; y -= 2) {
      writeRows(c, y);
      if (isAbove(limit)) return -1;
    }
  }
  evenAt -= 4;
  store<u16>(evenAt, evenState >>> 16);
  store<u16>(evenAt, evenState, 2);
  store<u16>(oddAt, oddState);
  store<u16>(oddAt, oddState >>> 16, 2);
  oddAt += 4;
  return isAbove(limit) ? -1 : <i32>(evenWordsEnd - evenAt + (oddAt - oddWordsAt));
}

/** Whether there are more bytes of words than `limit`. */
function isAbove(limit: i32): bool {
  return isBad || <i32>(evenWordsEnd - evenAt + (oddAt - oddWordsAt)) > limit;
}

/** Where the words of even rows begin, and where those of odd rows end. */
export function evenWords(): usize {
  return evenAt;
}

export function oddWordsEnd(): usize {
  return oddAt;
}

/** Writes an even row alone. */
function writeRow(c: i32, y: i32): void {
  const at = <usize>(c * width * height + y * width);
  let state = evenState, words = evenAt;
  for (let i = at + <usize>width; i-- > at;) {
    const k = <usize>load<u8>(classesAt + i) << 2;
    let error = load<i32>(errorsAt + (i << 2));
    const reach = load<i32>(plainReachesAt + k);
    if (((error + reach) | (reach - error)) < 0) {
      evenState = state;
      evenAt = words;
      error = writeRest(true, c, k, error);
      state = evenState;
      words = evenAt;
    }
    const part = load<i32>(<usize>(load<i32>(placesAt + k) + (error << 2)));
    const frequency = part & 0xffff, over = ((frequency << 19) - 1 - state) >> 31;
    store<u16>(words - 2, state);
    words += over << 1;
    state = state >>> (over & 16);
    state += <i32>((<u64>state * load<u64>(reciprocalsAt + (<usize>frequency << 3))) >>> 43) * (4096 - frequency) + (part >>> 16);
  }
  evenState = state;
  evenAt = words;
}

/** Writes odd row `y` and the row above it. */
function writeRows(c: i32, y: i32): void {
  const at = <usize>(c * width * height + (y - 1) * width), step = <usize>width;
  let even = evenState, evens = evenAt, odd = oddState, odds = oddAt;
  for (let i = at + step; i-- > at;) {
    const oddK = <usize>load<u8>(classesAt + i + step) << 2, k = <usize>load<u8>(classesAt + i) << 2;
    let oddError = load<i32>(errorsAt + ((i + step) << 2)), error = load<i32>(errorsAt + (i << 2));
    const oddReach = load<i32>(plainReachesAt + oddK), reach = load<i32>(plainReachesAt + k);
    if (((oddError + oddReach) | (oddReach - oddError) | (error + reach) | (reach - error)) < 0) {
      evenState = even;
      evenAt = evens;
      oddState = odd;
      oddAt = odds;
      oddError = writeRest(false, c, oddK, oddError);
      error = writeRest(true, c, k, error);
      even = evenState;
      evens = evenAt;
      odd = oddState;
      odds = oddAt;
    }
    const oddPart = load<i32>(<usize>(load<i32>(placesAt + oddK) + (oddError << 2)));
    const oddFrequency = oddPart & 0xffff, isOddOver = odd >= oddFrequency << 19;
    store<u16>(odds, odd);
    odds += <usize>isOddOver << 1;
    odd = select<i32>(odd >>> 16, odd, isOddOver);
    odd += <i32>((<u64>odd * load<u64>(reciprocalsAt + (<usize>oddFrequency << 3))) >>> 43) * (4096 - oddFrequency) + (oddPart >>> 16);

    const part = load<i32>(<usize>(load<i32>(placesAt + k) + (error << 2)));
    const frequency = part & 0xffff, isOver = even >= frequency << 19;
    store<u16>(evens - 2, even);
    evens -= <usize>isOver << 1;
    even = select<i32>(even >>> 16, even, isOver);
    even += <i32>((<u64>even * load<u64>(reciprocalsAt + (<usize>frequency << 3))) >>> 43) * (4096 - frequency) + (part >>> 16);
  }
  evenState = even;
  evenAt = evens;
  oddState = odd;
  oddAt = odds;
}

/** Writes what an error of class `k` (times 4) needs besides its symbol. Answers the symbol. */
function writeRest(isEven: bool, c: i32, k: usize, error: i32): i32 {
  const model = modelOf(c), level = load<i32>(model + levelsOffset + k), low = lowBitsOf(level);
  const id = <usize>distributionOf(level, load<i32>(model + familyOffset)) << 2;
  const rounded = error + ((1 << low) >> 1), part = rounded >> low, reach = load<i32>(reachesAt + id);
  writeRaw(isEven, rounded & ((1 << low) - 1), low);
  if (part >= -reach && part <= reach) return part;
  const rest = load<i32>(restBitsAt + id), above = abs(part) - reach - 1;
  writeRaw(isEven, above & ((1 << rest) - 1), rest);
  const number = (above >> rest) + 1, exponent = 31 - clz<i32>(number);
  writeRaw(isEven, number & ((1 << exponent) - 1), exponent);
  writeRaw(isEven, 0, 1);
  for (let i = 0; i < exponent; i++) writeRaw(isEven, 1, 1);
  writeRaw(isEven, part < 0 ? 1 : 0, 1);
  return escapeSymbol;
}

/** Writes `count` bits as they are, the lowest twelve first. */
function writeRaw(isEven: bool, value: i32, count: i32): void {
  if (count > pieceBits) {
    writeRaw(isEven, value & 0xfff, pieceBits);
    writeRaw(isEven, value >> pieceBits, count - pieceBits);
    return;
  }
  const room = isEven ? evenWordsEnd - evenAt : oddAt - oddWordsAt;
  if (room > maxBytes) {
    isBad = true;
    return;
  }
  let state = isEven ? evenState : oddState;
  if (state >>> (31 - count) != 0) {
    if (isEven) {
      evenAt -= 2;
      store<u16>(evenAt, state);
    } else {
      store<u16>(oddAt, state);
      oddAt += 2;
    }
    state = state >>> 16;
  }
  state = (state << count) | value;
  if (isEven) evenState = state;
  else oddState = state;
}

/** Reads `count` bits, the highest first in pieces of twelve: the last piece is the lowest. */
function readRaw(isEven: bool, count: i32): i32 {
  if (count > pieceBits) {
    const high = readRaw(isEven, count - pieceBits);
    return (high << pieceBits) | readRaw(isEven, pieceBits);
  }
  if (evenAt > oddAt) {
    isBad = true;
    return 0;
  }
  let state = isEven ? evenState : oddState;
  const value = state & ((1 << count) - 1);
  state = state >>> count;
  if (state < lowest) {
    if (isEven) {
      state = (state << 16) | <i32>load<u16>(evenAt);
      evenAt += 2;
    } else {
      oddAt -= 2;
      state = (state << 16) | <i32>load<u16>(oddAt);
    }
  }
  if (isEven) evenState = state;
  else oddState = state;
  return value;
}

/** The whole error of a symbol with raw bits, or an escape. */
function readRest(isEven: bool, energy: usize, symbol: i32): i32 {
  const low: i32 = load<u8>(lowBitsOfAt + energy), id = <usize>load<u8>(distributionOfAt + energy) << 2;
  let part = symbol;
  if (symbol == escapeSymbol) {
    const isNegative = readRaw(isEven, 1) == 1;
    let exponent = 0;
    while (readRaw(isEven, 1) == 1) {
      if (++exponent > maxExponent || isBad) {
        isBad = true;
        return 0;
      }
    }
    const number = (1 << exponent) | readRaw(isEven, exponent), rest = load<i32>(restBitsAt + id);
    const above = ((number - 1) << rest) + readRaw(isEven, rest) + load<i32>(reachesAt + id) + 1;
    part = isNegative ? -above : above;
  }
  return (part << low) + readRaw(isEven, low) - ((1 << low) >> 1);
}

/** Reads all planes from the code between two places; models are in memory. Answers false for what no writer writes. */
export function readSymbols(from: i32, length: i32): bool {
  evenAt = samplesAt + <usize>from;
  oddAt = samplesAt + <usize>length;
  isBad = false;
  if (oddAt < evenAt + 8 || ((oddAt - evenAt) & 1) != 0) return false;
  evenState = (<i32>load<u16>(evenAt) << 16) | <i32>load<u16>(evenAt, 2);
  evenAt += 4;
  oddAt -= 4;
  oddState = (<i32>load<u16>(oddAt, 2) << 16) | <i32>load<u16>(oddAt);
  if (evenState < lowest || oddState < lowest) return false;
  for (let c = 0; c < channels; c++) {
    const model = modelOf(c);
    if (load<i32>(model + constantOffset) != 0) {
      fillConstant(c, load<i32>(model + valueOffset));
      continue;
    }
    openPlane(c, load<i32>(model + valueOffset));
    openMagnitudes(c);
    fillTables(model);
    if (!readPlane(c)) return false;
  }
  return evenState == lowest && oddState == lowest && evenAt == oddAt;
}

/** Distribution and raw bits by energy. */
function fillTables(model: usize): void {
  const family = load<i32>(model + familyOffset);
  hasLowBits = false;
  for (let k: usize = 0; k < classCount; k++) {
    const level = load<i32>(model + levelsOffset + (k << 2)), low = lowBitsOf(level);
    const begin = <usize>load<i32>(classStartsAt + (k << 2)), end = <usize>load<i32>(classStartsAt + (k << 2), 4);
    memory.fill(distributionOfAt + begin, <u8>distributionOf(level, family), end - begin);
    memory.fill(lowBitsOfAt + begin, <u8>low, end - begin);
    if (low > 0) hasLowBits = true;
  }
}

/** Reads a plane: rows side by side where a row has at least four blocks, the odd one two blocks behind; else one after the other. */
function readPlane(c: i32): bool {
  const blocks = (width + 15) >> 4;
  if (blocks < 4) {
    for (let y = 0; y < height; y++) for (let b = 0; b < blocks; b++) if (!readOne(c, y, b << 4)) return false;
    return true;
  }
  const evens = ((height + 1) >> 1) * blocks, odds = (height >> 1) * blocks;
  let evenRow = 0, evenBlock = 0, oddRow = 1, oddBlock = 0;
  for (let step = 0; step < max(evens, odds + 2); step++) {
    const hasEven = step < evens, hasOdd = step >= 2 && step < odds + 2;
    const isRead = hasEven && hasOdd ? readTwo(c, evenRow, evenBlock << 4, oddRow, oddBlock << 4)
      : hasEven ? readOne(c, evenRow, evenBlock << 4) : readOne(c, oddRow, oddBlock << 4);
    if (!isRead) return false;
    if (hasEven && ++evenBlock == blocks) {
      evenBlock = 0;
      evenRow += 2;
    }
    if (hasOdd && ++oddBlock == blocks) {
      oddBlock = 0;
      oddRow += 2;
    }
  }
  return true;
}

/** What comes before a block is read. */
export function openBlock(c: i32, y: i32, x: i32): void {
  if (x == 0 && y > 0) {
    closeLeft(valuesAt + (entry(c, y) << 2), y);
    closeLeftMagnitudes(c, y);
  }
  if (y > 0 && load<i32>(modelOf(c) + linearOffset) != 0) predictBlock(c, y, x);
  measureBlock(c, y, x);
}

/** What comes after it. */
export function closeBlock(c: i32, y: i32, x: i32): void {
  const row = valuesAt + (entry(c, y) << 2);
  if (x == 0 && y == 0) {
    closeLeft(row, 0);
    closeLeftMagnitudes(c, 0);
  }
  if (x + 16 >= width) {
    closeRight(row);
    closeRightMagnitudes(c, y);
  }
  slopeBlock(c, y, x, min(16, width - x));
}

function readOne(c: i32, y: i32, x: i32): bool {
  openBlock(c, y, x);
  readRun(c, y, x, 0, min(16, width - x));
  closeBlock(c, y, x);
  return !isBad && evenAt <= oddAt;
}

/** Reads samples `from` to `end` of a block. */
function readRun(c: i32, y: i32, x: i32, from: i32, end: i32): void {
  const model = modelOf(c), coarse = load<i32>(model + coarseOffset), isLinear = y > 0 && load<i32>(model + linearOffset) != 0;
  const ofWest = weightOf(model, 0), ofWestWest = weightOf(model, 3), farFactor = westWestFactor(c), isEven = (y & 1) == 0;
  const known = predictionsOf(y), rough = energiesOf(y);
  let at = valuesAt + ((entry(c, y) + <usize>(x + from)) << 2), sizes = magnitudesAt + entry(c, y) + <usize>(x + from);
  const above = stride << 2;
  for (let i = from; i < end; i++, at += 4, sizes++) {
    const west = load<i32>(at - 4), northWest = load<i32>(at - above - 4);
    const energy = <usize>(<i32>load<u16>(rough + (<usize>i << 1)) + (<i32>load<u8>(sizes - 1) << 3) + <i32>load<u8>(sizes - 2) * farFactor
      + magnitudeOf(west - northWest, coarse));
    let state = isEven ? evenState : oddState;
    const id = <usize>load<u8>(distributionOfAt + energy);
    let error: i32 = load<i8>(slotsAt + ((id << 12) | <usize>(state & 4095)));
    const part = partsAt + 512 + (id << 10) + (error << 2);
    state = <i32>load<u16>(part) * (state >>> 12) + (state & 4095) - <i32>load<u16>(part, 2);
    if (state < lowest) {
      if (isEven) {
        state = (state << 16) | <i32>load<u16>(evenAt);
        evenAt += 2;
      } else {
        oddAt -= 2;
        state = (state << 16) | <i32>load<u16>(oddAt);
      }
    }
    if (isEven) evenState = state;
    else oddState = state;
    if (error == escapeSymbol || load<u8>(lowBitsOfAt + energy) != 0) error = readRest(isEven, energy, error);
    const prediction = isLinear ? (load<i32>(known + (<usize>i << 2)) + ofWest * west + ofWestWest * load<i32>(at - 8)) >> 6
      : median(west, load<i32>(at - above), northWest);
    store<i32>(at, prediction + error);
    store<u8>(sizes, magnitudeOf(error, coarse));
  }
}

/** Reads a block of an even row and one of an odd row. */
function readTwo(c: i32, y: i32, x: i32, oddY: i32, oddX: i32): bool {
  openBlock(c, y, x);
  openBlock(c, oddY, oddX);
  const length = min(16, width - x), oddLength = min(16, width - oddX);
  readBoth(c, y, x, oddY, oddX, min(length, oddLength));
  if (length > oddLength) readRun(c, y, x, oddLength, length);
  else readRun(c, oddY, oddX, length, oddLength);
  closeBlock(c, y, x);
  closeBlock(c, oddY, oddX);
  return !isBad && evenAt <= oddAt;
}

/** Reads `count` samples of both. What is the same for all of them is told by constants in the cases that matter. */
function readBoth(c: i32, y: i32, x: i32, oddY: i32, oddX: i32, count: i32): void {
  const model = modelOf(c), coarse = load<i32>(model + coarseOffset), isLinear = load<i32>(model + linearOffset) != 0;
  const at = valuesAt + ((entry(c, y) + <usize>x) << 2), oddGap = valuesAt + ((entry(c, oddY) + <usize>oddX) << 2) - at;
  const sizes = magnitudesAt + entry(c, y) + <usize>x, oddSizes = magnitudesAt + entry(c, oddY) + <usize>oddX;
  if (coarse > 0 || (isLinear && y == 0)) readLoop(model, at, oddGap, sizes, oddSizes, count, isLinear && y > 0, isLinear, coarse, true, westWestFactor(c));
  else if (hasLowBits && isLinear) readLoop(model, at, oddGap, sizes, oddSizes, count, true, true, 0, true, westWestFactor(c));
  else if (hasLowBits) readLoop(model, at, oddGap, sizes, oddSizes, count, false, false, 0, true, westWestFactor(c));
  else if (isLinear) readLoop(model, at, oddGap, sizes, oddSizes, count, true, true, 0, false, westWestFactor(c));
  else readLoop(model, at, oddGap, sizes, oddSizes, count, false, false, 0, false, westWestFactor(c));
}

@inline function sizeOf(value: i32): i32 {
  const sign = value >> 31;
  return (value ^ sign) - sign;
}

@inline function readLoop(
  model: usize, evenPlace: usize, oddGap: usize, sizes: usize, oddSizes: usize, count: i32, isEvenLinear: bool, isOddLinear: bool, coarse: i32, mayHaveLowBits: bool,
  farFactor: i32,
): void {
  const ofWest = weightOf(model, 0), ofWestWest = weightOf(model, 3);
  const known = predictionsOf(0), rough = energiesOf(0), gap = (stride << 2) + 4;
  // What lies north-west.
  let up = evenPlace - gap;
  let west = load<i32>(evenPlace - 4), oddWest = load<i32>(evenPlace + oddGap - 4);
  let westWest = load<i32>(evenPlace - 8), oddWestWest = load<i32>(evenPlace + oddGap - 8);
  let near: i32 = load<u8>(sizes - 1), oddNear: i32 = load<u8>(oddSizes - 1), far: i32 = load<u8>(sizes - 2), oddFar: i32 = load<u8>(oddSizes - 2);
  let even = evenState, odd = oddState, evens = evenAt, odds = oddAt;
  for (let i: usize = 0; i < <usize>count; i++, up += 4) {
    const northWest = load<i32>(up), oddNorthWest = load<i32>(up + oddGap);
    const energy = <usize>(<i32>load<u16>(rough + (i << 1)) + far * farFactor + (near << 3) + magnitudeOf(west - northWest, coarse));
    const oddEnergy = <usize>(<i32>load<u16>(rough + (i << 1), 64) + oddFar * farFactor + (oddNear << 3) + magnitudeOf(oddWest - oddNorthWest, coarse));
    far = near;
    oddFar = oddNear;
    const id = <usize>load<u8>(distributionOfAt + energy), oddId = <usize>load<u8>(distributionOfAt + oddEnergy);
    let error: i32 = load<i8>(slotsAt + ((id << 12) | <usize>(even & 4095))), oddError: i32 = load<i8>(slotsAt + ((oddId << 12) | <usize>(odd & 4095)));
    const part = partsAt + 512 + (id << 10) + (error << 2), oddPart = partsAt + 512 + (oddId << 10) + (oddError << 2);
    even = <i32>load<u16>(part) * (even >>> 12) + ((even & 4095) - <i32>load<u16>(part, 2));
    odd = <i32>load<u16>(oddPart) * (odd >>> 12) + ((odd & 4095) - <i32>load<u16>(oddPart, 2));
    const isUnder = even < lowest, isOddUnder = odd < lowest;
    even = select<i32>((even << 16) | <i32>load<u16>(evens), even, isUnder);
    evens += <usize>isUnder << 1;
    odd = select<i32>((odd << 16) | <i32>load<u16>(odds - 2), odd, isOddUnder);
    odds -= <usize>isOddUnder << 1;
    near = sizeOf(error) >>> coarse;
    oddNear = sizeOf(oddError) >>> coarse;
    if (error == escapeSymbol || oddError == escapeSymbol || (mayHaveLowBits && (load<u8>(lowBitsOfAt + energy) | load<u8>(lowBitsOfAt + oddEnergy)) != 0)) {
      evenState = even;
      evenAt = evens;
      oddState = odd;
      oddAt = odds;
      if (error == escapeSymbol || load<u8>(lowBitsOfAt + energy) != 0) error = readRest(true, energy, error);
      if (oddError == escapeSymbol || load<u8>(lowBitsOfAt + oddEnergy) != 0) oddError = readRest(false, oddEnergy, oddError);
      near = magnitudeOf(error, coarse);
      oddNear = magnitudeOf(oddError, coarse);
      even = evenState;
      evens = evenAt;
      odd = oddState;
      odds = oddAt;
    }
    const value = error + (isEvenLinear ? (load<i32>(known + (i << 2)) + ofWest * west + ofWestWest * westWest) >> 6 : median(west, load<i32>(up, 4), northWest));
    const oddValue = oddError
      + (isOddLinear ? (load<i32>(known + (i << 2), 128) + ofWest * oddWest + ofWestWest * oddWestWest) >> 6 : median(oddWest, load<i32>(up + oddGap, 4), oddNorthWest));
    westWest = west;
    oddWestWest = oddWest;
    west = value;
    oddWest = oddValue;
    store<i32>(up + gap, value);
    store<i32>(up + gap + oddGap, oddValue);
    store<u8>(sizes + i, near);
    store<u8>(oddSizes + i, oddNear);
  }
  evenState = even;
  evenAt = evens;
  oddState = odd;
  oddAt = odds;
}
