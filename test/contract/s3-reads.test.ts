/**
 * Reads from a bucket: how few requests they take, and what a service may answer without doing harm. An outage is never taken for
 * absence, nor a strange answer for damage; damage is told from both.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BlockStore, Place } from '../../server/ports/block-store.js';
import { CorruptionError, StorageError } from '../../server/ports/errors.js';
import { packOfName } from '../../server/storage/s3/pack-numbers.js';
import type { BlockStoreOptions } from '../../server/storage/s3/store-options.js';
import { objectOf, openStore } from '../support/s3-server.js';
import { failure, listing, ScriptedS3, xml, type Meddle, type S3Answer } from '../support/scripted-s3.js';
import { appendOne, isSame, recordOf, scanAll } from './block-store-contract.js';

const held: { service: ScriptedS3 | undefined; stores: BlockStore[] } = { service: undefined, stores: [] };
const service = (): ScriptedS3 => {
  if (held.service === undefined) throw new Error('no service yet');
  return held.service;
};

beforeEach(async () => { held.service = await ScriptedS3.start(); });
afterEach(async () => {
  service().meddle = undefined;
  for (const store of held.stores.splice(0)) await store.close();
  await service().close();
});

async function open(options: Partial<BlockStoreOptions> = {}): Promise<BlockStore> {
  const store = await openStore(service().place, 'p', { attempts: 3, ...options });
  held.stores.push(store);
  return store;
}

/** Meddles with the first `times` reads of packs. */
function withGets(times: number, meddle: Meddle): void {
  let left = times;
  service().meddle = (asked, honest, response) => (asked.method === 'GET' && asked.key.startsWith('p/packs/') && left-- > 0 ? meddle(asked, honest, response) : undefined);
}

const gets = (): number => service().count('GET', 'p/packs/');

/** How many reads of packs `step` takes. */
async function getsOf(step: () => Promise<unknown>): Promise<number> {
  const before = gets();
  await step();
  return gets() - before;
}

describe('reads of one turn', () => {
  const record = (index: number): ReturnType<typeof recordOf> => recordOf(index, 16_384);

  it('share one request where they lie near each other, in any order', async () => {
    const store = await open();
    const places = await store.append(Array.from({ length: 300 }, (_, index) => record(index)));
    const mixed = [...places].reverse();
    let payloads: readonly (Uint8Array | undefined)[] = [];
    expect(await getsOf(async () => { payloads = await Promise.all(mixed.map((place) => store.read(place, 'block'))); })).toBe(1);
    expect(payloads.every((payload, index) => isSame(payload, record(299 - index).payload))).toBe(true);
    expect(await getsOf(() => Promise.all([0, 1, 4].map((index) => store.read(places[index] as Place, 'block'))))).toBe(1); // 300 places
    expect(await getsOf(() => Promise.all([0, 5, 10].map((index) => store.read(places[index] as Place, 'block'))))).toBe(3); // more than 64 KiB apart
  });

  it('take a request for each 9 MiB and each pack', async () => {
    const store = await open({ packBytes: 20_000_000 });
    const places = await store.append(Array.from({ length: 40 }, (_, index) => recordOf(index, 500_000)));
    const other = await appendOne(store, record(1));
    service().asked.length = 0;
    await Promise.all([...places, other].map((place) => store.read(place, 'block')));
    const lengths = service().asked.map(({ headers }) => /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')).map((range) => Number(range?.[2]) - Number(range?.[1]) + 1);
    expect(lengths.length).toBe(4);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(9_437_184);
  });

  it('go over few connections that are kept', async () => {
    const store = await open();
    const places = await store.append([0, 1, 2].map(record));
    const before = service().connections;
    for (let i = 0; i < 60; i++) await store.read(places[i % 3] as Place, 'block'); // three records, three places
    expect(service().connections - before).toBeLessThanOrEqual(2);
  });

  it('are judged each for itself', async () => {
    const store = await open();
    const places = await store.append([record(0), record(1), record(2)]);
    const [first, second, third] = places as readonly [Place, Place, Place]; // three records, three places
    const object = service().objects.get(objectOf('p', first.pack)) ?? Buffer.alloc(0);
    object[second.offset + 100] = (object[second.offset + 100] ?? 0) ^ 1;
    service().objects.set(objectOf('p', first.pack), object.subarray(0, third.offset + 500));
    const outcomes = await Promise.allSettled([store.read(first, 'block'), store.read(second, 'block'), store.read(third, 'block'), store.read({ ...first, pack: first.pack + 1 }, 'block')]);
    expect(outcomes[0]).toMatchObject({ status: 'fulfilled', value: Buffer.from(record(0).payload) });
    for (const outcome of outcomes.slice(1, 3)) expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'CorruptionError' } });
    expect(outcomes[3]).toEqual({ status: 'fulfilled', value: undefined });
  });

  it('of places that cannot be are damage or absence without a request', async () => {
    const store = await open();
    const { pack } = await appendOne(store, recordOf(1, 10));
    const none = await getsOf(async () => {
      for (const offset of [-1, 0.5, Number.MAX_SAFE_INTEGER, Number.NaN]) await expect(store.read({ pack, offset, length: 5 }, 'block')).rejects.toBeInstanceOf(CorruptionError);
      for (const length of [-1, 0.5, 8_388_609, Number.NaN]) await expect(store.read({ pack, offset: 56, length }, 'block')).rejects.toBeInstanceOf(CorruptionError);
      for (const absent of [-1, 0, 1, 0.5, 2 ** 53, Number.NaN]) expect(await store.read({ pack: absent, offset: 56, length: 5 }, 'block')).toBeUndefined();
    });
    expect(none).toBe(0);
  });
});

