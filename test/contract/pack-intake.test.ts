/**
 * The promises of a place that packs are moved to, on a folder and on s3rver: what is written is what a block store finds there, at the offsets that it had.
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CorruptionError, StorageError } from '../../server/ports/errors.js';
import type { BlockStore, ScannedRecord } from '../../server/ports/block-store.js';
import type { PackIntake } from '../../server/ports/pack-move.js';
import { openBlockStore as openFolder } from '../../server/storage/packs/block-store.js';
import { openPackIntake as openFolderIntake } from '../../server/storage/packs/pack-intake.js';
import { openPackIntake as openBucketIntake } from '../../server/storage/s3/pack-intake.js';
import { memoryBlockStore, noPacks } from '../support/memory-block-store.js';
import { freshPrefix, openStore, startS3rver, testStoreKey, type S3Server } from '../support/s3-server.js';
import { flip, isSame, recordOf, scanAll } from './block-store-contract.js';

let s3: S3Server;
let folder: string;
let prefix: string;

beforeAll(async () => {
  s3 = await startS3rver();
  folder = await mkdtemp(path.join(tmpdir(), 'dice-intake-'));
  prefix = freshPrefix();
});
afterAll(async () => {
  await s3.close();
  await rm(folder, { recursive: true, force: true });
});

interface Place {
  readonly name: string;
  readonly intake: () => Promise<PackIntake>;
  readonly store: () => Promise<BlockStore>;
  /** Numbers of the copies of the packs 7 and 2^40 + 1. */
  readonly numbers: readonly [number, number];
}

const packs = (): string => path.join(folder, 'packs');
const places: readonly Place[] = [
  { name: 'a folder', intake: () => openFolderIntake({ directory: packs(), storeKey: testStoreKey }), store: () => openFolder({ directory: packs(), storeKey: testStoreKey }), numbers: [7, 8] },
  {
    name: 'a bucket', intake: () => Promise.resolve(openBucketIntake({ ...s3.place, prefix, storeKey: testStoreKey })), store: () => openStore(s3.place, prefix),
    numbers: [2 ** 32 + 7, 2 ** 40 + 1],
  },
];

/** A pack of another store, some of whose bytes may have been changed. */
async function packOf(seeds: readonly number[], edit: (bytes: Buffer) => Buffer = (bytes) => bytes): Promise<{ readonly bytes: number; readonly generation: number; readonly records: AsyncIterable<ScannedRecord> }> {
  const kept = noPacks();
  const store = memoryBlockStore(kept);
  for (const seed of seeds) await store.append([recordOf(seed, 1_000 + seed, seed % 2 === 0 ? 'block' : 'manifest')]);
  const bytes = edit(kept.packs.get(1) ?? Buffer.alloc(0));
  kept.packs.set(1, bytes);
  return { bytes: bytes.length, generation: 3, records: store.scan(1, () => undefined) };
}

describe.each(places)('packs moved to $name', ({ intake: openIntake, store: openHere, numbers: [first, second] }) => {
  it('lie where a block store finds them, and not before the move has ended', async () => {
    const intake = await openIntake();
    expect([await intake.isEmpty(), await intake.note()]).toEqual([true, undefined]);
    await intake.begin('one');
    await intake.begin('two');
    expect([await intake.isEmpty(), await intake.note()]).toEqual([true, 'two']);
    expect([intake.numberFor(7, 0), intake.numberFor(2 ** 40 + 1, 7)]).toEqual([first, second]);
    // A torn write of an earlier run, of other bytes.
    await intake.put(first, await packOf([9]));
    const damaged = await packOf([1, 2, 3], (bytes) => flip(bytes, 56 + 22 + 1_001 + 500));
    const length = await intake.put(first, damaged);
    expect(length).toBe(damaged.bytes);
    expect(await intake.put(second, await packOf([4, 5], (bytes) => bytes.subarray(0, -1)))).toBe(56 + 22 + 1_004);
    expect(await intake.put(second + 1, await packOf([]))).toBe(0);
    await intake.put(second + 2, await packOf([6]));
    await intake.drop(second + 2);
    await intake.drop(second + 2);
    expect(await intake.lengths()).toEqual(new Map([[first, length], [second, 56 + 22 + 1_004]]));
    await expect(openHere()).rejects.toThrow(/move that has not ended/);
    await intake.finish(12);
    await intake.finish(12);
    expect([await intake.isEmpty(), await intake.note()]).toEqual([false, undefined]);
    await intake.close();
    const store = await openHere();
    const { records, damage } = await scanAll(store, first);
    expect(records.map(({ place: { offset } }) => offset)).toEqual([56, 56 + 2 * 22 + 1_001 + 1_002]);
    expect(damage).toMatchObject([{ pack: first, offset: 56 + 22 + 1_001, length: 22 + 1_002 }]);
    expect(isSame(await store.read({ pack: second, offset: 56, length: 1_004 }, 'block'), recordOf(4, 1_004).payload)).toBe(true);
    expect([await store.generation(), (await store.packs()).map(({ pack }) => pack)]).toEqual([12, [first, second]]);
    const [next] = await store.append([recordOf(8, 10)]);
    expect(next?.pack).toBeGreaterThan(second);
    await store.close();
  });

  it('are refused where their records cannot be', async () => {
    const intake = await openIntake();
    const { records } = await packOf([1, 2]);
    await expect(intake.put(first, { bytes: 1_500, generation: 1, records })).rejects.toBeInstanceOf(CorruptionError);
    await expect(intake.put(first, { bytes: 2 ** 40, generation: 1, records })).rejects.toBeInstanceOf(StorageError);
    await intake.close();
  });
});

it('leaves nothing of a pack that was being written in a folder when the move was killed', async () => {
  const directory = path.join(folder, 'killed');
  const intake = await openFolderIntake({ directory, storeKey: testStoreKey });
  await intake.begin('note');
  await writeFile(path.join(directory, 'pack-0000000003.dice.tmp'), 'half');
  await intake.finish(1);
  expect(await readdir(directory)).toEqual(['mark']);
  expect(() => intake.numberFor(2 ** 40, 2 ** 32 - 1)).toThrow(StorageError);
});
