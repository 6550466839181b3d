/**
 * Linear prediction inside a tile: each plane carries the coefficients that fitted it best, and this file finds them,
 * writes them, and sums per row what is known before the row is coded. SPEC.md section 5.6.
 */
import { originOf, type Planes } from './tile-planes.js';
import { decodeRaw, encodeRaw, fold, type RangeDecoder, type RangeEncoder, unfold } from './range-coder.js';

/** Coefficients of a plane, in 1/64: six of its own, five of the plane before, two of the one before that. */
export type Coefficients = Int32Array;

/** Room for coefficients; those that a plane does not have are zero. */
export const coefficientCount = 13;
const defaults = Int32Array.of(0, -16, 20, -4, -4, 0, 0, 0, 0, 0, 0, 0, 0);
const maxCoefficient = 127;
/** Samples below which the default coefficients serve. */
const minFitSamples = 256;
/** Samples for each pair of rows in four that a fit looks at. */
const fitSamples = 2048;
/** Bits of the low part of a coefficient's code. */
const riceBits = 3;

/** How many coefficients plane `c` has. */
export function countOf(c: number): number {
  if (c === 0) return 6;
  return c === 1 ? 11 : 13;
}

/** The coefficients of a plane that is too small for a fit. */
export function defaultCoefficients(): Coefficients {
  return defaults.slice();
}

/** Writes the first `countOf(c)` coefficients, as differences from the default: one flag, then Rice codes. */
export function encodeCoefficients(encoder: RangeEncoder, c: number, coefficients: Coefficients): void {
  const isDefault = coefficients.every((value, i) => value === defaults[i]);
  encodeRaw(encoder, isDefault ? 0 : 1, 1);
  for (let i = 0; i < countOf(c) && !isDefault; i++) {
    const folded = fold(coefficients[i]! - defaults[i]!);
    for (let rest = folded >> riceBits; rest > 0; rest--) encodeRaw(encoder, 1, 1);
    encodeRaw(encoder, 0, 1);
    encodeRaw(encoder, folded & 7, riceBits);
  }
}

/** Reads what `encodeCoefficients` wrote. At most 64 ones are followed; values are held within -127 .. 127. */
export function decodeCoefficients(decoder: RangeDecoder, c: number): Coefficients {
  const coefficients = defaults.slice();
  if (decodeRaw(decoder, 1) === 0) return coefficients;
  for (let i = 0; i < countOf(c); i++) {
    let high = 0;
    while (high < 64 && decodeRaw(decoder, 1) === 1) high++;
    const folded = (high << riceBits) | decodeRaw(decoder, riceBits);
    coefficients[i] = Math.max(-maxCoefficient, Math.min(maxCoefficient, defaults[i]! + unfold(folded)));
  }
  return coefficients;
}

const features = new Float64Array(coefficientCount + 1);

/** Coefficients that fit plane `c`, from normal equations over pairs of rows, in integers. */
export function fitPlane(planes: Planes, c: number): Coefficients {
  const { width, height } = planes.shape;
  if (width < 5 || height < 4 || width * height < minFitSamples) return defaultCoefficients();
  const n = countOf(c);
  const sums = new Float64Array((n + 1) * (n + 1));
  const period = 4 * Math.max(1, Math.floor((width * height) / fitSamples));
  for (let y = 2; y < height; y++) {
    if (y % period !== 2 % period && y % period !== 3 % period) continue;
    addRow(planes, c, y, sums);
  }
  return solve(sums, n);
}

function addRow(planes: Planes, c: number, y: number, sums: Float64Array): void {
  const row = originOf(planes, c) + y * planes.stride;
  const n = countOf(c);
  const f = features;
  for (let i = row + 2; i < row + planes.shape.width - 2; i++) {
    gather(planes, c, i);
    for (let a = 0, at = 0; a < n; a++, at += n + 1) {
      const value = f[a]!;
      for (let b = a; b <= n; b++) sums[at + b] = sums[at + b]! + value * f[b]!;
    }
  }
}

/** The features of sample `i` of plane `c`, and after them what they should predict. */
function gather(planes: Planes, c: number, i: number): void {
  const { stride, size, values } = planes;
  const f = features;
  const west = values[i - 1]!;
  const north = values[i - stride]!;
  const mean = (west + north) >> 1;
  f[0] = west - north;
  f[1] = values[i - stride - 1]! - mean;
  f[2] = values[i - stride + 1]! - mean;
  f[3] = values[i - 2]! - mean;
  f[4] = values[i - 2 * stride]! - mean;
  f[5] = values[i - 2 * stride + 1]! - mean;
  let n = 6;
  if (c > 0) {
    const j = i - size;
    const west1 = values[j - 1]!;
    const north1 = values[j - stride]!;
    const mean1 = (west1 + north1) >> 1;
    f[6] = values[j]! - mean1;
    f[7] = west1 - north1;
    f[8] = values[j - stride - 1]! - mean1;
    f[9] = values[j + 1]! - mean1;
    f[10] = values[j + stride]! - mean1;
    n = 11;
  }
  if (c > 1) {
    const j = i - 2 * size;
    const west2 = values[j - 1]!;
    const north2 = values[j - stride]!;
    f[11] = values[j]! - ((west2 + north2) >> 1);
    f[12] = west2 - north2;
    n = 13;
  }
  f[n] = values[i]! - mean;
}

