/**
 * Tiles of coefficients made by integers alone, the same everywhere: as photographs have them, noisy, sparse, extreme. For the tests and
 * vectors of their coder.
 */
import { blocksOf, type CoefficientShape, newCoefficients } from '../../client-sdk/core/image/content.js';
import { numbersFrom } from './sample-tiles.js';

export const coefficientPictures = ['photo', 'soft', 'constants', 'ramp', 'sparse', 'signs', 'noise', 'extremes', 'lowest', 'last', 'zero', 'flat'] as const;
export type CoefficientPicture = (typeof coefficientPictures)[number];

/** What gives a coefficient from its block's place and its own place in it, one after the other. */
type Painter = (next: () => number) => (x: number, y: number, i: number) => number;

/** A canonical content showing `picture`. */
export function sampleCoefficients(shape: CoefficientShape, picture: CoefficientPicture, seed = 1): Uint8Array<ArrayBuffer> {
  const content = newCoefficients(shape);
  const blocks = blocksOf(content);
  const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.byteLength);
  const valueAt = painters[picture](numbersFrom(seed));
  let at = 0;
  for (let y = 0; y < shape.down; y++) {
    for (let x = 0; x < shape.across; x++) {
      for (let i = 0; i < 64; i++, at += 2) view.setInt16(at, valueAt(x, y, i), true);
    }
  }
  return content;
}

/** Two-sided, near zero mostly: at most `most`. */
function laplacian(next: () => number, most: number): number {
  const size = Math.floor((((next() % 256) ** 2 * (next() % 256)) / 2 ** 24) * most);
  return next() % 2 === 0 ? size : -size;
}

/** Horizontal and vertical frequency together. */
function frequencyOf(i: number): number {
  return (i & 7) + (i >> 3);
}

/** The first row and column of a smooth slope. */
function slope(i: number, steepness: number): number {
  const isEdge = i < 8 || (i & 7) === 0;
  return isEdge && frequencyOf(i) % 2 === 1 ? -Math.trunc(steepness / frequencyOf(i) ** 2) : 0;
}

const painters: Readonly<Record<CoefficientPicture, Painter>> = {
  photo: (next) => (x, y, i) => (i === 0 ? 9 * x - 5 * y + (next() % 7) : slope(i, 24 + (x % 5)) + laplacian(next, Math.trunc(90 / (1 + frequencyOf(i) ** 2)))),
  soft: (next) => (x, y, i) => (i === 0 ? 3 * x + 2 * y : frequencyOf(i) < 4 ? laplacian(next, 12) : 0),
  constants: (next) => (x, _y, i) => (i === 0 ? 40 * x - (next() % 600) : 0),
  ramp: () => (x, y, i) => (i === 0 ? 12 * (x >> 3) + 7 * (y >> 2) : 0),
  sparse: (next) => () => (next() % 40 === 0 ? laplacian(next, 3000) : 0),
  signs: (next) => () => (next() % 3) - 1,
  noise: (next) => () => (next() >>> 16) - 32_768,
  extremes: (next) => () => (next() % 2 === 0 ? -32_768 : 32_767),
  lowest: () => (x, y) => ((x + y) % 2 === 0 ? -32_768 : 0),
  last: () => (x, y, i) => (i === 63 && (x ^ y) % 2 === 0 ? 1 : 0),
  zero: () => () => 0,
  flat: () => (_x, _y, i) => ((i & 7) < 3 && i < 24 ? 50 - 20 * (i & 7) - 9 * (i >> 3) : 0),
};
