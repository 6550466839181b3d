/** JPEG files through tiles of coefficients and back. SPEC.md section 6.8. */
import { describe, expect, it } from '@jest/globals';
import { blocksOf, coefficientShapeOf, newCoefficients } from '../../client-sdk/core/image/content.js';
import { packInline } from '../../client-sdk/core/image/jpeg/jpeg-inline.js';
import { jpegSplitter } from '../../client-sdk/core/image/jpeg/jpeg-splitter.js';
import type { Geometry } from '../../client-sdk/core/image/splitter.js';
import { viewOfRecipe } from '../../client-sdk/core/image/recipe-view.js';
import { concat, isEqual, utf8 } from '../../client-sdk/protocol/bytes.js';
import { ByteWriter } from '../../client-sdk/core/image/varint.js';
import { segment, wavy, writeJpeg, type JpegForm } from '../support/jpeg-writer.js';
import { contentSet, joinFile, memorySource, mustSplit, type SplitFile } from '../support/memory-source.js';

const colour = [[2, 2], [1, 1], [1, 1]] as const;
const form: JpegForm = { width: 203, height: 117, sampling: colour };
const tiles = (tileBlocks: number, origin?: { readonly x: number; readonly y: number }): Geometry => ({ kind: 'tile', tilePixels: 128, tileBlocks, ...(origin && { origin }) });

async function expectExact(file: Uint8Array, geometry: Geometry = tiles(4)): Promise<SplitFile> {
  const split = await mustSplit(file, geometry);
  expect(split.recipe.splitter).toBe('jpeg');
  expect(split.summary.count).toBe(split.contents.length);
  expect(jpegSplitter.summarize(split.recipe)).toEqual(split.summary);
  expect(isEqual(await joinFile(split.recipe, split.contents), file)).toBe(true);
  return split;
}

describe('a JPEG file comes back exactly', () => {
  it.each([
    [[[1, 1]]], [[[2, 2], [1, 1], [1, 1]]], [[[2, 1], [1, 1], [1, 1]]], [[[1, 2], [1, 1], [1, 1]]], [[[1, 1], [1, 1], [1, 1], [1, 1]]],
    [[[4, 1], [1, 1], [2, 1]]], [[[3, 2], [1, 2], [2, 1]]], [[[2, 2]]],
  ] as const)('with the sampling %j, in one scan or many, with and without restarts', async (sampling) => {
    for (const kind of [{}, { isProgressive: true }, { isApart: true, precision: 12 }] as const) {
      for (const restart of [0, 3]) await expectExact(writeJpeg({ ...form, ...kind, sampling, restart }));
    }
  });

  it.each([[1, 1], [8, 8], [9, 17], [511, 3], [3, 511]])('with %d by %d pixels', async (width, height) => {
    await expectExact(writeJpeg({ ...form, width, height }));
  });

  it('whatever its cut', async () => {
    const file = writeJpeg(form);
    for (const blocks of [2, 5, 64, 90]) await expectExact(file, tiles(blocks));
    for (const cells of [4, 8, 16]) await expectExact(file, { kind: 'grid', cells });
    for (const origin of [{ x: 1, y: 0 }, { x: 5, y: 15 }, { x: 15, y: 2 }]) await expectExact(file, tiles(4, origin));
  });

  it('with other segments, and bytes after its end', async () => {
    await expectExact(writeJpeg({ ...form, before: concat(segment(0xe1, utf8('Exif and more')), segment(0xfe, utf8('a comment'))), after: utf8('after\xff\xd8\xff') }));
  });

  it('with padding that is not as predicted', async () => {
    // The same scans for a narrower picture of as many MCUs have real blocks where that one has padding.
    const file = writeJpeg({ width: 208, height: 112, sampling: colour });
    const frame = file.findIndex((byte, at) => byte === 0xff && file[at + 1] === 0xc0);
    file.set([0, 100, 0, 198], frame + 5);
    const split = await expectExact(file);
    expect(split.recipe.params).toMatchObject({ padded: [0] });
    expect(coefficientShapeOf(split.contents.at(-1) ?? new Uint8Array(0))).toEqual({ across: 26 * 14 - 25 * 13, down: 1 });
  });

  it('with a scan that breaks off', async () => {
    const file = writeJpeg(form);
    await expectExact(file.subarray(0, Math.floor(0.8 * file.length)));
  });
});

