/**
 * A file that is cut otherwise out of its contents has the recipe, the contents and the anchors of one that was split so at once, and
 * two cuts are told apart where anything but the cut differs. SPEC.md section 6.1.
 */
import { describe, expect, it } from '@jest/globals';
import { type CborMap, encodeCbor } from '../../client-sdk/core/cbor.js';
import { splitterFor, splitters } from '../../client-sdk/core/image/detect.js';
import type { CutFile, Geometry, Source, Split } from '../../client-sdk/core/image/splitter.js';
import { localTasks } from '../../client-sdk/local-tasks.js';
import { nodeTools } from '../../client-sdk/node/node-tools.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import type { FilePlan, SplitInput, SplitWord, Tasks } from '../../client-sdk/tasks.js';
import { jpegOf, photograph } from '../support/sample-images.js';
import { pngOf } from '../../bench/plain-images.js';
import { madeFiles } from '../support/made-files.js';
import { memoryContents, memorySource } from '../support/memory-source.js';
import { tasksIn } from '../support/task-pools.js';

const jpeg = await jpegOf(photograph(400, 300, 6));
const first: Geometry = { kind: 'tile', tilePixels: 16, tileBlocks: 2 };
const others: readonly Geometry[] = [
  { ...first, origin: { x: 5, y: 3 } },
  { kind: 'tile', tilePixels: 24, tileBlocks: 3, origin: { x: 0, y: 7 } },
  { kind: 'grid', cells: 4 },
];

/** Tells how often it was read. */
class CountedSource implements Source {
  reads = 0;
  readonly size: number;

  constructor(private readonly bytes: Uint8Array) {
    this.size = bytes.length;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    this.reads++;
    return memorySource(this.bytes).read(offset, length);
  }
}

/** A split as recuts and comparisons take it. */
async function cutFileOf(split: Split): Promise<CutFile & { readonly list: readonly Uint8Array[] }> {
  const list: Uint8Array[] = [];
  for await (const content of split.contents()) list.push(content);
  return { recipe: await split.recipe(), description: split.description, contents: memoryContents(list), list };
}

async function wholeCut(bytes: Uint8Array, geometry: Geometry): Promise<Awaited<ReturnType<typeof cutFileOf>> | undefined> {
  const source = memorySource(bytes);
  const split = await (await splitterFor(source)).split(source, geometry);
  return split === undefined ? undefined : cutFileOf(split);
}

function recutOf({ recipe }: CutFile): NonNullable<(typeof splitters)['raster']['recut']> {
  const { recut } = splitters[recipe.splitter];
  if (recut === undefined) throw new Error('pictures alone are cut');
  return recut;
}

function told({ recipe, description, list }: CutFile & { readonly list: readonly Uint8Array[] }): unknown {
  return { splitter: recipe.splitter, params: hexOf(encodeCbor(recipe.params)), skeleton: hexOf(recipe.skeleton), description, contents: list.map(hexOf) };
}

describe('a file that is cut out of its contents', () => {
  const files = madeFiles().map((bytes, i) => [i, bytes] as const);

  it.each(files)('number %d is cut as a whole split cuts it', async (_, bytes) => {
    const cut = await wholeCut(bytes, first);
    if (cut === undefined) return;
    for (const geometry of others) {
      const expected = await wholeCut(bytes, geometry);
      const split = await recutOf(cut).cut(cut, geometry);
      const found = split === undefined ? undefined : await cutFileOf(split);
      expect(found === undefined ? undefined : told(found)).toEqual(expected === undefined ? undefined : told(expected));
      if (found !== undefined) expect(await recutOf(cut).isSame(cut, found)).toBe(true);
      split?.close?.();
    }
  });

  it('is understood often enough for that to say something', async () => {
    const cuts = await Promise.all(files.map(([, bytes]) => wholeCut(bytes, first)));
    const names = cuts.flatMap((cut) => cut === undefined ? [] : [cut.recipe.splitter]);
    expect(names.filter((name) => name === 'raster').length).toBeGreaterThan(15);
    expect(names.filter((name) => name === 'jpeg').length).toBeGreaterThan(3);
  });

  it.each(files)('number %d is another one where a sample, a coefficient, a parameter or the skeleton differs', async (_, bytes) => {
    const [cut, same] = [await wholeCut(bytes, first), await wholeCut(bytes, others[0] ?? first)];
    if (cut === undefined || same === undefined || same.list.length === 0) return;
    const { recipe } = same;
    const changed = same.list.map((content, i) => (i === same.list.length - 1 ? withOtherBit(content, content.length - 1) : content));
    expect(await isSame(cut, { ...same, contents: memoryContents(changed) })).toBe(false);
    if (recipe.skeleton.length > 0) expect(await isSame(cut, { ...same, recipe: { ...recipe, skeleton: withOtherBit(recipe.skeleton, 0) } })).toBe(false);
    expect(await isSame(cut, { ...same, recipe: withOtherSize(same) })).toBe(false);
  });

  it('throws for a geometry that names none, and has none where a tile would be too large', async () => {
    const cut = await wholeCut(pngOf(photograph(70, 50)), first);
    if (cut === undefined) throw new Error('a plain PNG file');
    await expect((async () => recutOf(cut).cut(cut, { kind: 'tile', tilePixels: 3 }))()).rejects.toMatchObject({ code: 'argument-invalid' });
  });
});