/** Sends bytes until the other side ends the connection. Answers how many. */
async function sendEndlessly(response: ServerResponse): Promise<number> {
  let sent = 0;
  const chunk = Buffer.alloc(1_048_576);
  const closed = once(response, 'close');
  while (!response.destroyed && sent < 200_000_000) {
    sent += chunk.length;
    if (!response.write(chunk)) await Promise.race([once(response, 'drain'), closed]);
  }
  return sent;
}

describe('a service in trouble', () => {
  const passing: readonly (readonly [string, Meddle])[] = [
    ['503', () => failure(503, 'SlowDown')],
    ['500 without a body', () => ({ status: 500 })],
    ['a broken connection', (_, __, response) => {
      response.destroy();
      return 'taken';
    }],
    ['half an answer', (_, honest, response) => {
      const { headers, body } = honest();
      response.writeHead(206, { ...headers, 'content-length': String(Buffer.byteLength(body ?? '')) });
      response.write(Buffer.from(body ?? '').subarray(0, 50), () => response.destroy());
      return 'taken';
    }],
    ['no answer', () => 'taken'],
    ['an answer that stops', (_, honest, response) => {
      const { headers, body } = honest();
      response.writeHead(206, { ...headers, 'content-length': String(Buffer.byteLength(body ?? '')) });
      response.write(Buffer.from(body ?? '').subarray(0, 50));
      return 'taken';
    }],
  ];

  it.each(passing)('that gives %s twice is asked again, and for ever is an outage that may pass', async (_, meddle) => {
    const store = await open({ timeoutMs: 500 });
    const place = await appendOne(store, recordOf(1, 900));
    withGets(2, meddle);
    expect(isSame(await store.read(place, 'block'), recordOf(1, 900).payload)).toBe(true);
    withGets(9, meddle);
    const taken = await getsOf(() => expect(store.read(place, 'block')).rejects.toMatchObject({ name: 'StorageError', options: { retryable: true } }));
    expect(taken).toBe(3);
  });

  const odd: readonly (readonly [string, (answer: S3Answer) => S3Answer])[] = [
    ['another range', (answer) => ({ ...answer, headers: { 'content-range': 'bytes 0-921/978' } })],
    ['a range of another length', (answer) => ({ ...answer, headers: { 'content-range': 'bytes 56-976/978' } })],
    ['no range', (answer) => ({ ...answer, headers: {} })],
    ['a range that is none', (answer) => ({ ...answer, headers: { 'content-range': 'bytes all' } })],
    ['fewer bytes than its range', (answer) => ({ ...answer, body: Buffer.from(answer.body ?? '').subarray(0, 100) })],
    ['no more than a part of what there is', (answer) => ({ ...answer, headers: { 'content-range': 'bytes 56-155/978' }, body: Buffer.from(answer.body ?? '').subarray(0, 100) })],
    ['the whole object', (answer) => ({ status: 200, body: Buffer.concat([Buffer.alloc(56), Buffer.from(answer.body ?? '')]) })],
    ['nothing', () => ({ status: 204 })],
    ['404 without saying what is missing', () => ({ status: 404 })],
    ['404 of a proxy', () => ({ status: 404, headers: { 'content-type': 'text/html' }, body: '<html><body>no such page</body></html>' })],
    ['404 of its bucket', () => failure(404, 'NoSuchBucket')],
    ['403', () => failure(403, 'AccessDenied')],
  ];

  it.each(odd)('that answers %s is an outage, not absence and not damage', async (_, change) => {
    const store = await open();
    const place = await appendOne(store, recordOf(1, 900));
    withGets(9, (__, honest) => change(honest()));
    await expect(store.read(place, 'block')).rejects.toBeInstanceOf(StorageError);
  });

  it('that sends without end is cut off', async () => {
    const store = await open();
    const place = await appendOne(store, recordOf(1, 900));
    for (const headers of [{ 'content-range': 'bytes 56-977/978' }, {}]) {
      const sent: Promise<number>[] = [];
      withGets(9, (_, __, response) => {
        response.writeHead('content-range' in headers ? 206 : 200, headers);
        sent.push(sendEndlessly(response));
        return 'taken';
      });
      await expect(store.read(place, 'block')).rejects.toBeInstanceOf(StorageError);
      expect((await Promise.all(sent)).every((bytes) => bytes < 100_000_000)).toBe(true);
    }
  });
});

