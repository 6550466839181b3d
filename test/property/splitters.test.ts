/** Whatever the bytes, join(split(x)) = x or the file goes as bytes; whatever the recipe, join ends in order. SPEC.md section 6. */
import { deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DiceError } from '../../client-sdk/core/errors.js';
import type { CborValue } from '../../client-sdk/core/cbor.js';
import type { Geometry, Recipe } from '../../client-sdk/core/image/splitter.js';
import { splitters } from '../../client-sdk/core/image/detect.js';
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import { jpegFiles } from '../support/made-files.js';
import { joinFile, memoryContents, mustSplit, splitBytes, type SplitFile } from '../support/memory-source.js';
import { writePng } from '../support/png-writer.js';
import { shaded } from '../support/test-picture.js';
import { writeTiff } from '../support/tiff-writer.js';

const pngKinds = [[1, 1, 0], [1, 2, 3], [1, 4, 0], [1, 8, 3], [1, 16, 0], [2, 8, 4], [3, 8, 2], [3, 16, 2], [4, 8, 6], [4, 16, 6]] as const;

const anyPng = fc
  .record({
    kind: fc.constantFrom(...pngKinds),
    width: fc.integer({ min: 1, max: 40 }),
    height: fc.integer({ min: 1, max: 40 }),
    seed: fc.integer({ min: 1, max: 99 }),
    isInterlaced: fc.boolean(),
    filters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 9 }),
    level: fc.integer({ min: 0, max: 9 }),
    memLevel: fc.constantFrom(8, 9),
    strategy: fc.integer({ min: 0, max: 4 }),
    windowBits: fc.integer({ min: 9, max: 15 }),
    idatBytes: fc.integer({ min: 1, max: 3_000 }),
    hasSpareOnes: fc.boolean(),
  })
  .map(({ kind: [channels, depth, colourType], width, height, seed, filters, ...form }) => {
    const filter = (row: number): number => filters[row % filters.length] ?? 0;
    return writePng(shaded(width, height, { channels, depth, seed }), { ...form, colourType, filter });
  });

const anyTiff = fc
  .record({
    channels: fc.integer({ min: 1, max: 5 }),
    depth: fc.constantFrom(1, 2, 4, 8, 12, 16),
    width: fc.integer({ min: 1, max: 40 }),
    height: fc.integer({ min: 1, max: 40 }),
    seed: fc.integer({ min: 1, max: 99 }),
    isLittleEndian: fc.boolean(),
    isBig: fc.boolean(),
    isPlanar: fc.boolean(),
    rowsPerStrip: fc.integer({ min: 1, max: 50 }),
    tile: fc.constantFrom(undefined, [16, 16] as const, [32, 16] as const),
    gapBytes: fc.integer({ min: 0, max: 3 }),
    padding: fc.constantFrom(0 as const, 1 as const),
  })
  .map(({ channels, depth, width, height, seed, tile, ...form }) =>
    writeTiff(shaded(width, height, { channels, depth, seed }), tile === undefined ? form : { ...form, tile }),
  );

const anyGeometry: fc.Arbitrary<Geometry> = fc.oneof(
  fc.integer({ min: 16, max: 256 }).map((tilePixels) => ({ kind: 'tile' as const, tilePixels })),
  fc.constantFrom(4, 8, 16).map((cells) => ({ kind: 'grid' as const, cells })),
);

/** A real file with some bytes changed, and perhaps cut off or drawn out. */
const anyDamaged = fc
  .record({
    file: fc.oneof(anyPng, anyTiff, fc.constantFrom(...jpegFiles())),
    changes: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
    earlyChanges: fc.array(fc.tuple(fc.nat(80), fc.integer({ min: 0, max: 255 })), { maxLength: 2 }),
    length: fc.option(fc.nat()),
  })
  .map(({ file, changes, earlyChanges, length }) => {
    const damaged = file.slice(0, length === null ? file.length : length % (file.length + 1));
    for (const [at, value] of [...changes, ...earlyChanges]) if (damaged.length > 0) damaged[at % damaged.length] = value;
    return damaged;
  });

async function expectUndefinedOrExact(file: Uint8Array, geometry?: Geometry): Promise<SplitFile | undefined> {
  const split = await splitBytes(file, geometry);
  if (split !== undefined) expect(isEqual(await joinFile(split.recipe, split.contents), file)).toBe(true);
  return split;
}

