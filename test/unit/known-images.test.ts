/**
 * What an upload does to learn which files the gallery holds: with a cache it opens an entry once in its life, and believes the cache only
 * where the server still has the image. Against a library in memory that counts what it is asked.
 */
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FingerprintCache } from '../../client-sdk/fingerprint-cache.js';
import { GalleryIds } from '../../client-sdk/gallery-ids.js';
import { KnownImages } from '../../client-sdk/known-images.js';
import { KnownIndex } from '../../client-sdk/known-index.js';
import { nodePlatform } from '../../client-sdk/node/platform.js';
import { type ImageId, idOfBytes } from '../../client-sdk/protocol/ids.js';
import type { CacheStore } from '../../client-sdk/ports.js';
import { accountKey, file, Library, record, serverId } from '../support/memory-library.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
const plain = nodePlatform(undefined, 0);

interface Loaded {
  readonly known: KnownImages;
  readonly cache: FingerprintCache;
  readonly close: () => Promise<void>;
}

/** Opens the cache without counting its own sealed rows: they are opened by another provider. */
async function loaded(library: Library, folder: string, isDryRun = false): Promise<Loaded> {
  const connection = library.connection(folder);
  const account = { record, accountKey } as unknown as Parameters<typeof FingerprintCache.open>[2]; // all that a cache needs
  const cache = await FingerprintCache.open(nodePlatform(folder, 0), serverId, account);
  if (cache === undefined) throw new Error('Node keeps a cache');
  const known = await KnownImages.load(connection, { cache, signal: undefined, isDryRun });
  return { known, cache, close: () => cache.close() };
}

async function libraryOf(count: number): Promise<{ readonly library: Library; readonly ids: readonly ImageId[]; readonly folder: string }> {
  const library = new Library();
  const ids: ImageId[] = [];
  for (let number = 1; number <= count; number++) ids.push(await library.store(number));
  return { library, ids, folder: path.join(await temporary(), 'profile') };
}

describe('images that are known', () => {
  it('are opened once in the life of a cache, however often an upload begins', async () => {
    const { library, ids, folder } = await libraryOf(1_100);
    const first = await loaded(library, folder);
    expect(library.spent()).toEqual({ asked: ['listImages', 'listImages', 'listImages', 'listImages'], entries: 1_100 });
    expect(await first.known.find(file(3))).toBe(ids[2]);
    await first.close();
    library.spent();
    const second = await loaded(library, folder);
    // The first page of the gallery goes on until the overlap ends; the trash is empty.
    expect(library.spent()).toEqual({ asked: ['listImages', 'listImages'], entries: 0 });
    expect([await second.known.find(file(1_100)), await second.known.find(file(1)), await second.known.find(file(1_101))]).toEqual([ids[1_099], ids[0], undefined]);
    expect(library.spent()).toEqual({ asked: ['readImage', 'readImage'], entries: 0 });
    await second.close();
  });

  it('of another device are met by the next upload, which opens these alone', async () => {
    const { library, folder } = await libraryOf(520);
    await (await loaded(library, folder)).close();
    const later = await library.store(521);
    library.spent();
    const { known, close } = await loaded(library, folder);
    expect(library.spent()).toEqual({ asked: ['listImages', 'listImages'], entries: 1 });
    expect(await known.find(file(521))).toBe(later);
    await close();
    library.spent();
    await (await loaded(library, folder)).close();
    expect(library.spent().entries).toBe(0);
  });

  it('are not known where they lie in the trash or are gone, and known again where they were restored', async () => {
    const { library, ids, folder } = await libraryOf(3);
    const [one, two, three] = ids as readonly [ImageId, ImageId, ImageId];
    library.trash(one, 5);
    const { known, close } = await loaded(library, folder);
    library.trash(two, 6);
    library.cards.splice(library.cards.findIndex(({ imageId }) => imageId === three), 1);
    expect([await known.find(file(1)), await known.find(file(2)), await known.find(file(3))]).toEqual([undefined, undefined, undefined]);
    library.trash(one, undefined);
    library.trash(two, undefined);
    expect([await known.find(file(1)), await known.find(file(2))]).toEqual([one, two]);
    await close();
  });

  it('lead to the one that is left where one of two equal files is gone', async () => {
    const { library, ids, folder } = await libraryOf(2);
    const [older] = ids as readonly [ImageId, ImageId];
    const first = await loaded(library, folder);
    const again = await library.store(1, 9_000_000);
    await first.known.add(file(1), again);
    await first.close();
    for (const gone of [again, older]) {
      library.trash(gone, 5);
      const { known, close } = await loaded(library, folder);
      expect(await known.find(file(1))).toBe(gone === again ? older : again);
      await close();
      library.trash(gone, undefined);
    }
  });

  it('are asked for one by one only as long as a listing, which opens hardly anything, would cost more', async () => {
    const { library, ids, folder } = await libraryOf(1_001);
    const { known, close } = await loaded(library, folder);
    library.spent();
    for (let number = 1; number <= 200; number++) expect(await known.find(file(number))).toBe(ids[number - 1]);
    const { asked, entries } = library.spent();
    expect(asked.filter((name) => name === 'readImage').length).toBeLessThanOrEqual(21);
    expect(asked.filter((name) => name === 'listImages')).toHaveLength(3);
    // One of 256, and which one is chance.
    expect(entries).toBeLessThan(60);
    await close();
  });

  it('are added by a run for the next one, and by a dry run for itself alone', async () => {
    const { library, folder } = await libraryOf(2);
    const id = await library.store(40, 1);
    const dry = await loaded(library, folder, true);
    await dry.known.add(file(50), id);
    expect(await dry.known.find(file(50))).toBe(id);
    await dry.close();
    const real = await loaded(library, folder);
    expect(await real.known.find(file(50))).toBeUndefined();
    await real.known.add(file(50), id);
    await real.close();
    const next = await loaded(library, folder);
    expect(await next.known.find(file(50))).toBe(id);
    await next.close();
  });
});

