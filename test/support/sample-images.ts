/**
 * Small images made from a seed, for tests that need real files: photographs, drawings, odd files. PNG and TIFF of the
 * same pixels, JPEG, and bytes that are no image.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { pngOf, tiffOf, type Pixels } from '../../bench/plain-images.js';

/** Smooth colours with noise: codes like a photograph. */
export function photograph(width: number, height: number, seed = 1): Pixels {
  const samples = new Uint8Array(width * height * 3);
  let state = seed * 2_654_435_761;
  for (let i = 0; i < samples.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    const pixel = Math.floor(i / 3);
    const light = 128 + 70 * Math.sin((pixel % width) / (20 + seed)) + 50 * Math.cos(pixel / width / 17);
    samples[i] = Math.max(0, Math.min(255, Math.round(light + ((state >>> 24) % 9) - 4 + (i % 3) * 8)));
  }
  return { width, height, samples };
}

/** The same picture with one pixel changed. */
export function withOnePixel(pixels: Pixels, x: number, y: number): Pixels {
  const samples = pixels.samples.slice();
  samples[3 * (y * pixels.width + x)] = (samples[3 * (y * pixels.width + x)] ?? 0) ^ 0x55;
  return { ...pixels, samples };
}

/** JPEG bytes of a picture. */
export async function jpegOf(pixels: Pixels, quality = 85): Promise<Uint8Array> {
  const raw = { width: pixels.width, height: pixels.height, channels: 3 as const };
  return sharp(pixels.samples, { raw }).jpeg({ quality }).toBuffer();
}

/** Writes a folder of varied files below `folder` and answers their names relative to it. */
export async function writeSamples(folder: string): Promise<readonly string[]> {
  const picture = photograph(300, 200, 3);
  const files: readonly (readonly [string, Uint8Array])[] = [
    ['photo.png', pngOf(picture)],
    ['scans/photo.tif', tiffOf(picture)],
    ['scans/photo one pixel.png', pngOf(withOnePixel(picture, 150, 100))],
    ['photo.jpg', await jpegOf(picture)],
    ['deep/er/empty.bin', new Uint8Array()],
    ['deep/no image.txt', new TextEncoder().encode('not an image at all, only a few words\n')],
    ['deep/broken.png', pngOf(photograph(90, 70, 9)).subarray(0, 9000)],
    ['deep/name\nwith newline & "quotes" ü.png', pngOf(photograph(64, 64, 5))],
  ];
  for (const [name, bytes] of files) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
  return files.map(([name]) => name);
}
