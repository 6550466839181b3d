/**
 * The disk that forgets, itself: what a crash leaves of bytes, lengths, names, renamings and folders that were synced or not; and how the order of system calls is read.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { OpenFile } from '../../server/storage/packs/file-layer.js';
import { ForgetfulFiles } from '../support/forgetful-files.js';
import { injectionsOf, kindOf } from '../support/strace.js';
import { syncOrderOf } from '../support/sync-order.js';
import { temporaryDirectories } from '../support/temp-directory.js';
import type { Survival } from '../support/unsynced-file.js';

const temporary = temporaryDirectories();
const nothing: Survival = { name: () => false, bytes: () => false };
const all: Survival = { name: () => true, bytes: () => true };
const names: Survival = { name: () => true, bytes: () => false };

async function forgetful(): Promise<{ readonly disk: ForgetfulFiles; readonly root: string; readonly left: (survival: Survival) => string }> {
  const root = await temporary();
  writeFileSync(path.join(root, 'old'), 'old');
  const disk = new ForgetfulFiles();
  disk.watch(root);
  const target = await temporary();
  let crashes = 0;
  return {
    disk, root,
    left(survival) {
      const folder = path.join(target, String(crashes++));
      disk.crash(folder, survival);
      return folder;
    },
  };
}

async function written(file: OpenFile, text: string, at = 0): Promise<OpenFile> {
  await file.write([Buffer.from(text)], at);
  return file;
}

describe('a disk that forgets', () => {
  it('loses bytes that were not synced, and a file whose name was not', async () => {
    const { disk, root, left } = await forgetful();
    const file = await written(await disk.files.open(path.join(root, 'new'), 'new'), 'bytes');
    expect([readdirSync(left(nothing)), readFileSync(path.join(left(names), 'new'), 'utf8'), readFileSync(path.join(left(all), 'new'), 'utf8')]).toEqual([['old'], '', 'bytes']);
    await file.datasync();
    expect([readdirSync(left(nothing)), readFileSync(path.join(left(names), 'new'), 'utf8')]).toEqual([['old'], 'bytes']);
    await disk.files.syncFolder(root);
    await written(file, 'more', 5);
    expect([readFileSync(path.join(left(nothing), 'new'), 'utf8'), disk.isUnsynced]).toEqual(['bytes', true]);
    await file.datasync();
    expect(disk.isUnsynced).toBe(false);
  });

  it('leaves zeros where a length was taken and bytes were not, and sectors by themselves', async () => {
    const { disk, root, left } = await forgetful();
    await written(await disk.files.open(path.join(root, 'new'), 'new'), 'x'.repeat(1_024));
    let asked = 0;
    // The length, and the second sector of two.
    const found = readFileSync(path.join(left({ name: () => true, bytes: () => ++asked !== 2 }), 'new'));
    expect([found.length, found.subarray(0, 512).every((byte) => byte === 0), found.toString('utf8', 512)]).toEqual([1_024, true, 'x'.repeat(512)]);
  });

  it('renames whole or not at all, and takes removals back', async () => {
    const { disk, root, left } = await forgetful();
    const file = await written(await disk.files.open(path.join(root, 'new'), 'new'), 'new');
    await file.datasync();
    await disk.files.rename(path.join(root, 'new'), path.join(root, 'old'));
    expect([readFileSync(path.join(left(nothing), 'old'), 'utf8'), readFileSync(path.join(left(names), 'old'), 'utf8'), readdirSync(left(names))]).toEqual(['old', 'new', ['old']]);
    await disk.files.remove(path.join(root, 'old'));
    expect([readdirSync(left(nothing)), readdirSync(left(names))]).toEqual([['old'], []]);
  });

  it('takes what others write and make for not synced, until it is', async () => {
    const { disk, root, left } = await forgetful();
    mkdirSync(path.join(root, 'theirs'));
    writeFileSync(path.join(root, 'theirs', 'file'), 'bytes');
    expect(readdirSync(left(nothing))).toEqual(['old']);
    await (await disk.files.open(path.join(root, 'theirs', 'file'), 'read')).datasync();
    await disk.files.syncFolder(path.join(root, 'theirs'));
    expect(existsSync(path.join(left(nothing), 'theirs'))).toBe(false);
    await disk.files.syncFolder(root);
    expect(readFileSync(path.join(left(nothing), 'theirs', 'file'), 'utf8')).toBe('bytes');
  });
});

describe('a trace', () => {
  const [pack, log, socket] = ['20</data/packs/pack-0000000001.dice>', '21</data/dice.db-wal>', '22<socket:[7]>'];
  const asked = `9  read(${socket}, "POST /api/v1/uploads/${'a'.repeat(32)}/commits HTTP/1.1"..., 65536) = 300`;
  const answered = `9  write(${socket}, "HTTP/1.1 200 OK\\r\\n"..., 300) = 300`;
  const right = [asked, `8  pwritev(${pack}, [...], 2, 0) = 90`, `8  fdatasync(${pack} <unfinished ...>`, '8  <... fdatasync resumed>) = 0', `9  pwrite64(${log}, ""..., 24, 0) = 24`, `9  fdatasync(${log}) = 0`, answered];

  it('of syncs in their order is right', () => {
    expect(syncOrderOf(right, '/data')).toEqual({ answered: new Map([['POST /api/v1/uploads/ID/commits', 1]]), commits: 1, faults: [] });
  });

  it.each([
    ['without the sync of a pack', right.filter((line) => !line.includes('fdatasync(20') && !line.includes('resumed')), 2],
    ['with a sync of a pack that failed', right.map((line) => line.replace('resumed>) = 0', 'resumed>) = -1 EIO (Input/output error)')), 2],
    ['without the sync of the log', right.filter((line) => !line.includes('fdatasync(21')), 1],
    ['with rows before bytes', [asked, right[1] ?? '', right[4] ?? '', right[2] ?? '', right[3] ?? '', right[5] ?? '', answered], 1],
    ['with a name that nobody synced', [`8  openat(AT_FDCWD</>, "/data/packs/pack-0000000001.dice", O_RDWR|O_CREAT|O_EXCL, 0600) = ${pack}`, ...right], 1],
  ])('%s is wrong', (_what, lines, faults) => {
    expect(syncOrderOf(lines, '/data').faults).toHaveLength(faults);
  });

  it('gives one injection of each kind first', () => {
    const injections = injectionsOf({ counts: new Map([['fsync', 3], ['pwrite64', 2], ['read', 2]]), paths: [] }, 'seed');
    const kinds = new Set(injections.map(kindOf));
    expect([...kinds]).toHaveLength(5 + 6 + 2);
    expect(new Set(injections.slice(0, kinds.size).map(kindOf))).toEqual(kinds);
    expect(new Set(injections.map((injection) => `${kindOf(injection)} ${injection.nth}`)).size).toBe(3 * 5 + 2 * 6 + 2 * 2);
  });
});
