/**
 * The promises of the block store, as tests that every adapter passes. An adapter gives a factory and one way to
 * change stored bytes behind its back.
 */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { BlockStore, Damage, NewRecord, Place, RecordType, ScannedRecord } from '../../server/ports/block-store.js';
import { CorruptionError, StorageError } from '../../server/ports/errors.js';

/** One store on disk: opened as often as a test likes, one at a time. */
export interface BlockStoreFixture {
  open(): Promise<BlockStore>;
  /** A pack stays open for further appends until it is sealed. Where not, each is sealed as soon as it is written. */
  readonly keepsPacksOpen: boolean;
  /** A service that cannot read an empty object, which must then pass for an outage. Undefined everywhere else. */
  readonly breaksOnEmptyPacks?: boolean;
  /** Changes the bytes of a pack in place, or its length. */
  change(pack: number, edit: (bytes: Buffer) => Buffer): Promise<void>;
}

/** A record of `length` bytes made from `seed`. */
export function recordOf(seed: number, length: number, type: RecordType = 'block'): NewRecord {
  const payload = new Uint8Array(length);
  for (let i = 0; i < length; i++) payload[i] = (seed * 31 + i * 7 + (i >> 8)) & 255;
  return { type, payload, digest: digestOf(payload) };
}

/** SHA-256. */
export function digestOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

/** Appends one record. */
export async function appendOne(store: BlockStore, record: NewRecord): Promise<Place> {
  return only(await store.append([record]));
}

/** All of a scan, and the damage met. */
export async function scanAll(store: BlockStore, pack: number): Promise<{ readonly records: readonly ScannedRecord[]; readonly damage: readonly Damage[] }> {
  const records: ScannedRecord[] = [];
  const damage: Damage[] = [];
  for await (const record of store.scan(pack, (met) => damage.push(met))) records.push(record);
  return { records, damage };
}

/** The single element of a list. */
export function only<T>(list: readonly T[]): T {
  const [first] = list;
  if (first === undefined || list.length !== 1) throw new Error(`expected one element, got ${list.length}`);
  return first;
}

const nowhere: Place = { pack: 1, offset: 0, length: 0 };

/** Both are there and hold the same bytes. */
export function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;
}

export function blockStoreContract(name: string, make: () => Promise<BlockStoreFixture>): void {
  describe(`block store ${name}`, () => {
    const opened: BlockStore[] = [];
    const start = async (): Promise<{ readonly fixture: BlockStoreFixture; readonly store: BlockStore; readonly reopen: () => Promise<BlockStore> }> => {
      const fixture = await make();
      const open = async (): Promise<BlockStore> => {
        const store = await fixture.open();
        opened.push(store);
        return store;
      };
      return { fixture, store: await open(), reopen: open };
    };
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });
    keeping(start);
    packing(start);
    scanning(start);
  });
}

type Start = () => Promise<{ readonly fixture: BlockStoreFixture; readonly store: BlockStore; readonly reopen: () => Promise<BlockStore> }>;