describe('a tile of coefficients', () => {
  it('has the blocks of its place in natural order', async () => {
    const { contents, summary } = await mustSplit(writeJpeg(form), tiles(4));
    const index = summary.places.findIndex(({ plane, region }) => plane === 2 && region.x === 8 && region.y === 0);
    const tile = contents[index] ?? new Uint8Array(0);
    expect(coefficientShapeOf(tile)).toEqual({ across: 4, down: 4 });
    const view = new DataView(blocksOf(tile).slice().buffer);
    for (const [x, y, place] of [[0, 0, 0], [3, 2, 0], [1, 3, 9], [3, 3, 63], [2, 0, 1]] as const) {
      expect(view.getInt16(2 * (64 * (4 * y + x) + place), true)).toBe(wavy(2, { x: 4 + x, y }, place) + 0);
    }
  });

  it('is the same whatever codes, scans and segments the file has', async () => {
    const [first, ...others] = await Promise.all(
      [{}, { isProgressive: true }, { restart: 5 }, { isApart: true }, { before: segment(0xe1, utf8('Exif')) }].map((kind) => mustSplit(writeJpeg({ ...form, ...kind }), tiles(4))),
    );
    for (const other of others) expect(other.contents).toEqual(first?.contents);
  });

  it('is the same in a crop that is cut along its original', async () => {
    const crop = writeJpeg({ ...form, width: 160, height: 80, value: (c, { x, y }, place) => wavy(c, { x: x + (c === 0 ? 6 : 3), y: y + (c === 0 ? 2 : 1) }, place) });
    const known = contentSet(await mustSplit(writeJpeg(form), tiles(4)));
    const count = async (origin?: { readonly x: number; readonly y: number }): Promise<number> =>
      (await mustSplit(crop, tiles(4, origin))).contents.filter((content) => known.has(Buffer.from(content).toString('hex'))).length;
    expect(await count()).toBe(0);
    // 20 x 10 blocks from (6, 2) hold 4 x 2 tiles of four by four, and two of the last column; 10 x 5 of each chroma from (3, 1) hold none.
    expect(await count({ x: 10, y: 14 })).toBe(4 * 2 + 2);
  });
});

describe('a file with restart markers without anything between them', () => {
  it('has the same tiles whatever was read before it', async () => {
    // Each bit is a code, of a value of eight bits: whatever bits are read make sense.
    const codes = concat(segment(0xc4, [0, 1, ...new Uint8Array(15), 8]), segment(0xc4, [0x10, 2, ...new Uint8Array(15), 8, 8]));
    const frame = (marker: number, size: number): Uint8Array => segment(marker, [8, size >> 8, 0, size >> 8, 0, 1, 1, 0x11, 0]);
    const scan = (from: number, to: number, coded: Uint8Array): Uint8Array => concat(segment(0xda, [1, 1, 0, from, to, 0]), coded);
    const markers = Uint8Array.from({ length: 2 * 16_390 }, (_, at) => (at % 2 === 0 ? 0xff : 0xd0 + ((at >> 1) & 7)));
    const blocks = new Uint8Array(18_432);
    const file = concat(
      Uint8Array.of(0xff, 0xd8), codes, frame(0xc2, 1_024), segment(0xdd, [0, 1]), scan(1, 62, markers), segment(0xdd, [0, 0]),
      scan(63, 63, blocks), scan(0, 0, blocks), scan(0, 0, blocks),
    );
    const other = (byte: number): Uint8Array => concat(Uint8Array.of(0xff, 0xd8), codes, frame(0xc0, 512), scan(0, 63, new Uint8Array(300_000).fill(byte)));
    const found: Uint8Array[] = [];
    for (const byte of [0x25, 0x5a]) {
      (await jpegSplitter.split(memorySource(other(byte)), tiles(64)))?.close?.();
      const split = await jpegSplitter.split(memorySource(file), tiles(64));
      for await (const content of split?.contents() ?? []) found.push(content);
      split?.close?.();
    }
    expect(found).toHaveLength(8);
    expect(isEqual(concat(...found.slice(0, 4)), concat(...found.slice(4)))).toBe(true);
  });
});

