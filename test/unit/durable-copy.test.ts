/**
 * Copies of long files: whole or not at all, on disks that lie, fill up or lose the end of a file; and folders whose names last.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CorruptionError } from '../../server/ports/errors.js';
import { copyDurably, type CopyOrder, digestFile } from '../../server/storage/packs/durable-copy.js';
import { makeFolderDurably } from '../../server/storage/packs/durable-file.js';
import { nodeFiles, type FileLayer, type OpenFile } from '../../server/storage/packs/file-layer.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const makeDirectory = temporaryDirectories();
const bytes = randomBytes(5_000_000);
const sha256 = createHash('sha256').update(bytes).digest('hex');

async function orderIn(folder: string, members: Partial<CopyOrder> = {}): Promise<CopyOrder> {
  await writeFile(path.join(folder, 'from'), bytes);
  return { from: path.join(folder, 'from'), bytes: bytes.length, temporary: path.join(folder, 'to.tmp'), targetOf: () => path.join(folder, 'to'), onPiece: () => undefined, ...members };
}

/** The real disk, but for what is written to it. */
function disk(write: (file: OpenFile, parts: readonly Uint8Array[], position: number) => Promise<number>): FileLayer {
  return {
    ...nodeFiles,
    async open(name, how) {
      const file = await nodeFiles.open(name, how);
      return how === 'read' ? file : { ...file, write: (parts, position) => write(file, parts, position) };
    },
  };
}

describe('a durable copy', () => {
  it('is the file, under a name that its content gives it', async () => {
    const folder = await makeDirectory();
    expect(await copyDurably(await orderIn(folder, { targetOf: (sum) => path.join(folder, sum) }))).toEqual({ bytes: bytes.length, sha256 });
    expect((await readdir(folder)).sort()).toEqual([sha256, 'from'].sort());
    expect(Buffer.compare(await readFile(path.join(folder, sha256)), bytes)).toBe(0);
    expect(await digestFile(path.join(folder, sha256))).toEqual({ bytes: bytes.length, sha256 });
  });

  it('takes no more than it was told, and not less', async () => {
    const folder = await makeDirectory();
    await copyDurably(await orderIn(folder, { bytes: 1_000 }));
    expect(await readFile(path.join(folder, 'to'))).toEqual(bytes.subarray(0, 1_000));
    await expect(copyDurably(await orderIn(folder, { bytes: bytes.length + 1, targetOf: () => path.join(folder, 'longer') }))).rejects.toThrow(/became shorter/);
    await copyDurably(await orderIn(folder, { bytes: 0, targetOf: () => path.join(folder, 'empty') }));
    expect((await readdir(folder)).sort()).toEqual(['empty', 'from', 'to']);
  });

  it.each([
    ['changes a byte', disk((file, [part = Buffer.of()], at) => file.write([Buffer.concat([Buffer.of((part[0] ?? 0) ^ 1), part.subarray(1)])], at)), /read back is not what was written/],
    ['drops what it is given', disk((_file, [part = Buffer.of()]) => Promise.resolve(part.length)), /read back is not what was written/],
    ['is full', disk(() => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }))), /copying .*ENOSPC/],
  ])('leaves nothing where the disk %s', async (_what, files, message) => {
    const folder = await makeDirectory();
    await expect(copyDurably(await orderIn(folder, { files }))).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual(['from']);
  });

  it('leaves nothing where its content is refused, or it is stopped', async () => {
    const folder = await makeDirectory();
    const refuse = (): never => { throw new CorruptionError('another hash'); };
    await expect(copyDurably(await orderIn(folder, { targetOf: refuse }))).rejects.toThrow('another hash');
    await expect(copyDurably(await orderIn(folder, { onPiece: refuse }))).rejects.toThrow('another hash');
    expect(await readdir(folder)).toEqual(['from']);
    await expect(copyDurably(await orderIn(folder, { from: path.join(folder, 'absent') }))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a folder made durably', () => {
  it('has each new name synced before the next is made, and the last one that was there', async () => {
    const folder = await makeDirectory();
    const synced: string[] = [];
    const files: FileLayer = { ...nodeFiles, syncFolder: (name) => { synced.push(path.relative(folder, name)); return nodeFiles.syncFolder(name); } };
    await makeFolderDurably(path.join(folder, 'one', 'two', '..', 'two', 'three'), files);
    expect(synced).toEqual(['..', '', 'one', path.join('one', 'two')]);
    expect((await stat(path.join(folder, 'one', 'two', 'three'))).mode & 0o777).toBe(0o700);
    await makeFolderDurably(path.join(folder, 'one', 'two'), files);
    expect(synced.slice(4)).toEqual(['one']);
  });

  it.each([['EACCES', true], ['ERR_ACCESS_DENIED', true], ['EIO', false]])('where the folder above cannot be opened (%s) is taken as it is: %s', async (code, isTaken) => {
    const folder = await makeDirectory();
    const files: FileLayer = { ...nodeFiles, syncFolder: (name) => (name === folder ? nodeFiles.syncFolder(name) : Promise.reject(Object.assign(new Error('no'), { code }))) };
    expect(await makeFolderDurably(path.join(folder, 'one'), files).then(() => true, () => false)).toBe(isTaken);
  });
});
