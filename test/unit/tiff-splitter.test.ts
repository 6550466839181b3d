/** TIFF files through tiles and back. SPEC.md section 6.5. */
import { describe, expect, it } from '@jest/globals';
import pako from 'pako';
import sharp from 'sharp';
import { decodeLzw, encodeLzw, lzwVariants } from '../../client-sdk/core/image/tiff-lzw.js';
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

const libtiff = { isOld: false, full: 4_094, isWatched: true, hasEnd: true, doesCountLast: true };
const everyVariant = [true, false].flatMap((isOld) => [true, false].flatMap((hasEnd) => lzwVariants({ isOld, hasEnd })));
const reversedBits = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => Array.from({ length: 8 }, (_, k) => ((byte >> k) & 1) << (7 - k)).reduce((sum, bit) => sum | bit));

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
    ['LZW', 5, (packed: Uint8Array) => encodeLzw(packed, libtiff)],
    ['older LZW', 5, (packed: Uint8Array) => encodeLzw(packed, { ...libtiff, doesCountLast: false })],
    ['LZW without an end', 5, (packed: Uint8Array) => encodeLzw(packed, { ...libtiff, hasEnd: false })],
    ['old LZW', 5, (packed: Uint8Array) => encodeLzw(packed, { ...libtiff, isOld: true })],
    ['LZW that is cleared at will', 5, (packed: Uint8Array) => encodeLzw(packed, { ...libtiff, full: 0 }, [100, 5, 333])],
    ['LZW that is never cleared', 5, (packed: Uint8Array) => encodeLzw(packed, { ...libtiff, full: 0 })],
    ['PackBits', 32_773, (packed: Uint8Array, rowBytes: number) => encodePackBits(packed, rowBytes)],
    ['Deflate', 8, (packed: Uint8Array) => pako.deflate(packed, { level: 6 })],
    ['older Deflate', 32_946, (packed: Uint8Array) => pako.deflate(packed, { level: 9 })],
  ])('compressed with %s', async (_name, compression, compress) => {
    for (const layout of layouts) await expectExact(writeTiff(rgb, { ...layout, compression, compress }));
  });

  it.each([[24, 3, 8], [32, 4, 8], [64, 4, 16], [32, 2, 16], [64, 8, 8]])('with samples of %d bits, here %d parts of %d', async (bits, channels, depth) => {
    const picture = shaded(37, 21, { channels, depth });
    for (const layout of [{ rowsPerStrip: 5 }, { tile: [16, 32], padding: 1 }] as const) {
      for (const isLittleEndian of [true, false]) {
        for (const [compression, predictor] of [[1, 1], [8, 1], [8, 2], [8, 3], [5, 3]] as const) {
          const compress = (packed: Uint8Array): Uint8Array => (compression === 1 ? packed : compression === 5 ? encodeLzw(packed, libtiff) : pako.deflate(packed));
          const fields = [[258, bits], [277, 1], [317, predictor], [339, 3]] as const;
          await expectExact(writeTiff(picture, { ...layout, isLittleEndian, fields, compression, compress }));
        }
      }
    }
  });

  it('with several wide samples of a pixel, together and in planes', async () => {
    const parts = shaded(37, 21, { channels: 6 });
    await expectExact(writeTiff(parts, { fields: [[258, 24, 24], [277, 2]] }));
    const planes = [shaded(37, 21, { channels: 3 }), shaded(37, 21, { channels: 3, seed: 2 })];
    const samples = new Uint8Array([...planes[0]?.samples ?? [], ...planes[1]?.samples ?? []]);
    const stacked = writeTiff({ ...shaded(37, 42, { channels: 3 }), samples }, { rowsPerStrip: 21, fields: [[257, 21], [258, 24, 24], [277, 2], [284, 2]] });
    await expectExact(stacked);
    expect((await mustSplit(stacked)).recipe.params).toMatchObject({ pages: [[37, 21, 2, 32, 0]] });
  });

});

