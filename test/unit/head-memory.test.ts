/**
 * What a device remembers of account heads: as it is kept now, as it was kept when heads named no revisions, and never an earlier one.
 */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { FingerprintCache } from '../../client-sdk/fingerprint-cache.js';
import { type RememberedHead, rememberedHead, rememberHead } from '../../client-sdk/head-memory.js';
import { nodePlatform } from '../../client-sdk/node/platform.js';
import type { CacheStore } from '../../client-sdk/ports.js';
import { accountKey, record, serverId } from '../support/memory-library.js';
import { temporaryDirectories } from '../support/temp-directory.js';

let kept: Uint8Array | undefined;
const cache = {
  findSealed: () => Promise.resolve([kept]),
  changeSealed: (_: Uint8Array, to: (now: Uint8Array | undefined) => Uint8Array | undefined) => { kept = to(kept) ?? kept; return Promise.resolve(); },
} as unknown as FingerprintCache; // all that is asked of it

const head = (change: Partial<RememberedHead> = {}): RememberedHead => ({ counter: 7, epoch: 1, hash: new Uint8Array(32).fill(9), keyringRevision: 3, revision: 300, ...change });

beforeEach(() => {
  kept = undefined;
});

describe('the memory of heads', () => {
  it('has nothing before it was told, and nothing without a cache', async () => {
    expect(await rememberedHead(cache)).toBeUndefined();
    await rememberHead(undefined, head());
    expect(await rememberedHead(undefined)).toBeUndefined();
  });

  it.each([head(), head({ counter: Number.MAX_SAFE_INTEGER, epoch: 0xffffffff, keyringRevision: Number.MAX_SAFE_INTEGER, revision: Number.MAX_SAFE_INTEGER }), head({ counter: 1, epoch: 0, keyringRevision: 0, revision: 0 })])('gives back what it was told', async (told) => {
    await rememberHead(cache, told);
    expect(await rememberedHead(cache)).toEqual(told);
  });

  it('reads what was kept without revisions as a head of version 1', async () => {
    kept = Uint8Array.from([0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 5, ...new Uint8Array(32).fill(9)]);
    expect(await rememberedHead(cache)).toEqual(head({ counter: 258, epoch: 5, keyringRevision: 0, revision: 0 }));
    await rememberHead(cache, head({ counter: 259, epoch: 5 }));
    expect(await rememberedHead(cache)).toEqual(head({ counter: 259, epoch: 5 }));
  });

  it.each([0, 43, 45, 59, 61])('knows no form of %i bytes', async (length) => {
    kept = new Uint8Array(length);
    expect(await rememberedHead(cache)).toBeUndefined();
  });

  it('keeps the later of two heads, by epoch and then by counter', async () => {
    await rememberHead(cache, head());
    for (const earlier of [head({ counter: 6 }), head({ epoch: 0, counter: 9 }), head({ revision: 400 })]) await rememberHead(cache, earlier);
    expect(await rememberedHead(cache)).toEqual(head());
    await rememberHead(cache, head({ epoch: 2, counter: 1 }));
    expect(await rememberedHead(cache)).toEqual(head({ epoch: 2, counter: 1 }));
  });
});

describe('two processes of one device', () => {
  const newFolder = temporaryDirectories();
  const account = { record, accountKey } as unknown as Parameters<typeof FingerprintCache.open>[2]; // all that a cache needs

  /** The memory of one process; `between` runs after each of its readings. */
  async function process(folder: string, between: () => Promise<void> = () => Promise.resolve()): Promise<FingerprintCache> {
    const platform = nodePlatform(folder, 0);
    const openCache = async (scope: { readonly serverId: string; readonly accountId: string }): Promise<CacheStore> => {
      const store = await platform.openCache?.(scope);
      if (store === undefined) throw new Error('Node keeps a cache');
      const get: CacheStore['get'] = async (keys) => {
        const found = await store.get(keys);
        await between();
        return found;
      };
      return { get, put: (entries) => store.put(entries), replace: (was, entries) => store.replace(was, entries), erase: () => store.erase(), close: () => store.close() };
    };
    const opened = await FingerprintCache.open({ ...platform, openCache }, serverId, account);
    if (opened === undefined) throw new Error('the platform keeps a cache');
    return opened;
  }

  it.each([1, 2, 3])('remember the later of their heads, where one comes after reading %i of the other', async (moment) => {
    const folder = await newFolder();
    const other = await process(folder);
    await rememberHead(other, head({ counter: 9 }));
    let readings = 0;
    const one = await process(folder, async () => { if (++readings === moment) await rememberHead(other, head({ counter: 11 })); });
    await rememberHead(one, head({ counter: 10 }));
    expect(readings).toBeGreaterThanOrEqual(moment);
    for (const cache of [one, other]) {
      expect(await rememberedHead(cache)).toEqual(head({ counter: 11 }));
      await cache.close();
    }
  });
});