function keeping(start: Start): void {
  it('says that it can be written to, as often as it is asked, without a record or a pack of it; closed it cannot', async () => {
    const { store } = await start();
    const before = await store.packs();
    await store.checkWritable();
    await store.checkWritable();
    expect(await store.packs()).toEqual(before);
    await store.close();
    await expect(store.checkWritable()).rejects.toBeInstanceOf(StorageError);
  });

  it('gives back every type of record, of no bytes, one and many, also after it was opened again', async () => {
    const { store, reopen } = await start();
    const types: readonly RecordType[] = ['block', 'manifest', 'preview', 'removal', 'account'];
    const records = types.flatMap((type, index) => [0, 1, 70_000].map((length) => recordOf(index, length, type)));
    const places = await store.append(records);
    expect(places.map(({ length }) => length)).toEqual(records.map(({ payload }) => payload.length));
    const expectAll = async (from: BlockStore): Promise<void> => {
      for (const [index, record] of records.entries()) expect(isSame(await from.read(places[index] ?? nowhere, record.type), record.payload)).toBe(true);
    };
    await expectAll(store);
    await store.close();
    await expectAll(await reopen());
  });

  it('takes an empty list, and keeps many concurrent appends apart', async () => {
    const { store } = await start();
    expect(await store.append([])).toEqual([]);
    const records = Array.from({ length: 200 }, (_, seed) => recordOf(seed, 100 + seed));
    const places = await Promise.all(records.map((record) => appendOne(store, record)));
    expect(new Set(places.map(({ pack, offset }) => `${pack}:${offset}`)).size).toBe(200);
    for (const [index, place] of places.entries()) expect(isSame(await store.read(place, 'block'), records[index]?.payload)).toBe(true);
  });

  it('takes a changed payload, another type, another length and another offset for corruption', async () => {
    const { fixture, store } = await start();
    const place = await appendOne(store, recordOf(1, 500));
    await expect(store.read(place, 'manifest')).rejects.toBeInstanceOf(CorruptionError);
    await expect(store.read({ ...place, length: 499 }, 'block')).rejects.toBeInstanceOf(CorruptionError);
    await expect(store.read({ ...place, length: 2 ** 40 }, 'block')).rejects.toBeInstanceOf(CorruptionError);
    await expect(store.read({ ...place, offset: place.offset + 1 }, 'block')).rejects.toBeInstanceOf(CorruptionError);
    await fixture.change(place.pack, (bytes) => flip(bytes, place.offset + store.recordOverheadBytes + 250));
    await expect(store.read(place, 'block')).rejects.toThrow(new RegExp(`${place.pack}.*${place.offset}`));
    await expect(store.read(place, 'block')).rejects.toBeInstanceOf(CorruptionError);
  });

  it('takes a flip of any bit of a record header for corruption', async () => {
    const { fixture, store } = await start();
    const place = await appendOne(store, recordOf(1, 40));
    for (let at = 0; at < store.recordOverheadBytes; at++) {
      await fixture.change(place.pack, (bytes) => flip(bytes, place.offset + at));
      await expect(store.read(place, 'block')).rejects.toBeInstanceOf(CorruptionError);
      await fixture.change(place.pack, (bytes) => flip(bytes, place.offset + at));
    }
    expect(await store.read(place, 'block')).toBeDefined();
  });

  it('answers a pack that is gone with absence', async () => {
    const { store } = await start();
    const place = await appendOne(store, recordOf(1, 40));
    expect(await store.read({ ...place, pack: place.pack + 5 }, 'block')).toBeUndefined();
    expect(await store.read(place, 'block')).toBeDefined();
    await store.seal();
    await store.drop(place.pack);
    await store.drop(place.pack);
    expect(await store.read(place, 'block')).toBeUndefined();
    expect((await scanAll(store, place.pack)).records).toEqual([]);
  });

  it('rejects what cannot be a record, and any append after closing', async () => {
    const { store } = await start();
    const record = recordOf(1, 10);
    await expect(store.append([{ ...record, digest: new Uint8Array(31) }])).rejects.toBeInstanceOf(StorageError);
    await expect(store.append([recordOf(1, 8_388_609)])).rejects.toBeInstanceOf(StorageError);
    expect((await appendOne(store, recordOf(1, 8_388_608))).length).toBe(8_388_608);
    await store.close();
    await expect(store.append([record])).rejects.toBeInstanceOf(StorageError);
  });
}

function packing(start: Start): void {
  it('begins a new pack after sealing, and never drops an open one', async () => {
    const { fixture, store } = await start();
    const first = await appendOne(store, recordOf(1, 40));
    if (fixture.keepsPacksOpen) await expect(store.drop(first.pack)).rejects.toBeInstanceOf(StorageError);
    await store.seal();
    await store.seal();
    const second = await appendOne(store, recordOf(2, 40));
    expect(second.pack).toBeGreaterThan(first.pack);
    expect((await store.packs()).map(({ pack, isSealed }) => ({ pack, isSealed }))).toEqual([
      { pack: first.pack, isSealed: true }, { pack: second.pack, isSealed: !fixture.keepsPacksOpen },
    ]);
  });

  it('never gives a number of a dropped pack to a new one', async () => {
    const { store, reopen } = await start();
    const numbers: number[] = [];
    for (let i = 0; i < 3; i++) {
      numbers.push((await appendOne(store, recordOf(i, 40))).pack);
      await store.seal();
    }
    for (const pack of numbers) await store.drop(pack);
    await store.close();
    expect((await appendOne(await reopen(), recordOf(9, 40))).pack).toBeGreaterThan(Math.max(...numbers));
  });

  it('adds up: headers, records and payloads are the bytes of the files', async () => {
    const { store } = await start();
    const lengths = [0, 10, 1_000];
    await store.append(lengths.map((length) => recordOf(3, length)));
    await store.seal();
    await store.append([recordOf(4, 77)]);
    const usage = await store.usage();
    expect(usage.packs).toBe(2);
    expect(usage.packFileBytes).toBe(usage.packHeaderBytes + 4 * store.recordOverheadBytes + 1_087);
    expect((await store.packs()).reduce((sum, { bytes }) => sum + bytes, 0)).toBe(usage.packFileBytes);
    expect(usage.freeBytes).toBeGreaterThan(0);
  });

  it('keeps its generation when opened again', async () => {
    const { store, reopen } = await start();
    expect(await store.generation()).toBe(0);
    await store.mark(7);
    expect(await store.generation()).toBe(7);
    await store.close();
    expect(await (await reopen()).generation()).toBe(7);
  });
}

