/**
 * The hot loops of the predicted mode, a row of a plane at a time: prediction, errors and their classes. No state, no
 * allocation, no branch on samples. SPEC.md sections 5.6 and 5.7.
 */
import { originOf, type Planes } from './tile-planes.js';
import { classScratch, errorScratch, magnitudeScratch, valueScratch } from './tile-scratch.js';

const values = valueScratch;
const magnitudes = magnitudeScratch;
const errors = errorScratch;
const classes = classScratch;

/** Largest magnitude that is kept of an error. */
export const maxMagnitude = 127;
/** Classes of samples by the energy of the errors around them. */
export const classCount = 12;
const classStarts = [0, 1, 2, 4, 8, 14, 24, 41, 71, 121, 206, 352];
/** By energy, at most 8 magnitudes. */
const classOf = Uint8Array.from({ length: 8 * maxMagnitude + 1 }, (_, energy) => classStarts.findLastIndex((start) => start <= energy));

/** Predictors: the median, then linear ones with sixteenths of W, N, NW, NE, WW. */
export const linearWeights = [[], [8, 4, 0, 4, 0], [5, 4, 2, 3, 2], [10, 9, -6, 3, 0]] as const;
export const predictorCount = 4;

/** A row of a plane, and how it is predicted. Row 0 is always predicted by the median. */
export interface RowUse {
  readonly planes: Planes;
  readonly c: number;
  readonly y: number;
  readonly predictor: number;
  /** Bits by which magnitudes are coarser than errors. */
  readonly coarse: number;
}

function sizeOf(value: number): number {
  return (value ^ (value >> 31)) - (value >> 31);
}

/** W + N - NW, held between W and N: NW + max(a, b, 0) + min(a, b, 0) with a = N - NW, b = W - NW, without branches. */
function medianOf(west: number, north: number, northWest: number): number {
  const a = north - northWest;
  const b = west - northWest;
  const below = a & (a >> 31);
  const above = a - below;
  const over = b - above;
  const under = b - below;
  return north + (over & ~(over >> 31)) + (under & (under >> 31));
}

/** The errors of a row into the scratch from `start`, and their magnitudes. */
export function findErrors(use: RowUse, start: number): void {
  if (use.predictor === 0 || use.y === 0) missMedian(use, start);
  else missLinear(use, start);
}

function missMedian({ planes, c, y, coarse }: RowUse, start: number): void {
  const { stride, shape } = planes;
  const row = originOf(planes, c) + y * stride;
  let west = values[row - 1]!;
  let northWest = values[row - stride - 1]!;
  for (let i = row, n = row - stride, at = start, end = row + shape.width; i < end; i++, n++, at++) {
    const north = values[n]!;
    const value = values[i]!;
    const error = value - medianOf(west, north, northWest);
    errors[at] = error;
    const magnitude = sizeOf(error) >> coarse;
    const room = maxMagnitude - magnitude;
    magnitudes[i] = magnitude + (room & (room >> 31));
    west = value;
    northWest = north;
  }
}

function missLinear({ planes, c, y, predictor, coarse }: RowUse, start: number): void {
  const { stride, shape } = planes;
  const weights = linearWeights[predictor]!;
  const [ofWest, ofNorth, ofNorthWest, ofNorthEast, ofWestWest] = [weights[0]!, weights[1]!, weights[2]!, weights[3]!, weights[4]!];
  const row = originOf(planes, c) + y * stride;
  let west = values[row - 1]!;
  let westWest = values[row - 2]!;
  let northWest = values[row - stride - 1]!;
  let north = values[row - stride]!;
  for (let i = row, n = row - stride, at = start, end = row + shape.width; i < end; i++, n++, at++) {
    const northEast = values[n + 1]!;
    const value = values[i]!;
    const sum = Math.imul(ofNorth, north) + Math.imul(ofNorthWest, northWest) + Math.imul(ofNorthEast, northEast) + Math.imul(ofWestWest, westWest)
      + Math.imul(ofWest, west) + 8;
    const error = value - (sum >> 4);
    errors[at] = error;
    const magnitude = sizeOf(error) >> coarse;
    const room = maxMagnitude - magnitude;
    magnitudes[i] = magnitude + (room & (room >> 31));
    westWest = west;
    west = value;
    northWest = north;
    north = northEast;
  }
}

/** The values of a row from its errors, which begin the scratch. A stranger's may pass 32 bits and are then taken modulo 2^32. */
export function restoreRow(use: RowUse): void {
  if (use.predictor === 0 || use.y === 0) restoreMedian(use);
  else restoreLinear(use);
}

