/**
 * The pack files: the contract of block stores, and what is theirs alone: keys, rollover, torn tails, a disk that
 * is full or fails, memory.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createHmac } from 'node:crypto';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Damage } from '../../server/ports/block-store.js';
import { CorruptionError, StorageError } from '../../server/ports/errors.js';
import { openBlockStore, type BlockStoreOptions } from '../../server/storage/packs/block-store.js';
import { writeDurably } from '../../server/storage/packs/durable-file.js';
import { nodeFiles, type FileLayer, type OpenFile } from '../../server/storage/packs/file-layer.js';
import { packPath } from '../../server/storage/packs/pack-folder.js';
import { temporaryDirectories } from '../support/temp-directory.js';
import { appendOne, blockStoreContract, digestOf, flip, isSame, only, recordOf, scanAll } from './block-store-contract.js';

const temporary = temporaryDirectories();
const storeKey = new Uint8Array(32).fill(5);
const fileOf = (directory: string, pack: number): string => packPath({ directory }, pack);

blockStoreContract('packs', async () => {
  const directory = path.join(await temporary(), 'packs');
  return {
    open: () => openBlockStore({ directory, storeKey }),
    keepsPacksOpen: true,
    change: async (pack, edit) => { await writeFile(fileOf(directory, pack), edit(await readFile(fileOf(directory, pack)))); },
  };
});

/** A store in a new folder. */
async function fresh(options: Partial<BlockStoreOptions> = {}): Promise<{ readonly directory: string; readonly open: (more?: Partial<BlockStoreOptions>) => ReturnType<typeof openBlockStore> }> {
  const directory = await temporary();
  return { directory, open: (more = {}) => openBlockStore({ directory, storeKey, ...options, ...more }) };
}

/** Which step fails next, and with which code. */
interface Trouble {
  step: 'write' | 'datasync' | 'syncFolder' | 'open' | 'read' | undefined;
  code: string;
  /** Bytes that a failing write still puts on the disk. */
  partial: number;
  syncs: number;
}

function failing(trouble: Trouble): FileLayer {
  const check = (step: Trouble['step']): void => {
    if (trouble.step === step) throw Object.assign(new Error('injected'), { code: trouble.code });
  };
  const wrap = (file: OpenFile): OpenFile => ({
    ...file,
    async write(parts, position) {
      if (trouble.step === 'write' && trouble.partial > 0) await file.write([Buffer.concat(parts).subarray(0, trouble.partial)], position);
      check('write');
      // Every write is short, so that the loop around it is always at work.
      return file.write([Buffer.concat(parts.slice(0, 3)).subarray(0, 50)], position);
    },
    async read(into, position) {
      check('read');
      return file.read(into, position);
    },
    async datasync() {
      trouble.syncs++;
      check('datasync');
      await file.datasync();
    },
  });
  return {
    ...nodeFiles,
    async open(file, how) {
      if (how !== 'read') check('open');
      return wrap(await nodeFiles.open(file, how));
    },
    async syncFolder(folder) {
      check('syncFolder');
      await nodeFiles.syncFolder(folder);
    },
  };
}

