/**
 * Small pictures of TIFF and of deep PNG by our own decoder: they look like the picture, whatever holds its samples, and what is
 * damaged, unknown or slow has none.
 */
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { encodeLzw, lzwVariants } from '../../client-sdk/core/image/tiff-lzw.js';
import { makePreview } from '../../client-sdk/node/preview.js';
import { rasterPreview } from '../../client-sdk/raster-preview.js';
import type { SmallPicture } from '../../client-sdk/small-picture.js';
import { memorySource } from '../support/memory-source.js';
import { writePng } from '../support/png-writer.js';
import { sampleAt, shaded, type TestPicture } from '../support/test-picture.js';
import { writeTiff } from '../support/tiff-writer.js';

const limits = { maxSide: 320, maxMs: 20_000, minDepth: 1, now: () => 0, breathe: () => Promise.resolve() };

async function previewOf(file: Uint8Array, other: Partial<typeof limits> = {}): Promise<SmallPicture> {
  const preview = await rasterPreview(memorySource(file), { ...limits, ...other });
  if (preview === undefined) throw new Error('no preview');
  return preview;
}

/** Red, green and blue of a pixel. */
function pixel({ rgba, width }: SmallPicture, x: number, y: number): readonly number[] {
  return [...rgba.subarray(4 * (y * width + x), 4 * (y * width + x) + 3)];
}

/** Samples of a pixel as bytes; deep ones stretched over the range that `of` uses. */
function expected(of: TestPicture, x: number, y: number): readonly number[] {
  const all = Array.from({ length: of.width * of.height * of.channels }, (_, i) => sampleAt(of, i));
  const [least, most] = of.depth > 8 ? [Math.min(...all), Math.max(...all)] : [0, 2 ** of.depth - 1];
  return [0, 1, 2].map((k) => Math.round(((sampleAt(of, (y * of.width + x) * of.channels + (of.channels < 3 ? 0 : k)) - least) * 255) / (most - least)));
}

function expectSame(preview: SmallPicture, picture: TestPicture): void {
  expect([preview.width, preview.height]).toEqual([picture.width, picture.height]);
  for (const [x, y] of [[0, 0], [picture.width - 1, 0], [7, 11], [picture.width - 1, picture.height - 1]] as const) {
    for (const [k, value] of pixel(preview, x, y).entries()) expect(Math.abs(value - (expected(picture, x, y)[k] ?? 0))).toBeLessThanOrEqual(1);
  }
}