describe('a summary', () => {
  it('has the tiles of the first component as the picture', async () => {
    const { summary } = await mustSplit(writeJpeg(form), tiles(10));
    expect(summary.picture).toMatchObject({ width: 203, height: 117 });
    expect(summary.fileBytes).toBe(writeJpeg(form).length);
    expect(summary.picture?.regions).toEqual([
      { x: 0, y: 0, width: 80, height: 80 }, { x: 80, y: 0, width: 80, height: 80 }, { x: 160, y: 0, width: 43, height: 80 },
      { x: 0, y: 80, width: 80, height: 37 }, { x: 80, y: 80, width: 80, height: 37 }, { x: 160, y: 80, width: 43, height: 37 },
    ]);
    expect(summary.places.filter(({ plane }) => plane === 1)).toEqual([
      { plane: 1, unit: { width: 2, height: 2 }, region: { x: 0, y: 0, width: 20, height: 16 } },
      { plane: 1, unit: { width: 2, height: 2 }, region: { x: 20, y: 0, width: 6, height: 16 } },
    ]);
  });

  it('says in words what the file is', async () => {
    expect((await mustSplit(writeJpeg({ ...form, restart: 4 }))).description).toBe('JPEG sequential, 8-bit, 3 components 4:2:0, 1 scan, restart markers');
    expect((await mustSplit(writeJpeg({ width: 9, height: 9, isProgressive: true }))).description).toBe('JPEG progressive, 8-bit, 1 component, 6 scans');
  });

  it('is seen in the recipe, with what its skeleton holds', async () => {
    const { recipe } = await mustSplit(writeJpeg(form));
    const view = viewOfRecipe(recipe);
    expect(view).toMatchObject({ container: 'JPEG', pages: [{ width: 203, height: 117, channels: 3, depth: 8 }], encoders: [expect.stringMatching(/^sequential, Huffman, 1 scan, \d+ bytes of tables$/)], correctionBytes: 0 });
    expect(view.parts).toEqual([]);
    const large = viewOfRecipe((await mustSplit(writeJpeg({ ...form, before: segment(0xe1, new Uint8Array(500)), after: new Uint8Array(9) }))).recipe);
    expect(large.parts).toEqual([{ name: 'kept segments', bytes: 504 }]);
  });
});

describe('what is no JPEG file, or one of a kind that is not understood', () => {
  it('is left to bytes', async () => {
    const lossless = writeJpeg(form);
    lossless[lossless.findIndex((byte, at) => byte === 0xff && lossless[at + 1] === 0xc0) + 1] = 0xc3;
    for (const file of [utf8('no picture'), Uint8Array.of(0xff, 0xd8, 0xff), new Uint8Array(0), lossless]) {
      expect(await jpegSplitter.split(memorySource(file), tiles(4))).toBeUndefined();
    }
  });

  it('is refused with a geometry that nothing can be cut by', async () => {
    for (const geometry of [tiles(1), tiles(91), tiles(2.5), tiles(4, { x: 0, y: 0 }), tiles(4, { x: 16, y: 0 }), { kind: 'grid', cells: 5 } as const]) {
      await expect(jpegSplitter.split(memorySource(writeJpeg(form)), geometry)).rejects.toMatchObject({ code: 'argument-invalid' });
    }
  });
});

