/** TIFF files through tiles and back. SPEC.md section 6.5. */
import { describe, expect, it } from '@jest/globals';
import pako from 'pako';
import sharp from 'sharp';
import { decodeLzw, encodeLzw } from '../../client-sdk/core/image/tiff-lzw.js';
import { decodePackBits, encodePackBits } from '../../client-sdk/core/image/tiff-packbits.js';
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import { contentSet, joinFile, mustSplit, splitBytes } from '../support/memory-source.js';
import { writePng } from '../support/png-writer.js';
import { shaded, withOneSample } from '../support/test-picture.js';
import { writeTiff, type TiffForm } from '../support/tiff-writer.js';

const rgb = shaded(50, 37);

async function expectExact(file: Uint8Array): Promise<void> {
  const split = await mustSplit(file);
  expect(split.summary.count).toBe(split.contents.length);
  expect(isEqual(await joinFile(split.recipe, split.contents), file)).toBe(true);
}

function expectSame(a: Uint8Array | undefined, b: Uint8Array): void {
  expect(a !== undefined && isEqual(a, b)).toBe(true);
}

const layouts: readonly TiffForm[] = [
  {},
  { rowsPerStrip: 7, gapBytes: 3, trailing: new Uint8Array(40).fill(5) },
  { rowsPerStrip: 1 },
  { tile: [32, 16], padding: 1 },
  { tile: [16, 64] },
  { isPlanar: true, rowsPerStrip: 20 },
  { isPlanar: true, tile: [48, 32], padding: 1 },
];

describe('a TIFF file comes back exactly', () => {
  const kinds = [[1, 8], [2, 8], [3, 8], [4, 8], [1, 16], [3, 16], [4, 16]] as const;
  it.each(kinds)('with %d channels of %d bits, in either byte order', async (channels, depth) => {
    const picture = shaded(50, 37, { channels, depth });
    for (const layout of layouts) {
      for (const isLittleEndian of [true, false]) await expectExact(writeTiff(picture, { ...layout, isLittleEndian }));
    }
  });

  it.each([1, 2, 3, 4, 7, 10, 12, 14])('with samples of %d bits, packed', async (depth) => {
    const picture = shaded(37, 21, { channels: 1, depth });
    for (const padding of [0, 1] as const) {
      await expectExact(writeTiff(picture, { padding, rowsPerStrip: 5 }));
      await expectExact(writeTiff(picture, { padding, tile: [16, 16] }));
    }
  });

  it('as BigTIFF', async () => {
    for (const layout of layouts) {
      for (const isLittleEndian of [true, false]) await expectExact(writeTiff(rgb, { ...layout, isLittleEndian, isBig: true }));
    }
  });

  it('with several pages, some of them of a kind that is not understood', async () => {
    const pages = [rgb, shaded(20, 30, { channels: 1, seed: 2 }), shaded(33, 17, { depth: 16, seed: 3 })];
    await expectExact(writeTiff(pages, { rowsPerStrip: 9 }));
    for (const unknown of [0, 1, 2]) {
      await expectExact(writeTiff(pages, { compression: pages.map((_, page) => (page === unknown ? 99 : 1)) }));
    }
  });

  it.each([
    ['LZW', 5, (packed: Uint8Array) => encodeLzw(packed, { doesCountLast: true })],
    ['older LZW', 5, (packed: Uint8Array) => encodeLzw(packed, { doesCountLast: false })],
    ['PackBits', 32_773, (packed: Uint8Array, rowBytes: number) => encodePackBits(packed, rowBytes)],
    ['Deflate', 8, (packed: Uint8Array) => pako.deflate(packed, { level: 6 })],
    ['older Deflate', 32_946, (packed: Uint8Array) => pako.deflate(packed, { level: 9 })],
  ])('compressed with %s', async (_name, compression, compress) => {
    for (const layout of layouts) await expectExact(writeTiff(rgb, { ...layout, compression, compress }));
  });

  it.each(['lzw', 'packbits', 'none'] as const)('written by libtiff, compression %s, with and without a predictor', async (compression) => {
    const raw = { width: rgb.width, height: rgb.height, channels: 3 as const };
    for (const predictor of ['none', 'horizontal'] as const) {
      for (const tile of [false, true]) {
        const file = await sharp(rgb.samples, { raw }).tiff({ compression, predictor, tile, tileWidth: 32, tileHeight: 32 }).toBuffer();
        await expectExact(new Uint8Array(file));
      }
    }
  });
});

describe('a TIFF file goes as bytes', () => {
  it.each([
    ['its strips overlap', { rowsPerStrip: 9, moveOffset: (offset: number, index: number) => (index === 1 ? offset - 5 : offset) }],
    ['a strip leaves the file', { rowsPerStrip: 9, moveOffset: (offset: number, index: number) => (index === 1 ? 9_000_000 : offset) }],
    ['a strip covers its header', { rowsPerStrip: 9, moveOffset: (offset: number, index: number) => (index === 0 ? 2 : offset) }],
    ['its compression is unknown', { compression: 7 }],
    ['a compressed strip is damaged', { compression: 5 }],
  ] as const)('when %s', async (_name, form) => {
    expect(await splitBytes(writeTiff(rgb, form))).toBeUndefined();
  });

  it('when it is cut off', async () => {
    const file = writeTiff(rgb);
    for (const length of [3, 4, 7, 8, 20, file.length - 1]) {
      const split = await splitBytes(file.subarray(0, length));
      if (split !== undefined) expect(isEqual(await joinFile(split.recipe, split.contents), file.subarray(0, length))).toBe(true);
    }
  });
});

describe('the tiles of a TIFF file', () => {
  it('are those of a PNG file of the same pixels, whatever the layout', async () => {
    for (const depth of [8, 16]) {
      const picture = shaded(50, 37, { depth });
      const png = contentSet(await splitBytes(writePng(picture)));
      for (const layout of layouts) {
        for (const isLittleEndian of [true, false]) {
          expect(contentSet(await splitBytes(writeTiff(picture, { ...layout, isLittleEndian })))).toEqual(png);
        }
      }
    }
  });

  it('change in one place where one pixel changes', async () => {
    const before = contentSet(await splitBytes(writeTiff(rgb)));
    const after = contentSet(await splitBytes(writeTiff(withOneSample(rgb, 49, 36))));
    expect([...after].filter((content) => !before.has(content))).toHaveLength(1);
  });
});

describe('the codecs of TIFF', () => {
  const long = shaded(400, 300, { seed: 7 }).samples;
  const inputs = [Uint8Array.of(1), new Uint8Array(70_000), long, long.map((_, i) => (i >> 3) & 3), long.map((byte) => byte & 1)];

  it('give back what they coded', () => {
    for (const plain of inputs) {
      for (const doesCountLast of [true, false]) expectSame(decodeLzw(encodeLzw(plain, { doesCountLast }), plain.length), plain);
      expectSame(decodePackBits(encodePackBits(plain, 400), plain.length), plain);
    }
  });

  it('answer undefined for damaged and for other lengths', () => {
    const codes = encodeLzw(long, { doesCountLast: true });
    expect(decodeLzw(codes, long.length - 1)).toBeUndefined();
    expect(decodeLzw(codes, long.length + 1)).toBeUndefined();
    expect(decodeLzw(codes.subarray(0, 100), long.length)).toBeUndefined();
    const packed = encodePackBits(long, 400);
    expect(decodePackBits(packed, long.length - 1)).toBeUndefined();
    expect(decodePackBits(packed, long.length + 1)).toBeUndefined();
    expect(decodePackBits(Uint8Array.of(5, 1), 6)).toBeUndefined();
  });
});
