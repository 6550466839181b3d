/**
 * Pictures as tables of quantised blocks, to be turned, cropped, scaled and cut into tiles: what tests of patches and anchors of
 * JPEG pictures compare with. Everything is done one coefficient at a time, as jpegtran's manual says it.
 */
import { blocksOf, newCoefficients } from '../../client-sdk/core/image/content.js';
import type { PlacedTile } from './grey-picture.js';
import { numbersFrom } from './sample-tiles.js';

/** Blocks row by row, 64 coefficients each in natural order. */
export interface CoefficientPicture {
  readonly across: number;
  readonly down: number;
  readonly values: Int16Array;
}

/** The frequencies of a coefficient, across and down. */
export type Frequencies = readonly [u: number, v: number];

/** One coefficient of the block at (x, y). */
export type Coefficient = (x: number, y: number, frequencies: Frequencies) => number;

/** A picture of what `valueAt` answers. */
export function drawnBlocks(across: number, down: number, valueAt: Coefficient): CoefficientPicture {
  const values = Int16Array.from({ length: 64 * across * down }, (_, i) => {
    const block = i >> 6;
    return valueAt(block % across, Math.floor(block / across), [i & 7, (i >> 3) & 7]);
  });
  return { across, down, values };
}

/** Something like a photograph: few large coefficients, many small ones, zeros at high frequencies. */
export function photographed(across: number, down: number, seed: number): CoefficientPicture {
  const next = numbersFrom(seed);
  return drawnBlocks(across, down, (x, y, [u, v]) => {
    if (u + v === 0) return 40 + 3 * x - 2 * y + (next() % 9);
    const most = Math.floor(60 / ((u + v) * (u + v)));
    return most === 0 ? (next() % 64 === 0 ? 1 : 0) : (next() % (2 * most + 1)) - most;
  });
}

/** The coefficients of a picture, which throw RangeError outside of it. */
export function coefficientsOf({ across, down, values }: CoefficientPicture): Coefficient {
  return (x, y, [u, v]) => {
    if (x < 0 || y < 0 || x >= across || y >= down) throw new RangeError('outside of the picture');
    return values[64 * (y * across + x) + 8 * v + u] ?? 0;
  };
}

/** What lies within a window of blocks. */
export function croppedBlocks(picture: CoefficientPicture, window: { readonly x: number; readonly y: number; readonly across: number; readonly down: number }): CoefficientPicture {
  const valueAt = coefficientsOf(picture);
  return drawnBlocks(window.across, window.down, (x, y, place) => valueAt(window.x + x, window.y + y, place));
}

/** The picture transposed if bit 2 is set, then mirrored left to right if bit 0 is, then top to bottom if bit 1 is. */
export function turnedBlocks(picture: CoefficientPicture, orientation: number): CoefficientPicture {
  const { across, down } = picture;
  const valueAt = coefficientsOf(picture);
  let made = picture;
  if ((orientation & 4) !== 0) made = drawnBlocks(down, across, (x, y, [u, v]) => valueAt(y, x, [v, u]));
  if ((orientation & 1) !== 0) made = mirroredBlocks(made);
  if ((orientation & 2) !== 0) made = flippedBlocks(made);
  return made;
}

/** The picture with each coefficient changed. */
export function changedBlocks(picture: CoefficientPicture, change: (value: number, place: readonly [x: number, y: number, u: number, v: number]) => number): CoefficientPicture {
  const valueAt = coefficientsOf(picture);
  return drawnBlocks(picture.across, picture.down, (x, y, [u, v]) => change(valueAt(x, y, [u, v]), [x, y, u, v]));
}

/** The picture as the content of one tile. */
export function contentOfBlocks({ across, down, values }: CoefficientPicture): Uint8Array<ArrayBuffer> {
  const content = newCoefficients({ across, down });
  const bytes = new DataView(blocksOf(content).buffer, blocksOf(content).byteOffset);
  values.forEach((value, i) => {
    bytes.setInt16(2 * i, value, true);
  });
  return content;
}

/** The picture in tiles of so many blocks along each side. */
export function coefficientTilesOf(picture: CoefficientPicture, tileBlocks: number): PlacedTile[] {
  const tiles: PlacedTile[] = [];
  for (let y = 0; y < picture.down; y += tileBlocks) {
    for (let x = 0; x < picture.across; x += tileBlocks) {
      const window = { x, y, across: Math.min(tileBlocks, picture.across - x), down: Math.min(tileBlocks, picture.down - y) };
      tiles.push({ content: contentOfBlocks(croppedBlocks(picture, window)), x, y });
    }
  }
  return tiles;
}

function mirroredBlocks(picture: CoefficientPicture): CoefficientPicture {
  const { across, down } = picture;
  const valueAt = coefficientsOf(picture);
  return drawnBlocks(across, down, (x, y, [u, v]) => valueAt(across - 1 - x, y, [u, v]) * (u % 2 === 0 ? 1 : -1));
}

function flippedBlocks(picture: CoefficientPicture): CoefficientPicture {
  const { across, down } = picture;
  const valueAt = coefficientsOf(picture);
  return drawnBlocks(across, down, (x, y, [u, v]) => valueAt(x, down - 1 - y, [u, v]) * (v % 2 === 0 ? 1 : -1));
}
