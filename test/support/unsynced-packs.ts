/**
 * Packs, their mark, their parity, a move into them, and small files, on a disk that forgets what was not synced: whatever was promised before the machine went down holds afterwards.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { BlockStore, Place } from '../../server/ports/block-store.js';
import type { PackParity } from '../../server/ports/pack-parity.js';
import { openBlockStore } from '../../server/storage/packs/block-store.js';
import { copyDurably, digestFile, syncFile } from '../../server/storage/packs/durable-copy.js';
import { makeFolderDurably, writeDurably } from '../../server/storage/packs/durable-file.js';
import { type FileLayer, nodeFiles } from '../../server/storage/packs/file-layer.js';
import { packPath } from '../../server/storage/packs/pack-folder.js';
import { openPackIntake, readMoveNote } from '../../server/storage/packs/pack-intake.js';
import { isSame, only, recordOf, scanAll } from '../contract/block-store-contract.js';
import { atEachCrash, type CrashOrder, type CrashWay } from './crash-images.js';
import { ForgetfulFiles } from './forgetful-files.js';
import { memoryBlockStore, noPacks } from './memory-block-store.js';
import { ParityPack } from './parity-pack.js';
import { StoppingFiles } from './stopping-files.js';
import { temporaryDirectories } from './temp-directory.js';

const storeKey = new Uint8Array(32).fill(1);
/** Every write is a short one, of so many bytes at most. */
const shortBytes = 3_000;
const atOnce = (): Promise<void> => Promise.resolve();
const temporary = temporaryDirectories();

type Case = Pick<CrashOrder<unknown>, 'root' | 'act' | 'known' | 'judge'>;
type MakeCase = (disk: ForgetfulFiles) => Promise<Case>;

/** What is known of every case is of its own kind, and only the case itself looks at it. */
function caseOf<Known>(order: Pick<CrashOrder<Known>, 'root' | 'act' | 'known' | 'judge'>): Case {
  return order as Case; // `judge` is given what `known` of the same case answered
}

/** The tests; `ways` is how a crash leaves what was not synced. */
export function unsyncedPacks(ways: readonly CrashWay[]): void {
  describe('on a machine that goes down', () => {
    it.each<[string, MakeCase]>([['packs', packs], ['parity', parity], ['a healed pack', healing], ['a move into a folder of packs', intake], ['small files, copies and folders', smallFiles]])(
      '%s keep what was promised',
      async (name, make) => {
        const disk = new ForgetfulFiles(() => false, shortBytes);
        const { moments, images } = await atEachCrash({ disk, ways, ...(await make(disk)) });
        process.stdout.write(`unsynced, ${name}: ${String(moments)} moments, ${String(images)} crashes\n`);
        expect(images).toBeGreaterThan(moments);
      },
      600_000,
    );

    it.each<[string, FolderMaker]>([['packs', openedAndFilled], ['a move into a folder of packs', movedInto]])('%s last, though a process was killed while their folder was made', async (_name, make) => {
      let kills = 0;
      for (let isThrough = false; !isThrough;) {
        const root = await temporary();
        const disk = new ForgetfulFiles();
        disk.watch(root);
        const stopping = new StoppingFiles(kills, disk.files);
        const outcome = await make(path.join(root, 'packs'), stopping.files).then(() => 'done', (error: unknown) => error);
        isThrough = !stopping.isStopped;
        expect(outcome === 'done').toBe(isThrough);
        if (!isThrough) kills++;
        const place = await make(path.join(root, 'packs'), disk.files);
        disk.crash(path.join(root, 'left'), { name: () => false, bytes: () => false });
        const store = await openBlockStore({ directory: path.join(root, 'left', 'packs'), storeKey });
        expect(isSame(await store.read(place, 'block'), recordOf(1, 1_000).payload)).toBe(true);
        await store.close();
      }
      expect(kills).toBeGreaterThan(3);
    });
  });
}

/** Makes a folder of packs, or goes on with one; answers where in it the record of the seed 1 lies. */
type FolderMaker = (directory: string, files: FileLayer) => Promise<Place>;

async function openedAndFilled(directory: string, files: FileLayer): Promise<Place> {
  const store = await openBlockStore({ directory, storeKey, files });
  try {
    return only(await store.append([recordOf(1, 1_000)]));
  } finally {
    await store.close();
  }
}

