/** PNG files through tiles and back. SPEC.md section 6.4. */
import { describe, expect, it } from '@jest/globals';
import pako from 'pako';
import { shapeOf } from '../../client-sdk/core/image/content.js';
import { rasterSplitter } from '../../client-sdk/core/image/raster-splitter.js';
import { concat, hexOf, isEqual, u32, utf8 } from '../../client-sdk/protocol/bytes.js';
import { contentSet, joinFile, memorySource, mustSplit, splitBytes } from '../support/memory-source.js';
import { pngChunk, writePng, type PngForm } from '../support/png-writer.js';
import { rechannelled, shaded, withOneSample, type TestPicture } from '../support/test-picture.js';

const rgb = shaded(70, 45);

async function expectExact(picture: TestPicture, form: PngForm = {}): Promise<void> {
  const file = writePng(picture, form);
  const split = await mustSplit(file);
  expect(split.summary.count).toBe(split.contents.length);
  expect(isEqual(await joinFile(split.recipe, split.contents), file)).toBe(true);
}

describe('a PNG file comes back exactly', () => {
  it.each([
    [1, 1, 0], [1, 2, 0], [1, 4, 0], [1, 8, 0], [1, 16, 0], [3, 8, 2], [3, 16, 2], [1, 1, 3], [1, 2, 3], [1, 4, 3], [1, 8, 3],
    [2, 8, 4], [2, 16, 4], [4, 8, 6], [4, 16, 6],
  ])('with %d channels of %d bits, colour type %d, plain and interlaced', async (channels, depth, colourType) => {
    const picture = shaded(37, 21, { channels, depth });
    for (const isInterlaced of [false, true]) await expectExact(picture, { colourType, isInterlaced, filter: (row) => row % 5 });
  });

  it.each([[1, 1], [1, 9], [9, 1], [2, 2], [3, 5], [5, 3], [16, 16], [17, 16]])('with %d by %d pixels', async (width, height) => {
    for (const isInterlaced of [false, true]) await expectExact(shaded(width, height), { isInterlaced, filter: () => 4 });
  });

  it('whatever its filters and IDAT sizes', async () => {
    for (const type of [0, 1, 2, 3, 4]) await expectExact(rgb, { filter: () => type });
    for (const idatBytes of [1, 2, 7, 1_000, 8_192]) await expectExact(rgb, { idatBytes });
  });

  it('whatever its encoder', async () => {
    const flushed = (stream: Uint8Array): Uint8Array => {
      const rows = pako.inflate(stream);
      const deflate = new pako.Deflate({});
      deflate.push(rows.subarray(0, 4_000), pako.constants.Z_SYNC_FLUSH);
      deflate.push(rows.subarray(4_000), true);
      return deflate.result;
    };
    await expectExact(rgb, { changeStream: flushed, idatBytes: 999 });
    const { description } = await mustSplit(writePng(rgb, { changeStream: flushed }));
    expect(description).toMatch(/tokens like those of zlib level \d, \d+ bytes of corrections/);
  });

  it('with stored blocks', async () => {
    await expectExact(rgb, { level: 0 });
  });

  it('with spare bits that are not zero', async () => {
    const picture = shaded(13, 9, { channels: 1, depth: 2 });
    for (const isInterlaced of [false, true]) await expectExact(picture, { hasSpareOnes: true, isInterlaced });
  });

  it('with other chunks, bytes after its end, wrong checksums and strays in its stream', async () => {
    const before = concat(pngChunk('tEXt', utf8('Comment\0hidden')), pngChunk('abCd', new Uint8Array(500), true));
    await expectExact(rgb, { before, after: utf8('after the end'), idatBytes: 500, wrongCrc: 2 });
    await expectExact(rgb, { changeStream: (stream) => concat(stream, utf8('stray')) });
    await expectExact(rgb, { changeStream: (stream) => stream.subarray(0, -4) });
    await expectExact(rgb, { changeStream: (stream) => concat(stream.subarray(0, -1), Uint8Array.of(7)) });
    await expectExact(rgb, { changeStream: (stream) => concat(Uint8Array.of(0x18, 0x19), stream.subarray(2)) });
  });

  it('cut off behind its pixels', async () => {
    const file = writePng(rgb).subarray(0, -5);
    const split = await mustSplit(file);
    expect(isEqual(await joinFile(split.recipe, split.contents), file)).toBe(true);
  });

  it('with tiles of any size and every grid', async () => {
    const file = writePng(rgb);
    const tiles = [17, 64, 256].map((tilePixels) => ({ kind: 'tile', tilePixels }) as const);
    const grids = [4, 8, 16].map((cells) => ({ kind: 'grid', cells }) as const);
    for (const geometry of [...tiles, ...grids]) {
      const split = await mustSplit(file, geometry);
      expect(isEqual(await joinFile(split.recipe, split.contents), file)).toBe(true);
    }
  });
});

