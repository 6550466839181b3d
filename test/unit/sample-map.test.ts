/** One picture in several forms of samples: its tiles are the same. SPEC.md section 6.3. */
import { describe, expect, it } from '@jest/globals';
import { DiceError } from '../../client-sdk/core/errors.js';
import { codeContent, decodeContent } from '../../client-sdk/core/image/coded.js';
import { mapOfPalette, mapOfValue, mapSamples, mapValue, unmapSamples, type SampleMap } from '../../client-sdk/core/image/sample-map.js';
import { concat, isEqual } from '../../client-sdk/protocol/bytes.js';
import { contentSet, joinFile, mustSplit, type SplitFile } from '../support/memory-source.js';
import { pngChunk, writePng } from '../support/png-writer.js';
import { shaded, withOneSample, type TestPicture } from '../support/test-picture.js';
import { writeTiff } from '../support/tiff-writer.js';

async function expectExact(file: Uint8Array): Promise<SplitFile> {
  const split = await mustSplit(file);
  expect(isEqual(await joinFile(split.recipe, split.contents), file)).toBe(true);
  return split;
}

async function expectMeeting(...files: readonly Uint8Array[]): Promise<void> {
  const sets = [];
  for (const file of files) sets.push(contentSet(await expectExact(file)));
  for (const set of sets) expect(set).toEqual(sets[0]);
  expect(sets[0]?.size).toBeGreaterThan(0);
}

const changed = (picture: TestPicture, depth: number, change: (sample: number) => number): TestPicture => {
  const samples = picture.samples.map(change);
  return { ...picture, depth, samples };
};
const palette = (shades: readonly number[]): Uint8Array => pngChunk('PLTE', Uint8Array.from(shades.flatMap((shade) => [shade, shade, shade])));
/** A PNG file of colour type 3, of which the writer's own palette is replaced. */
const withPalette = (picture: TestPicture, shades: readonly number[]): Uint8Array => {
  const file = writePng(picture, { colourType: 3 });
  const length = 12 + 3 * 2 ** picture.depth;
  return concat(file.subarray(0, 33), palette(shades), file.subarray(33 + length));
};

describe('a grey picture has the same tiles', () => {
  it.each([[1, 255], [2, 85], [4, 17]])('with %d bits as with 8, where shades are %d apart, and with white as zero', async (depth, step) => {
    const packed = shaded(70, 41, { channels: 1, depth });
    const spread = changed(packed, 8, (sample) => sample * step);
    const turned = (picture: TestPicture): Uint8Array => writeTiff(changed(picture, picture.depth, (sample) => 2 ** picture.depth - 1 - sample), { fields: [[262, 0]] });
    await expectMeeting(writePng(packed), writePng(packed, { isInterlaced: true }), writePng(spread), writeTiff(packed, { rowsPerStrip: 7 }), turned(packed), turned(spread));
  });

  it('with 16 bits as with 8, where both bytes of a sample are equal', async () => {
    for (const channels of [1, 2, 3, 4]) {
      const narrow = shaded(50, 41, { channels });
      const wide = { ...narrow, depth: 16, samples: Uint8Array.from({ length: 2 * narrow.samples.length }, (_, i) => narrow.samples[i >> 1] ?? 0) };
      await expectMeeting(writePng(narrow), writePng(wide), writeTiff(wide), writeTiff(wide, { isLittleEndian: false, isPlanar: true }));
      const { contents } = await expectExact(writePng(withOneSample(wide, 3, 3)));
      expect(contents.map((content) => content[9]).sort()).toEqual([16, ...new Array<number>(contents.length - 1).fill(8)].sort());
    }
  });

  it('as a palette of shades in any order', async () => {
    const grey = shaded(50, 41, { channels: 1 });
    const order = Array.from({ length: 256 }, (_, i) => (i * 77 + 5) % 256);
    const indices = changed(grey, 8, (sample) => order.indexOf(sample));
    const identity = Array.from({ length: 256 }, (_, i) => i);
    const map = [320, ...[0, 1, 2].flatMap(() => order.map((shade) => shade * 257))] as const;
    await expectMeeting(writePng(grey), withPalette(indices, order), withPalette(grey, identity), writeTiff(indices, { fields: [[262, 3], map] }));
  });

  it('as a palette of a few shades', async () => {
    const few = shaded(50, 41, { channels: 1, depth: 2 });
    const shades = [200, 10, 90];
    const grey = changed(few, 8, (sample) => shades[sample % 3] ?? 0);
    await expectMeeting(writePng(grey), withPalette(changed(few, 2, (sample) => sample % 3), shades));
  });
});

