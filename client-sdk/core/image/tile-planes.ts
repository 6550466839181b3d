/**
 * The planes of a tile while it is coded: one array of integers with a border around each plane, and the colour
 * transforms between channels and planes. Nothing here outlives one call. SPEC.md section 5.5.
 */
import { fault } from '../errors.js';
import { type TileShape } from './content.js';
import { magnitudeScratch, valueScratch } from './tile-scratch.js';

/** How planes with their borders lie in the scratch: two columns left and right, and one row above. */
export interface Planes {
  readonly shape: TileShape;
  readonly stride: number;
  /** Entries of one plane. */
  readonly size: number;
}

/** Ways to turn the first three channels into planes. */
export const colours = { none: 0, green: 1, luma: 2, mean: 3, chain: 4 } as const;
export const colourCount = 5;

const values = valueScratch;
const magnitudes = magnitudeScratch;

/** Planes for `shape` in the scratch. Valid until the next call. */
export function newPlanes(shape: TileShape): Planes {
  const stride = shape.width + 4;
  return { shape, stride, size: stride * (shape.height + 1) };
}

/** Index of the first sample of plane `c`. */
export function originOf(planes: Pick<Planes, 'size' | 'stride'>, c: number): number {
  return c * planes.size + planes.stride + 2;
}

/** Lowest and highest value of plane `c`, when samples are 0 .. `max`. */
export function boundsOf(planes: Planes, c: number, colour: number, max: number): { readonly low: number; readonly high: number } {
  const isDifference = colour !== colours.none && (c === 1 || c === 2) && planes.shape.channels >= 3;
  return { low: isDifference ? -max : 0, high: max };
}

/** Prepares the border that row `y` of plane `c` looks at: to its left, and before row 0 all around. */
export function openRow({ size, stride, shape }: Planes, c: number, y: number, start: number): void {
  const row = originOf({ size, stride }, c) + y * stride;
  if (y === 0) {
    values.fill(start, row - stride - 2, row - stride + shape.width + 2);
    magnitudes.fill(0, row - stride - 2, row - stride + shape.width + 2);
  }
  const north = values[row - stride]!;
  values[row - 1] = north;
  values[row - 2] = north;
}

/** Fills the border of row `y` of plane `c`, which is complete, for the rows and planes after it. */
export function closeRow({ size, stride, shape }: Planes, c: number, y: number): void {
  const row = originOf({ size, stride }, c) + y * stride;
  const end = row + shape.width;
  values[end] = values[end - 1]!;
  magnitudes[end] = magnitudes[end - 1]!;
  magnitudes[end + 1] = magnitudes[end - 1]!;
  magnitudes[row - 1] = magnitudes[row]!;
  if (y === 0) values[row - 1] = values[row]!;
}

/** Fills the border to the right of all rows of plane `c`, for what looks at the plane before it is coded. */
export function closeRight({ size, stride, shape }: Planes, c: number): void {
  let end = originOf({ size, stride }, c) + shape.width;
  for (let y = 0; y < shape.height; y++, end += stride) values[end] = values[end - 1]!;
}

/** Makes plane `c` constant. */
export function fillPlane({ size }: Planes, c: number, value: number): void {
  values.fill(value, c * size, (c + 1) * size);
  magnitudes.fill(0, c * size, (c + 1) * size);
}

