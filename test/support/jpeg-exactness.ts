/**
 * What tests of scans have in common: files that sharp makes, and that they come back.
 */
import { expect } from '@jest/globals';
import sharp, { type JpegOptions } from 'sharp';
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import { openJpeg, rejoined, type OpenJpeg } from './jpeg-rejoin.js';
import { shaded } from './test-picture.js';

/** Of a made file. */
interface Size {
  readonly width?: number;
  readonly height?: number;
  readonly channels?: 1 | 3 | 4;
}

/** A file that sharp makes of a made picture. */
export async function jpeg(options: JpegOptions = {}, { width = 75, height = 53, channels = 3 }: Size = {}): Promise<Uint8Array> {
  const picture = sharp(shaded(width, height, { channels }).samples, { raw: { width, height, channels } });
  const spaced = channels === 4 ? picture.pipelineColourspace('cmyk').toColourspace('cmyk') : channels === 1 ? picture.toColourspace('b-w') : picture;
  return new Uint8Array(await spaced.jpeg({ quality: 90, ...options }).toBuffer());
}

/** What is understood of a file that must be. */
export function mustOpen(file: Uint8Array): OpenJpeg {
  const open = openJpeg(file);
  if (open === undefined) throw new Error('The file is not understood.');
  return open;
}

/** Bytes of scans that are kept as they were. */
export function tailBytes(file: Uint8Array): number {
  return mustOpen(file).traits.reduce((sum, { tail }) => sum + tail.length, 0);
}

/** The file comes back, and no byte of its scans is kept as it was. */
export function expectWhole(file: Uint8Array): void {
  expect(tailBytes(file)).toBe(0);
  expectExact(file);
}

/** The file comes back. */
export function expectExact(file: Uint8Array): void {
  const again = rejoined(file);
  expect(again !== undefined && isEqual(again, file)).toBe(true);
}

/** Where the first segment of a kind begins, at its 0xFF. */
export function segmentAt(file: Uint8Array, marker: number): number {
  for (let at = 2; at + 4 <= file.length; at += 2 + (file[at + 2] ?? 0) * 256 + (file[at + 3] ?? 0)) if (file[at + 1] === marker) return at;
  throw new Error('There is no such segment.');
}
