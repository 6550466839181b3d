/**
 * Appends to a bucket that fails: names in use, conditions unknown, answers lost, bytes changed, a process killed half way. What was
 * acknowledged is there, what was not does no harm, and nothing is written over.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BlockStore } from '../../server/ports/block-store.js';
import { StorageError } from '../../server/ports/errors.js';
import { packOfName } from '../../server/storage/s3/pack-numbers.js';
import type { BlockStoreOptions } from '../../server/storage/s3/store-options.js';
import { openStore, testStoreKey } from '../support/s3-server.js';
import { failure, ScriptedS3, type Meddle, type S3Asked } from '../support/scripted-s3.js';
import { appendOne, flip, isSame, recordOf, scanAll } from './block-store-contract.js';

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
  const store = await openStore(service().place, 'p', options);
  held.stores.push(store);
  return store;
}

const isPackPut = ({ method, key }: S3Asked): boolean => method === 'PUT' && key.startsWith('p/packs/');
const packPuts = (): readonly string[] => service().asked.filter(isPackPut).map(({ key }) => key);

/** Meddles with the first `times` writes of packs. */
function withPuts(times: number, meddle: Meddle): void {
  let left = times;
  service().meddle = (asked, honest, response) => (isPackPut(asked) && left-- > 0 ? meddle(asked, honest, response) : undefined);
}

describe('a name in use', () => {
  it.each([412, 409])('is left alone where the service answers %i, and another is taken', async (status) => {
    const store = await open();
    withPuts(1, ({ key }) => {
      service().objects.set(key, Buffer.from('a stranger'));
      return failure(status, 'PreconditionFailed');
    });
    const place = await appendOne(store, recordOf(1, 500));
    const [first = '', second = ''] = packPuts();
    expect(service().objects.get(first)?.toString()).toBe('a stranger');
    expect(packOfName(second.slice(2))).toBe(place.pack);
    expect(isSame(await store.read(place, 'block'), recordOf(1, 500).payload)).toBe(true);
  });

  it('is looked for before each write where the service answers 501 to the condition', async () => {
    const store = await open();
    let heads = 0;
    service().meddle = (asked) => {
      if (isPackPut(asked) && asked.headers['if-none-match'] !== undefined) return failure(501, 'NotImplemented');
      if (asked.method === 'HEAD' && heads++ === 0) service().objects.set(asked.key, Buffer.from('a stranger'));
      return undefined;
    };
    const places = [await appendOne(store, recordOf(1, 500)), await appendOne(store, recordOf(2, 500))];
    expect([...service().objects.values()].filter((object) => object.toString() === 'a stranger').length).toBe(1);
    expect(service().asked.filter((asked) => isPackPut(asked) && asked.headers['if-none-match'] !== undefined).length).toBe(1);
    expect(service().count('HEAD', 'p/packs/')).toBe(3);
    for (const [index, place] of places.entries()) expect(isSame(await store.read(place, 'block'), recordOf(index + 1, 500).payload)).toBe(true);
  });

  it('is given up on with an outage where every name is in use', async () => {
    const store = await open();
    withPuts(1_000, () => failure(412, 'PreconditionFailed'));
    await expect(appendOne(store, recordOf(1, 5))).rejects.toMatchObject({ name: 'StorageError', options: { retryable: true } });
  });
});