describe('previews by our own decoder', () => {
  it.each([
    ['grey 1 bit', { channels: 1, depth: 1 }],
    ['grey 4 bits', { channels: 1, depth: 4 }],
    ['grey 8 bits', { channels: 1, depth: 8 }],
    ['RGB 8 bits', { channels: 3, depth: 8 }],
    ['grey 12 bits', { channels: 1, depth: 12 }],
    ['grey 16 bits', { channels: 1, depth: 16 }],
    ['RGB 16 bits', { channels: 3, depth: 16 }],
  ])('show a TIFF of %s as it is, in either byte order, in strips and tiles, planar or not', async (_name, form) => {
    const picture = shaded(50, 40, form);
    for (const file of [{}, { isLittleEndian: false, rowsPerStrip: 7 }, { tile: [16, 32] as const }, { isPlanar: true, rowsPerStrip: 9 }]) expectSame(await previewOf(writeTiff(picture, file)), picture);
  });

  it('decode LZW and deflate strips', async () => {
    const picture = shaded(50, 40, { channels: 1, depth: 16 });
    const variant = lzwVariants({ isOld: false, hasEnd: true })[0];
    if (variant === undefined) throw new Error('no way to write LZW');
    expectSame(await previewOf(writeTiff(picture, { compression: 5, rowsPerStrip: 8, compress: (rows) => encodeLzw(rows, variant) })), picture);
    const deflated = writeTiff(picture, { compression: 8, rowsPerStrip: 8, compress: (rows) => new Uint8Array(deflateSync(rows)) });
    expectSame(await previewOf(deflated), picture);
  });

  it('turn around white that is zero, and look colours up in a palette', async () => {
    const grey = shaded(30, 20, { channels: 1, depth: 8 });
    expect(pixel(await previewOf(writeTiff(grey, { fields: [[262, 0]] })), 7, 11)).toEqual(expected(grey, 7, 11).map((value) => 255 - value));
    const colours = Array.from({ length: 3 * 256 }, (_, i) => (i < 256 ? 257 * i : i < 512 ? 257 * (511 - i) : 65_535));
    const found = pixel(await previewOf(writeTiff(grey, { fields: [[262, 3], [320, ...colours]] })), 7, 11);
    const index = expected(grey, 7, 11)[0] ?? 0;
    expect(found).toEqual([index, 255 - index, 255]);
  });

  it('show 16-bit PNG over the range that it uses: ten bits in sixteen are not black', async () => {
    const picture = shaded(50, 40, { channels: 1, depth: 16 });
    const dark = { ...picture, samples: picture.samples.map((byte, i) => (i % 2 === 0 ? byte >> 6 : byte)) };
    expectSame(await previewOf(writePng(dark)), dark);
    expectSame(await previewOf(writePng(shaded(50, 40, { channels: 3, depth: 16 }))), shaded(50, 40, { channels: 3, depth: 16 }));
  });

  it('are averages of boxes: a pattern of black and white is grey', async () => {
    const picture = shaded(640, 400, { channels: 1, depth: 8 });
    const samples = picture.samples.map((_, i) => ((i + Math.floor(i / 640)) % 2) * 255);
    const preview = await previewOf(writeTiff({ ...picture, samples }));
    expect([preview.width, preview.height]).toEqual([320, 200]);
    expect(pixel(preview, 100, 100)).toEqual([128, 128, 128]);
  });

  it('stand upright, as the file asks', async () => {
    const picture = shaded(30, 20, { channels: 1, depth: 8 });
    for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const file = writeTiff(picture, { fields: [[274, orientation]] });
      const { data, info } = await sharp(file).rotate().toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
      const preview = await previewOf(file);
      expect([preview.width, preview.height]).toEqual([info.width, info.height]);
      for (const [x, y] of [[0, 0], [3, 5], [info.width - 1, 2]] as const) expect(Math.abs((pixel(preview, x, y)[0] ?? 0) - (data[(y * info.width + x) * info.channels] ?? 0))).toBeLessThanOrEqual(1);
    }
  });

  it('leave to the platform what it shows well, and have nothing for what is damaged, unknown or slow', async () => {
    const none = async (file: Uint8Array, other: Partial<typeof limits> = {}): Promise<boolean> => (await rasterPreview(memorySource(file), { ...limits, ...other })) === undefined;
    const picture = shaded(50, 40, { channels: 1, depth: 16 });
    let clock = 0;
    expect(await none(writePng(shaded(50, 40)))).toBe(true);
    expect(await none(writePng(picture, { isInterlaced: true }))).toBe(true);
    expect(await none(writePng(picture).subarray(0, 400))).toBe(true);
    expect(await none(writeTiff(picture).subarray(0, 400))).toBe(true);
    expect(await none(writeTiff(picture, { compression: 7 }))).toBe(true);
    expect(await none(writeTiff(shaded(50, 40)), { minDepth: 9 })).toBe(true);
    expect(await none(writeTiff(picture), { maxMs: 100, now: () => (clock += 30) })).toBe(true);
    expect(await none(new Uint8Array())).toBe(true);
  });

  it('are what Node’s platform shows of 16 bits, as WebP', async () => {
    const picture = shaded(200, 150, { channels: 1, depth: 16 });
    const dark = { ...picture, samples: picture.samples.map((byte, i) => (i % 2 === 0 ? byte >> 5 : byte)) };
    const webp = await makePreview(memorySource(writePng(dark)), 100_000);
    const { data, info } = await sharp(webp).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([200, 150]);
    expect(Math.abs((data[(20 * 200 + 30) * info.channels] ?? 0) - (expected(dark, 30, 20)[0] ?? 0))).toBeLessThan(16);
  });
});

it.each([[256, true], [2_064, false]])('a tiled TIFF of 67 million pixels, whose decoder has two rows of tiles in memory, has a preview with tiles of %d rows: %p', async (tileHeight, hasPreview) => {
  const flat = sharp({ create: { width: 16_384, height: 4_112, channels: 3, background: '#345' } });
  const file = await flat.tiff({ compression: 'deflate', tile: true, tileWidth: 1_024, tileHeight }).toBuffer();
  expect((await makePreview(memorySource(Uint8Array.from(file)), 100_000)) !== undefined).toBe(hasPreview);
});
