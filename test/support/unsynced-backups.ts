/**
 * Backups and a restore on a disk that forgets what was not synced: a point that was told of is whole, older ones go only when the new one stays, and a folder that was restored is a store
 * or can be restored into again.
 */
import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { openRepository } from '../../server/backup/repository.js';
import { verifyRepository } from '../../server/backup/verify-repository.js';
import { nodeFiles } from '../../server/storage/packs/file-layer.js';
import { backUp, checked, restoreTo } from './backed-up.js';
import { atEachCrash, type CrashImage, type CrashWay } from './crash-images.js';
import { ForgetfulFiles } from './forgetful-files.js';
import { registerRaw } from './raw-account.js';
import { startServer } from './running-server.js';
import { ScriptedWork } from './scripted-work.js';
import { temporaryDirectories } from './temp-directory.js';

/** What was acknowledged. */
interface Known {
  readonly points: readonly string[];
  readonly forgotten: readonly string[];
  readonly isRestored: boolean;
}

const temporary = temporaryDirectories();
const [first, second, third] = [1, 2, 3].map((number) => Date.UTC(2026, 0, number)) as [number, number, number]; // as many as are mapped

/** The tests; of the moments one in `every`. */
export function unsyncedBackups(ways: readonly CrashWay[], every: number): void {
  describe('a backup on a machine that goes down', () => {
    it('leaves points that were told of whole, and what is restored is a store', async () => {
      const root = await temporary();
      await prepare(root);
      let known: Known = { points: [], forgotten: [], isRestored: false };
      // SQLite syncs its locks, and the index that was restored when it is opened; not the copy in a point.
      const disk = new ForgetfulFiles((file) => /lock\.sqlite|restored\/dice\.db(-wal|-shm)?$/.test(file));
      const { moments, images } = await atEachCrash<Known>({
        disk, root, ways, every,
        known: () => known,
        act: () => onDisk(disk, async () => {
          const one = await backUp(path.join(root, 'earlier'), path.join(root, 'backup'), { at: first });
          known = { ...known, points: [one.id] };
          const two = await backUp(path.join(root, 'data'), path.join(root, 'backup'), { at: second, keep: 1 });
          known = { ...known, points: [two.id], forgotten: [one.id] };
          await restoreTo(path.join(root, 'backup'), path.join(root, 'restored'));
          known = { ...known, isRestored: true };
        }),
        judge: (image) => judge(image),
      });
      process.stdout.write(`unsynced, backups: ${String(moments)} moments, ${String(images)} crashes\n`);
      expect(moments).toBeGreaterThan(5);
    }, 1_200_000);
  });
}

/** A store, and in `earlier` what it was before a day of work. */
async function prepare(root: string): Promise<void> {
  const dataDirectory = path.join(root, 'data');
  const before = await startServer({ dataDirectory, graceMs: 0 });
  const work = new ScriptedWork(await registerRaw(before.url, 'ada'));
  await work.upload(before.url);
  await before.close();
  cpSync(dataDirectory, path.join(root, 'earlier'), { recursive: true });
  const after = await startServer({ dataDirectory, graceMs: 0 });
  expect(await work.run(after.url)).toEqual([]);
  await after.close();
}

/** Backups name no file system: while `act` runs, the one that all use is this disk. */
async function onDisk(disk: ForgetfulFiles, act: () => Promise<void>): Promise<void> {
  const own = { ...nodeFiles };
  Object.assign(nodeFiles, disk.files);
  try {
    await act();
  } finally {
    Object.assign(nodeFiles, own);
  }
}

async function judge({ folder, known: { points, forgotten, isRestored } }: CrashImage<Known>): Promise<void> {
  const [repository, restored] = [path.join(folder, 'backup'), path.join(folder, 'restored')];
  const found = await wholePoints(repository);
  // An older point goes before its successor is told of, but not before that one stays.
  if (points.length > 0) expect([...points, nameOf(second)].filter((id) => found.includes(id))).not.toEqual([]);
  expect(found.filter((id) => forgotten.includes(id))).toEqual([]);
  const isStore = existsSync(path.join(restored, 'dice-store.json')) && !existsSync(path.join(restored, 'restore.json'));
  if (isRestored) expect(isStore).toBe(true);
  if (!isStore && found.length > 0) await restoreTo(repository, restored);
  if (isStore || found.length > 0) expect(await checked(restored)).toMatchObject({ findings: 0, damage: [] });
  const { id } = await backUp(path.join(folder, 'data'), repository, { at: third });
  expect(await wholePoints(repository)).toContain(id);
}

/** Ids of the points, all of which are whole; none where there is no repository. */
async function wholePoints(folder: string): Promise<readonly string[]> {
  const opened = await openRepository(folder).catch(() => undefined);
  if (opened === undefined) return [];
  expect((await verifyRepository(opened.repository, new AbortController().signal, () => undefined)).rotten).toEqual([]);
  return (await opened.repository.points()).points.map(({ id }) => id);
}

function nameOf(at: number): string {
  return new Date(at).toISOString().replace(/[-:.]/g, '');
}