describe('a write of unknown outcome', () => {
  const outcomes: readonly (readonly [string, Meddle])[] = [
    ['was done and answered with 503', (_, honest) => {
      honest();
      return failure(503, 'SlowDown');
    }],
    ['was done and never answered', (_, honest) => {
      honest();
      return 'taken';
    }],
    ['was done when the connection broke', (_, honest, response) => {
      honest();
      response.destroy();
      return 'taken';
    }],
    ['was not done', () => failure(500, 'InternalError')],
  ];

  it.each(outcomes)('that %s leaves a stray at most; the records go into a new object', async (_, meddle) => {
    const store = await open({ timeoutMs: 700 });
    const before = await appendOne(store, recordOf(1, 300));
    withPuts(1, meddle);
    const place = await appendOne(store, recordOf(2, 400));
    expect(new Set(packPuts()).size).toBe(packPuts().length);
    expect(packPuts().length).toBe(3);
    const again = await open();
    for (const pack of await again.packs()) {
      const { records, damage } = await scanAll(again, pack.pack);
      expect(records.length).toBe(1);
      expect(damage).toEqual([]);
    }
    expect(isSame(await again.read(before, 'block'), recordOf(1, 300).payload)).toBe(true);
    expect(isSame(await again.read(place, 'block'), recordOf(2, 400).payload)).toBe(true);
  });

  it('rejects all calls of the group after three objects, and the next append begins anew', async () => {
    const store = await open();
    withPuts(3, (_, honest) => {
      honest();
      return failure(503, 'SlowDown');
    });
    const outcomes = await Promise.allSettled([store.append([recordOf(1, 10)]), store.append([recordOf(2, 10)])]);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'StorageError', options: { retryable: true, isFull: false } } });
    expect(packPuts().length).toBe(3);
    expect(await store.read(await appendOne(store, recordOf(1, 10)), 'block')).toBeDefined();
  });

  it('says that the bucket is full, and does not try again', async () => {
    const store = await open();
    withPuts(9, () => failure(403, 'QuotaExceeded'));
    await expect(appendOne(store, recordOf(1, 5))).rejects.toMatchObject({ options: { isFull: true, retryable: false } });
    expect(packPuts().length).toBe(1);
  });

  it('leaves nothing wrong when the process is killed between the write and its answer', async () => {
    let tellStored = (): void => undefined;
    const stored = new Promise<void>((resolve) => { tellStored = resolve; });
    withPuts(1, (_, honest) => {
      honest();
      tellStored();
      return 'taken';
    });
    const script = fileURLToPath(new URL('../support/s3-append.js', import.meta.url));
    const child = spawn(process.execPath, [script, JSON.stringify({ place: service().place, prefix: 'p', length: 777 })], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    // A process that ends before it has written would be waited for otherwise.
    await Promise.race([stored, ended]);
    child.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    const store = await open();
    const [stray] = await store.packs();
    const place = await appendOne(store, recordOf(2, 100));
    expect(place.pack).toBeGreaterThan(stray?.pack ?? Infinity);
    const { records, damage } = await scanAll(store, stray?.pack ?? 0);
    expect(damage).toEqual([]);
    expect(records.map(({ payload }) => isSame(payload, new Uint8Array(777).fill(7)))).toEqual([true]);
    await store.drop(stray?.pack ?? 0);
    expect((await store.packs()).map(({ pack }) => pack)).toEqual([place.pack]);
    expect(await store.read(place, 'block')).toBeDefined();
  });
});

describe('bytes that do not come back as they were', () => {
  const changes: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
    ['a bit is flipped', (bytes) => flip(bytes, 90)], ['the end is missing', (bytes) => bytes.subarray(0, bytes.length - 1)], ['more was added', (bytes) => Buffer.concat([bytes, bytes])],
  ];

  it.each(changes)('are written anew where %s, and the bad object is removed', async (_, change) => {
    const store = await open();
    withPuts(1, (asked, honest) => {
      const answer = honest();
      service().objects.set(asked.key, change(asked.body));
      return answer;
    });
    const place = await appendOne(store, recordOf(1, 500));
    expect((await store.packs()).map(({ pack }) => pack)).toEqual([place.pack]);
    expect(packPuts().length).toBe(2);
    expect(isSame(await store.read(place, 'block'), recordOf(1, 500).payload)).toBe(true);
  });

  it('are never acknowledged', async () => {
    const store = await open();
    withPuts(9, ({ key }, honest) => {
      const answer = honest();
      service().objects.delete(key);
      return answer;
    });
    await expect(appendOne(store, recordOf(1, 500))).rejects.toBeInstanceOf(StorageError);
  });
});

describe('a pack in parts', () => {
  it('that cannot be finished is aborted, and goes into a new object', async () => {
    const store = await open({ packBytes: 20_000_000 });
    let failures = 1;
    service().meddle = ({ method, query }) => (method === 'POST' && query.has('uploadId') && failures-- > 0 ? failure(500, 'InternalError') : undefined);
    const records = [0, 1, 2].map((seed) => recordOf(seed, 6_000_000));
    const places = await store.append(records);
    expect(service().unfinished).toBe(0);
    expect((await store.packs()).map(({ pack }) => pack)).toEqual([places[0]?.pack]);
    for (const [index, place] of places.entries()) expect(isSame(await store.read(place, 'block'), records[index]?.payload)).toBe(true);
  });

  it('spares a name in use', async () => {
    const store = await open({ packBytes: 20_000_000 });
    let strangers = 1;
    service().meddle = ({ method, query, key }) => {
      if (method === 'POST' && query.has('uploadId') && strangers-- > 0) service().objects.set(key, Buffer.from('a stranger'));
      return undefined;
    };
    const places = await store.append([0, 1, 2].map((seed) => recordOf(seed, 6_000_000)));
    expect((await store.packs()).length).toBe(2);
    expect([...service().objects.values()].some((object) => object.toString() === 'a stranger')).toBe(true);
    expect(isSame(await store.read(places[2] ?? { pack: 0, offset: 0, length: 0 }, 'block'), recordOf(2, 6_000_000).payload)).toBe(true);
  });
});

