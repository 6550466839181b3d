/**
 * What a writer finds out about a plane before it writes symbols: predictor, errors, classes, levels, family. SPEC.md sections
 * 5.6 and 5.7.
 */
import {
  blocksAt, boundsAt, classCount, classOfAt, classesAt, costsAt, errorsAt, magnitudesAt, slopesAt, usualAt, valuesAt,
} from './memory';
import { closeLeft, closeRight, entry, fillPlane, height, isConstant, openPlane, size, stride, width } from './planes';
import {
  closeLeftMagnitudes, closeRightMagnitudes, coarseOffset, constantOffset, energiesOf, familyOffset, levelsOffset, linearOffset, magnitudes16,
  measureBlock, modelOf, openMagnitudes, predictBlock, predictionsOf, slopeBlock, valueOffset, weightOf, westFactor, westWestFactor,
} from './prediction';
import { findWeights } from './weights';

/** Counted samples times squared levels below which another level than the usual one is not worth its bits. */
const minGain: i32 = 64;
const minCount: i32 = 4;
const levelCount: i32 = 64;
const ownLevels: i32 = 28;

/** Finds the model, errors and classes of plane `c`. */
export function analysePlane(c: i32, depth: i32): void {
  const model = modelOf(c), isFixed = isConstant(c);
  store<i32>(model + constantOffset, isFixed ? 1 : 0);
  const first = load<i32>(valuesAt + (entry(c, 0) << 2));
  store<i32>(model + valueOffset, first);
  if (isFixed) {
    fillConstant(c, first);
    return;
  }
  openPlane(c, first);
  openMagnitudes(c);
  for (let y = 0; y < height; y++) {
    const row = valuesAt + (entry(c, y) << 2);
    if (y > 0) closeLeft(row, y);
    closeRight(row);
  }
  findWeights(c, depth);
  choosePredictor(c);
  findErrors(c);
  chooseLevels(c);
  chooseFamily(c);
}

/** A constant plane has no errors. */
export function fillConstant(c: i32, value: i32): void {
  fillPlane(c, value);
  memory.fill(magnitudesAt + <usize>c * size, 0, size);
  memory.fill(slopesAt + <usize>c * size, 0, size);
}

@inline export function median(west: i32, north: i32, northWest: i32): i32 {
  return max(min(west, north), min(max(west, north), west + north - northWest));
}

@inline function median4(west: v128, north: v128, northWest: v128): v128 {
  return i32x4.max_s(i32x4.min_s(west, north), i32x4.min_s(i32x4.max_s(west, north), i32x4.sub(i32x4.add(west, north), northWest)));
}

/** Takes the linear predictor unless the median's errors are smaller on rows 2, 10, 18 ... (all but row 0 where there are few), and finds how large errors are. */
function choosePredictor(c: i32): void {
  const model = modelOf(c), few = height < 16;
  let linear: i64 = 0, medians: i64 = 0, samples: i64 = 0;
  for (let y = few ? 1 : 2; y < height; y += few ? 1 : 8) {
    for (let x = 0; x < width; x += 16) {
      predictBlock(c, y, x);
      const at = valuesAt + ((entry(c, y) + <usize>x) << 2), up = at - (stride << 2), known = predictionsOf(y);
      const ofWest = weightOf(model, 0), ofWestWest = weightOf(model, 3);
      for (let k: usize = 0, end = <usize>min(16, width - x) << 2; k < end; k += 4) {
        const value = load<i32>(at + k), west = load<i32>(at + k - 4);
        linear += abs(value - ((load<i32>(known + k) + ofWest * west + ofWestWest * load<i32>(at + k - 8)) >> 6));
        medians += abs(value - median(west, load<i32>(up + k), load<i32>(up + k - 4)));
      }
    }
    samples += width;
  }
  const isLinear = linear <= medians && samples > 0;
  store<i32>(model + linearOffset, isLinear ? 1 : 0);
  const mean = (isLinear ? linear : medians) / max<i64>(1, samples);
  store<i32>(model + coarseOffset, max(0, min(15, 28 - clz<i32>(<i32>mean))));
}