/** Gaussian elimination on integers of at most 2^23 before it; every product stays below 2^53. */
function solve(sums: Float64Array, n: number): Coefficients {
  const w = n + 1;
  let largest = 1;
  for (const sum of sums) largest = Math.max(largest, Math.abs(sum));
  let unit = 1;
  while (largest / unit > 0x800000) unit *= 2;
  for (let a = 0; a < n; a++) {
    for (let b = a; b <= n; b++) sums[a * w + b] = Math.floor(sums[a * w + b]! / unit);
    sums[a * w + a] = sums[a * w + a]! + Math.floor(sums[a * w + a]! / 4096) + 16;
  }
  for (let a = 0; a < n; a++) {
    const pivot = Math.max(1, sums[a * w + a]!);
    for (let b = a + 1; b < n; b++) {
      const factor = sums[a * w + b]!;
      for (let k = b; k <= n; k++) sums[b * w + k] = sums[b * w + k]! - Math.floor((factor * sums[a * w + k]!) / pivot);
    }
  }
  return substitute(sums, n);
}

function substitute(sums: Float64Array, n: number): Coefficients {
  const w = n + 1;
  const coefficients = new Int32Array(coefficientCount);
  for (let a = n - 1; a >= 0; a--) {
    let rest = 64 * sums[a * w + n]!;
    for (let b = a + 1; b < n; b++) rest -= sums[a * w + b]! * coefficients[b]!;
    const pivot = Math.max(1, sums[a * w + a]!);
    const value = Math.floor((2 * rest + pivot) / (2 * pivot));
    coefficients[a] = Math.max(-maxCoefficient, Math.min(maxCoefficient, value));
  }
  return coefficients;
}

/**
 * What is known of the predictions of row `y` of plane `c` before it is coded, into `sums`, in 1/64: every term but those of
 * the two samples to the left. The prediction is then `mean + ((sum + c0 * west + c3 * westWest - own * mean + 32) >> 6)`
 * with `mean = (west + north) >> 1` and `own` the sum of coefficients 1 to 5.
 */
export function sumKnown(planes: Planes, c: number, y: number, coefficients: Coefficients, sums: Int32Array): void {
  const { stride, size, values, shape } = planes;
  const row = originOf(planes, c) + y * stride;
  const k = coefficients;
  const [k0, k1, k2, k4, k5] = [k[0]!, k[1]!, k[2]!, k[4]!, k[5]!];
  for (let x = 0, i = row - stride; x < shape.width; x++, i++) {
    sums[x] = 32 - k0 * values[i]! + k1 * values[i - 1]! + k2 * values[i + 1]! + k4 * values[i - stride]! + k5 * values[i - stride + 1]!;
  }
  if (c > 0) addFirstReference(values, row - size, { stride, width: shape.width }, k, sums);
  if (c > 1) addSecondReference(values, row - 2 * size, { stride, width: shape.width }, k, sums);
}

interface Extent {
  readonly stride: number;
  readonly width: number;
}

function addFirstReference(values: Int32Array, row: number, { stride, width }: Extent, k: Coefficients, sums: Int32Array): void {
  const [k6, k7, k8, k9, k10] = [k[6]!, k[7]!, k[8]!, k[9]!, k[10]!];
  const own = k6 + k8 + k9 + k10;
  for (let x = 0, j = row; x < width; x++, j++) {
    const west = values[j - 1]!;
    const north = values[j - stride]!;
    const terms = k6 * values[j]! + k7 * (west - north) + k8 * values[j - stride - 1]! + k9 * values[j + 1]! + k10 * values[j + stride]!;
    sums[x] = sums[x]! + terms - own * ((west + north) >> 1);
  }
}

function addSecondReference(values: Int32Array, row: number, { stride, width }: Extent, k: Coefficients, sums: Int32Array): void {
  const [k11, k12] = [k[11]!, k[12]!];
  for (let x = 0, j = row; x < width; x++, j++) {
    const west = values[j - 1]!;
    const north = values[j - stride]!;
    sums[x] = sums[x]! + k11 * (values[j]! - ((west + north) >> 1)) + k12 * (west - north);
  }
}