describe('appends under load', () => {
  it('are at most four objects at a time, and those beyond the bound are turned away', async () => {
    const store = await open({ packBytes: 1_000, queueBytes: 10_000, lingerMs: 1 });
    let [now, most] = [0, 0];
    service().meddle = (asked, honest, response) => {
      if (!isPackPut(asked)) return undefined;
      most = Math.max(most, ++now);
      setImmediate(() => {
        now--;
        const { status, headers } = honest();
        response.writeHead(status, { ...headers }).end();
      });
      return 'taken';
    };
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, (_, seed) => store.append([recordOf(seed, 1_000)])));
    expect(outcomes.map(({ status }) => status)).toEqual([...Array<string>(10).fill('fulfilled'), 'rejected', 'rejected']);
    expect(outcomes[11]).toMatchObject({ reason: { options: { retryable: true } } });
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
    expect(await store.append([recordOf(1, 50_000)])).toHaveLength(1);
  });

  it('that were asked before closing are finished, and none is taken after', async () => {
    const store = await open();
    const asked = [1, 2, 3].map((seed) => store.append([recordOf(seed, 5_000_000)]));
    const closing = store.close();
    await expect(store.append([recordOf(9, 1)])).rejects.toBeInstanceOf(StorageError);
    const places = (await Promise.all(asked)).flat();
    await closing;
    const again = await open();
    for (const [index, place] of places.entries()) expect(isSame(await again.read(place, 'block'), recordOf(index + 1, 5_000_000).payload)).toBe(true);
  });

  it('wait for what is gathered when the store is sealed', async () => {
    const store = await open({ lingerMs: 10_000 });
    const places: string[] = [];
    const asked = [1, 2, 3].map(async (seed) => places.push(String((await store.append([recordOf(seed, 10)])).length)));
    await store.seal();
    expect(places).toEqual(['1', '1', '1']);
    await Promise.all(asked);
  });
});

describe('keys and secrets', () => {
  const hides = (error: unknown): void => {
    expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(/AKIASCRIPTED|scripted-secret|Signature=|Credential=|hunter2/);
  };

  it('are in no error, whatever the service writes into its answer', async () => {
    const echo = '<AWSAccessKeyId>AKIASCRIPTED</AWSAccessKeyId><StringToSign>scripted-secret</StringToSign>';
    service().meddle = ({ headers }) => failure(403, 'SignatureDoesNotMatch', `${echo}<Header>${String(headers.authorization)}</Header>`);
    const error: unknown = await open().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'StorageError', message: expect.stringContaining('SignatureDoesNotMatch'), options: { retryable: false } });
    hides(error);
    service().meddle = () => failure(403, 'AKIASCRIPTED scripted-secret');
    hides(await open().catch((caught: unknown) => caught));
  });

  it('are sent nowhere else, also where the service sends its callers away', async () => {
    const visited: string[] = [];
    const elsewhere = createServer((request, response) => {
      visited.push(String(request.headers.authorization));
      response.end();
    }).listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    const { port } = elsewhere.address() as AddressInfo; // it listens on a port
    for (const status of [301, 302, 307, 308]) {
      service().meddle = ({ key }) => ({ ...failure(status, 'TemporaryRedirect', `<Endpoint>127.0.0.1:${port}</Endpoint>`), headers: { location: `http://127.0.0.1:${port}/${key}`, 'x-amz-bucket-region': 'eu-west-1' } });
      await expect(open()).rejects.toMatchObject({ name: 'StorageError', options: { retryable: false } });
    }
    expect(visited).toEqual([]);
    elsewhere.close();
  });

  it.each([
    [{ endpoint: 'ftp://a/' }, /endpoint/], [{ endpoint: 'http://me:hunter2@a/' }, /endpoint/], [{ endpoint: 'nonsense' }, /endpoint/], [{ bucket: 'Not_A_Bucket' }, /bucket/],
    [{ bucket: '../x' }, /bucket/], [{ region: 'x y' }, /region/], [{ secretAccessKey: '' }, /secret/], [{ storeKey: testStoreKey.subarray(1) }, /store key/],
    [{ prefix: '../up' }, /prefix/], [{ prefix: '/up' }, /prefix/], [{ prefix: 'a//b' }, /prefix/], [{ packBytes: 0 }, /pack/], [{ packBytes: 2 ** 40 }, /pack/], [{ lingerMs: -1 }, /linger/], [{ attempts: 99 }, /attempts/],
  ])('and other options are refused before anything is sent: %j', async (options, message) => {
    const error: unknown = await open(options).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RangeError);
    expect(String(error)).toMatch(message);
    hides(error);
    expect(service().asked).toEqual([]);
  });
});