describe('a rare TIFF file comes back exactly', () => {
  it('with the bits of its bytes turned around', async () => {
    for (const layout of layouts) await expectExact(writeTiff(rgb, { ...layout, fields: [[266, 2]] }));
    const compress = (packed: Uint8Array): Uint8Array => reversedBits(encodeLzw(packed, libtiff));
    const turned = writeTiff(rgb, { fields: [[266, 2]], compression: 5, compress });
    await expectExact(turned);
    expect(contentSet(await splitBytes(turned))).toEqual(contentSet(await splitBytes(writeTiff(rgb))));
  });

  it('as YCbCr with fewer colour samples', async () => {
    const units = shaded(25, 19, { channels: 6 });
    const fields = [[256, 50], [257, 37], [258, 8, 8, 8], [262, 6], [277, 3], [530, 2, 2]] as const;
    await expectExact(writeTiff(units, { fields: [...fields, [278, 10]], rowsPerStrip: 5 }));
    await expectExact(writeTiff(units, { fields: [...fields, [322, 32], [323, 16]], tile: [16, 8] }));
    expect((await mustSplit(writeTiff(units, { fields: [...fields, [278, 38]] }))).recipe.params).toMatchObject({ pages: [[25, 19, 6, 8, 0]] });
  });

  it('where its fields are missing, or wrong', async () => {
    const strips = { rowsPerStrip: 37 };
    for (const tag of [278, 279, 284, 317, 262]) await expectExact(writeTiff(rgb, { ...strips, fields: [[tag]] }));
    await expectExact(writeTiff(rgb, { ...strips, fields: [[278, 0]] }));
    await expectExact(writeTiff(rgb, { ...strips, fields: [[278, 0xffffffff]] }));
    await expectExact(writeTiff(rgb, { ...strips, fields: [[279, 17]] }));
    const compress = (packed: Uint8Array): Uint8Array => encodeLzw(packed, libtiff);
    const lzw = { rowsPerStrip: 9, compression: 5, compress, gapBytes: 5 };
    await expectExact(writeTiff(rgb, { ...lzw, fields: [[279]] }));
    const tiled = writeTiff(rgb, { tile: [16, 16], fields: [[324], [325]] });
    expect(await splitBytes(tiled)).toBeUndefined();
  });

  it('with bytes after the end of its compressed strips', async () => {
    const after = Uint8Array.of(1, 2, 3);
    const ways = [[5, (packed: Uint8Array) => encodeLzw(packed, libtiff)], [32_773, encodePackBits], [8, (packed: Uint8Array) => pako.deflate(packed)]] as const;
    for (const [compression, way] of ways) {
      const compress = (packed: Uint8Array, rowBytes: number): Uint8Array => Uint8Array.of(...way(packed, rowBytes), ...after);
      await expectExact(writeTiff(rgb, { rowsPerStrip: 9, compression, compress }));
      await expectExact(writeTiff(rgb, { tile: [16, 32], compression, compress }));
    }
  });

  it('where strips share their bytes, and where tiles have no place', async () => {
    const even = { ...rgb, samples: rgb.samples.map((_, i) => rgb.samples[i % 150] ?? 0) };
    await expectExact(writeTiff(even, { rowsPerStrip: 1, moveOffset: () => 8 }));
    const zero = { ...rgb, samples: rgb.samples.map((byte, i) => (i % 150 < 48 ? 0 : byte)) };
    const sparse = writeTiff(zero, { tile: [16, 48], moveOffset: (offset, index) => (index === 0 ? 0 : offset), fields: [[325, 0, 2_304, 2_304, 2_304]] });
    await expectExact(sparse);
  });

  it('where one of its pages lies in another', async () => {
    const pages = [rgb, shaded(50, 37, { seed: 4 })];
    const file = writeTiff(pages, { rowsPerStrip: 37, moveOffset: (offset) => (offset > 1_000 ? 20 : offset) });
    await expectExact(file);
    expect((await mustSplit(file)).recipe.params).toMatchObject({ container: { directories: [0] } });
  });

  it('with what the buffer of its writer still held beyond the edges, which costs nothing', async () => {
    const held: Uint8Array[] = [];
    const picture = shaded(70, 50);
    const leftover = (packed: Uint8Array): Uint8Array => {
      const at = held.length;
      const [columns, rows] = [at % 3 === 2 ? 6 : 32, at < 3 ? 32 : 18];
      const buffer = held.at(-1)?.slice() ?? new Uint8Array(packed.length);
      for (let row = 0; row < rows; row++) buffer.set(packed.subarray(row * 96, row * 96 + 3 * columns), row * 96);
      held.push(buffer);
      return buffer;
    };
    const file = writeTiff(picture, { tile: [32, 32], compress: leftover });
    await expectExact(file);
    const { recipe } = await mustSplit(file);
    expect(recipe.params).toMatchObject({ container: { leftover: true } });
    expect(recipe.skeleton.length).toBeLessThan(400);
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
      const packed = encodePackBits(plain, 400);
      expectSame(decodePackBits(packed, plain.length)?.plain, plain);
      expect(decodePackBits(packed, plain.length)?.used).toBe(packed.length);
    }
  });

  it.each(everyVariant)('give back what LZW coded as %j', (variant) => {
    for (const plain of inputs.map((input) => input.subarray(0, 25_000))) {
      const codes = encodeLzw(plain, variant);
      expectSame(decodeLzw(codes, plain.length)?.plain, plain);
      if (variant.hasEnd) expect(decodeLzw(codes, plain.length)).toMatchObject({ used: codes.length, isOld: variant.isOld, hasEnd: true });
      const clears = decodeLzw(codes, plain.length)?.clears ?? [];
      expectSame(encodeLzw(plain, { ...variant, full: 0, isWatched: false }, clears), codes);
    }
  });

  it('answer undefined for damaged and for other lengths', () => {
    const codes = encodeLzw(long, libtiff);
    expect(decodeLzw(codes, long.length - 100)?.used ?? 0).toBeLessThan(codes.length);
    expect(decodeLzw(codes, long.length + 1)).toBeUndefined();
    expect(decodeLzw(codes.subarray(0, 100), long.length)).toBeUndefined();
    const packed = encodePackBits(long, 400);
    expect(decodePackBits(packed, long.length - 100)?.used ?? 0).toBeLessThan(packed.length);
    expect(decodePackBits(packed, long.length + 1)).toBeUndefined();
    expect(decodePackBits(Uint8Array.of(5, 1), 6)).toBeUndefined();
  });
});