describe('packs on a failing disk', () => {
  for (const step of ['write', 'datasync', 'syncFolder', 'open', 'read'] as const) {
    it(`rejects when ${step} fails, loses nothing acknowledged, and goes on in a new pack`, async () => {
      const trouble: Trouble = { step: undefined, code: 'ENOSPC', partial: 30, syncs: 0 };
      const { open } = await fresh({ files: failing(trouble) });
      const store = await open();
      const before = await appendOne(store, recordOf(1, 200));
      if (step === 'open' || step === 'syncFolder') await store.seal();
      trouble.step = step;
      const outcomes = await Promise.allSettled([store.append([recordOf(2, 200)]), store.append([recordOf(3, 100), recordOf(4, 100)])]);
      for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'StorageError', options: { isFull: true } } });
      trouble.step = undefined;
      const after = await appendOne(store, recordOf(5, 200));
      expect(after.pack).toBeGreaterThan(before.pack);
      const again = await open();
      for (const reader of [store, again]) {
        expect(await reader.read(before, 'block')).toEqual(Buffer.from(recordOf(1, 200).payload));
        expect(await reader.read(after, 'block')).toEqual(Buffer.from(recordOf(5, 200).payload));
      }
      const { records, damage } = await scanAll(store, before.pack);
      expect(records.map(({ place }) => place)).toEqual([before]);
      expect(damage).toEqual([]);
      await again.close();
      await store.close();
    });
  }

  it('never writes to or syncs a pack again after a failed sync', async () => {
    const trouble: Trouble = { step: undefined, code: 'EIO', partial: 0, syncs: 0 };
    const { directory, open } = await fresh({ files: failing(trouble) });
    const store = await open();
    const before = await appendOne(store, recordOf(1, 200));
    trouble.step = 'datasync';
    const failure: unknown = await store.append([recordOf(2, 200)]).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'StorageError', options: { isFull: false, retryable: false } });
    trouble.step = undefined;
    const length = (await readFile(fileOf(directory, before.pack))).length;
    const syncs = trouble.syncs;
    await appendOne(store, recordOf(3, 200));
    expect(trouble.syncs).toBe(syncs + 1);
    expect((await readFile(fileOf(directory, before.pack))).length).toBe(length);
    await store.close();
  });

  it('leaves no empty packs behind while the disk is full', async () => {
    const trouble: Trouble = { step: undefined, code: 'EDQUOT', partial: 0, syncs: 0 };
    const { directory, open } = await fresh({ files: failing(trouble) });
    const store = await open();
    trouble.step = 'write';
    for (let i = 0; i < 3; i++) await expect(store.append([recordOf(i, 10)])).rejects.toMatchObject({ options: { isFull: true } });
    expect(await readdir(directory)).toEqual(['mark']);
    await store.close();
  });

  it('turns a caller away when too many bytes wait, and serves those that wait', async () => {
    const { open } = await fresh({ queueBytes: 1_000 });
    const store = await open();
    const outcomes = await Promise.allSettled([0, 1, 2].map((seed) => store.append([recordOf(seed, 500)])));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(outcomes[2]).toMatchObject({ reason: { options: { retryable: true } } });
    expect(await store.append([recordOf(1, 5_000)])).toHaveLength(1);
    await store.close();
  });

  it('answers many concurrent appends with few syncs', async () => {
    const trouble: Trouble = { step: undefined, code: '', partial: 0, syncs: 0 };
    const { open } = await fresh({ files: failing(trouble) });
    const store = await open();
    const syncs = trouble.syncs;
    await Promise.all(Array.from({ length: 64 }, (_, seed) => store.append([recordOf(seed, 20)])));
    expect(trouble.syncs - syncs).toBeLessThanOrEqual(4);
    await store.close();
  });

  it('replaces a small file whole or not at all', async () => {
    const directory = await temporary();
    const target = path.join(directory, 'small');
    await writeDurably(target, Buffer.from('old'));
    const trouble: Trouble = { step: 'datasync', code: 'EIO', partial: 0, syncs: 0 };
    await expect(writeDurably(target, Buffer.from('newer'), failing(trouble))).rejects.toThrow('injected');
    expect(await readFile(target, 'utf8')).toBe('old');
    await writeDurably(target, new Uint8Array(100).fill(65), failing({ ...trouble, step: undefined }));
    expect(await readFile(target, 'utf8')).toBe('A'.repeat(100));
  });
});