function withOtherBit(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
}

/** What is malformed is refused, which is as good. */
async function isSame(one: CutFile, other: CutFile): Promise<boolean> {
  try {
    return await recutOf(one).isSame(one, other);
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'recipe-invalid' });
    return false;
  }
}

/** The recipe of a file that is one byte longer, or is written another way. */
function withOtherSize({ recipe }: CutFile): CutFile['recipe'] {
  // Params are a map.
  const params = recipe.params as CborMap;
  if (recipe.splitter === 'jpeg') return { ...recipe, params: { ...params, size: Number(params['size']) + 1 } };
  return { ...recipe, params: { ...params, container: { ...(params['container'] as CborMap), other: true } } };
}

describe('a split that is told to cut otherwise', () => {
  const geometry: Geometry = { kind: 'tile', tilePixels: 64 };
  const moved: Geometry = { kind: 'tile', tilePixels: 64, origin: { x: 13, y: 30 } };
  const png = pngOf(photograph(240, 180, 6));

  const kept = 10_000_000;

  it.each([
    { splitter: 'raster', threads: 0, keepBytes: kept, isReadAgain: false },
    { splitter: 'raster', threads: 0, keepBytes: 0, isReadAgain: true },
    { splitter: 'raster', threads: 1, keepBytes: kept, isReadAgain: false },
    { splitter: 'raster', threads: 1, keepBytes: 0, isReadAgain: true },
    { splitter: 'jpeg', threads: 0, keepBytes: 0, isReadAgain: false },
    { splitter: 'jpeg', threads: 1, keepBytes: 0, isReadAgain: false },
  ] as const)('$splitter in $threads threads, with $keepBytes bytes kept: reads its file again: $isReadAgain', async ({ splitter, threads, keepBytes, isReadAgain }) => {
    const file = splitter === 'raster' ? png : jpeg;
    const tasks = tasksIn(threads);
    try {
      const fileHash = await nodeTools.crypto.sha256(file);
      const source = new CountedSource(file);
      const steps = tasks.split({ fileHash, splitter, geometry, keepBytes }, source, undefined);
      await planIn(steps, undefined);
      const before = source.reads;
      const plan = await planIn(steps, { recut: moved });
      // A thread reads a small file once, whatever it does with it.
      expect(source.reads > before).toBe(isReadAgain && threads === 0);
      const found = { plan: inWords(plan), contents: await contentsIn(steps) };
      expect(found).toEqual(await splitAtOnce(tasks, { fileHash, splitter, geometry: moved, keepBytes }, file));
      expect(found.contents.length).toBeGreaterThan(10);
    } finally {
      await tasks.close();
    }
  });

  it('fails with the code of its source where that changed and has to be read again', async () => {
    const bytes = png.slice();
    const tasks = localTasks(nodeTools);
    const steps = tasks.split({ fileHash: await nodeTools.crypto.sha256(png), splitter: 'auto', geometry, keepBytes: 0 }, memorySource(bytes), undefined);
    await planIn(steps, undefined);
    bytes.fill(0);
    await expect((async () => { await planIn(steps, { recut: moved }); await contentsIn(steps); })()).rejects.toMatchObject({ code: 'file-changed' });
  });

  async function splitAtOnce(tasks: Tasks, input: SplitInput, file: Uint8Array): Promise<unknown> {
    const steps = tasks.split(input, memorySource(file), undefined);
    const plan = await planIn(steps, undefined);
    return { plan: inWords(plan), contents: await contentsIn(steps) };
  }
});

async function planIn(steps: ReturnType<Tasks['split']>, word: SplitWord): Promise<FilePlan> {
  for (;;) {
    const { value } = await steps.next(word);
    if (value === undefined) throw new Error('a split without a plan');
    if (value.kind === 'plan') return value.plan;
  }
}

async function contentsIn(steps: ReturnType<Tasks['split']>): Promise<readonly string[]> {
  const contents: string[] = [];
  for (;;) {
    const { value } = await steps.next('copy');
    if (value === undefined) return contents;
    if (value.kind === 'chunk') contents.push(...value.contents.flatMap((item) => ('content' in item ? [`${hexOf(item.content)} ${hexOf(item.fingerprint)}`] : [])));
  }
}

function inWords({ recipe, description, anchors }: FilePlan): unknown {
  return { splitter: recipe.splitter, params: hexOf(encodeCbor(recipe.params)), skeleton: hexOf(recipe.skeleton), description, anchors: anchors.map(({ hash, ...place }) => ({ ...place, hash: hexOf(hash) })) };
}