describe('a palette stays as it is', () => {
  it('where it has colours, or none', async () => {
    const picture = shaded(50, 41, { channels: 1 });
    const file = writePng(picture, { colourType: 3 });
    file[33 + 8] = 9;
    expect((await expectExact(file)).recipe.params).toMatchObject({ pages: [[50, 41, 1, 8, 0]] });
    await expectExact(withPalette(picture, []));
  });

  it('where shades come twice: then it is one to one all the same', async () => {
    const picture = shaded(50, 41, { channels: 1 });
    await expectExact(withPalette(picture, new Array<number>(256).fill(7)));
    await expectExact(withPalette(picture, [7, 7, 0, 3, 3]));
  });
});

describe('a map of samples', () => {
  const maps: readonly (readonly [SampleMap, number])[] = [
    ['plain', 8], ['plain', 12], ['spread', 1], ['spread', 2], ['spread', 4], ['turned', 1], ['turned', 4], ['turned', 8], ['turned', 16],
    [mapOfPalette(2, [9, 9, 1]), 2], [mapOfPalette(8, [5]), 8],
  ];

  it.each(maps)('%j of %d bits is one to one, and survives its encoding', (map, depth) => {
    const values = Uint8Array.from({ length: depth < 8 ? 2 ** depth : 256 }, (_, i) => i);
    const mapped = values.slice();
    mapSamples(mapped, depth, map);
    expect(new Set(mapped).size).toBe(values.length);
    unmapSamples(mapped, depth, map);
    expect(mapped).toEqual(values);
    expect(mapOfValue(mapValue(map), depth)).toEqual(map);
  });

  it('of a stranger is refused where it is unknown, not one to one, or for another depth', () => {
    for (const [value, depth] of [[3, 8], [-1, 8], [1, 8], [1, 16], [2, 12], [null, 8], [undefined, 8], [new Uint8Array(4), 2], [Uint8Array.of(0, 1), 2], [new Uint8Array(512), 9]] as const) {
      expect(() => mapOfValue(value, depth)).toThrow(DiceError);
    }
  });
});

describe('a tile whose samples were spread', () => {
  it.each([1, 2, 4])('from %d bits is coded as short as those, and comes back', (depth) => {
    const picture = shaded(64, 64, { channels: 1, depth });
    const content = (samples: Uint8Array, bits: number): Uint8Array => concat(new TextEncoder().encode('DCti'), Uint8Array.of(0, 64, 0, 64, 1, bits), samples);
    const spread = content(picture.samples.map((sample) => (sample * 255) / (2 ** depth - 1)), 8);
    const coded = codeContent(spread);
    expect(coded[0]).toBe(5);
    expect(isEqual(decodeContent(coded), spread)).toBe(true);
    expect(coded.subarray(1)).toEqual(codeContent(content(picture.samples, depth)).subarray(1));
  });

  it('is refused with another depth', () => {
    const coded = codeContent(concat(new TextEncoder().encode('DCti'), Uint8Array.of(0, 4, 0, 4, 1, 3), new Uint8Array(16).fill(5)));
    expect(coded[0]).toBe(3);
    expect(() => decodeContent(concat(Uint8Array.of(5), coded.subarray(1)))).toThrow(DiceError);
  });
});