describe('packs on disk', () => {
  it('fill up to their size and no further, except by one record alone', async () => {
    const { open } = await fresh({ packBytes: 56 + 2 * (22 + 100) });
    const store = await open();
    const places = await store.append([100, 100, 100, 101, 100, 5_000, 1].map((length, seed) => recordOf(seed, length)));
    expect(places.map(({ pack }) => pack)).toEqual([1, 1, 2, 3, 4, 5, 6]);
    for (const [seed, place] of places.entries()) expect(await store.read(place, 'block')).toEqual(Buffer.from(recordOf(seed, place.length).payload));
    await store.close();
  });

  it('take what was asked before closing, and nothing after', async () => {
    const { open } = await fresh();
    const store = await open();
    const records = [1, 2, 3, 4, 5].map((seed) => recordOf(seed, 6_000_000));
    const asked = records.map((record) => store.append([record]));
    const closing = store.close();
    await expect(store.append([recordOf(9, 1)])).rejects.toBeInstanceOf(StorageError);
    const places = (await Promise.all(asked)).flat();
    await closing;
    const again = await open();
    for (const [index, place] of places.entries()) expect(isSame(await again.read(place, 'block'), records[index]?.payload)).toBe(true);
    await again.close();
  });

  it('are refused under another store key, and a damaged mark stops the opening', async () => {
    const { directory, open } = await fresh();
    const store = await open();
    await store.mark(3);
    await appendOne(store, recordOf(1, 100));
    await store.close();
    const other = new Uint8Array(32).fill(6);
    await expect(open({ storeKey: other })).rejects.toBeInstanceOf(CorruptionError);
    const mark = path.join(directory, 'mark');
    await writeFile(mark, flip(await readFile(mark), 15));
    await expect(open()).rejects.toBeInstanceOf(CorruptionError);
    await rm(mark);
    await expect(open({ storeKey: other })).rejects.toBeInstanceOf(CorruptionError);
    const again = await open();
    expect(await again.generation()).toBe(3);
    await again.close();
    await expect(open({ storeKey: new Uint8Array(31) })).rejects.toBeInstanceOf(RangeError);
  });

  it('report a torn tail at opening and keep what was acknowledged', async () => {
    const { directory, open } = await fresh();
    const store = await open();
    const place = await appendOne(store, recordOf(1, 100));
    await store.close();
    const file = fileOf(directory, place.pack);
    await writeFile(file, Buffer.concat([await readFile(file), Buffer.alloc(777, 1)]));
    const met: Damage[] = [];
    const again = await open({ onDamage: (damage) => met.push(damage) });
    expect(only(met)).toMatchObject({ pack: place.pack, offset: 56 + 22 + 100, length: 777 });
    expect(await again.read(place, 'block')).toBeDefined();
    await again.close();
  });

  it('refuse a pack of an unknown version whole', async () => {
    const { directory, open } = await fresh();
    const store = await open();
    const place = await appendOne(store, recordOf(1, 100));
    await store.seal();
    const file = fileOf(directory, place.pack);
    const bytes = await readFile(file);
    bytes.writeUInt16BE(2, 8);
    const code = createHmac('sha256', storeKey).update('dice/1/pack').update(bytes.subarray(0, 24)).digest();
    code.copy(bytes, 24);
    await writeFile(file, bytes);
    const { records, damage } = await scanAll(store, place.pack);
    expect(records).toEqual([]);
    expect(only(damage)).toMatchObject({ offset: 0, length: bytes.length, what: expect.stringContaining('version') });
    await store.close();
  });

  it('ignore files of other names', async () => {
    const { directory, open } = await fresh();
    await writeFile(path.join(directory, 'pack-1.dice'), 'x');
    await writeFile(path.join(directory, 'notes.txt'), 'x');
    const store = await open();
    expect(await store.packs()).toEqual([]);
    await store.close();
  });

  it('give an outage as an outage, not as absence', async () => {
    const trouble: Trouble = { step: undefined, code: 'EIO', partial: 0, syncs: 0 };
    const { open } = await fresh({ files: failing(trouble) });
    const store = await open();
    const place = await appendOne(store, recordOf(1, 100));
    trouble.step = 'read';
    await expect(store.read(place, 'block')).rejects.toBeInstanceOf(StorageError);
    trouble.step = undefined;
    expect(await store.read(place, 'block')).toBeDefined();
    await store.close();
  });

  it('are read through a bounded number of open files', async () => {
    const { open } = await fresh({ packBytes: 200 });
    const store = await open();
    const places = await store.append(Array.from({ length: 150 }, (_, seed) => recordOf(seed, 90)));
    expect(new Set(places.map(({ pack }) => pack)).size).toBe(150);
    const held = async (): Promise<number> => (await readdir('/proc/self/fd')).length;
    const before = await held();
    const read = await Promise.all([...places, ...places].map((place) => store.read(place, 'block')));
    expect(read.every((payload, index) => payload !== undefined && Buffer.compare(digestOf(payload), recordOf(index % 150, 90).digest) === 0)).toBe(true);
    for (const place of places) await store.read(place, 'block');
    expect(await held()).toBeLessThan(before + 80);
    await store.close();
  });
});

describe('packs of hostile clients', () => {
  it('are searched after damage without hashing what a client wrote to look like headers', async () => {
    const hashed = { bytes: 0 };
    const sha256 = (bytes: Uint8Array): Uint8Array => {
      hashed.bytes += bytes.length;
      return digestOf(bytes);
    };
    const { directory, open } = await fresh({ sha256 });
    const store = await open();
    // Every first pair of bytes that a header may have, each with the longest length that could still be true.
    const payload = new Uint8Array(65_536 * 6);
    for (let guess = 0; guess < 65_536; guess++) payload.set([guess >> 8, guess & 255, 0x11, 0x60, 0, 0], guess * 6);
    const [place] = await store.append([{ type: 'block', payload, digest: digestOf(payload) }, recordOf(1, 8_388_608), recordOf(2, 50)]);
    const file = fileOf(directory, place?.pack ?? 0);
    await store.seal();
    await writeFile(file, flip(await readFile(file), 56));
    hashed.bytes = 0;
    const { records, damage } = await scanAll(store, place?.pack ?? 0);
    expect(records.map(({ place: { length } }) => length)).toEqual([8_388_608, 50]);
    expect(only(damage)).toMatchObject({ offset: 56, length: 22 + payload.length });
    // The one guess that is right, and the two records.
    expect(hashed.bytes).toBeLessThan(4 * 8_388_608);
    await store.close();
  });
});