/** Errors, magnitudes, slopes and classes of a plane, row by row. */
function findErrors(c: i32): void {
  const model = modelOf(c), coarse = load<i32>(model + coarseOffset), isLinear = load<i32>(model + linearOffset) != 0;
  const samples = <usize>(width * height);
  for (let y = 0; y < height; y++) {
    const row = valuesAt + (entry(c, y) << 2), errors = errorsAt + ((<usize>c * samples + <usize>(y * width)) << 2);
    if (isLinear && y > 0) missLinear(c, y, row, errors);
    else missMedian(row, errors);
    const magnitudes = magnitudesAt + entry(c, y);
    for (let x: usize = 0; x < <usize>width; x += 16) {
      const from = errors + (x << 2);
      v128.store(magnitudes + x, magnitudes16(v128.load(from), v128.load(from, 16), v128.load(from, 32), v128.load(from, 48), coarse));
    }
    if (y > 0) closeLeftMagnitudes(c, y);
    closeRightMagnitudes(c, y);
    classify(c, y, coarse);
    if (y == 0) {
      closeLeft(row, 0);
      closeLeftMagnitudes(c, 0);
    }
    for (let x = 0; x < width; x += 16) slopeBlock(c, y, x, min(16, width - x));
  }
}

function missLinear(c: i32, y: i32, row: usize, errors: usize): void {
  const model = modelOf(c), known = predictionsOf(y);
  const ofWest = i32x4.splat(weightOf(model, 0)), ofWestWest = i32x4.splat(weightOf(model, 3));
  for (let x = 0; x < width; x += 16) {
    predictBlock(c, y, x);
    const at = row + (<usize>x << 2), to = errors + (<usize>x << 2);
    for (let k: usize = 0; k < 64; k += 16) {
      const sum = i32x4.add(v128.load(known + k), i32x4.add(i32x4.mul(ofWest, v128.load(at + k - 4)), i32x4.mul(ofWestWest, v128.load(at + k - 8))));
      v128.store(to + k, i32x4.sub(v128.load(at + k), i32x4.shr_s(sum, 6)));
    }
  }
}

function missMedian(row: usize, errors: usize): void {
  for (let x: usize = 0, end = <usize>width << 2; x < end; x += 16) {
    const at = row + x, up = at - (stride << 2);
    v128.store(errors + x, i32x4.sub(v128.load(at), median4(v128.load(at - 4), v128.load(up), v128.load(up - 4))));
  }
}

/** Classes of a row. */
function classify(c: i32, y: i32, coarse: i32): void {
  const magnitudes = magnitudesAt + entry(c, y), row = valuesAt + (entry(c, y) << 2), samples = <usize>(width * height);
  const to = classesAt + <usize>c * samples + <usize>(y * width), known = energiesOf(y), factor = i16x8.splat(<i16>westWestFactor(c));
  for (let x: i32 = 0; x < width; x += 16) {
    measureBlock(c, y, x);
    const at = magnitudes + <usize>x, west = row + (<usize>x << 2) - 4, up = west - (stride << 2);
    const steep = magnitudes16(
      i32x4.sub(v128.load(west), v128.load(up)), i32x4.sub(v128.load(west, 16), v128.load(up, 16)),
      i32x4.sub(v128.load(west, 32), v128.load(up, 32)), i32x4.sub(v128.load(west, 48), v128.load(up, 48)), coarse,
    );
    for (let k: usize = 0; k < 16; k += 8) {
      const slope = k == 0 ? i16x8.extend_low_i8x16_u(steep) : i16x8.extend_high_i8x16_u(steep);
      const near = i16x8.shl(v128.load_ext<u8>(at + k - 1), 3), far = i16x8.mul(factor, v128.load_ext<u8>(at + k - 2));
      v128.store(known + (k << 1), i16x8.add(v128.load(known + (k << 1)), i16x8.add(slope, i16x8.add(near, far))));
    }
    for (let k: usize = 0; k < 16; k++) store<u8>(to + <usize>x + k, load<u8>(classOfAt + <usize>load<u16>(known + (k << 1))));
  }
}