describe('a split', () => {
  it('yields the same contents again, from any index, and knows its recipe without having been read', async () => {
    const source = memorySource(writePng(rgb));
    const geometry = { kind: 'tile', tilePixels: 16 } as const;
    const split = await rasterSplitter.split(source, geometry);
    const read = await mustSplit(writePng(rgb), geometry);
    expect(await split?.summary()).toEqual(read.summary);
    expect(await split?.recipe()).toEqual(read.recipe);
    expect(split?.maxCount).toBe(read.contents.length);
    const rest: Uint8Array[] = [];
    for await (const content of split?.contents(7) ?? []) rest.push(content);
    expect(rest.map(hexOf)).toEqual(read.contents.slice(7).map(hexOf));
    expect(rasterSplitter.summarize(read.recipe)).toEqual(read.summary);
  });

  it('says that the file changed where it did', async () => {
    for (const file of [writePng(rgb, { idatBytes: 2_000 }), writePng(rgb, { isInterlaced: true })]) {
      const split = await rasterSplitter.split(memorySource(file), { kind: 'tile', tilePixels: 16 });
      file.fill(0x55, 600, 700);
      const read = async (): Promise<void> => {
        for await (const content of split?.contents() ?? []) expect(content.length).toBeGreaterThan(0);
      };
      await expect(read()).rejects.toMatchObject({ code: 'file-changed' });
    }
  });

  it('refuses a geometry that no recipe may name', async () => {
    const split = rasterSplitter.split(memorySource(writePng(rgb)), { kind: 'tile', tilePixels: 15 });
    await expect(split).rejects.toMatchObject({ code: 'argument-invalid' });
  });
});

describe('a PNG file goes as bytes', () => {
  const unsplit = async (file: Uint8Array): Promise<void> => {
    expect(await splitBytes(file)).toBeUndefined();
  };

  it('when it is cut off, damaged, or has too few or too many pixels', async () => {
    const file = writePng(rgb);
    await unsplit(file.subarray(0, 400));
    await unsplit(file.subarray(0, 20));
    await unsplit(writePng(rgb, { changeStream: (stream) => stream.map((byte, i) => (i === 2 ? byte | 6 : byte)) }));
    const taller = writePng(rgb);
    taller.set(u32(46), 20);
    await unsplit(taller);
    const lower = writePng(rgb);
    lower.set(u32(44), 20);
    await unsplit(lower);
    await unsplit(writePng(rgb, { filter: () => 5 }));
  });

  it('when it announces more than its data can hold, before anything is allocated', async () => {
    const bomb = writePng(rgb);
    bomb.set(concat(u32(0x7fffffff), u32(0x7fffffff)), 16);
    await unsplit(bomb);
    bomb.set(concat(u32(30_000), u32(30_000)), 16);
    await unsplit(bomb);
  });

  it('when it unfolds much further than it announces', async () => {
    await unsplit(writePng(rgb, { changeStream: () => pako.deflate(new Uint8Array(40_000_000)) }));
  });
});

describe('the tiles of a picture', () => {
  it('are the same without its alpha channel where that is constant, and as grey where it is kept as colour', async () => {
    const colour = contentSet(await splitBytes(writePng(rgb)));
    const opaque = rechannelled(rgb, [0, 1, 2, { value: 255 }]);
    expect(contentSet(await splitBytes(writePng(opaque)))).toEqual(colour);
    const grey = rechannelled(rgb, [0]);
    const greyContents = contentSet(await splitBytes(writePng(grey)));
    expect(contentSet(await splitBytes(writePng(rechannelled(grey, [0, 0, 0]))))).toEqual(greyContents);
    expect(contentSet(await splitBytes(writePng(rechannelled(grey, [0, 0, 0, { value: 0 }]))))).toEqual(greyContents);
  });

  it('are the same interlaced or not, whatever the compression', async () => {
    const straight = contentSet(await splitBytes(writePng(rgb)));
    expect(contentSet(await splitBytes(writePng(rgb, { isInterlaced: true, level: 9, filter: () => 4 })))).toEqual(straight);
  });

  it('change in one place where one pixel changes', async () => {
    const before = contentSet(await splitBytes(writePng(rgb)));
    const after = contentSet(await splitBytes(writePng(withOneSample(rgb, 40, 20))));
    expect([...after].filter((content) => !before.has(content))).toHaveLength(1);
  });

  it('leave flat ones in the recipe', async () => {
    const flat: TestPicture = { ...shaded(48, 32, { channels: 4 }), samples: new Uint8Array(48 * 32 * 4).fill(9) };
    const file = writePng(flat);
    const split = await mustSplit(file);
    expect(split.contents).toEqual([]);
    expect(split.summary.picture).toMatchObject({ width: 48, height: 32, regions: [] });
    expect(split.summary.picture?.flat).toHaveLength(6);
    expect(isEqual(await joinFile(split.recipe, []), file)).toBe(true);
    const spotted = await mustSplit(writePng(withOneSample(flat, 20, 20)));
    expect(spotted.summary.picture?.regions).toEqual([{ x: 16, y: 16, width: 16, height: 16 }]);
    expect(spotted.contents.map(shapeOf)).toEqual([{ width: 16, height: 16, channels: 1, depth: 8 }]);
  });
});