function restoreMedian({ planes, c, y }: RowUse): void {
  const { stride, shape } = planes;
  const row = originOf(planes, c) + y * stride;
  let west = values[row - 1]!;
  let northWest = values[row - stride - 1]!;
  for (let x = 0, i = row, n = row - stride, width = shape.width; x < width; x++, i++, n++) {
    const north = values[n]!;
    west = (medianOf(west, north, northWest) + errors[x]!) | 0;
    values[i] = west;
    northWest = north;
  }
}

function restoreLinear({ planes, c, y, predictor }: RowUse): void {
  const { stride, shape } = planes;
  const weights = linearWeights[predictor]!;
  const [ofWest, ofNorth, ofNorthWest, ofNorthEast, ofWestWest] = [weights[0]!, weights[1]!, weights[2]!, weights[3]!, weights[4]!];
  const row = originOf(planes, c) + y * stride;
  let west = values[row - 1]!;
  let westWest = values[row - 2]!;
  let northWest = values[row - stride - 1]!;
  let north = values[row - stride]!;
  for (let x = 0, i = row, n = row - stride, width = shape.width; x < width; x++, i++, n++) {
    const northEast = values[n + 1]!;
    const known = Math.imul(ofNorth, north) + Math.imul(ofNorthWest, northWest) + Math.imul(ofNorthEast, northEast) + Math.imul(ofWestWest, westWest) + 8;
    const value = (((known + Math.imul(ofWest, west)) >> 4) + errors[x]!) | 0;
    values[i] = value;
    westWest = west;
    west = value;
    northWest = north;
    north = northEast;
  }
}

/** The magnitudes of a row from its errors, which begin the scratch. */
export function measureRow({ planes, c, y, coarse }: RowUse): void {
  const row = originOf(planes, c) + y * planes.stride;
  for (let x = 0; x < planes.shape.width; x++) magnitudes[row + x] = Math.min(maxMagnitude, (sizeOf(errors[x]!) >>> 0) >>> coarse);
}

/**
 * The classes of a row into the scratch from `start`: by the errors above, and around the same place in the plane before. Answers
 * one bit for each class that occurs.
 */
export function findClasses(planes: Planes, c: number, y: number, start: number): number {
  const { stride, shape, size } = planes;
  const row = originOf(planes, c) + y * stride;
  let n = row - stride;
  let west = magnitudes[n - 1]!;
  let here = magnitudes[n]!;
  let east = magnitudes[++n]!;
  let seen = 0;
  const end = start + shape.width;
  if (c === 0) {
    for (let at = start; at < end; at++) {
      const next = magnitudes[++n]!;
      const k = classOf[here + ((west + here + east) << 1) + next]!;
      classes[at] = k;
      seen |= 1 << k;
      west = here;
      here = east;
      east = next;
    }
    return seen;
  }
  let f = row - size;
  let left = magnitudes[f - 1]!;
  let same = magnitudes[f]!;
  for (let at = start; at < end; at++) {
    const right = magnitudes[++f]!;
    const k = classOf[west + left + ((here + same) << 1) + east + right]!;
    classes[at] = k;
    seen |= 1 << k;
    left = same;
    same = right;
    west = here;
    here = east;
    east = magnitudes[++n]!;
  }
  return seen;
}

/** How often classes occur in a row, and the sum of their magnitudes: of every second sample. */
export function countClasses({ planes, c, y }: RowUse, start: number, counts: Int32Array, sums: Int32Array): void {
  const { shape, stride } = planes;
  const row = originOf(planes, c) + y * stride;
  for (let x = y & 1; x < shape.width; x += 2) {
    const k = classes[start + x]!;
    counts[k] = counts[k]! + 1;
    sums[k] = sums[k]! + magnitudes[row + x]!;
  }
}

/** Adds to `sums` what each predictor misses in a row, which is not the first of several. */
export function addMisses({ stride, shape, size }: Planes, c: number, y: number, sums: Float64Array): void {
  const row = originOf({ size, stride }, c) + y * stride;
  let median = 0;
  let first = 0;
  let second = 0;
  let third = 0;
  let west = values[row]!;
  let westWest = west;
  let northWest = values[row - stride]!;
  let north = northWest;
  for (let i = row, n = row - stride, end = row + shape.width; i < end; i++) {
    const northEast = values[++n]!;
    const value = values[i]!;
    median += sizeOf(value - medianOf(west, north, northWest));
    first += sizeOf(value - ((2 * west + north + northEast + 2) >> 2));
    second += sizeOf(value - ((5 * west + 4 * north + 2 * northWest + 3 * northEast + 2 * westWest + 8) >> 4));
    third += sizeOf(value - ((10 * west + 9 * north - 6 * northWest + 3 * northEast + 8) >> 4));
    westWest = west;
    west = value;
    northWest = north;
    north = northEast;
  }
  sums[0] = sums[0]! + median;
  sums[1] = sums[1]! + first;
  sums[2] = sums[2]! + second;
  sums[3] = sums[3]! + third;
}
