/**
 * The weights of a plane's prediction: least squares over all rows but the first, in integers. What is found here is a writer's choice;
 * a reader takes any weights. SPEC.md section 5.6.
 */
import { featuresAt, matrixAt, productsAt, valuesAt, weightCount } from './memory';
import { entry, height, lanes, size, stride, width } from './planes';
import { modelOf, weightsOffset } from './prediction';

/** Bits of a fraction while equations are solved. */
const fraction: i64 = 14;
/** Columns of 64 samples whose products may be summed in 32 bits. */
/** Surroundings with smaller differences are calm. */
const calmBelow: i16 = 12;
const columnsPerSum: i32 = 16;

let count: usize = 0;
let shift: i32 = 0;
let isDeep: bool = false;

/** Finds the weights of plane `c` and puts them into its model. */
export function findWeights(c: i32, depth: i32): void {
  count = c == 0 ? 7 : c == 1 ? 9 : 10;
  isDeep = depth > 8;
  shift = isDeep ? featureShift(c) : 0;
  memory.fill(productsAt, 0, 256 * 16);
  memory.fill(matrixAt, 0, 256 * 8);
  let columns = 0, samples = 0;
  for (let y = 1; y < height; y++) {
    for (let x = 0; x < width; x += 64) {
      gather(c, y, x, min(64, width - x));
      addProducts();
      if (++columns == columnsPerSum) {
        flush();
        columns = 0;
      }
    }
    samples += width;
  }
  flush();
  solve(samples);
  putWeights(c);
}

/** Bits by which differences of deep samples are cut so that usual ones are below 64. */
function featureShift(c: i32): i32 {
  let sum: i64 = 0, samples: i64 = 1;
  for (let y = 1; y < height; y += 4) {
    const row = valuesAt + (entry(c, y) << 2);
    for (let x = 0; x < width; x++) {
      const at = row + (<usize>x << 2);
      sum += abs(load<i32>(at) - load<i32>(at - (stride << 2)));
    }
    samples += width;
  }
  return max(0, 31 - clz<i32>(<i32>(sum / samples) | 1) - 5);
}

/**
 * Features of up to 64 samples, and behind them the samples themselves: all less what is north of them. They count four times in
 * calm surroundings, twice in moderate ones, so that edges do not rule the whole plane.
 */
function gather(c: i32, y: i32, x: i32, length: i32): void {
  if (isDeep) gatherAll(c, y, x, length, true);
  else gatherAll(c, y, x, length, false);
}

@inline function gatherAll(c: i32, y: i32, x: i32, length: i32, mustCut: bool): void {
  const start = valuesAt + ((entry(c, y) + <usize>x) << 2), above = stride << 2, plane = size << 2;
  const nearTop = y > 1 ? above : 0, first = valuesAt + ((entry(0, y) + <usize>x) << 2) - start;
  for (let k: usize = 0; k < <usize>length; k += 8) {
    const at = start + (k << 2), up = at - above, to = featuresAt + (k << 1);
    const low = v128.load(up), high = v128.load(up, 16);
    const west = less(at - 4, low, high, mustCut), northWest = less(up - 4, low, high, mustCut), northEast = less(up + 4, low, high, mustCut);
    const factor = calm(west, northWest, northEast);
    v128.store(to, i16x8.mul(west, factor));
    v128.store(to, i16x8.mul(northWest, factor), 128);
    v128.store(to, i16x8.mul(northEast, factor), 256);
    v128.store(to, i16x8.mul(less(at - 8, low, high, mustCut), factor), 384);
    v128.store(to, i16x8.mul(less(up - nearTop, low, high, mustCut), factor), 512);
    if (c == 0) {
      v128.store(to, i16x8.mul(less(up + 8, low, high, mustCut), factor), 640);
      v128.store(to, i16x8.mul(less(up - 8, low, high, mustCut), factor), 768);
    } else {
      const same = at - plane, over = up - plane, sameLow = v128.load(over), sameHigh = v128.load(over, 16);
      v128.store(to, i16x8.mul(less(same, sameLow, sameHigh, mustCut), factor), 640);
      v128.store(to, i16x8.mul(less(same - 4, sameLow, sameHigh, mustCut), factor), 768);
      v128.store(to, i16x8.mul(less(over - 4, sameLow, sameHigh, mustCut), factor), 896);
      v128.store(to, i16x8.mul(less(over + 4, sameLow, sameHigh, mustCut), factor), 1024);
      if (c > 1) v128.store(to, i16x8.mul(less(at + first, v128.load(up + first), v128.load(up + first, 16), mustCut), factor), 1152);
    }
    v128.store(to + (count << 7), i16x8.mul(less(at, low, high, mustCut), factor));
  }
  if (length == 64) return;
  for (let k: usize = 0; k <= count; k++) memory.fill(featuresAt + (k << 7) + (<usize>length << 1), 0, <usize>(64 - length) << 1);
}