describe('a recipe of a stranger', () => {
  it('is refused where it deviates from what is written', async () => {
    const { recipe, contents } = await mustSplit(writeJpeg(form), tiles(4));
    // The recipe was just made: its params are a map.
    const params = recipe.params as Readonly<Record<string, unknown>>;
    const changes = [
      { cut: { tile: 1 } }, { cut: { tile: [4, 0, 0] } }, { cut: { tile: [4, 16, 0] } }, { cut: { tile: [4, 1] } }, { cut: { grid: 5 } }, { cut: { tile: 4, grid: 4 } }, { cut: 4 },
      { padded: [3] }, { padded: [1, 0] }, { padded: [0, 0] }, { padded: 0 }, { sections: [recipe.skeleton.length] }, { sections: [0, 1, 2] }, { inline: new Uint8Array(3) }, { inline: 3 }, { size: 0 }, { size: 1e9 }, { size: 'x' }, { more: 1 },
    ];
    for (const change of changes) {
      const changed = { ...recipe, params: { ...params, ...change } as typeof recipe.params };
      await expect(joinFile(changed, contents)).rejects.toMatchObject({ code: 'recipe-invalid' });
      expect(() => jpegSplitter.summarize(changed)).toThrow(expect.objectContaining({ code: 'recipe-invalid' }));
    }
    await expect(joinFile({ ...recipe, skeleton: concat(recipe.skeleton, Uint8Array.of(0)) }, contents)).rejects.toMatchObject({ code: 'recipe-invalid' });
    await expect(joinFile(recipe, contents.slice(1))).rejects.toMatchObject({ code: 'recipe-invalid' });
    await expect(joinFile(recipe, [...contents.slice(1), contents[0] ?? new Uint8Array(0)])).rejects.toMatchObject({ code: 'recipe-invalid' });
  });
});

describe('a recipe that promises more than it holds', () => {
  it('is refused where the file comes out longer or shorter than its size', async () => {
    const { recipe, contents } = await mustSplit(writeJpeg(form), tiles(4));
    // The recipe was just made: its params are a map, and its size a number.
    const params = recipe.params as Readonly<Record<string, number>>;
    for (const more of [-1, 1, 10_000]) {
      await expect(joinFile({ ...recipe, params: { ...params, size: (params['size'] ?? 0) + more } }, contents)).rejects.toMatchObject({ code: 'recipe-invalid' });
    }
  });

  it('is refused where scans without bits visit more blocks than a small file may, whatever size it says', async () => {
    // Codes without symbols write nothing: each scan visits 262,144 blocks in vain.
    const codes = [0, 0x10].map((place) => segment(0xc4, Uint8Array.of(place, ...new Uint8Array(16))));
    const joined = async (scans: number): Promise<Uint8Array> => {
      const frame = segment(0xc0, Uint8Array.of(8, 16, 0, 16, 0, 1, 1, 0x11, 0));
      const heads = Array.from({ length: scans }, () => segment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)));
      const segments = concat(Uint8Array.of(0xff, 0xd8), ...codes, frame, ...heads);
      // Bytes behind them make the file large enough for its blocks.
      const kept = new Uint8Array(32_768);
      const writer = new ByteWriter();
      for (const value of [1, segments.length, kept.length]) writer.varint(value);
      const tables = concat(writer.take(), segments);
      const params = { cut: { tile: 64 }, inline: packInline(concat(tables, new Uint8Array(scans))), padded: [], sections: [kept.length, tables.length, scans], size: scans > 64 ? 10_000_000 : segments.length + kept.length };
      return joinFile({ splitter: 'jpeg', params, skeleton: kept }, new Array<Uint8Array>(64).fill(newCoefficients({ across: 64, down: 64 })));
    };
    await expect(joined(64)).resolves.toHaveLength(32_768 + 64 * 10 + 2 + 2 * 21 + 13);
    await expect(joined(65)).rejects.toMatchObject({ code: 'recipe-invalid', message: expect.stringContaining('blocks') });
  });
});

describe('a split that was closed', () => {
  it('gives no more contents, for its memory may be that of another file', async () => {
    const split = await jpegSplitter.split(memorySource(writeJpeg(form)), tiles(4));
    const contents = split?.contents()[Symbol.asyncIterator]();
    expect((await contents?.next())?.done).toBe(false);
    split?.close?.();
    split?.close?.();
    await expect(contents?.next()).rejects.toBeInstanceOf(RangeError);
  });
});

describe('a file that is put together after another', () => {
  it('has nothing of that one in its padding', async () => {
    const full = await mustSplit(writeJpeg({ ...form, value: () => 7 }), tiles(4));
    for (const kind of [{}, { isProgressive: true }, { width: 33, height: 17 }]) {
      const file = writeJpeg({ ...form, ...kind });
      const split = await mustSplit(file, tiles(4));
      await joinFile(full.recipe, full.contents);
      expect(isEqual(await joinFile(split.recipe, split.contents), file)).toBe(true);
    }
  });
});