/** As a move does that is told again after it was cut off. */
async function movedInto(directory: string, files: FileLayer): Promise<Place> {
  const move = await openPackIntake({ directory, storeKey, files });
  try {
    if ((await move.note()) === undefined && (await move.isEmpty())) await move.begin('one');
    await move.put(1, await packOf([1], 1_000));
    await move.finish(12);
  } finally {
    await move.close();
  }
  const store = await openBlockStore({ directory, storeKey, files });
  try {
    return only((await scanAll(store, 1)).records).place;
  } finally {
    await store.close();
  }
}

/** Append, seal, mark, drop, from the first opening on; and a new process in between. */
async function packs({ files }: ForgetfulFiles): Promise<Case> {
  const root = await temporary();
  const directory = path.join(root, 'packs');
  const known = { places: new Map<number, Place>(), dropped: new Set<number>(), generation: 0, highest: 0 };
  const append = async (store: BlockStore, ...seeds: readonly number[]): Promise<void> => {
    const places = await store.append(seeds.map((seed) => recordOf(seed, 700 * seed)));
    for (const [i, place] of places.entries()) {
      known.places.set(seeds[i] ?? 0, place);
      known.highest = Math.max(known.highest, place.pack);
    }
  };
  const mark = async (store: BlockStore, generation: number): Promise<void> => {
    await store.mark(generation);
    known.generation = generation;
  };
  const drop = async (store: BlockStore, pack: number): Promise<void> => {
    for (const [seed, place] of known.places) if (place.pack === pack) known.places.delete(seed);
    await store.drop(pack);
    known.dropped.add(pack);
  };
  return caseOf({
    root,
    known: () => structuredClone(known),
    async act() {
      const first = await openBlockStore({ directory, storeKey, files });
      await append(first, 1, 2);
      await append(first, 3);
      await first.seal();
      await append(first, 4);
      await mark(first, 1);
      await drop(first, 1);
      await first.close();
      const second = await openBlockStore({ directory, storeKey, files });
      await append(second, 5);
      await second.seal();
      await drop(second, 3);
      await drop(second, 2);
      await mark(second, 2);
      await append(second, 6);
      await second.checkWritable();
      await second.close();
    },
    async judge({ folder, known: { places, dropped, generation, highest } }) {
      const store = await openBlockStore({ directory: path.join(folder, 'packs'), storeKey });
      try {
        for (const [seed, place] of places) if (!isSame(await store.read(place, 'block'), recordOf(seed, 700 * seed).payload)) throw new Error(`record ${String(seed)} is gone`);
        expect((await store.packs()).filter(({ pack }) => dropped.has(pack))).toEqual([]);
        expect(await store.generation()).toBeGreaterThanOrEqual(generation);
        // An old place must never point into a newer pack.
        expect(only(await store.append([recordOf(9, 10)])).pack).toBeGreaterThan(highest);
      } finally {
        await store.close();
      }
    },
  });
}

/** Parity that is made, removed, and made anew over other parity. */
async function parity({ files }: ForgetfulFiles): Promise<Case> {
  const pack = await ParityPack.make(await temporary(), { bytes: 18_000, percent: 40 });
  let state: 'there' | 'gone' | 'unsure' = 'there';
  const step = async (to: typeof state, act: (parity: PackParity) => Promise<unknown>): Promise<void> => {
    state = 'unsure';
    await pack.with(act, files);
    state = to;
  };
  return caseOf({
    root: pack.directory,
    known: () => state,
    async act() {
      await step('gone', (parity) => parity.remove(1));
      await step('there', (parity) => parity.make(1, { percent: 40, onRead: atOnce }));
      await step('there', (parity) => parity.make(1, { percent: 20, onRead: atOnce }));
      await step('gone', (parity) => parity.remove(1));
    },
    async judge({ folder, known }) {
      const left = pack.at(folder);
      const isThere = left.names().includes('pack-0000000001.parity');
      if (known !== 'unsure') expect(isThere).toBe(known === 'there');
      if (isThere) expect(await left.check()).toMatchObject({ lost: [], isParityWhole: true });
      expect([Buffer.compare(readFileSync(left.packFile), pack.original), await left.lost()]).toEqual([0, 0]);
    },
  });
}

async function healing({ files }: ForgetfulFiles): Promise<Case> {
  const pack = await ParityPack.make(await temporary(), { bytes: 18_000, percent: 40 });
  pack.damage((bytes) => bytes.fill(7, 5_000, 12_000));
  let isHealed = false;
  return caseOf({
    root: pack.directory,
    known: () => isHealed,
    async act() {
      await pack.with((parity) => parity.heal(1, atOnce), files);
      isHealed = true;
    },
    async judge({ folder, known }) {
      const left = pack.at(folder);
      const isSound = Buffer.compare(readFileSync(left.packFile), pack.original) === 0;
      // The old file or the new one, never anything between.
      expect([isSound || !known, await left.lost()]).toEqual([true, isSound ? 0 : 2]);
      await left.heal();
      expect(await left.lost()).toBe(0);
    },
  });
}

