/**
 * The promises of the head store, as tests that every adapter passes.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HeadReplacement } from '../../server/ports/head-store.js';
import { alice, bob, type MakeStores, sha256, type Stores } from './store-fixture.js';

const lastId = new Uint8Array(16).fill(255);

function leafFrom(number: number, fill = 1): Uint8Array {
  const leaf = new Uint8Array(41).fill(fill);
  leaf.set(sha256(Buffer.from(String(number))).subarray(0, 16));
  return leaf;
}

function headFrom(counter: number, leaves: readonly Uint8Array[] = [], forgetTo = 0): HeadReplacement {
  return { tree: { counter, root: new Uint8Array(32).fill(counter), crown: new Uint8Array(38 * counter).fill(counter) }, sealed: new Uint8Array(200).fill(counter), leaves, forgetTo };
}

const sorted = (leaves: readonly Uint8Array[]): readonly Uint8Array[] => [...leaves].sort((a, b) => Buffer.compare(a, b));

export function headStoreContract(name: string, make: MakeStores): void {
  describe(`head store ${name}`, () => {
    let stores: Stores;
    beforeEach(async () => { stores = await make(); });
    afterEach(() => stores.close());
    const all = (accountId = alice) => stores.heads.leaves(accountId, { from: new Uint8Array(16), to: lastId, limit: 1_000 });

    it('knows nothing of an account that has no head', async () => {
      expect(await stores.heads.find(alice)).toBeUndefined();
      expect(await stores.heads.list(alice, 0, 10)).toEqual([]);
      expect(await all()).toEqual([]);
    });

    it('takes the head that follows the newest one, and no other', async () => {
      expect(await stores.heads.replace(alice, headFrom(2))).toBe(false);
      expect(await stores.heads.replace(alice, headFrom(1))).toBe(true);
      expect(await stores.heads.replace(alice, headFrom(1))).toBe(false);
      expect(await stores.heads.replace(alice, headFrom(3))).toBe(false);
      expect(await stores.heads.replace(alice, headFrom(2))).toBe(true);
      expect(await stores.heads.find(alice)).toEqual(headFrom(2).tree);
      expect(await stores.heads.find(bob)).toBeUndefined();
    });

    it('takes one of many that come at once', async () => {
      await stores.heads.replace(alice, headFrom(1));
      const taken = await Promise.all(Array.from({ length: 8 }, () => stores.heads.replace(alice, headFrom(2))));
      expect(taken.filter((isTaken) => isTaken)).toHaveLength(1);
    });

    it('lists heads in order and forgets old ones', async () => {
      for (let counter = 1; counter <= 5; counter++) await stores.heads.replace(alice, headFrom(counter, [], counter - 3));
      expect(await stores.heads.list(alice, 0, 10)).toEqual([3, 4, 5].map((counter) => ({ counter, sealed: headFrom(counter).sealed })));
      expect(await stores.heads.list(alice, 3, 1)).toEqual([{ counter: 4, sealed: headFrom(4).sealed }]);
      expect(await stores.heads.list(bob, 0, 10)).toEqual([]);
    });

    it('keeps a leaf for each id, in order of ids, of its account alone', async () => {
      const leaves = Array.from({ length: 20 }, (_, number) => leafFrom(number));
      await stores.heads.replace(alice, headFrom(1, leaves));
      await stores.heads.replace(bob, headFrom(1, [leafFrom(3, 9)]));
      const changed = leafFrom(3, 2);
      await stores.heads.replace(alice, headFrom(2, [changed]));
      const expected = sorted(leaves.map((leaf, number) => (number === 3 ? changed : leaf)));
      expect(await all()).toEqual(expected);
      expect(await all(bob)).toEqual([leafFrom(3, 9)]);
      const [from, to] = [expected[5]?.slice(0, 16) ?? lastId, expected[8]?.slice(0, 16) ?? lastId];
      expect(await stores.heads.leaves(alice, { from, to, limit: 100 })).toEqual(expected.slice(5, 9));
      expect(await stores.heads.leaves(alice, { from, to: lastId, limit: 2 })).toEqual(expected.slice(5, 7));
    });

    it('keeps nothing of a head that came too late', async () => {
      await stores.heads.replace(alice, headFrom(1, [leafFrom(1)]));
      expect(await stores.heads.replace(alice, headFrom(1, [leafFrom(1, 7), leafFrom(2)]))).toBe(false);
      expect(await all()).toEqual([leafFrom(1)]);
    });

    it('outlives closing', async () => {
      await stores.heads.replace(alice, headFrom(1, [leafFrom(1)]));
      stores = await stores.reopen();
      expect(await stores.heads.find(alice)).toEqual(headFrom(1).tree);
      expect(await all()).toEqual([leafFrom(1)]);
    });

    it('goes with a closed account, and takes nothing for one', async () => {
      await stores.heads.replace(alice, headFrom(1, [leafFrom(1)]));
      await stores.accounts.reclose(alice, 5_000);
      expect(await stores.heads.replace(alice, headFrom(2))).toBe(false);
      for (let step = 0; step < 5 && !(await stores.accounts.clear(alice, { now: 6_000, limit: 10 })); step++) await all();
      expect(await all()).toEqual([]);
      expect(await stores.heads.find(alice)).toBeUndefined();
      expect(await stores.heads.list(alice, 0, 10)).toEqual([]);
    });
  });
}