/** Turns channels into planes in place: three channels R, G, B become what `colour` says. */
export function toPlanes(planes: Planes, colour: number): void {
  const { shape, stride, size } = planes;
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

/**
 * The inverse of `toPlanes`. Answers a negative number where a sample left 0 .. `max`, which a hot loop gathers; the caller refuses.
 */
function restoreColour(planes: Planes, colour: number, max: number): number {
  const { shape, stride, size } = planes;
  let out = 0;
  for (let y = 0, row = originOf(planes, 0); y < shape.height; y++, row += stride) {
    for (let r = row, g = row + size, b = g + size, end = row + shape.width; r < end; r++, g++, b++) {
      const first = values[r]!;
      const second = values[g]!;
      const third = values[b]!;
      let red = second + first;
      let green = first;
      let blue = third;
      if (colour === colours.mean) blue = third + ((green + red) >> 1);
      else if (colour === colours.luma) {
        const mean = first - (third >> 1);
        green = third + mean;
        blue = mean - (second >> 1);
        red = blue + second;
      } else if (colour === colours.green) blue = third + first;
      else if (colour === colours.none) red = second;
      else {
        red = first;
        green = second + first;
        blue = third + green;
      }
      out |= red | green | blue | (max - red) | (max - green) | (max - blue);
      values[r] = red;
      values[g] = green;
      values[b] = blue;
    }
  }
  return out;
}

/** Turns planes into channels. Throws DiceError `recipe-invalid` where a sample leaves 0 .. `max`. */
export function toChannels(planes: Planes, colour: number, max: number): void {
  const isColoured = planes.shape.channels >= 3;
  for (let c = isColoured ? 3 : 0; c < planes.shape.channels; c++) checkPlane(planes, c, max);
  if (isColoured && restoreColour(planes, colour, max) < 0) throw fault('recipe-invalid', 'A tile has a sample outside its depth.');
}

function checkPlane(planes: Planes, c: number, max: number): void {
  const { shape, stride } = planes;
  let out = 0;
  for (let y = 0, row = originOf(planes, c); y < shape.height; y++, row += stride) {
    for (let i = row; i < row + shape.width; i++) out |= values[i]! | (max - values[i]!);
  }
  if (out < 0) throw fault('recipe-invalid', 'A tile has a sample outside its depth.');
}

/**
 * The colour transform whose planes look smallest: for each, the product over the planes of the mean absolute
 * W + N - NW error, judged on one row in four.
 */
export function chooseColour(planes: Planes): number {
  const { shape, stride } = planes;
  if (shape.channels < 3) return colours.none;
  const sums = new Float64Array(9);
  let count = 1;
  for (let y = 1; y < shape.height; y += 4) {
    addErrors(planes, originOf(planes, 0) + y * stride, sums);
    count += shape.width - 1;
  }
  return smallest(sums, count * 2 ** Math.max(0, shape.depth - 8));
}

/** Adds the errors of a row without its first column. A row has fewer than 2^15 samples of 16 bits, or they have fewer bits: sums stay exact. */
function addErrors({ size, stride, shape }: Planes, row: number, sums: Float64Array): void {
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0, s8 = 0;
  for (let i = row + 1, j = i + size, k = j + size; i < row + shape.width; i++, j++, k++) {
    const red = values[i]! - values[i - 1]! - values[i - stride]! + values[i - stride - 1]!;
    const green = values[j]! - values[j - 1]! - values[j - stride]! + values[j - stride - 1]!;
    const blue = values[k]! - values[k - 1]! - values[k - stride]! + values[k - stride - 1]!;
    const orange = red - blue;
    const mean = blue + (orange >> 1);
    s0 += Math.abs(red);
    s1 += Math.abs(green);
    s2 += Math.abs(blue);
    s3 += Math.abs(red - green);
    s4 += Math.abs(blue - green);
    s5 += Math.abs(orange);
    s6 += Math.abs(green - mean);
    s7 += Math.abs(blue - ((green + red) >> 1));
    s8 += Math.abs(mean + ((green - mean) >> 1));
  }
  [s0, s1, s2, s3, s4, s5, s6, s7, s8].forEach((sum, at) => {
    sums[at] = sums[at]! + sum;
  });
}

/** Compares products of three means, each in quarters below 2^17 so that the products are exact integers. */
function smallest(sums: Float64Array, count: number): number {
  const mean = (i: number): number => Math.min(0x1fffe, Math.floor((4 * sums[i]!) / count)) + 1;
  const factors = [[0, 1, 2], [1, 3, 4], [8, 5, 6], [1, 3, 7], [0, 3, 4]];
  const products = factors.map((three) => three.reduce((product, i) => product * mean(i), 1));
  return products.indexOf(Math.min(...products));
}
