/**
 * What every S3 service must show beside the contract of block stores: few objects, no name taken twice, large packs in parts, long
 * listings, marks of several processes. Run on s3rver by `npm test`, on Ceph by `npm run test:long`.
 */
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import type { BlockStore, Place } from '../../server/ports/block-store.js';
import { CorruptionError, StorageError } from '../../server/ports/errors.js';
import type { BlockStoreOptions } from '../../server/storage/s3/store-options.js';
import { changeObject, clientOf, freshPrefix, namesIn, objectOf, openStore, type S3Place } from '../support/s3-server.js';
import { appendOne, blockStoreContract, flip, isSame, recordOf, scanAll } from './block-store-contract.js';

/** What a service is known to get wrong. What it gets wrong is asserted too, so that nothing is passed over. */
export interface KnownGaps {
  readonly breaksOnEmptyPacks: boolean;
  readonly breaksOnLongListings: boolean;
}

const noGaps: KnownGaps = { breaksOnEmptyPacks: false, breaksOnLongListings: false };

/** Registers the contract and these cases for the service that `place` names once the tests run. */
export function s3Cases(name: string, place: () => S3Place, gaps: KnownGaps = noGaps): void {
  blockStoreContract(name, () => {
    const prefix = freshPrefix();
    return Promise.resolve({
      // A service that breaks off would be waited for.
      open: () => openStore(place(), prefix, gaps.breaksOnEmptyPacks ? { timeoutMs: 1_500 } : {}),
      keepsPacksOpen: false,
      breaksOnEmptyPacks: gaps.breaksOnEmptyPacks,
      change: (pack, edit) => changeObject(place(), objectOf(prefix, pack), edit),
    });
  });
  describe(`objects on ${name}`, () => {
    grouping(place);
    sharing(place);
    listing(place, gaps);
  });
}

/** Opens a store in a prefix of its own, runs `step` and closes it. */
async function within(place: S3Place, options: Partial<BlockStoreOptions>, step: (store: BlockStore, prefix: string) => Promise<void>): Promise<void> {
  const prefix = freshPrefix();
  const store = await openStore(place, prefix, options);
  try {
    await step(store, prefix);
  } finally {
    await store.close();
  }
}

async function expectSame(store: BlockStore, places: readonly Place[], record: (index: number) => ReturnType<typeof recordOf>): Promise<void> {
  const payloads = await Promise.all(places.map((one) => store.read(one, 'block')));
  expect(payloads.every((payload, index) => isSame(payload, record(index).payload))).toBe(true);
}

function grouping(place: () => S3Place): void {
  it('200 concurrent appends of 4 blocks become few', async () => {
    await within(place(), {}, async (store, prefix) => {
      const record = (index: number): ReturnType<typeof recordOf> => recordOf(index, 16_384);
      const calls = Array.from({ length: 200 }, (_, call) => [0, 1, 2, 3].map((block) => record(call * 4 + block)));
      const places = (await Promise.all(calls.map((records) => store.append(records)))).flat();
      const packs = (await namesIn(place(), prefix)).filter((name) => name.startsWith('packs/'));
      expect(packs.length).toBeLessThanOrEqual(4);
      expect(new Set(places.map(({ pack }) => pack)).size).toBe(packs.length);
      await expectSame(store, places, record);
    });
  });

  it('calls that come while packs are under way go together, in a bounded number of packs', async () => {
    await within(place(), { lingerMs: 5 }, async (store, prefix) => {
      const places: Place[] = [];
      const client = async (seed: number): Promise<void> => {
        for (let i = 0; i < 5; i++) places.push(await appendOne(store, recordOf(seed * 5 + i, 500)));
      };
      await Promise.all(Array.from({ length: 40 }, (_, seed) => client(seed)));
      expect(new Set(places.map(({ pack, offset }) => `${pack}:${offset}`)).size).toBe(200);
      expect((await namesIn(place(), prefix)).filter((name) => name.startsWith('packs/')).length).toBeLessThanOrEqual(40);
    });
  });

  it('a call of more than two packs is cut into packs of about equal size', async () => {
    await within(place(), { packBytes: 100_000 }, async (store) => {
      const record = (index: number): ReturnType<typeof recordOf> => recordOf(index, 29_000);
      const places = await store.append(Array.from({ length: 20 }, (_, index) => record(index)));
      expect((await store.packs()).map(({ bytes }) => bytes > 80_000 && bytes < 130_000)).toEqual([true, true, true, true, true, true]);
      expect(places.map(({ pack }) => pack)).toEqual(places.map(({ pack }) => pack).sort((a, b) => a - b));
      await expectSame(store, places, record);
    });
  });

  it('a pack above 16 MiB is written in parts and read back whole', async () => {
    await within(place(), { packBytes: 20_000_000 }, async (store) => {
      const record = (index: number): ReturnType<typeof recordOf> => recordOf(index, 6_000_000);
      const places = await store.append([0, 1, 2].map(record));
      expect(new Set(places.map(({ pack }) => pack)).size).toBe(1);
      await expectSame(store, places, record);
      const { records, damage } = await scanAll(store, places[0]?.pack ?? 0);
      expect(damage).toEqual([]);
      expect(records.map((one) => one.place)).toEqual(places);
    });
  });
}

