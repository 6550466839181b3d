/**
 * Pages of the fingerprint cache: what is put is found, equal things take no room, and what somebody changed in the store is not there.
 */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { OpenAccount } from '../../client-sdk/account.js';
import { type CacheEntry, CachePages } from '../../client-sdk/cache-pages.js';
import { nodePlatform } from '../../client-sdk/node/platform.js';
import { hexOf, utf8 } from '../../client-sdk/protocol/bytes.js';
import { type CacheRows, memoryCache } from '../support/memory-cache.js';

const platform = nodePlatform();
let rows: CacheRows;
let pages: CachePages;

function pagesUnder(sealingKey: Uint8Array, accountId = '0'.repeat(32)): CachePages {
  // Pages ask an account for its id alone.
  const account = { record: { accountId } } as unknown as OpenAccount;
  return new CachePages({ platform, store: memoryCache(rows), account, sealingKey });
}

function entry(number: number, value = `value ${String(number)}`): CacheEntry {
  const key = new Uint8Array(32);
  new DataView(key.buffer).setUint32(0, number);
  return { key, value: utf8(value) };
}

const many = Array.from({ length: 150 }, (_, i) => entry(i));
const keys = many.map(({ key }) => key);

beforeEach(() => {
  rows = new Map();
  pages = pagesUnder(new Uint8Array(32).fill(1));
});

describe('pages of a cache', () => {
  it('give each key its value, in the order asked for, and undefined for others', async () => {
    await pages.put(many);
    expect(await pages.find([...keys].reverse())).toEqual(many.map(({ value }) => value).reverse());
    expect(await pages.find([entry(999).key, keys[3] ?? entry(3).key])).toEqual([undefined, utf8('value 3')]);
  });

  it('take no room for what is there already, and give the last value', async () => {
    await pages.put(many);
    const before = rows.size;
    await pages.put(many);
    expect(rows.size).toBe(before);
    await pages.put([entry(7, 'another'), entry(8)]);
    expect(rows.size).toBe(before + 1);
    expect(await pages.find([entry(7).key, entry(8).key])).toEqual([utf8('another'), utf8('value 8')]);
  });

  it('keep an empty value apart from none', async () => {
    await pages.put([entry(1, '')]);
    expect(await pages.find([entry(1).key, entry(2).key])).toEqual([new Uint8Array(), undefined]);
  });

  it('show no value to the store', async () => {
    await pages.put([entry(1, 'a secret that is long enough')]);
    expect([...rows.values()].every((row) => !Buffer.from(row).includes('secret'))).toBe(true);
  });

  it('are not there for another key or another account', async () => {
    await pages.put(many);
    expect(await pagesUnder(new Uint8Array(32).fill(2)).find(keys)).toEqual(keys.map(() => undefined));
    expect(await pagesUnder(new Uint8Array(32).fill(1), '1'.repeat(32)).find(keys)).toEqual(keys.map(() => undefined));
  });

  it('that somebody changed, exchanged or led elsewhere are not there', async () => {
    await pages.put([entry(1)]);
    const [first] = rows.keys();
    const page = rows.get(first ?? '') ?? new Uint8Array();
    await pages.put([entry(2)]);
    rows.set(first ?? '', page.map((byte, i) => (i === page.length - 1 ? byte ^ 1 : byte)));
    expect(await pages.find([entry(1).key, entry(2).key])).toEqual([undefined, utf8('value 2')]);
    rows.set(hexOf(entry(1).key), rows.get(hexOf(entry(2).key)) ?? page);
    expect(await pages.find([entry(1).key])).toEqual([undefined]);
    rows.set(hexOf(entry(2).key), utf8('of another layout'));
    expect(await pages.find([entry(2).key])).toEqual([undefined]);
  });
});