describe('a splitter', () => {
  it('gives every PNG file back that zlib wrote', async () => {
    await fc.assert(fc.asyncProperty(anyPng, anyGeometry, async (file, geometry) => {
      expect((await expectUndefinedOrExact(file, geometry))?.recipe.splitter).toBe('raster');
    }), { numRuns: 60 });
  });

  it('gives every TIFF file back that is not compressed', async () => {
    await fc.assert(fc.asyncProperty(anyTiff, anyGeometry, async (file, geometry) => {
      expect((await expectUndefinedOrExact(file, geometry))?.recipe.splitter).toBe('raster');
    }), { numRuns: 60 });
  });

  it('gives every other file back, or leaves it to bytes', async () => {
    await fc.assert(fc.asyncProperty(anyDamaged, async (file) => {
      await expectUndefinedOrExact(file);
    }), { numRuns: 150 });
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (file) => {
      await expectUndefinedOrExact(file);
    }), { numRuns: 50 });
  });
});

/** A value with one of its leaves changed. */
function changeLeaf(value: CborValue, at: number, to: CborValue): CborValue {
  let seen = 0;
  const walk = (node: CborValue): CborValue => {
    if (typeof node !== 'object' || node === null || node instanceof Uint8Array) return seen++ === at ? to : node;
    if (Array.isArray(node)) return node.map(walk);
    return Object.fromEntries(Object.entries(node).map(([name, member]) => [name, walk(member)]));
  };
  return walk(value);
}

const anyLeaf: fc.Arbitrary<CborValue> = fc.oneof(
  fc.integer({ min: -2, max: 300 }),
  fc.constantFrom(2 ** 20, 2 ** 31, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER),
  fc.constantFrom(null, true, 'png', 'tiff', 'zlib', 'stored', 'tokens', 'none', 'bytes'),
  fc.uint8Array({ maxLength: 4 }),
  fc.constant([]),
  fc.constant({}),
);

async function expectOrderly(recipe: Recipe, contents: readonly Uint8Array[]): Promise<void> {
  let bytes = 0;
  try {
    for await (const piece of splitters[recipe.splitter].join(recipe, memoryContents(contents))) bytes += piece.length;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(DiceError);
    expect(thrown).toMatchObject({ code: 'recipe-invalid' });
  }
  expect(bytes).toBeLessThan(10_000_000);
}

describe('a recipe of a stranger', () => {
  const files = [
    writePng(shaded(40, 30), { idatBytes: 300, filter: (row) => row % 5 }),
    writePng(shaded(21, 9, { channels: 1, depth: 2 }), { isInterlaced: true, level: 0 }),
    writePng(shaded(40, 30), { changeStream: (stream) => new Uint8Array(deflateSync(inflateSync(stream), { level: 3 })) }),
    writeTiff([shaded(40, 30), shaded(9, 9, { channels: 1, depth: 4 })], { rowsPerStrip: 8, padding: 1 }),
    writeTiff(shaded(40, 30, { depth: 16 }), { tile: [16, 32], padding: 1, isPlanar: true }),
    ...jpegFiles(),
  ];

  it('ends in a file or in recipe-invalid where its params were changed', async () => {
    for (const file of files) {
      const split = await mustSplit(file);
      await fc.assert(fc.asyncProperty(fc.nat(40), anyLeaf, async (at, to) => {
        await expectOrderly({ ...split.recipe, params: changeLeaf(split.recipe.params, at, to) }, split.contents);
      }), { numRuns: 150 });
    }
  });

  it('ends in a file or in recipe-invalid where its skeleton was changed', async () => {
    for (const file of files) {
      const split = await mustSplit(file);
      const anyChanges = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 });
      await fc.assert(fc.asyncProperty(anyChanges, async (changes) => {
        const skeleton = split.recipe.skeleton.slice();
        for (const [at, value] of changes) skeleton[at % skeleton.length] = value;
        await expectOrderly({ ...split.recipe, skeleton }, split.contents);
      }), { numRuns: 150 });
    }
  });

  it('ends in recipe-invalid where contents are missing, swapped or changed in shape', async () => {
    for (const file of files) {
      const { recipe, contents } = await mustSplit(file);
      await expect(joinFile(recipe, contents.slice(1))).rejects.toMatchObject({ code: 'recipe-invalid' });
      await expect(joinFile(recipe, [...contents, ...contents.slice(0, 1)])).rejects.toMatchObject({ code: 'recipe-invalid' });
      await expect(joinFile(recipe, contents.map((content) => content.subarray(0, -1)))).rejects.toMatchObject({ code: 'recipe-invalid' });
      await fc.assert(fc.asyncProperty(fc.nat(), fc.nat(9), fc.integer({ min: 0, max: 255 }), async (index, at, value) => {
        const change = (content: Uint8Array): Uint8Array => content.map((byte, k) => (k === at ? value : byte));
        const changed = contents.map((content, i) => (i === index % contents.length ? change(content) : content));
        await expectOrderly(recipe, changed);
      }), { numRuns: 30 });
    }
  });
});
