/**
 * Tiles drawn by integers alone, the same everywhere: smooth, noisy, flat, drawn, scaled, stretched. For the tests and vectors of the
 * tile coder.
 */
import { newTile, samplesBytes, samplesOf, type TileShape } from '../../client-sdk/core/image/content.js';

/** Kinds of pictures. */
export const tilePictures = ['flat', 'gradient', 'photo', 'noise', 'drawing', 'sparse', 'grey', 'lattice'] as const;
export type TilePicture = (typeof tilePictures)[number];

/** Numbers 0 .. 2^32 - 1 by xorshift from `seed`. */
export function numbersFrom(seed: number): () => number {
  let state = (seed | 0) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** A tile's canonical content showing `picture`. */
export function sampleTile(shape: TileShape, picture: TilePicture, seed = 1): Uint8Array<ArrayBuffer> {
  const content = newTile(shape);
  const next = numbersFrom(seed);
  const sampleAt = painters[picture](shape, next);
  const samples = samplesOf(content);
  const size = samplesBytes(shape) / (shape.width * shape.height * shape.channels);
  let at = 0;
  for (let y = 0; y < shape.height; y++) {
    for (let x = 0; x < shape.width; x++) {
      for (let c = 0; c < shape.channels; c++) {
        const value = sampleAt(x, y, c);
        for (let k = size - 1; k >= 0; k--) samples[at++] = value >>> (8 * k);
      }
    }
  }
  return content;
}

type Painter = (shape: TileShape, next: () => number) => (x: number, y: number, c: number) => number;

function maxOf(shape: TileShape): number {
  return shape.depth === 32 ? 0xffffffff : 2 ** shape.depth - 1;
}

function within(value: number, max: number): number {
  return Math.max(0, Math.min(max, Math.floor(value)));
}

const painters: Readonly<Record<TilePicture, Painter>> = {
  flat: (shape, next) => {
    const pixel = Array.from({ length: shape.channels }, () => next() % (maxOf(shape) + 1));
    return (_x, _y, c) => pixel[c] ?? 0;
  },
  gradient: (shape) => (x, y, c) => within(((x * (c + 1) + y * 2) * maxOf(shape)) / (shape.width * (c + 1) + 2 * shape.height), maxOf(shape)),
  photo: (shape, next) => {
    const max = maxOf(shape);
    const amplitude = Math.ceil(max / 24);
    return (x, y, c) => within(max / 3 + (((x * x) / 7 + y * 3 + c * 5) * max) / 900 + (next() % amplitude), max);
  },
  noise: (shape, next) => () => next() % (maxOf(shape) + 1),
  drawing: (shape) => (x, y, c) => ((x >> 2) + (y >> 2)) % 3 === 0 ? maxOf(shape) : ((x >> 3) * 40 + c * 9) % (maxOf(shape) + 1),
  sparse: (shape, next) => {
    const max = maxOf(shape);
    return (x, y) => within(Math.floor((x + y + (next() % 3)) / 3) * 3, max - (max % 3));
  },
  grey: (shape, next) => {
    let value = 0;
    return (x, y, c) => (c === 0 ? (value = within(x * 2 + y + (next() % 5), maxOf(shape))) : value);
  },
  // Steps of 2 to 3 between the values of a place, which drift from place to place; now and then another value.
  lattice: (shape, next) => {
    const max = maxOf(shape);
    return (x, y, c) => {
      const rank = ((x * x) >> 7) + (y >> 3) + 2 * c + ((next() >>> 7) % 3) + 2;
      return (next() >>> 9) % 97 === 0 ? (next() >>> 3) % (max + 1) : within((rank * (32 + ((x + 2 * y) >> 4))) >> 4, max);
    };
  },
};
