/**
 * A backup that is cut off at the steps at which something could be lost: making the folder, forgetting older points, reading the copy of the index; and a restore at its first step. At every
 * system call: test/long/syscalls.test.ts.
 */
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { CorruptionError } from '../../server/ports/errors.js';
import { openRepository } from '../../server/backup/repository.js';
import { verifyRepository } from '../../server/backup/verify-repository.js';
import { settleSnapshot } from '../../server/storage/sqlite/snapshot.js';
import { backUp, checked, restoreTo } from '../support/backed-up.js';
import { rawBlock, registerRaw, storeRaw } from '../support/raw-account.js';
import { startServer } from '../support/running-server.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
let data: string;

beforeAll(async () => {
  data = path.join(await temporary(), 'data');
  const server = await startServer({ dataDirectory: data });
  await storeRaw(server.url, await registerRaw(server.url, 'ada'), [rawBlock(5_000)]);
  await server.close();
});

/** Ids of the points, all of which are whole. */
async function wholePoints(folder: string): Promise<readonly string[]> {
  const { repository } = await openRepository(folder);
  expect((await verifyRepository(repository, new AbortController().signal, () => undefined)).rotten).toEqual([]);
  return (await repository.points()).points.map(({ id }) => id);
}

describe('a backup that is cut off', () => {
  it('while the folder is made leaves one that the next backup takes', async () => {
    const folder = await temporary();
    const inTheWay = path.join(folder, 'dice-backup.json.tmp');
    await mkdir(inTheWay);
    await expect(backUp(data, folder)).rejects.toThrow('EISDIR');
    await rm(inTheWay, { recursive: true });
    await backUp(data, folder);
    for (const name of ['packs', 'points']) await rm(path.join(folder, name), { recursive: true });
    const { id } = await backUp(data, folder);
    expect(await wholePoints(folder)).toEqual([id]);
  });

  it('while older points are forgotten keeps the new one, whole', async () => {
    const folder = await temporary();
    await backUp(data, folder, { at: 1_000 });
    // Of the form of a pack, and not to be removed like one.
    const inTheWay = path.join(folder, 'packs', `pack-0000000099.dice.${'0'.repeat(64)}`);
    await mkdir(inTheWay);
    await expect(backUp(data, folder, { at: 2_000, keep: 1 })).rejects.toThrow('making the backup');
    await rm(inTheWay, { recursive: true });
    expect(await wholePoints(folder)).toEqual(['19700101T000002000Z']);
    await restoreTo(folder, path.join(await temporary(), 'restored'));
    await backUp(data, folder, { at: 3_000, keep: 1 });
    expect(await wholePoints(folder)).toEqual(['19700101T000003000Z']);
  });

  it('and restored by a run that is cut off before its note leaves a place that the next restore takes', async () => {
    const [folder, place] = [await temporary(), await temporary()];
    await backUp(data, folder);
    const inTheWay = path.join(place, 'restore.json.tmp');
    await mkdir(inTheWay);
    await expect(restoreTo(folder, place)).rejects.toThrow('restoring: EISDIR');
    await rm(inTheWay, { recursive: true });
    await writeFile(inTheWay, '{');
    await restoreTo(folder, place);
    expect(await checked(place)).toMatchObject({ findings: 0 });
  });

  it('because its copy of the index is not what was read takes neither the store nor older points for damaged', async () => {
    const folder = await temporary();
    await backUp(data, folder, { at: 1_000 });
    const { repository } = await openRepository(folder);
    const copy = path.join(repository.pointsFolder, '19700101T000001000Z', 'dice.db');
    const file = await open(copy, 'r+');
    await file.write(new Uint8Array(4_000).fill(7), 0, 4_000, 8_200);
    await file.close();
    let told: unknown;
    try {
      settleSnapshot(copy);
    } catch (error) {
      told = error;
    }
    expect(told).toBeInstanceOf(CorruptionError);
    expect(String(told)).toContain('Make the backup again');
    expect(String(told)).not.toContain('rebuild-index');
    expect(await checked(data)).toMatchObject({ findings: 0 });
  });
});
