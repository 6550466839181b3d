/**
 * Grey pictures as tables of numbers, to be turned, cropped and cut into tiles: what tests of places on pictures compare with.
 */
import { newTile, sampleBytes, samplesOf } from '../../client-sdk/core/image/content.js';
import type { Region } from '../../client-sdk/core/image/splitter.js';
import { numbersFrom } from './sample-tiles.js';

/** Values row by row. */
export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  readonly values: Int32Array;
}

/** A tile's content and the place of its top left pixel. */
export interface PlacedTile {
  readonly content: Uint8Array;
  readonly x: number;
  readonly y: number;
}

/** A picture of what `valueAt` answers. */
export function drawn(width: number, height: number, valueAt: (x: number, y: number) => number): GreyPicture {
  return { width, height, values: Int32Array.from({ length: width * height }, (_, i) => valueAt(i % width, Math.floor(i / width))) };
}

/** Shades with texture, values from 20 to 219. */
export function textured(width: number, height: number, seed: number): GreyPicture {
  const next = numbersFrom(seed);
  return drawn(width, height, (x, y) => 20 + ((x >> 2) % 50) + ((y >> 1) % 50) + (next() % 100));
}

/** Every pixel another value. */
export function numbered(width: number, height: number): GreyPicture {
  return drawn(width, height, (x, y) => y * width + x);
}

/** The picture transposed if bit 2 is set, then mirrored left to right if bit 0 is, then top to bottom if bit 1 is. */
export function turned(picture: GreyPicture, orientation: number): GreyPicture {
  let made = picture;
  if ((orientation & 4) !== 0) made = drawn(made.height, made.width, transposedFrom(made));
  if ((orientation & 1) !== 0) made = drawn(made.width, made.height, mirroredFrom(made));
  if ((orientation & 2) !== 0) made = drawn(made.width, made.height, flippedFrom(made));
  return made;
}

/** What lies within `region`. */
export function cropped(picture: GreyPicture, region: Region): GreyPicture {
  return drawn(region.width, region.height, (x, y) => valueOf(picture, region.x + x, region.y + y));
}

/** The value of a pixel. Throws RangeError outside of the picture. */
export function valueOf({ width, height, values }: GreyPicture, x: number, y: number): number {
  if (x < 0 || y < 0 || x >= width || y >= height) throw new RangeError('outside of the picture');
  return values[y * width + x] ?? 0;
}

/** The picture in tiles of `tilePixels`; the values stand in the first channel, other channels are noise. */
export function tilesOf(picture: GreyPicture, { tilePixels = 64, depth = 8, channels = 1 } = {}): PlacedTile[] {
  const tiles: PlacedTile[] = [];
  for (let y = 0; y < picture.height; y += tilePixels) {
    for (let x = 0; x < picture.width; x += tilePixels) {
      const width = Math.min(tilePixels, picture.width - x);
      const height = Math.min(tilePixels, picture.height - y);
      tiles.push({ content: tileContent(cropped(picture, { x, y, width, height }), depth, channels), x, y });
    }
  }
  return tiles;
}

function tileContent(picture: GreyPicture, depth: number, channels: number): Uint8Array {
  const content = newTile({ width: picture.width, height: picture.height, channels, depth });
  const samples = samplesOf(content);
  const next = numbersFrom(depth);
  const size = sampleBytes(depth);
  for (let i = 0; i < samples.length / size; i++) {
    const value = i % channels === 0 ? (picture.values[i / channels] ?? 0) : next() % 2 ** Math.min(depth, 16);
    for (let byte = 0; byte < size; byte++) samples[i * size + byte] = value >>> (8 * (size - 1 - byte));
  }
  return content;
}

function transposedFrom(picture: GreyPicture): (x: number, y: number) => number {
  return (x, y) => valueOf(picture, y, x);
}

function mirroredFrom(picture: GreyPicture): (x: number, y: number) => number {
  return (x, y) => valueOf(picture, picture.width - 1 - x, y);
}

function flippedFrom(picture: GreyPicture): (x: number, y: number) => number {
  return (x, y) => valueOf(picture, x, picture.height - 1 - y);
}