/** Two tables of 16 counters, of which the low half is the sum of magnitudes and the high half their number. */
const countersAt: usize = blocksAt + 0x180;

/** Levels of all classes, by the errors of every second sample. */
function chooseLevels(c: i32): void {
  memory.fill(countersAt, 0, 2 * classCount << 3);
  const samples = <usize>(width * height), one: i64 = 1 << 32;
  for (let y = 0; y < height; y++) {
    const magnitudes = magnitudesAt + entry(c, y), classes = classesAt + <usize>c * samples + <usize>(y * width);
    let x = <usize>(y & 1);
    for (; x + 2 < <usize>width; x += 4) {
      const first = countersAt + (<usize>load<u8>(classes + x) << 3), second = countersAt + 128 + (<usize>load<u8>(classes + x + 2) << 3);
      store<i64>(first, load<i64>(first) + one + <i64>load<u8>(magnitudes + x));
      store<i64>(second, load<i64>(second) + one + <i64>load<u8>(magnitudes + x + 2));
    }
    if (x < <usize>width) {
      const first = countersAt + (<usize>load<u8>(classes + x) << 3);
      store<i64>(first, load<i64>(first) + one + <i64>load<u8>(magnitudes + x));
    }
  }
  const model = modelOf(c), coarse = load<i32>(model + coarseOffset);
  let above = 0;
  for (let k: usize = 0; k < classCount; k++) {
    const counter = load<i64>(countersAt + (k << 3)) + load<i64>(countersAt + 128 + (k << 3));
    const count = counter >> 32, sum = counter & 0xffffffff, basic = load<i32>(usualAt + (k << 2));
    const usual = max(0, min(levelCount - 1, basic + above));
    const found = count == 0 ? usual : levelFor(((2 * sum + (coarse > 0 ? count : 0)) << coarse) * 128 / count);
    const off = found - usual;
    const level = count < minCount || count * <i64>(off * off) < minGain ? usual : found;
    store<i32>(model + levelsOffset + (k << 2), level);
    above = level - basic;
  }
}

/** The level of errors with this mean, in 1/256. */
function levelFor(mean256: i64): i32 {
  let level = 0, mean = mean256;
  for (const most = <i64>load<i32>(boundsAt + 4 * (ownLevels - 1)); mean >= most && level < levelCount - ownLevels; level += 3) mean >>= 1;
  for (let own: usize = 0; own < <usize>ownLevels - 1 && mean >= <i64>load<i32>(boundsAt + (own << 2)); own++) level++;
  return min(level, levelCount - 1);
}

/** Raw bits below the errors of `level`. */
@inline export function lowBitsOf(level: i32): i32 {
  return level < ownLevels ? 0 : 1 + (level - ownLevels) / 3;
}

/** The distribution that serves `level` in `family`. */
@inline export function distributionOf(level: i32, family: i32): i32 {
  return family * ownLevels + (level < ownLevels ? level : ownLevels - 3 + (level - ownLevels) % 3);
}

/** The family that takes fewer bits, judged on samples 0, 16, 32 ... */
function chooseFamily(c: i32): void {
  const model = modelOf(c), samples = <usize>(width * height), start = <usize>c * samples;
  let difference: i64 = 0;
  for (let i = start; i < start + samples; i += 16) {
    const level = load<i32>(model + levelsOffset + (<usize>load<u8>(classesAt + i) << 2)), low = lowBitsOf(level);
    const part = (load<i32>(errorsAt + (i << 2)) + ((1 << low) >> 1)) >> low;
    const symbol = <usize>(part < -127 || part > 127 ? 0 : part + 128) << 1, first = costsAt + (<usize>distributionOf(level, 0) << 9);
    difference += <i64>load<u16>(first + (<usize>ownLevels << 9) + symbol) - <i64>load<u16>(first + symbol);
  }
  store<i32>(model + familyOffset, difference < 0 ? 1 : 0);
}