function sharing(place: () => S3Place): void {
  it('two stores with the same clock and the same randomness never write over each other', async () => {
    const prefix = freshPrefix();
    // The nonce differs, or the two would be one; lane and clock are the same.
    const alike = (nonce: number): Partial<BlockStoreOptions> => {
      let drawn = 0;
      return { clock: () => Date.UTC(2026, 0, 1), random: (length) => new Uint8Array(length).map((_, at) => (at < 2 ? drawn++ >> 1 : nonce >> (at % 4) * 8)) };
    };
    const stores = [await openStore(place(), prefix, alike(0x1234_5678)), await openStore(place(), prefix, alike(0x2345_6789))];
    const record = (index: number): ReturnType<typeof recordOf> => recordOf(index, 1_000);
    const places = await Promise.all(Array.from({ length: 20 }, async (_, index) => {
      const [one] = await (stores[index % 2] as BlockStore).append([record(index)]); // one of two
      return one as Place; // one record, one place
    }));
    for (let index = 20; index < 30; index++) places.push(await appendOne(stores[index % 2] as BlockStore, record(index))); // one of two
    const lanes = new Set(places.map(({ pack }) => pack % 4_096));
    expect(lanes.size).toBe(2);
    for (const store of stores) await expectSame(store, places, record);
    for (const store of stores) await store.close();
  });

  it('the mark of several stores is never lowered', async () => {
    const prefix = freshPrefix();
    const stores = [await openStore(place(), prefix), await openStore(place(), prefix)];
    await Promise.all([3, 9, 5, 7].map((generation, index) => (stores[index % 2] as BlockStore).mark(generation))); // one of two
    await stores[0]?.mark(4);
    for (const store of stores) expect(await store.generation()).toBe(9);
    for (const store of stores) await store.close();
    expect((await namesIn(place(), prefix)).filter((name) => name.startsWith('marks/')).at(-1)).toBe(`marks/${(9).toString(16).padStart(14, '0')}`);
  });

  it('another store key is refused, and a damaged mark stops the opening', async () => {
    await within(place(), {}, async (store, prefix) => {
      await appendOne(store, recordOf(1, 10));
      await expect(openStore(place(), prefix, { storeKey: new Uint8Array(32).fill(6) })).rejects.toBeInstanceOf(CorruptionError);
      await changeObject(place(), `${prefix}/marks/${'0'.repeat(14)}`, (bytes) => flip(bytes, 15));
      await expect(openStore(place(), prefix)).rejects.toBeInstanceOf(CorruptionError);
    });
  });
}

function listing(place: () => S3Place, { breaksOnLongListings }: KnownGaps): void {
  it(breaksOnLongListings ? 'a page that the service cannot follow is an outage, never the end of the list' : 'more than a page of packs is listed whole, in order, without strangers', async () => {
    await within(place(), {}, async (store, prefix) => {
      const client = clientOf(place());
      const put = (name: string): Promise<unknown> => client.send(new PutObjectCommand({ Bucket: place().bucket, Key: `${prefix}/${name}`, Body: new Uint8Array(0) }));
      const first = 2 ** 45;
      const names = Array.from({ length: 1_050 }, (_, index) => `packs/${(first + index * 7).toString(16).padStart(14, '0')}`);
      for (let at = 0; at < names.length; at += 25) await Promise.all(names.slice(at, at + 25).map(put));
      await Promise.all(['packs/notes.txt', 'packs/00000000000001', 'packs/ffffffffffffff', 'elsewhere'].map(put));
      client.destroy();
      if (breaksOnLongListings) {
        await expect(store.packs()).rejects.toBeInstanceOf(StorageError);
        return;
      }
      expect((await store.packs()).map(({ pack }) => pack)).toEqual(names.map((_, index) => first + index * 7));
      expect(await store.usage()).toMatchObject({ packs: 1_050, packFileBytes: 0 });
    });
  });

  it('a bucket that is not there is an outage, not absence', async () => {
    const error: unknown = await openStore({ ...place(), bucket: 'no-such-bucket' }, freshPrefix()).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ options: { retryable: false } });
  });
}
