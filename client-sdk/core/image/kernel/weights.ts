/**
 * The weights of a plane's prediction: least squares over its odd rows, in integers. What is found here is a writer's choice;
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

/** Finds the weights of plane `c` and puts them into its model. */
export function findWeights(c: i32, depth: i32): void {
  count = c == 0 ? 7 : c == 1 ? 9 : 10;
  shift = depth > 8 ? featureShift(c) : 0;
  memory.fill(productsAt, 0, 256 * 16);
  memory.fill(matrixAt, 0, 256 * 8);
  const step = height < 16 ? 1 : 2;
  let columns = 0, samples = 0;
  for (let y = 1; y < height; y += step) {
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

/** Features of up to 64 samples, and behind them the samples themselves: all less what is north of them. */
function gather(c: i32, y: i32, x: i32, length: i32): void {
  const at = valuesAt + ((entry(c, y) + <usize>x) << 2), up = at - (stride << 2), top = y > 1 ? up - (stride << 2) : up;
  gatherOne(0, at - 4, up, length);
  gatherOne(1, up - 4, up, length);
  gatherOne(2, up + 4, up, length);
  gatherOne(3, at - 8, up, length);
  gatherOne(4, top, up, length);
  if (c == 0) {
    gatherOne(5, up + 8, up, length);
    gatherOne(6, up - 8, up, length);
  } else {
    const same = at - (size << 2), above = up - (size << 2);
    gatherOne(5, same, above, length);
    gatherOne(6, same - 4, above, length);
    gatherOne(7, above - 4, above, length);
    gatherOne(8, above + 4, above, length);
    if (c > 1) {
      const first = valuesAt + ((entry(0, y) + <usize>x) << 2);
      gatherOne(9, first, first - (stride << 2), length);
    }
  }
  gatherOne(count, at, up, length);
  for (let k: usize = 0; k < 128; k += 16) calm(k);
}

/** Multiplies the features of 8 samples: by 4 in calm surroundings, by 2 in moderate ones. So edges do not rule the whole plane. */
function calm(at: usize): void {
  const west = v128.load(featuresAt + at), northWest = v128.load(featuresAt + 128 + at), northEast = v128.load(featuresAt + 256 + at);
  const steep = i16x8.add(i16x8.add(i16x8.abs(i16x8.sub(west, northWest)), i16x8.abs(northWest)), i16x8.abs(northEast));
  const one = i16x8.splat(1);
  const moderate = v128.and(i16x8.lt_s(steep, i16x8.splat(calmBelow << 2)), one), still = v128.and(i16x8.lt_s(steep, i16x8.splat(calmBelow)), one);
  const factor = i16x8.add(i16x8.add(one, moderate), i16x8.shl(still, 1));
  for (let k: usize = 0, end = count << 7; k <= end; k += 128) {
    v128.store(featuresAt + k + at, i16x8.mul(v128.load(featuresAt + k + at), factor));
  }
}

function gatherOne(k: usize, from: usize, less: usize, length: i32): void {
  const to = featuresAt + (k << 7), most = i16x8.splat(511), least = i16x8.splat(-511);
  for (let x: usize = 0; x < 64; x += 8) {
    const low = i32x4.shr_s(i32x4.sub(v128.load(from + (x << 2)), v128.load(less + (x << 2))), shift);
    const high = i32x4.shr_s(i32x4.sub(v128.load(from + (x << 2), 16), v128.load(less + (x << 2), 16)), shift);
    v128.store(to + (x << 1), i16x8.max_s(i16x8.min_s(i16x8.narrow_i32x4_s(low, high), most), least));
  }
  if (length < 64) memory.fill(to + (<usize>length << 1), 0, <usize>(64 - length) << 1);
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
