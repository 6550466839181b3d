/**
 * Backups and a restore on a disk that forgets what was not synced: a point that was told of is whole, older ones go only when the new one stays, and a folder that was restored is a store
 * or can be restored into again.
 */
import { cpSync, existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { pointId } from '../../server/backup/point.js';
import { openRepository } from '../../server/backup/repository.js';
import { verifyRepository } from '../../server/backup/verify-repository.js';
import { DataDirectoryError } from '../../server/data-directory.js';
import { type FileLayer, nodeFiles } from '../../server/storage/packs/file-layer.js';
import { backUp, checked, restoreTo } from './backed-up.js';
import { atEachCrash, type CrashWay } from './crash-images.js';
import { ForgetfulFiles } from './forgetful-files.js';
import { registerRaw } from './raw-account.js';
import { startServer } from './running-server.js';
import { ScriptedWork } from './scripted-work.js';
import { StoppingFiles } from './stopping-files.js';
import { temporaryDirectories } from './temp-directory.js';

/** What was acknowledged. */
interface Known {
  readonly points: readonly string[];
  readonly forgotten: readonly string[];
  readonly isRestored: boolean;
}

const temporary = temporaryDirectories();

/** The three commands, in their order; `at` is when. Each answers what is known then. */
const commands: readonly ((root: string, at: number, known: Known) => Promise<Known>)[] = [
  async (root, at) => ({ points: [(await backUp(path.join(root, 'earlier'), path.join(root, 'backup'), { at })).id], forgotten: [], isRestored: false }),
  async (root, at, { points }) => ({ points: [(await backUp(path.join(root, 'data'), path.join(root, 'backup'), { at, keep: 1 })).id], forgotten: points, isRestored: false }),
  async (root, _at, known) => {
    await restoreTo(path.join(root, 'backup'), path.join(root, 'restored'));
    return { ...known, isRestored: true };
  },
];
const unknown: Known = { points: [], forgotten: [], isRestored: false };

/** The tests; of the moments, and of the kills of each command, one in `every`. */
export function unsyncedBackups(ways: readonly CrashWay[], every: { readonly moments: number; readonly kills: number }): void {
  describe('a backup on a machine that goes down', () => {
    let prepared: string;
    beforeAll(async () => {
      prepared = await temporary();
      await prepare(prepared);
    });

    it('leaves points that were told of whole, and what is restored is a store', async () => {
      const [root, disk] = [await copyOf(prepared), diskOfBackups()];
      let known = unknown;
      const { moments, images } = await atEachCrash<Known>({
        disk, root, ways, every: every.moments,
        known: () => known,
        act: () => onDisk(disk.files, async () => {
          for (const [i, command] of commands.entries()) known = await command(root, moment(i), known);
        }),
        judge: ({ folder, known: then }) => judge(folder, then),
      });
      process.stdout.write(`unsynced, backups: ${String(moments)} moments, ${String(images)} crashes\n`);
      expect(moments).toBeGreaterThan(3);
    }, 3_600_000);

    it.each([['a first backup', 0], ['a later backup', 1], ['a restore', 2]] as const)('does so though %s was killed before, and told again', async (_name, killed) => {
      let kills = 0;
      for (let taken = 0, isThrough = false; !isThrough; taken += every.kills, kills++) {
        const [root, disk] = [await copyOf(prepared), diskOfBackups()];
        disk.watch(root);
        const stopping = new StoppingFiles(taken, disk.files);
        let known = unknown;
        for (const [i, command] of commands.slice(0, killed + 1).entries()) {
          const before = known;
          const outcome = i === killed ? await onDisk(stopping.files, () => command(root, moment(i), before)).catch(() => undefined) : undefined;
          isThrough = i === killed && !stopping.isStopped;
          known = outcome ?? (await onDisk(disk.files, () => command(root, moment(i) + 1, before)).catch((error: unknown) => unlessOver(error, before)));
        }
        disk.crash(path.join(root, 'left'), { name: () => false, bytes: () => false });
        await judge(path.join(root, 'left'), known);
        await rm(root, { recursive: true });
      }
      process.stdout.write(`unsynced, ${_name} killed and told again: ${String(kills)}\n`);
      expect(kills).toBeGreaterThan(1);
    }, 3_600_000);
  });
}

/** A restore that was killed at its last sync has made a store, and who tells it again is told so; nothing more is promised then. */
function unlessOver(error: unknown, before: Known): Known {
  if (error instanceof DataDirectoryError && error.message.includes('holds a store')) return before;
  throw error;
}

/** SQLite syncs its locks, and the index that was restored when it is opened; not the copy in a point. */
function diskOfBackups(): ForgetfulFiles {
  return new ForgetfulFiles((file) => /lock\.sqlite|restored\/dice\.db(-wal|-shm)?$/.test(file));
}

function moment(command: number): number {
  return Date.UTC(2026, 0, 1 + command);
}

async function copyOf(prepared: string): Promise<string> {
  const root = await temporary();
  cpSync(prepared, root, { recursive: true });
  return root;
}

/** A store, and in `earlier` what it was before an image was removed, and the pack that it was in. */
async function prepare(root: string): Promise<void> {
  const dataDirectory = path.join(root, 'data');
  const before = await startServer({ dataDirectory, graceMs: 0 });
  const work = new ScriptedWork(await registerRaw(before.url, 'ada'));
  for (let i = 0; i < 2; i++) await work.upload(before.url);
  await before.close();
  cpSync(dataDirectory, path.join(root, 'earlier'), { recursive: true });
  const after = await startServer({ dataDirectory, graceMs: 0 });
  await work.purge(after.url);
  await work.collect(after.url);
  expect(work.collected?.compactedPacks).toBeGreaterThan(0);
  await work.upload(after.url);
  await after.close();
}

/** Backups name no file system: while `act` runs, the one that all use is this. */
async function onDisk<T>(files: FileLayer, act: () => Promise<T>): Promise<T> {
  const own = { ...nodeFiles };
  Object.assign(nodeFiles, files);
  try {
    return await act();
  } finally {
    Object.assign(nodeFiles, own);
  }
}

async function judge(folder: string, { points, forgotten, isRestored }: Known): Promise<void> {
  const [repository, restored] = [path.join(folder, 'backup'), path.join(folder, 'restored')];
  const found = await wholePoints(repository);
  // An older point goes before its successor is told of, but not before that one stays.
  if (points.length > 0) expect([...points, pointId(moment(1))].filter((id) => found.includes(id))).not.toEqual([]);
  expect(found.filter((id) => forgotten.includes(id))).toEqual([]);
  const isStore = existsSync(path.join(restored, 'dice-store.json')) && !existsSync(path.join(restored, 'restore.json'));
  if (isRestored) expect(isStore).toBe(true);
  if (!isStore && found.length > 0) await restoreTo(repository, restored);
  if (isStore || found.length > 0) expect(await checked(restored)).toMatchObject({ findings: 0, damage: [] });
  const { id } = await backUp(path.join(folder, 'data'), repository, { at: moment(9) });
  expect(await wholePoints(repository)).toContain(id);
}

/** Ids of the points, all of which are whole; none where there is no repository. */
async function wholePoints(folder: string): Promise<readonly string[]> {
  const opened = await openRepository(folder).catch(() => undefined);
  if (opened === undefined) return [];
  expect((await verifyRepository(opened.repository, new AbortController().signal, () => undefined)).rotten).toEqual([]);
  return (await opened.repository.points()).points.map(({ id }) => id);
}