describe('a listing', () => {
  it('is followed over its pages, and begins where it is asked to', async () => {
    service().pageKeys = 3;
    const store = await open();
    const places: Place[] = [];
    for (let i = 0; i < 10; i++) places.push(await appendOne(store, recordOf(i, 10)));
    expect((await store.packs()).map(({ pack }) => pack)).toEqual(places.map(({ pack }) => pack));
    const ahead = await open({ clock: () => Date.UTC(2024, 5, 1) });
    expect((await appendOne(ahead, recordOf(11, 10))).pack).toBeGreaterThan(places.at(-1)?.pack ?? Infinity);
  });

  const key = (index: number): string => objectOf('p', 2 ** 45 + index);
  const strange: readonly (readonly [string, (token: string | null) => S3Answer])[] = [
    ['a page of a proxy', () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html><body>please log in</body></html>' })],
    ['nothing', () => ({ status: 200 })],
    ['no XML', () => ({ status: 200, body: '{"Contents":[]}' })],
    ['half a document', () => xml('<ListBucketResult><Name>scripted</Name><KeyCount>1</KeyCount><Contents><Key>p/pa')],
    ['a document of another kind', () => xml('<ListAllMyBucketsResult/>')],
    ['a page that names no next', () => listing([{ key: key(1), size: '1' }], '')],
    ['the same page again and again', () => listing([{ key: key(1), size: '1' }], 'again')],
    ['names out of order', () => listing([{ key: key(2), size: '1' }, { key: key(1), size: '1' }])],
    ['pages of nothing', (token) => listing([], `${token ?? ''}x`.slice(0, 5))],
    ['a length below nothing', () => listing([{ key: key(1), size: '-1' }])],
    ['a length that is none', () => listing([{ key: key(1), size: 'many' }])],
    ['a length beyond numbers', () => listing([{ key: key(1), size: '9'.repeat(30) }])],
    ['more than a page may hold', () => xml(`<ListBucketResult><Name>${'a'.repeat(9_000_000)}</Name></ListBucketResult>`)],
  ];

  it.each(strange)('that gives %s is an outage, never an empty bucket', async (_, answer) => {
    const store = await open();
    service().meddle = ({ key: asked, query }) => (asked === '' ? answer(query.get('continuation-token')) : undefined);
    await expect(store.packs()).rejects.toBeInstanceOf(StorageError);
    await expect(open()).rejects.toBeInstanceOf(StorageError);
  });

  it('with entities that grow is neither believed nor does it grow', async () => {
    const store = await open();
    const bomb = `<!DOCTYPE x [<!ENTITY a "${'a'.repeat(1_000)}">${'bcdefgh'.split('').map((name, at) => `<!ENTITY ${name} "${`&${'abcdefg'[at] ?? ''};`.repeat(50)}">`).join('')}]>`;
    service().meddle = ({ key: asked }) => (asked === '' ? { status: 200, body: `${bomb}<ListBucketResult><Name>s</Name><KeyCount>1</KeyCount><Contents><Key>p/packs/&h;</Key><Size>1</Size></Contents></ListBucketResult>` } : undefined);
    const before = process.memoryUsage().rss;
    await store.packs().then((packs) => { expect(packs).toEqual([]); }, (error: unknown) => { expect(error).toBeInstanceOf(StorageError); });
    expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
  });

  it('leaves out what is no pack, what is elsewhere and what it named already', async () => {
    const store = await open();
    const found = ['p/packs/../../etc', 'p/packs/00000000000007', key(1), 'q/packs/00200000000001', `${key(2)}x`, key(5), key(5), 'p/packs/3fffffffffffff'];
    service().meddle = ({ key: asked }) => (asked === '' ? listing(found.map((one) => ({ key: one, size: '7' }))) : undefined);
    expect((await store.packs()).map(({ pack }) => pack)).toEqual([2 ** 45 + 1, 2 ** 45 + 5]);
  });
});

describe('a scan', () => {
  it('reads a pack in ranges of 8 MiB, and an empty one as one without records', async () => {
    const store = await open({ packBytes: 40_000_000 });
    const records = [1, 2, 3, 4, 5].map((seed) => recordOf(seed, 5_000_000));
    const [place] = await store.append(records);
    const pack = place?.pack ?? 0;
    expect(await getsOf(async () => {
      const { records: found, damage } = await scanAll(store, pack);
      expect(damage).toEqual([]);
      expect(found.map(({ payload }, index) => isSame(payload, records[index]?.payload))).toEqual([true, true, true, true, true]);
    })).toBeLessThanOrEqual(6);
    service().objects.set(objectOf('p', pack), Buffer.alloc(0));
    expect(await scanAll(store, pack)).toEqual({ records: [], damage: [] });
  });

  it('that the service breaks off is an outage, not damage', async () => {
    const store = await open({ packBytes: 40_000_000 });
    const [place] = await store.append([1, 2, 3].map((seed) => recordOf(seed, 5_000_000)));
    let asked = 0;
    withGets(99, () => (asked++ === 0 ? undefined : failure(503, 'SlowDown')));
    await expect(scanAll(store, place?.pack ?? 0)).rejects.toMatchObject({ name: 'StorageError', options: { retryable: true } });
    withGets(99, ({ headers }) => (headers.range?.startsWith('bytes=0-') === true ? undefined : failure(404, 'NoSuchKey')));
    await expect(scanAll(store, place?.pack ?? 0)).rejects.toBeInstanceOf(StorageError);
  });
});

describe('the mark', () => {
  const markOf = (generation: number): string => `p/marks/${generation.toString(16).padStart(14, '0')}`;

  it('that a stranger wrote is not believed, nor is one under the name of another', async () => {
    const store = await open();
    await store.mark(3);
    for (const bytes of [Buffer.from('forged'), service().objects.get(markOf(3)) ?? Buffer.alloc(0), Buffer.alloc(0), Buffer.alloc(100_000)]) {
      service().objects.set(markOf(9), bytes);
      await expect(store.generation()).rejects.toBeInstanceOf(CorruptionError);
      await expect(store.mark(10)).rejects.toBeInstanceOf(CorruptionError);
    }
    service().objects.delete(markOf(9));
    expect(await store.generation()).toBe(3);
  });

  it('where it is missing is made from the newest packs, and another key is noticed', async () => {
    const store = await open();
    await store.mark(12);
    const { pack } = await appendOne(store, recordOf(1, 10));
    service().objects.delete(markOf(12));
    await expect(open({ storeKey: new Uint8Array(32).fill(9) })).rejects.toBeInstanceOf(CorruptionError);
    expect(await (await open()).generation()).toBe(12);
    expect(packOfName(objectOf('p', pack).slice(2))).toBe(pack);
  });

  it('is kept as it was where the service fails in the middle', async () => {
    const store = await open({ attempts: 1 });
    await store.mark(3);
    service().meddle = ({ method }) => (method === 'PUT' ? failure(503, 'SlowDown') : undefined);
    await expect(store.mark(4)).rejects.toBeInstanceOf(StorageError);
    service().meddle = ({ method }) => (method === 'DELETE' ? failure(503, 'SlowDown') : undefined);
    await expect(store.mark(5)).rejects.toBeInstanceOf(StorageError);
    service().meddle = undefined;
    expect(await store.generation()).toBe(5);
    for (const generation of [-1, 0.5, 2 ** 50, Number.NaN]) await expect(store.mark(generation)).rejects.toBeInstanceOf(StorageError);
  });
});