/** Eight values less eight others, cut to -511 .. 511 where samples are deep: others cannot be beyond. */
@inline function less(from: usize, low: v128, high: v128, mustCut: bool): v128 {
  const first = i32x4.sub(v128.load(from), low), second = i32x4.sub(v128.load(from, 16), high);
  if (!mustCut) return i16x8.narrow_i32x4_s(first, second);
  const cut = i16x8.narrow_i32x4_s(i32x4.shr_s(first, shift), i32x4.shr_s(second, shift));
  return i16x8.max_s(i16x8.min_s(cut, i16x8.splat(511)), i16x8.splat(-511));
}

/** 4, 2 or 1 for each of eight samples. */
@inline function calm(west: v128, northWest: v128, northEast: v128): v128 {
  const steep = i16x8.add(i16x8.add(i16x8.abs(i16x8.sub(west, northWest)), i16x8.abs(northWest)), i16x8.abs(northEast));
  const one = i16x8.splat(1);
  const moderate = v128.and(i16x8.lt_s(steep, i16x8.splat(calmBelow << 2)), one), still = v128.and(i16x8.lt_s(steep, i16x8.splat(calmBelow)), one);
  return i16x8.add(i16x8.add(one, moderate), i16x8.shl(still, 1));
}

/** Adds the products of all pairs of features to their sums. */
function addProducts(): void {
  let to = productsAt;
  for (let i: usize = 0; i <= count; i++) {
    const one = featuresAt + (i << 7);
    const a = v128.load(one), b = v128.load(one, 16), c = v128.load(one, 32), d = v128.load(one, 48);
    const e = v128.load(one, 64), f = v128.load(one, 80), g = v128.load(one, 96), h = v128.load(one, 112);
    for (let other = featuresAt; other <= one; other += 128, to += 16) {
      const ab = i32x4.add(i32x4.dot_i16x8_s(a, v128.load(other)), i32x4.dot_i16x8_s(b, v128.load(other, 16)));
      const cd = i32x4.add(i32x4.dot_i16x8_s(c, v128.load(other, 32)), i32x4.dot_i16x8_s(d, v128.load(other, 48)));
      const ef = i32x4.add(i32x4.dot_i16x8_s(e, v128.load(other, 64)), i32x4.dot_i16x8_s(f, v128.load(other, 80)));
      const gh = i32x4.add(i32x4.dot_i16x8_s(g, v128.load(other, 96)), i32x4.dot_i16x8_s(h, v128.load(other, 112)));
      v128.store(to, i32x4.add(v128.load(to), i32x4.add(i32x4.add(ab, cd), i32x4.add(ef, gh))));
    }
  }
}

@inline function cell(i: usize, j: usize): usize {
  return matrixAt + (((i << 4) + j) << 3);
}

/** Adds the sums to the matrix, of which the lower half is used. */
function flush(): void {
  let from = productsAt;
  for (let i: usize = 0; i <= count; i++) {
    for (let j: usize = 0; j <= i; j++, from += 16) {
      store<i64>(cell(i, j), load<i64>(cell(i, j)) + lanes(v128.load(from)));
      v128.store(from, i32x4.splat(0));
    }
  }
}

/** Elimination in symmetric form: row `count` is the right side. What is on the diagonal is raised a little first, and stays positive. */
function solve(samples: i32): void {
  for (let k: usize = 0; k < count; k++) store<i64>(cell(k, k), load<i64>(cell(k, k)) + (load<i64>(cell(k, k)) >> 10) + <i64>samples + 1);
  for (let k: usize = 0; k < count; k++) {
    const pivot = max<i64>(1, load<i64>(cell(k, k)));
    store<i64>(cell(k, k), pivot);
    for (let i = k + 1; i <= count; i++) {
      const ratio = (load<i64>(cell(i, k)) << fraction) / pivot;
      // Row i of what is left, up to its diagonal; of the right side all.
      for (let j = k + 1; j <= min(i, count - 1); j++) store<i64>(cell(i, j), load<i64>(cell(i, j)) - ((ratio * load<i64>(cell(j, k))) >> fraction));
    }
  }
  for (let k = <isize>count - 1; k >= 0; k--) {
    let rest = load<i64>(cell(count, k)) << fraction;
    for (let j = <usize>k + 1; j < count; j++) rest -= load<i64>(cell(j, k)) * load<i64>(cell(j, 15));
    const solution = rest / load<i64>(cell(k, k));
    store<i64>(cell(k, 15), max<i64>(-0x8000, min<i64>(0x7fff, solution)));
  }
}

/** Weights in 64ths, -127 to 127, at their places in the model. */
function putWeights(c: i32): void {
  const to = modelOf(c) + weightsOffset;
  memory.fill(to, 0, weightCount << 2);
  for (let k: usize = 0; k < count; k++) {
    const weight = max<i64>(-127, min<i64>(127, (load<i64>(cell(k, 15)) + 128) >> 8));
    store<i32>(to + (placeOf(c, k) << 2), <i32>weight);
  }
}

/** Place of the k-th feature of plane `c` among the weights. */
@inline function placeOf(c: i32, k: usize): usize {
  return c > 0 && k > 4 ? k + 2 : k;
}