function scanning(start: Start): void {
  const five = async (store: BlockStore): Promise<{ readonly records: readonly NewRecord[]; readonly places: readonly Place[]; readonly pack: number }> => {
    const records = [100, 2_000, 1_500_000, 0, 300].map((length, seed) => recordOf(seed, length, seed % 2 === 0 ? 'block' : 'manifest'));
    const places = await store.append(records);
    return { records, places, pack: places[0]?.pack ?? 0 };
  };
  const startOf = (places: readonly Place[], index: number): number => places[index]?.offset ?? 0;
  const overhead = async (): Promise<number> => (await start()).store.recordOverheadBytes;

  it('scans records in order, twice alike, without damage', async () => {
    const { store } = await start();
    const { records, places, pack } = await five(store);
    const scanned = await scanAll(store, pack);
    expect(scanned.damage).toEqual([]);
    expect(scanned.records.map(({ place }) => place)).toEqual(places);
    for (const [index, record] of scanned.records.entries()) {
      expect(isSame(record.payload, records[index]?.payload)).toBe(true);
      expect(isSame(record.digest, records[index]?.digest)).toBe(true);
      expect(record.type).toBe(records[index]?.type);
    }
    expect((await scanAll(store, pack)).records.length).toBe(5);
  });

  const lost = async (edit: (bytes: Buffer, places: readonly Place[]) => Buffer, left: readonly number[]): Promise<readonly Damage[]> => {
    const { fixture, store, reopen } = await start();
    const { places, pack } = await five(store);
    await store.close();
    await fixture.change(pack, (bytes) => edit(bytes, places));
    const again = await reopen();
    const { records, damage } = await scanAll(again, pack);
    expect(records.map(({ place }) => place)).toEqual(left.map((index) => places[index]));
    expect((await appendOne(again, recordOf(8, 8))).pack).toBeGreaterThan(pack);
    return damage;
  };

  it('finds the records around a flipped bit, in payload, record header or pack header', async () => {
    expect(only(await lost((bytes, places) => flip(bytes, startOf(places, 1) + 500), [0, 2, 3, 4])).length).toBe(2_000 + (await overhead()));
    expect((await lost((bytes, places) => flip(bytes, startOf(places, 2) + 3), [0, 1, 3, 4])).length).toBe(1);
    expect(only(await lost((bytes) => flip(bytes, 13), [0, 1, 2, 3, 4])).offset).toBe(0);
  });

  it('finds the records around an overwritten region, and before a cut', async () => {
    expect((await lost((bytes, places) => bytes.fill(0xaa, startOf(places, 1) - 5, startOf(places, 2) + 9), [3, 4])).length).toBe(1);
    const damage = only(await lost((bytes, places) => bytes.subarray(0, startOf(places, 2) + 700_000), [0, 1]));
    expect(damage.length).toBe(700_000);
    expect(only(await lost((bytes, places) => bytes.subarray(0, startOf(places, 1) + 20), [0])).length).toBe(20);
    expect(await lost((bytes, places) => bytes.subarray(0, startOf(places, 1)), [0])).toEqual([]);
    const emptied = lost((bytes) => bytes.subarray(0, 0), []);
    if ((await start()).fixture.breaksOnEmptyPacks === true) await expect(emptied).rejects.toBeInstanceOf(StorageError);
    else expect(await emptied).toEqual([]);
  });

  it('takes no copy of a region at another offset or in another pack for records', async () => {
    const twice = (bytes: Buffer, places: readonly Place[]): Buffer => Buffer.concat([bytes, bytes.subarray(startOf(places, 0), startOf(places, 2))]);
    expect(only(await lost(twice, [0, 1, 2, 3, 4])).length).toBe(2_100 + 2 * (await overhead()));
    const { fixture, store } = await start();
    const first = await appendOne(store, recordOf(1, 40));
    await store.seal();
    const second = await appendOne(store, recordOf(2, 40));
    let copied = Buffer.alloc(0);
    await fixture.change(first.pack, (bytes) => (copied = Buffer.from(bytes)));
    await store.seal();
    await fixture.change(second.pack, () => copied);
    expect((await scanAll(store, second.pack)).records).toEqual([]);
    await expect(store.read(second, 'block')).rejects.toBeInstanceOf(CorruptionError);
  });

  it('takes no bytes that a client chose for a record', async () => {
    const { fixture, store } = await start();
    const inner = await appendOne(store, recordOf(1, 40));
    let region = Buffer.alloc(0);
    await fixture.change(inner.pack, (bytes) => (region = Buffer.from(bytes)));
    const head = region.subarray(inner.offset, inner.offset + store.recordOverheadBytes);
    const forged = Buffer.concat([region, head, head, region.subarray(inner.offset)]);
    const payload = new Uint8Array(Buffer.concat(Array.from({ length: 300 }, () => forged)));
    const [outer = nowhere, last = nowhere] = await store.append([{ type: 'block', payload, digest: digestOf(payload) }, recordOf(2, 40)]);
    expect(outer.pack === inner.pack).toBe(fixture.keepsPacksOpen);
    await fixture.change(outer.pack, (bytes) => flip(bytes, outer.offset + 20));
    const { records, damage } = await scanAll(store, outer.pack);
    expect(records.map(({ place }) => place)).toEqual(fixture.keepsPacksOpen ? [inner, last] : [last]);
    expect(damage.length).toBe(1);
  });
}

/** The bytes with one bit of byte `at` flipped. */
export function flip(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ (1 << at % 8);
  return changed;
}