/** A move into a folder that is not there yet: no server may open what has not come whole. */
async function intake({ files }: ForgetfulFiles): Promise<Case> {
  const root = await temporary();
  const directory = path.join(root, 'packs');
  const known = { isBegun: false, isOver: false, lengths: new Map<number, number>() };
  return caseOf({
    root,
    known: () => structuredClone(known),
    async act() {
      const move = await openPackIntake({ directory, storeKey, files });
      await move.begin('one');
      known.isBegun = true;
      for (const [pack, seeds] of [[1, [1, 2]], [2, [3]], [3, [4]]] as const) known.lengths.set(pack, await move.put(pack, await packOf(seeds)));
      known.lengths.delete(3);
      await move.drop(3);
      known.lengths.set(3, 0);
      await move.finish(12);
      known.isOver = true;
      await move.close();
    },
    async judge({ folder, known: { isBegun, isOver, lengths } }) {
      const place = path.join(folder, 'packs');
      const note = await readMoveNote(place, nodeFiles);
      if (!isBegun) return;
      for (const [pack, length] of lengths) expect([pack, await lengthOf(packPath({ directory: place }, pack))]).toEqual([pack, length]);
      if (isOver) expect(note).toBeUndefined();
      if (note !== undefined) return;
      const store = await openBlockStore({ directory: place, storeKey });
      expect([await store.generation(), (await store.packs()).map(({ pack }) => pack)]).toEqual([12, [1, 2]]);
      for (const [pack, count] of [[1, 2], [2, 1]] as const) expect((await scanAll(store, pack)).records).toHaveLength(count);
      await store.close();
    },
  });
}

/** 0 where there is no file. */
function lengthOf(file: string): Promise<number> {
  return nodeFiles.size(file).catch(() => 0);
}

async function packOf(seeds: readonly number[], bytes?: number): Promise<Parameters<Awaited<ReturnType<typeof openPackIntake>>['put']>[1]> {
  const kept = noPacks();
  const store = memoryBlockStore(kept);
  for (const seed of seeds) await store.append([recordOf(seed, bytes ?? 1_000 + seed)]);
  return { bytes: kept.packs.get(1)?.length ?? 0, generation: 3, records: store.scan(1, () => undefined) };
}

async function smallFiles({ files }: ForgetfulFiles): Promise<Case> {
  const root = await temporary();
  const made = path.join(root, 'one', 'two');
  const bytes = Buffer.alloc(9_000, 'bytes ');
  const texts = ['first', 'second, which is longer', 'third'];
  const known = { isMade: false, written: 0, isCopied: false, isSynced: false };
  writeFileSync(path.join(root, 'from'), bytes);
  return caseOf({
    root,
    known: () => ({ ...known }),
    async act() {
      await makeFolderDurably(made, files);
      known.isMade = true;
      for (const text of texts) {
        await writeDurably(path.join(made, 'note'), Buffer.from(text), files);
        known.written++;
      }
      await copyDurably({ from: path.join(root, 'from'), bytes: bytes.length, temporary: path.join(made, 'copy.tmp'), targetOf: () => path.join(made, 'copy'), onPiece: () => undefined, files });
      known.isCopied = true;
      writeFileSync(path.join(made, 'theirs'), bytes);
      await syncFile(path.join(made, 'theirs'), files);
      known.isSynced = true;
    },
    async judge({ folder, known: { isMade, written, isCopied, isSynced } }) {
      const [note, copy, theirs] = ['note', 'copy', 'theirs'].map((name) => path.join(folder, 'one', 'two', name)) as [string, string, string]; // as many as are mapped
      if (isMade) expect(existsSync(path.join(folder, 'one', 'two'))).toBe(true);
      // The last one that was answered, or the one after it.
      if (written > 0) expect(texts.slice(written - 1, written + 1)).toContain(readFileSync(note, 'utf8'));
      if (isCopied) expect(readdirSync(path.dirname(copy))).toContain('copy');
      // What has the name is whole.
      if (existsSync(copy)) expect((await digestFile(copy)).bytes).toBe(bytes.length);
      if (existsSync(copy)) expect(readFileSync(copy).equals(bytes)).toBe(true);
      if (isSynced) expect(readFileSync(theirs).equals(bytes)).toBe(true);
    },
  });
}
