/**
 * The planes of a tile while it is coded: one array of integers with a border around each plane, and the colour
 * transforms between channels and planes. Nothing here outlives one call. SPEC.md section 5.5.
 */
import { fault } from '../errors.js';
import { type TileShape } from './content.js';

/** Planes with their borders: two columns left and right, two rows above, one below. */
export interface Planes {
  readonly shape: TileShape;
  readonly stride: number;
  /** Entries of one plane. */
  readonly size: number;
  /** Values, plane after plane. */
  readonly values: Int32Array;
  /** Absolute prediction errors at the same places. */
  readonly errors: Int32Array;
}

/** Ways to turn the first three channels into planes. */
export const colours = { none: 0, green: 1, luma: 2, mean: 3, chain: 4 } as const;
export const colourCount = 5;

let scratchValues = new Int32Array(0);
let scratchErrors = new Int32Array(0);

/** Planes for `shape`, their errors zero and their values undefined. Valid until the next call. */
export function newPlanes(shape: TileShape): Planes {
  const stride = shape.width + 4;
  const size = stride * (shape.height + 3);
  const length = size * shape.channels;
  if (scratchValues.length < length) {
    scratchValues = new Int32Array(length);
    scratchErrors = new Int32Array(length);
  }
  const errors = scratchErrors.subarray(0, length).fill(0);
  return { shape, stride, size, values: scratchValues.subarray(0, length), errors };
}

/** Index of the first sample of plane `c`. */
export function originOf(planes: Planes, c: number): number {
  return c * planes.size + 2 * planes.stride + 2;
}

/** Lowest and highest value of plane `c`, when samples are 0 .. `max`. */
export function boundsOf(planes: Planes, c: number, colour: number, max: number): { readonly low: number; readonly high: number } {
  const isDifference = colour !== colours.none && (c === 1 || c === 2) && planes.shape.channels >= 3;
  return { low: isDifference ? -max : 0, high: max };
}

/** Fills the border of row `y` of plane `c`, which all readers of later rows and planes use. `y` is complete. */
export function closeRow(planes: Planes, c: number, y: number): void {
  const { shape, stride, values, errors } = planes;
  const row = originOf(planes, c) + y * stride;
  const end = row + shape.width;
  const last = values[end - 1]!;
  values[end] = last;
  values[end + 1] = last;
  errors[end] = errors[end - 1]!;
  const next = row + stride;
  const first = values[row]!;
  if (y === 0) values.fill(first, row - 2, row);
  values[next - 1] = first;
  values[next - 2] = first;
  errors[next - 1] = errors[row]!;
  errors[next - 2] = errors[row]!;
  if (y === 0) values.copyWithin(row - stride - 2, row - 2, end + 2);
  if (y === shape.height - 1) values.copyWithin(next - 2, row - 2, end + 2);
}

/** Prepares the border before row 0 of plane `c`: all that is known is `start`. */
export function openPlane(planes: Planes, c: number, start: number): void {
  const row = originOf(planes, c);
  planes.values.fill(start, row - 2, row);
  planes.values.fill(start, row - planes.stride - 2, row - planes.stride + planes.shape.width + 2);
}

/** Turns channels into planes in place: three channels R, G, B become what `colour` says. */
export function toPlanes(planes: Planes, colour: number): void {
  const { shape, stride, size, values } = planes;
  if (shape.channels < 3) return;
  for (let y = 0; y < shape.height; y++) {
    const row = originOf(planes, 0) + y * stride;
    for (let r = row, g = row + size, b = g + size; r < row + shape.width; r++, g++, b++) {
      const red = values[r]!;
      const green = values[g]!;
      const blue = values[b]!;
      if (colour === colours.luma) {
        const orange = red - blue;
        const mean = blue + (orange >> 1);
        values[r] = mean + ((green - mean) >> 1);
        values[g] = orange;
        values[b] = green - mean;
      } else if (colour === colours.chain) {
        values[g] = green - red;
        values[b] = blue - green;
      } else {
        values[r] = green;
        values[g] = colour === colours.none ? red : red - green;
        values[b] = colour === colours.none ? blue : colour === colours.green ? blue - green : blue - ((green + red) >> 1);
      }
    }
  }
}

/** The inverse of `toPlanes`. Throws DiceError `recipe-invalid` where a sample leaves 0 .. `max`. */
export function toChannels(planes: Planes, colour: number, max: number): void {
  const { shape, stride, size, values } = planes;
  if (shape.channels < 3) return;
  let out = 0;
  for (let y = 0; y < shape.height; y++) {
    const row = originOf(planes, 0) + y * stride;
    for (let r = row, g = row + size, b = g + size; r < row + shape.width; r++, g++, b++) {
      const first = values[r]!;
      const second = values[g]!;
      const third = values[b]!;
      let red = first;
      let green = first;
      let blue = third;
      if (colour === colours.luma) {
        const mean = first - (third >> 1);
        green = third + mean;
        blue = mean - (second >> 1);
        red = blue + second;
      } else if (colour === colours.chain) {
        green = second + first;
        blue = third + green;
      } else {
        red = colour === colours.none ? second : second + first;
        if (colour === colours.green) blue = third + first;
        else if (colour === colours.mean) blue = third + ((green + red) >> 1);
      }
      out |= red | green | blue | (max - red) | (max - green) | (max - blue);
      values[r] = red;
      values[g] = green;
      values[b] = blue;
    }
  }
  if (out < 0) throw fault('recipe-invalid', 'A tile has a sample outside its depth.');
}

/**
 * The colour transform whose planes look smallest: for each, the product over the planes of the mean absolute
 * W + N - NW error, judged on every fourth pair of rows.
 */
export function chooseColour(planes: Planes): number {
  const { shape, stride, size, values } = planes;
  if (shape.channels < 3) return colours.none;
  const sums = new Float64Array(9);
  let count = 1;
  for (let y = 1; y < shape.height; y += (y & 1) === 1 ? 1 : 3) {
    const row = originOf(planes, 0) + y * stride;
    for (let i = row + 1; i < row + shape.width; i++) {
      addErrors(sums, gradient(values, i, stride), gradient(values, i + size, stride), gradient(values, i + 2 * size, stride));
      count++;
    }
  }
  return smallest(sums, count * 2 ** Math.max(0, shape.depth - 8));
}

function gradient(values: Int32Array, i: number, stride: number): number {
  return values[i]! - values[i - 1]! - values[i - stride]! + values[i - stride - 1]!;
}

function addErrors(sums: Float64Array, red: number, green: number, blue: number): void {
  const orange = red - blue;
  const mean = blue + (orange >> 1);
  sums[0]! += Math.abs(red);
  sums[1]! += Math.abs(green);
  sums[2]! += Math.abs(blue);
  sums[3]! += Math.abs(red - green);
  sums[4]! += Math.abs(blue - green);
  sums[5]! += Math.abs(orange);
  sums[6]! += Math.abs(green - mean);
  sums[7]! += Math.abs(blue - ((green + red) >> 1));
  sums[8]! += Math.abs(mean + ((green - mean) >> 1));
}

/** Compares products of three means, each in quarters below 2^17 so that the products are exact integers. */
function smallest(sums: Float64Array, count: number): number {
  const mean = (i: number): number => Math.min(0x1fffe, Math.floor((4 * sums[i]!) / count)) + 1;
  const factors = [[0, 1, 2], [1, 3, 4], [8, 5, 6], [1, 3, 7], [0, 3, 4]];
  const products = factors.map((three) => three.reduce((product, i) => product * mean(i), 1));
  return products.indexOf(Math.min(...products));
}