describe('the ids of a gallery', () => {
  it('come to an end where the server invents images without one', async () => {
    const { library, ids } = await libraryOf(1);
    const connection = library.connection();
    const like = library.cards[0] as Library['cards'][number]; // it was stored
    let pages = 0;
    library.answer = (name) => {
      if (name === 'readUsage') return { images: 1 };
      if (name !== 'listImages') return { card: like, manifest: new Uint8Array() };
      if (++pages > 100) throw new Error('it goes on for ever');
      const invented = (i: number) => ({ ...like, imageId: idOfBytes<ImageId>(Uint8Array.from({ length: 16 }, (_, at) => (at < 12 ? 0 : (500 * pages + i) >> (8 * (at - 12))))), createdAt: 1e12 - 500 * pages - i });
      return { images: Array.from({ length: 500 }, (_, i) => invented(i)), next: 'more' };
    };
    const gallery = new GalleryIds(connection, undefined);
    const asking = (async () => { for (let tries = 0; tries < 20; tries++) await gallery.has(ids[0] as ImageId); })(); // it was stored
    await expect(asking).rejects.toMatchObject({ code: 'sealed-invalid' });
  });
});

describe('an index of known images', () => {
  const key = (number: number): Uint8Array => { const bytes = new Uint8Array(32); new DataView(bytes.buffer).setUint32(28, number); return bytes; };
  const id = (number: number): ImageId => idOfBytes<ImageId>(key(number).subarray(16));

  /** A cache in memory whose values can be spoilt. */
  async function cacheOver(entries: Map<string, Uint8Array>): Promise<FingerprintCache> {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    const store: CacheStore = {
      get: (keys) => Promise.resolve(keys.map((one) => entries.get(hex(one)))),
      put: (added) => { for (const [one, value] of added) entries.set(hex(one), value); return Promise.resolve(); },
      replace: () => Promise.reject(new Error('nothing of an index is replaced')),
      erase: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const account = { record, accountKey } as unknown as Parameters<typeof FingerprintCache.open>[2]; // all that a cache needs
    const cache = await FingerprintCache.open({ ...plain, openCache: () => Promise.resolve(store) }, serverId, account);
    if (cache === undefined) throw new Error('the platform keeps a cache');
    return cache;
  }

  it('finds an image in whatever part it stands, opening one bucket of each', async () => {
    const entries = new Map<string, Uint8Array>();
    const index = new KnownIndex(await cacheOver(entries), { generation: new Uint8Array(16), parts: 3 });
    for (let part = 0; part < 3; part++) {
      const rows = await Promise.all(Array.from({ length: 3_000 }, (_, i) => index.rowOf({ key: key(3_000 * part + i), imageId: id(3_000 * part + i) })));
      await index.writePart(part, rows);
    }
    expect(entries.size).toBeLessThanOrEqual(3 * 1_024);
    for (const number of [0, 2_999, 3_000, 8_999]) expect(await index.find(key(number))).toEqual([id(number)]);
    expect(await index.find(key(9_000))).toEqual([]);
  });

  it('forgets what somebody changed in the file, and never tells another image', async () => {
    const entries = new Map<string, Uint8Array>();
    const index = new KnownIndex(await cacheOver(entries), { generation: new Uint8Array(16), parts: 1 });
    await index.writePart(0, [await index.rowOf({ key: key(1), imageId: id(1) })]);
    await index.add([{ key: key(2), imageId: id(2) }]);
    for (const [name, value] of entries) entries.set(name, Uint8Array.from(value, (byte, i) => (i === value.length - 20 ? byte ^ 1 : byte)));
    expect([await index.find(key(1)), await index.find(key(2))]).toEqual([[], []]);
  });
});
