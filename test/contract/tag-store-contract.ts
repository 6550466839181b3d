/**
 * The promises of the tag store, as tests that every adapter passes.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { asRehash, type UploadId } from '../../client-sdk/protocol/ids.js';
import type { ExistenceScope, FiledBlock, WaitingBlock } from '../../server/ports/tag-store.js';
import { alice, begin, blockFrom, bob, idFrom, imageFrom, placeFrom, rehashes, store, type MakeStores, type Stores } from './store-fixture.js';

interface Current {
  stores: Stores;
}

export function tagStoreContract(name: string, make: MakeStores): void {
  describe(`tag store ${name}`, () => {
    // Given before each test; nothing reads it earlier.
    const current = {} as Current;
    beforeEach(async () => { current.stores = await make(); });
    afterEach(() => current.stores.close());
    sessions(current);
    existence(current);
    proofs(current);
    filing(current);
    sharingFirstBytes(current);
    healing(current);
    collecting(current);
  });
}

const a = blockFrom(1);
const b = blockFrom(2);
const c = blockFrom(3);

function sessions(current: Current): void {
  it('begins sessions up to the limit, counting live ones of that account alone', async () => {
    const { tags } = current.stores;
    const upload = (number: number, expiresAt = 5_000) => ({ uploadId: idFrom<UploadId>(number), accountId: alice, expiresAt, receivedBytes: 0 });
    expect(await tags.beginUpload(upload(1), 1_000, 0)).toBe('too-many');
    expect(await tags.beginUpload(upload(1, 2_000), 1_000, 2)).toBe('begun');
    expect(await tags.beginUpload(upload(2), 1_000, 2)).toBe('begun');
    expect(await tags.beginUpload(upload(3), 1_000, 2)).toBe('too-many');
    expect(await tags.beginUpload({ ...upload(4), accountId: bob }, 1_000, 2)).toBe('begun');
    expect(await tags.beginUpload(upload(3), 2_000, 2)).toBe('begun');
  });

  it('moves the expiry of a live session of its account only', async () => {
    const { tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    expect(await tags.touchUpload({ ...scope, accountId: bob }, 20_000)).toBeUndefined();
    expect(await tags.touchUpload({ ...scope, now: 10_000 }, 20_000)).toBeUndefined();
    expect(await tags.touchUpload({ ...scope, now: 9_999 }, 20_000)).toEqual({ uploadId: scope.uploadId, accountId: alice, expiresAt: 20_000, receivedBytes: 0 });
    expect(await tags.touchUpload({ ...scope, now: 19_999 }, 20_001)).toBeDefined();
    await tags.endUpload(scope.uploadId, bob);
    expect(await tags.touchUpload(scope, 20_000)).toBeDefined();
    await tags.endUpload(scope.uploadId, alice);
    await tags.endUpload(scope.uploadId, alice);
    expect(await tags.touchUpload(scope, 20_000)).toBeUndefined();
  });

  it('drops expired sessions with their pins', async () => {
    const { tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    await tags.file(scope, [a]);
    expect(await tags.expireUploads(9_999)).toBe(0);
    expect(await tags.collect(5_000, 10)).toEqual([]);
    expect(await tags.expireUploads(10_000)).toBe(1);
    expect(await tags.collect(5_000, 10)).toEqual([a]);
  });
}

function existence(current: Current): void {
  it('tells an account what its images refer to and its live sessions pin, and nothing of others', async () => {
    const { tags, images } = current.stores;
    const mine = await begin(current.stores, alice, 1);
    const theirs = await begin(current.stores, bob, 2);
    await store(current.stores, mine, { number: 1, blocks: [a] });
    await tags.file(mine, [b]);
    await tags.file(theirs, [c]);
    const second = await begin(current.stores, alice, 3);
    expect(await tags.pinOwned(second, [c, b, a, blockFrom(9)].map(({ rehash }) => rehash))).toEqual([false, true, true, false]);
    expect(await tags.pinOwned(theirs, rehashes([a, b]))).toEqual([false, false]);
    await images.trash(alice, imageFrom(1, [a]).imageId, 2_000);
    expect(await tags.pinOwned(second, [a.rehash])).toEqual([true]);
    expect(await tags.pinOwned({ ...second, accountId: bob }, [a.rehash])).toEqual([false]);
    expect(await tags.pinOwned(second, [])).toEqual([]);
  });

  it('pins in the asking session what it called present, and forgets pins of sessions that are over', async () => {
    const { tags } = current.stores;
    const first = await begin(current.stores, alice, 1);
    await tags.file(first, [a, b]);
    const second = await begin(current.stores, alice, 2);
    expect(await tags.pinOwned(second, [a.rehash])).toEqual([true]);
    await tags.endUpload(first.uploadId, alice);
    expect(await tags.pinOwned(second, [a.rehash, b.rehash])).toEqual([true, false]);
    expect(await tags.collect(9_999, 10)).toEqual([b]);
    await tags.touchUpload(second, 20_000);
    const third = { uploadId: idFrom<UploadId>(3), accountId: alice, expiresAt: 30_000, receivedBytes: 0 };
    await tags.beginUpload(third, 1_000, 16);
    expect(await tags.pinOwned({ ...third, now: 20_000 }, [a.rehash])).toEqual([false]);
  });

  it('finds rows for accounts whose images refer to them, in the order asked', async () => {
    const { tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    await store(current.stores, scope, { number: 1, blocks: [a, b] });
    await tags.file(scope, [c]);
    expect(await tags.findOwned(alice, a.rehash)).toEqual({ ...a, state: 'live' });
    expect(await tags.findOwned(bob, a.rehash)).toBeUndefined();
    expect(await tags.findOwned(alice, c.rehash)).toBeUndefined();
    expect(await tags.find(c.rehash)).toEqual({ ...c, state: 'live' });
    expect(await tags.find(blockFrom(9).rehash)).toBeUndefined();
    const rows = await tags.findAllOwned(alice, [b, c, a].map(({ rehash }) => rehash));
    expect(rows.map((row) => row?.place)).toEqual([b.place, undefined, a.place]);
    expect(await tags.findLive([c.rehash, blockFrom(9).rehash])).toEqual([{ rehash: c.rehash, place: c.place }]);
  });
}

function proofs(current: Current): void {
  it('spends a nonce once, only as it was kept', async () => {
    const { tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    const other = await begin(current.stores, alice, 2);
    const nonce = { nonce: new Uint8Array(32).fill(1), uploadId: scope.uploadId, tagsHash: new Uint8Array(32).fill(2), expiresAt: 2_000 };
    await tags.keepNonce(nonce);
    expect(await tags.spendNonce({ ...nonce, nonce: new Uint8Array(32) }, 1_000)).toBe(false);
    expect(await tags.spendNonce({ ...nonce, uploadId: other.uploadId }, 1_000)).toBe(false);
    expect(await tags.spendNonce({ ...nonce, tagsHash: new Uint8Array(32) }, 1_000)).toBe(false);
    expect(await tags.spendNonce(nonce, 2_000)).toBe(false);
    expect(await tags.spendNonce(nonce, 1_999)).toBe(true);
    expect(await tags.spendNonce(nonce, 1_999)).toBe(false);
    await tags.keepNonce({ ...nonce, uploadId: idFrom<UploadId>(77) });
    expect(await tags.spendNonce({ ...nonce, uploadId: idFrom<UploadId>(77) }, 1_000)).toBe(false);
  });

  it('pins claimed rows that are live, whoever filed them', async () => {
    const { tags } = current.stores;
    await tags.file(await begin(current.stores, bob, 1), [a, b]);
    await tags.quarantine(b.rehash, b.place);
    const scope = await begin(current.stores, alice, 2);
    expect(await tags.pinClaimed(scope, [a, b, c].map(({ rehash }) => rehash))).toEqual([true, false, false]);
    expect(await tags.pinClaimed({ ...scope, now: 10_000 }, [a.rehash])).toEqual([false]);
    expect(await current.stores.images.commit(scope, imageFrom(1, [a]), undefined)).toEqual({ kind: 'stored' });
  });

  it('limits the bytes of proofs within the window, per account', async () => {
    const { tags } = current.stores;
    const spend = (bytes: number, now: number, account = alice) => tags.spendProofBytes(account, { bytes, limit: 100, since: now - 50, now });
    expect([await spend(0, 1_000), await spend(60, 1_000), await spend(41, 1_000), await spend(40, 1_010), await spend(1, 1_010)]).toEqual([true, true, false, true, false]);
    expect(await spend(100, 1_010, bob)).toBe(true);
    expect([await spend(60, 1_051), await spend(1, 1_051), await spend(101, 9_000)]).toEqual([true, false, false]);
  });
}

function filing(current: Current): void {
  it('files and pins new blocks, counts their bytes, and keeps them when opened again', async () => {
    const { tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    expect(await tags.file(scope, [])).toBe(true);
    expect(await tags.file(scope, [a, b])).toBe(true);
    expect(await tags.file(scope, [a])).toBe(true);
    expect((await tags.touchUpload(scope, 10_000))?.receivedBytes).toBe(2 * a.place.length + b.place.length);
    current.stores = await current.stores.reopen();
    expect(await current.stores.tags.find(a.rehash)).toEqual({ ...a, state: 'live' });
    expect(await current.stores.tags.copiesOf(a.rehash)).toEqual([]);
    expect(await current.stores.images.missing(scope, rehashes([a, b, c]))).toEqual([c.rehash]);
  });

  it('files nothing where the session is unknown, over or of another account', async () => {
    const { tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    const wrong: readonly ExistenceScope[] = [{ ...scope, now: 10_000 }, { ...scope, accountId: bob }, { ...scope, uploadId: idFrom<UploadId>(9) }];
    for (const other of wrong) expect(await tags.file(other, [a])).toBe(false);
    expect(await tags.find(a.rehash)).toBeUndefined();
  });

  it('files for nobody what was found in the packs: no session, no pin, and otherwise as filing does', async () => {
    const { tags } = current.stores;
    await tags.reinstate([], 1_000);
    await tags.reinstate([a, b, a], 1_000);
    expect(await tags.listUploads(undefined, 9)).toEqual([]);
    const scope = await begin(current.stores, alice, 1);
    expect(await tags.pinOwned(scope, [a.rehash, b.rehash])).toEqual([false, false]);
    expect((await tags.findLive([a.rehash, b.rehash])).map(({ place }) => place)).toEqual([a.place, b.place]);
    expect(await tags.copiesOf(a.rehash)).toEqual([]);
    await tags.quarantine(b.rehash, b.place);
    const [copyOfA, copyOfB] = [{ ...a.place, pack: 3 }, { ...b.place, pack: 3 }];
    await tags.reinstate([{ ...a, place: copyOfA }, { ...b, place: copyOfB }], 1_200);
    expect(await tags.find(a.rehash)).toEqual({ ...a, state: 'live' });
    expect(await tags.copiesOf(a.rehash)).toEqual([copyOfA]);
    expect(await tags.find(b.rehash)).toEqual({ ...b, place: copyOfB, state: 'live' });
    expect(await tags.copiesOf(b.rehash)).toEqual([]);
    expect(await tags.collect(1_200, 9)).toEqual([]);
    expect(await tags.collect(1_201, 9)).toHaveLength(2);
  });

  it('keeps one row of a block that 64 sessions file at once, with 63 copies that merge into one', async () => {
    const { tags } = current.stores;
    const scopes = await Promise.all(Array.from({ length: 64 }, (_, index) => begin(current.stores, idFrom(100 + index), 200 + index)));
    const filed = await Promise.all(scopes.map((scope, index) => tags.file(scope, [blockFrom(1, placeFrom(index))])));
    expect(filed.every(Boolean)).toBe(true);
    expect(await tags.figures()).toMatchObject({ blocks: 1, pendingCopies: 63 });
    const committed = await Promise.all(scopes.map((scope, index) => current.stores.images.commit(scope, imageFrom(index, [a]), undefined)));
    expect(committed.every(({ kind }) => kind === 'stored')).toBe(true);
    expect(await current.stores.images.referrers(a.rehash, 100)).toHaveLength(64);
    for (const copy of await tags.listCopies(100)) expect(await tags.merge(copy.rehash, copy.kept, copy.extra)).toBe(true);
    expect(await tags.figures()).toMatchObject({ blocks: 1, pendingCopies: 0, pendingCopyBytes: 0 });
    expect(await tags.listCopies(100)).toEqual([]);
  });

  it('lists rows in order of T1, page by page, and by pack', async () => {
    const { tags } = current.stores;
    const blocks = Array.from({ length: 25 }, (_, index) => blockFrom(index, placeFrom(index, 1 + (index % 2))));
    await tags.file(await begin(current.stores, alice, 1), blocks);
    await tags.file(await begin(current.stores, alice, 2), [blockFrom(0, placeFrom(0, 7))]);
    const seen: Uint8Array[] = [];
    for (let page = await tags.list(undefined, 10); page.length > 0; page = await tags.list(page.at(-1)?.rehash, 10)) seen.push(...page.map(({ rehash }) => rehash));
    expect(seen).toEqual(rehashes(blocks));
    expect(await tags.list(undefined, 0)).toEqual([]);
    expect((await tags.listPack(1)).length).toBe(13);
    expect(await tags.listPack(7)).toEqual([{ rehash: blockFrom(0).rehash, place: placeFrom(0, 7) }]);
    const live = await tags.liveByPack();
    expect([...live.keys()].sort()).toEqual([1, 2, 7]);
    expect(live.get(2)).toEqual({ records: 12, payloadBytes: blocks.filter(({ place }) => place.pack === 2).reduce((sum, { place }) => sum + place.length, 0) });
  });
}

function sharingFirstBytes(current: Current): void {
  // Whoever made them: as two T1s that share all but the last of their bytes.
  const like = (number: number): FiledBlock => {
    const rehash = a.rehash.slice();
    rehash[31] = number;
    return { ...blockFrom(80 + number), rehash: asRehash(rehash) };
  };
  const [one, two, never] = [like(1), like(2), like(3)];

  it('keeps blocks apart whose T1s share their first bytes', async () => {
    const { tags, images } = current.stores;
    const mine = await begin(current.stores, alice, 1);
    const theirs = await begin(current.stores, bob, 2);
    await store(current.stores, mine, { number: 1, blocks: [one] });
    expect(await tags.pinOwned(mine, [two, one, never].map(({ rehash }) => rehash))).toEqual([false, true, false]);
    await store(current.stores, theirs, { number: 1, blocks: [two] });
    for (const block of [one, two]) expect(await tags.find(block.rehash)).toEqual({ ...block, state: 'live' });
    expect(await tags.find(never.rehash)).toBeUndefined();
    expect(await tags.pinOwned(mine, [two, one, never].map(({ rehash }) => rehash))).toEqual([false, true, false]);
    expect(await tags.pinOwned(theirs, [two, one, never].map(({ rehash }) => rehash))).toEqual([true, false, false]);
    expect(await tags.findAllOwned(bob, rehashes([one, two, never]))).toEqual([undefined, { ...two, state: 'live' }, undefined]);
    expect((await tags.findLive(rehashes([one, two, never]))).map(({ place }) => place)).toEqual([one.place, two.place]);
    expect(await images.commit(mine, imageFrom(2, [one, two]), undefined)).toEqual({ kind: 'missing', missing: [two.rehash] });
    expect(await tags.pinClaimed(mine, rehashes([two, never]))).toEqual([true, false]);
    expect(await images.commit(mine, imageFrom(2, [one, two]), undefined)).toEqual({ kind: 'stored' });
    expect(await images.referencesOf(alice, imageFrom(2, []).imageId)).toEqual([one.rehash, two.rehash]);
    expect(await images.referrers(one.rehash, 10)).toHaveLength(2);
    expect(await tags.list(undefined, 1)).toMatchObject([{ rehash: one.rehash }]);
    expect(await tags.list(one.rehash, 5)).toMatchObject([{ rehash: two.rehash }]);
    expect(await tags.figures()).toMatchObject({ blocks: 2 });
  });

  it('changes and collects one of them alone', async () => {
    const { tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    await tags.file(scope, [one, two]);
    await tags.file(scope, [{ ...two, place: placeFrom(50) }]);
    expect([await tags.copiesOf(one.rehash), await tags.copiesOf(two.rehash)]).toEqual([[], [{ ...placeFrom(50), length: two.place.length }]]);
    await tags.quarantine(two.rehash, two.place);
    const to = { ...one.place, pack: 9 };
    expect([await tags.move(never.rehash, one.place, to), await tags.move(one.rehash, one.place, to)]).toEqual([false, true]);
    expect(await tags.find(one.rehash)).toEqual({ ...one, place: to, state: 'live' });
    expect(await tags.find(two.rehash)).toEqual({ ...two, state: 'quarantined' });
    await store(current.stores, scope, { number: 1, blocks: [one] });
    await tags.endUpload(scope.uploadId, alice);
    expect((await tags.collect(9_000, 9)).map(({ rehash }) => rehash)).toEqual([two.rehash]);
    expect(await tags.find(one.rehash)).toBeDefined();
  });
}

function healing(current: Current): void {
  it('hides a quarantined row from existence, claim and commit until an equal block is filed', async () => {
    const { tags, images } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    await store(current.stores, scope, { number: 1, blocks: [a] });
    await tags.quarantine(a.rehash, placeFrom(99));
    expect((await tags.find(a.rehash))?.state).toBe('live');
    await tags.quarantine(a.rehash, a.place);
    expect((await tags.findOwned(alice, a.rehash))?.state).toBe('quarantined');
    expect(await tags.pinOwned(scope, [a.rehash])).toEqual([false]);
    expect(await tags.findLive([a.rehash])).toEqual([]);
    expect(await images.commit(scope, imageFrom(2, [a]), undefined)).toEqual({ kind: 'missing', missing: [a.rehash] });
    expect((await tags.figures()).quarantinedBlocks).toBe(1);
    await tags.file(scope, [blockFrom(1, placeFrom(50, 3))]);
    expect(await tags.find(a.rehash)).toEqual({ ...a, place: placeFrom(50, 3), state: 'live' });
    expect(await tags.copiesOf(a.rehash)).toEqual([]);
    expect(await images.referencesOf(alice, imageFrom(1, []).imageId)).toEqual([a.rehash]);
  });

  it('moves a row or a copy only from where it is', async () => {
    const { tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    await tags.file(scope, [a]);
    await tags.file(scope, [{ ...a, place: { ...a.place, pack: 4 } }]);
    const to = { ...a.place, pack: 8 };
    expect(await tags.move(a.rehash, { ...a.place, offset: 1 }, to)).toBe(false);
    expect(await tags.move(b.rehash, a.place, to)).toBe(false);
    expect(await tags.move(a.rehash, a.place, to)).toBe(true);
    expect(await tags.move(a.rehash, a.place, to)).toBe(false);
    expect(await tags.move(a.rehash, { ...a.place, pack: 4 }, { ...a.place, pack: 9 })).toBe(true);
    expect((await tags.find(a.rehash))?.place).toEqual(to);
    expect(await tags.copiesOf(a.rehash)).toEqual([{ ...a.place, pack: 9 }]);
  });

  it('lists every row where it lies after rows moved between packs, in any order and back', async () => {
    const { tags } = current.stores;
    const blocks = Array.from({ length: 200 }, (_, index) => blockFrom(index));
    await tags.file(await begin(current.stores, alice, 1), blocks);
    const packOf = new Map(blocks.map((block, index) => [index, block.place.pack]));
    const count = async (pack: number): Promise<number> => (await tags.listPack(pack)).length;
    for (const [step, pack] of [7, 1, 3, 7].entries()) {
      for (const [index, block] of blocks.entries()) {
        if (index % (step + 2) !== 0) continue;
        const from = { ...block.place, pack: packOf.get(index) ?? 0 };
        expect(await tags.move(block.rehash, from, { ...from, pack })).toBe(true);
        packOf.set(index, pack);
      }
      for (const known of [1, 3, 7, 8]) expect(await count(known)).toBe([...packOf.values()].filter((at) => at === known).length);
    }
    for (const [index, block] of blocks.entries()) await tags.move(block.rehash, { ...block.place, pack: packOf.get(index) ?? 0 }, { ...block.place, pack: 8 });
    expect([await count(1), await count(7), await count(8)]).toEqual([0, 0, 200]);
    expect(await tags.move(blockFrom(5).rehash, { ...blockFrom(5).place, pack: 8 }, blockFrom(5).place)).toBe(true);
    expect(await count(1)).toBe(1);
  });

  it('merges onto either place, and only places that are noted', async () => {
    const { tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    const second = { ...a.place, pack: 4 };
    const third = { ...a.place, pack: 5 };
    for (const place of [a.place, second, third]) await tags.file(scope, [{ ...a, place }]);
    expect(await tags.merge(a.rehash, a.place, { ...a.place, pack: 6 })).toBe(false);
    expect(await tags.merge(a.rehash, { ...a.place, pack: 6 }, a.place)).toBe(false);
    expect(await tags.merge(a.rehash, a.place, a.place)).toBe(false);
    expect(await tags.merge(a.rehash, second, third)).toBe(true);
    expect((await tags.find(a.rehash))?.place).toEqual(second);
    expect(await tags.copiesOf(a.rehash)).toEqual([a.place]);
    await tags.quarantine(a.rehash, second);
    expect(await tags.merge(a.rehash, a.place, second)).toBe(true);
    expect(await tags.find(a.rehash)).toEqual({ ...a, state: 'live' });
    expect(await tags.copiesOf(a.rehash)).toEqual([]);
  });

  it('repairs a row whose T1 rotted, and unites it with one that was filed anew meanwhile', async () => {
    const { tags, images } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    const rotted = { ...a, rehash: blockFrom(70).rehash, code: 5 };
    await store(current.stores, scope, { number: 1, blocks: [rotted, b] });
    await tags.repair(rotted.rehash, a);
    expect(await tags.find(rotted.rehash)).toBeUndefined();
    expect(await tags.findOwned(alice, a.rehash)).toEqual({ ...a, state: 'live' });
    await tags.repair(a.rehash, rotted);
    await store(current.stores, scope, { number: 2, blocks: [{ ...a, place: placeFrom(50) }] });
    await tags.repair(rotted.rehash, a);
    expect(await tags.find(rotted.rehash)).toBeUndefined();
    expect(await images.referencesOf(alice, imageFrom(1, []).imageId)).toEqual(rehashes([a, b]));
    expect(await tags.copiesOf(a.rehash)).toEqual([a.place].map((place) => ({ ...place, length: placeFrom(50).length })));
    expect((await images.usage(alice)).blocks).toBe(2);
    await tags.repair(blockFrom(71).rehash, c);
    expect(await tags.find(c.rehash)).toBeUndefined();
  });
}

function collecting(current: Current): void {
  it('collects what nothing refers to and nothing pins, after the grace, and within the limit', async () => {
    const { tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    await store(current.stores, scope, { number: 1, blocks: [a] });
    await tags.file(scope, [b, c]);
    expect(await tags.collect(5_000, 9)).toEqual([]);
    await tags.endUpload(scope.uploadId, alice);
    expect(await tags.collect(1_000, 9)).toEqual([]);
    expect(await tags.figures()).toMatchObject({ blocks: 3, unreferencedBlocks: 2, unreferencedCipherBytes: b.place.length + c.place.length });
    const collected = [...(await tags.collect(1_001, 1)), ...(await tags.collect(1_001, 5))];
    expect(rehashes(collected)).toEqual(rehashes([b, c]));
    expect(collected).toHaveLength(2);
    expect(await tags.collect(9_000, 5)).toEqual([]);
    expect(await tags.find(a.rehash)).toBeDefined();
  });

  it('lists page by page what the collector looks at: rows without references, with their time and their pins, and rows with copies', async () => {
    const { tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    const theirs = await begin(current.stores, bob, 2);
    await tags.touchUpload(theirs, 20_000);
    await store(current.stores, scope, { number: 1, blocks: [a, blockFrom(4)] });
    await tags.file({ ...scope, now: 2_000 }, [b, c]);
    const copy = placeFrom(90, 3);
    await tags.file(theirs, [{ ...a, place: { ...copy, length: a.place.length } }, c]);
    const list = async (now: number) => {
      const found: WaitingBlock[] = [];
      for (let after: string | undefined; ; ) {
        const { blocks, next } = await tags.listWaiting({ after, limit: 1, now });
        found.push(...blocks);
        if (next === undefined) return new Map(found.map((block) => [hexOf(block.rehash), block]));
        after = next;
      }
    };
    const now = await list(1_000);
    expect([...now.keys()].sort()).toEqual([a, b, c].map(({ rehash }) => hexOf(rehash)).sort());
    expect(now.get(hexOf(a.rehash))).toMatchObject({ ...a, copies: [{ pack: 3, offset: copy.offset }], unreferenced: undefined });
    expect(now.get(hexOf(b.rehash))).toMatchObject({ ...b, copies: [], unreferenced: { touchedAt: 2_000, pinnedUntil: 10_000 } });
    expect(now.get(hexOf(c.rehash))?.unreferenced).toEqual({ touchedAt: 2_000, pinnedUntil: 20_000 });
    const later = await list(10_000);
    expect(later.get(hexOf(b.rehash))?.unreferenced).toEqual({ touchedAt: 2_000, pinnedUntil: undefined });
    expect(later.get(hexOf(c.rehash))?.unreferenced?.pinnedUntil).toBe(20_000);
  });

  it('lists upload sessions page by page, over or not', async () => {
    const { tags } = current.stores;
    for (const number of [3, 1, 2]) await begin(current.stores, number === 2 ? bob : alice, number);
    const first = await tags.listUploads(undefined, 2);
    const second = await tags.listUploads(first.at(-1)?.uploadId, 2);
    expect([...first, ...second]).toEqual([1, 2, 3].map((number) => ({ uploadId: idFrom(number), accountId: number === 2 ? bob : alice, expiresAt: 10_000, receivedBytes: 0 })));
  });

  it('finds nothing to mend in keys that nothing disturbed, however few are looked at in a step', async () => {
    const { tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    await tags.file(scope, [a, b, c]);
    let steps = 0;
    for (let after: string | undefined; steps < 20; steps++) {
      const { mended, next } = await tags.mendKeys(after, 1);
      expect(mended).toBe(0);
      if (next === undefined) break;
      after = next;
    }
    expect(steps).toBeLessThan(20);
  });

  it('counts filing again and removal of an image as a touch', async () => {
    const { tags, images } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    await store(current.stores, scope, { number: 1, blocks: [a] });
    await tags.file(scope, [b]);
    await tags.file({ ...scope, now: 2_000 }, [b]);
    await tags.endUpload(scope.uploadId, alice);
    const { imageId } = imageFrom(1, []);
    await images.trash(alice, imageId, 2_500);
    expect(await tags.collect(9_000, 0)).toEqual([]);
    await images.purge(alice, imageId, 3_000);
    expect(await tags.collect(2_000, 9)).toEqual([]);
    expect(await tags.collect(2_001, 9)).toEqual([b]);
    expect(await tags.collect(3_000, 9)).toEqual([]);
    expect(await tags.collect(3_001, 9)).toEqual([a]);
  });

  it('keeps a block that another image refers to, and lets a collected one be filed again', async () => {
    const { tags, images } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    await store(current.stores, scope, { number: 1, blocks: [a, b] });
    await store(current.stores, await begin(current.stores, bob, 2), { number: 1, blocks: [blockFrom(1, placeFrom(40))] });
    await images.trash(alice, imageFrom(1, []).imageId, 2_000);
    await images.purge(alice, imageFrom(1, []).imageId, 2_000);
    expect(await tags.collect(9_000, 9)).toEqual([b]);
    expect(await tags.file(scope, [{ ...b, place: placeFrom(60) }])).toBe(true);
    expect((await tags.find(b.rehash))?.place).toEqual(placeFrom(60));
  });
}
