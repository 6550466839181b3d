/**
 * The promises of the image store, as tests that every adapter passes.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import type { ImageCursor, ImageStore } from '../../server/ports/image-store.js';
import type { FiledBlock } from '../../server/ports/tag-store.js';
import { alice, begin, blockFrom, bob, idFrom, imageFrom, placeFrom, rehashes, sha256, store, type MakeStores, type Stores } from './store-fixture.js';

interface Current {
  stores: Stores;
}

export function imageStoreContract(name: string, make: MakeStores): void {
  describe(`image store ${name}`, () => {
    // Given before each test; nothing reads it earlier.
    const current = {} as Current;
    beforeEach(async () => { current.stores = await make(); });
    afterEach(() => current.stores.close());
    committing(current);
    quotas(current);
    listing(current);
    removing(current);
    figures(current);
    records(current);
    rebuilding(current);
  });
}

const a = blockFrom(1);
const b = blockFrom(2);
const c = blockFrom(3);
const image1 = idFrom<ImageId>(1);

function committing(current: Current): void {
  it('stores an image whose blocks are pinned or owned, and keeps it when opened again', async () => {
    const scope = await begin(current.stores, alice, 1);
    await current.stores.tags.file(scope, [a, b]);
    const preview = { place: placeFrom(9, 6), bytes: 77 };
    expect(await current.stores.images.commit(scope, imageFrom(1, [a, b], { preview }), undefined)).toEqual({ kind: 'stored' });
    await current.stores.tags.endUpload(scope.uploadId, alice);
    const other = await begin(current.stores, alice, 2);
    expect(await current.stores.images.commit(other, imageFrom(2, [b]), undefined)).toEqual({ kind: 'stored' });
    expect(await current.stores.images.commit(other, imageFrom(3, []), undefined)).toEqual({ kind: 'stored' });
    current.stores = await current.stores.reopen();
    const { wrappedKey, entry, manifestHash, manifestBytes, manifestPlace, createdAt } = imageFrom(1, []);
    expect(await current.stores.images.find(alice, image1)).toEqual({
      imageId: image1, wrappedKey, entry, manifestHash: manifestHash.slice(0, 16), manifestBytes, manifestPlace, preview, blocks: 2, createdAt, trashedAt: undefined,
    });
    expect(await current.stores.images.referencesOf(alice, image1)).toEqual(rehashes([a, b]));
    expect((await current.stores.images.find(alice, idFrom<ImageId>(3)))?.blocks).toBe(0);
    expect(await current.stores.images.find(bob, image1)).toBeUndefined();
    expect(await current.stores.images.referencesOf(bob, image1)).toEqual([]);
  });

  it('names what is missing, absent and foreign alike, and stores nothing then', async () => {
    const theirs = await begin(current.stores, bob, 2);
    await store(current.stores, theirs, { number: 1, blocks: [a] });
    await current.stores.tags.file(theirs, [b]);
    const scope = await begin(current.stores, alice, 1);
    const elsewhere = await begin(current.stores, alice, 3);
    await current.stores.tags.file(scope, [c]);
    const all = [a, b, c, blockFrom(9)];
    const missing = rehashes([a, b, blockFrom(9)]);
    expect(await current.stores.images.missing(scope, rehashes(all))).toEqual(missing);
    expect(await current.stores.images.commit(scope, imageFrom(1, all), undefined)).toEqual({ kind: 'missing', missing });
    expect(await current.stores.images.commit(elsewhere, imageFrom(1, [c]), undefined)).toEqual({ kind: 'missing', missing: [c.rehash] });
    expect(await current.stores.images.find(alice, image1)).toBeUndefined();
    expect((await current.stores.images.usage(alice)).blocks).toBe(0);
  });

  it('answers a repeated commit alike, and another manifest or a removed id as a conflict', async () => {
    const { images } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    await store(current.stores, scope, { number: 1, blocks: [a] });
    const { manifestHash } = imageFrom(1, []);
    const changed = imageFrom(1, [a], { manifestHash: sha256(Buffer.from('other')) });
    expect(await images.commit(scope, imageFrom(1, [a]), 0)).toEqual({ kind: 'known' });
    expect(await images.commit(scope, changed, undefined)).toEqual({ kind: 'conflict' });
    expect([await images.probe(alice, image1, manifestHash), await images.probe(alice, image1, changed.manifestHash)]).toEqual(['known', 'conflict']);
    expect([await images.probe(bob, image1, manifestHash), await images.probe(alice, idFrom<ImageId>(2), manifestHash)]).toEqual([undefined, undefined]);
    await images.trash(alice, image1, 2_000);
    expect(await images.commit(scope, imageFrom(1, [a]), undefined)).toEqual({ kind: 'known' });
    await images.purge(alice, image1, 2_000);
    expect(await images.probe(alice, image1, manifestHash)).toBe('conflict');
    expect(await images.commit(scope, imageFrom(1, [a]), undefined)).toEqual({ kind: 'conflict' });
    expect((await images.usage(alice)).images).toBe(0);
  });

  it('needs a live session of the account', async () => {
    const { images, tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    await tags.file(scope, [a]);
    expect(await images.commit({ ...scope, now: 10_000 }, imageFrom(1, [a]), undefined)).toEqual({ kind: 'upload-unknown' });
    expect(await images.commit({ ...scope, accountId: bob }, imageFrom(1, [a]), undefined)).toEqual({ kind: 'upload-unknown' });
    expect(await images.missing({ ...scope, accountId: bob }, [a.rehash])).toEqual([a.rehash]);
  });
}

function quotas(current: Current): void {
  it('counts distinct blocks, sealed objects and session bytes against the quota, to the byte', async () => {
    const { images, tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    await store(current.stores, scope, { number: 1, blocks: [a, b] });
    await tags.file(scope, [c, blockFrom(4)]);
    const sealed = (number: number): number => 1_000 + number + 260;
    const ciphers = [a, b, c, blockFrom(4)].reduce((sum, { place }) => sum + place.length, 0);
    const image = imageFrom(2, [a, c], { preview: { place: placeFrom(9, 6), bytes: 50 } });
    const needed = ciphers + sealed(1) + sealed(2) + 50;
    expect(await images.commit(scope, image, needed - 1)).toEqual({ kind: 'quota-exceeded' });
    expect(await images.commit(scope, image, 0)).toEqual({ kind: 'quota-exceeded' });
    expect(await images.commit(scope, image, needed)).toEqual({ kind: 'stored' });
    const used = await images.usage(alice);
    expect(used.cipherBytes + used.manifestBytes + used.entryBytes + used.previewBytes + used.sessionBytes).toBe(needed);
    expect(used.sessionBytes).toBe(blockFrom(4).place.length);
  });
}

function listing(current: Current): void {
  const walk = async (images: ImageStore, isTrash: boolean, limit: number): Promise<readonly ImageId[]> => {
    const ids: ImageId[] = [];
    let after: ImageCursor | undefined;
    for (;;) {
      const page = await images.list(alice, { isTrash, after, limit });
      ids.push(...page.map(({ imageId }) => imageId));
      const last = page.at(-1);
      if (last === undefined) return ids;
      after = { createdAt: last.createdAt, imageId: last.imageId };
    }
  };

  it('lists the newest first, page by page, inside and outside the trash', async () => {
    const { images } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    // Three images to each moment, so that the id decides too.
    for (let number = 1; number <= 12; number++) await images.commit(scope, imageFrom(number, [], { createdAt: 1_000 + Math.floor(number / 3) }), undefined);
    for (const number of [2, 5, 11]) expect(await images.trash(alice, idFrom<ImageId>(number), 2_000)).toBe(true);
    const expected = (numbers: readonly number[]): readonly ImageId[] => numbers.map((number) => idFrom<ImageId>(number));
    for (const limit of [1, 4, 100]) {
      expect(await walk(images, false, limit)).toEqual(expected([12, 10, 9, 8, 7, 6, 4, 3, 1]));
      expect(await walk(images, true, limit)).toEqual(expected([11, 5, 2]));
    }
    expect(await images.list(bob, { isTrash: false, after: undefined, limit: 10 })).toEqual([]);
    expect(await images.list(alice, { isTrash: false, after: undefined, limit: 0 })).toEqual([]);
  });

  it('names the images that refer to a block', async () => {
    const { images } = current.stores;
    await store(current.stores, await begin(current.stores, alice, 1), { number: 1, blocks: [a] });
    await store(current.stores, await begin(current.stores, bob, 2), { number: 2, blocks: [a] });
    const named = await images.referrers(a.rehash, 10);
    expect([...named].sort((x, y) => (x.imageId < y.imageId ? -1 : 1))).toEqual([{ accountId: alice, imageId: image1 }, { accountId: bob, imageId: idFrom(2) }]);
    expect(await images.referrers(a.rehash, 1)).toHaveLength(1);
    expect(await images.referrers(b.rehash, 10)).toEqual([]);
  });
}

function removing(current: Current): void {
  it('moves to the trash and back, repeatably, for its owner alone', async () => {
    const { images } = current.stores;
    await store(current.stores, await begin(current.stores, alice, 1), { number: 1, blocks: [a] });
    expect(await images.trash(bob, image1, 2_000)).toBe(false);
    expect(await images.restore(bob, image1)).toBe(false);
    expect(await images.restore(alice, image1)).toBe(true);
    expect([await images.trash(alice, image1, 2_000), await images.trash(alice, image1, 3_000)]).toEqual([true, true]);
    expect((await images.find(alice, image1))?.trashedAt).toBe(2_000);
    expect(await images.usage(alice)).toMatchObject({ images: 1, trashedImages: 1, blocks: 1 });
    expect([await images.restore(alice, image1), await images.restore(alice, image1)]).toEqual([true, true]);
    expect((await images.find(alice, image1))?.trashedAt).toBeUndefined();
  });

  it('removes what is in the trash, once, for its owner alone', async () => {
    const { images } = current.stores;
    await store(current.stores, await begin(current.stores, alice, 1), { number: 1, blocks: [a] });
    expect(await images.purge(alice, image1, 2_000)).toBe(false);
    await images.trash(alice, image1, 2_000);
    expect(await images.purge(bob, image1, 2_000)).toBe(false);
    expect(await images.purge(alice, image1, 2_000)).toBe(true);
    expect(await images.purge(alice, image1, 2_000)).toBe(false);
    expect(await images.find(alice, image1)).toBeUndefined();
    expect(await images.restore(alice, image1)).toBe(false);
    expect(await images.referrers(a.rehash, 10)).toEqual([]);
    expect(await current.stores.tags.findOwned(alice, a.rehash)).toBeUndefined();
  });

  it('lets a block go with the last of many images, in whatever order they are removed', async () => {
    const { images, tags } = current.stores;
    const [mine, theirs] = [await begin(current.stores, alice, 1), await begin(current.stores, bob, 2)];
    const numbers = Array.from({ length: 40 }, (_, index) => index + 1);
    // Every third image lacks b, and c stands between the two in the order of filing.
    await tags.file(mine, [a, c, b]);
    const blocksOf = (number: number): readonly FiledBlock[] => (number % 3 === 0 ? [a] : [a, b]);
    for (const number of numbers) {
      expect(await images.commit(mine, imageFrom(number, blocksOf(number)), undefined)).toEqual({ kind: 'stored' });
      await tags.file(mine, [b]);
    }
    await store(current.stores, theirs, { number: 1, blocks: [a] });
    await tags.endUpload(mine.uploadId, alice);
    await tags.endUpload(theirs.uploadId, bob);
    const left = new Set(numbers);
    for (const number of numbers.map((_, index) => 1 + ((index * 17) % 40))) {
      expect(await images.referencesOf(alice, idFrom(number))).toEqual(rehashes(blocksOf(number)));
      await images.trash(alice, idFrom(number), 2_000);
      await images.purge(alice, idFrom(number), 2_000);
      left.delete(number);
      const named = async (block: FiledBlock) => (await images.referrers(block.rehash, 100)).filter(({ accountId }) => accountId === alice).map(({ imageId }) => imageId);
      expect(await named(a)).toEqual([...left].map((one) => idFrom(one)));
      expect(await named(b)).toEqual([...left].filter((one) => one % 3 !== 0).map((one) => idFrom(one)));
      expect((await tags.findOwned(alice, a.rehash)) === undefined).toBe(left.size === 0);
    }
    expect(rehashes(await tags.collect(9_000, 9))).toEqual(rehashes([b, c]));
    expect(await tags.findOwned(bob, a.rehash)).toBeDefined();
  });

  it('lists what was trashed before a moment, the longest trashed first', async () => {
    const { images } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    for (const number of [1, 2, 3]) await store(current.stores, scope, { number, blocks: [a] });
    await images.trash(alice, idFrom(3), 2_000);
    await images.trash(alice, idFrom(2), 3_000);
    const ids = async (before: number, limit: number) => (await images.listExpired(before, limit)).map(({ imageId }) => imageId);
    expect(await ids(2_000, 10)).toEqual([]);
    expect(await ids(2_001, 10)).toEqual([idFrom(3)]);
    expect(await ids(9_000, 10)).toEqual([idFrom(3), idFrom(2)]);
    expect(await ids(9_000, 1)).toEqual([idFrom(3)]);
  });

  it('lists the trash of all accounts page by page, with the places of its records', async () => {
    const { images } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    const preview = { place: placeFrom(77, 4), bytes: 90 };
    for (const number of [1, 2, 3]) await store(current.stores, scope, { number, blocks: [a] });
    expect(await images.commit(scope, imageFrom(4, [a], { preview }), undefined)).toEqual({ kind: 'stored' });
    for (const number of [4, 2, 1]) await images.trash(alice, idFrom(number), number === 4 ? 1_500 : 2_000);
    const first = await images.listTrash(undefined, 2);
    expect(first).toMatchObject([{ accountId: alice, imageId: idFrom(4), trashedAt: 1_500, manifestPlace: imageFrom(4, []).manifestPlace, previewPlace: preview.place }, { imageId: idFrom(1) }]);
    const second = await images.listTrash(first[1], 2);
    expect(second).toMatchObject([{ imageId: idFrom(2), trashedAt: 2_000, previewPlace: undefined }]);
    expect(await images.listTrash(second[0], 2)).toEqual([]);
  });

  it('puts sealed objects of the same lengths, and the hash of the manifest, in the place of those of a row', async () => {
    const { images } = current.stores;
    await store(current.stores, await begin(current.stores, alice, 1), { number: 1, blocks: [a] });
    const sealed = { wrappedKey: new Uint8Array(60).fill(9), entry: new Uint8Array(200).fill(8), manifestHash: new Uint8Array(32).fill(7) };
    expect(await images.amend(alice, idFrom(1), { ...sealed, entry: new Uint8Array(201) })).toBe(false);
    expect(await images.amend(bob, idFrom(1), sealed)).toBe(false);
    expect(await images.amend(alice, idFrom(1), sealed)).toBe(true);
    expect(await images.find(alice, idFrom(1))).toMatchObject({ ...sealed, manifestHash: new Uint8Array(16).fill(7) });
  });
}

function figures(current: Current): void {
  const day = 86_400_000;

  it('gives each account figures of its own references alone, that add up after any removal', async () => {
    const { images } = current.stores;
    const mine = await begin(current.stores, alice, 1);
    const theirs = await begin(current.stores, bob, 2);
    const sets: readonly (readonly FiledBlock[])[] = [[a, b], [b, c], [a, b, c, blockFrom(4)], []];
    const left = new Map(sets.map((blocks, number) => [number, blocks]));
    for (const [number, blocks] of left) await store(current.stores, mine, { number, blocks });
    await store(current.stores, theirs, { number: 1, blocks: [a] });
    for (const number of [2, 0, 1, 3]) {
      const distinct = new Map([...left.values()].flat().map((block) => [block.code, block]));
      const sum = [...distinct.values()].reduce((bytes, { place }) => bytes + place.length, 0);
      expect(await images.usage(alice)).toMatchObject({
        images: left.size, blocks: distinct.size, cipherBytes: sum, records: left.size + distinct.size,
        manifestBytes: [...left.keys()].reduce((bytes, id) => bytes + 1_000 + id, 0), entryBytes: 260 * left.size,
      });
      expect(await images.figures()).toMatchObject({ images: left.size + 1, referencedCipherBytes: sum + a.place.length });
      await images.trash(alice, idFrom(number), 2_000);
      await images.purge(alice, idFrom(number), 2_000);
      left.delete(number);
    }
    expect(await images.usage(alice)).toMatchObject({ images: 0, blocks: 0, cipherBytes: 0, manifestBytes: 0, entryBytes: 0, records: 0 });
    expect(await images.usage(idFrom<AccountId>(99))).toMatchObject({ images: 0, receivedBytes: 0, sessionBytes: 0 });
  });

  it('counts a block on the day of the first image that refers to it, and received bytes on the day of the commit', async () => {
    const { images, tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    await tags.file(scope, [a]);
    await images.commit(scope, imageFrom(1, [a], { createdAt: day - 1 }), undefined);
    await tags.file(scope, [b, b]);
    await images.commit(scope, imageFrom(2, [a, b], { createdAt: day }), undefined);
    await images.commit(scope, imageFrom(3, [a], { createdAt: day }), undefined);
    const first = { day: '1970-01-01', images: 1, newBlocks: 1, newCipherBytes: a.place.length, receivedBytes: a.place.length + 1_261 };
    const second = { day: '1970-01-02', images: 2, newBlocks: 1, newCipherBytes: b.place.length, receivedBytes: 2 * b.place.length + 1_262 + 1_263 };
    expect(await images.days(alice)).toEqual([first, second]);
    expect((await images.usage(alice)).receivedBytes).toBe(first.receivedBytes + second.receivedBytes);
    await images.trash(alice, image1, day);
    await images.purge(alice, image1, day);
    expect(await images.days(alice)).toEqual([
      { ...first, images: 0, newBlocks: 0, newCipherBytes: 0 },
      { ...second, newBlocks: 2, newCipherBytes: a.place.length + b.place.length },
    ]);
    expect(await images.days(bob)).toEqual([]);
  });
}

function records(current: Current): void {
  it('lists, sums and moves manifests and previews by pack', async () => {
    const { images } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    const preview = { place: placeFrom(9, 6), bytes: 77 };
    await images.commit(scope, imageFrom(1, [], { preview }), undefined);
    await images.commit(scope, imageFrom(2, []), undefined);
    const manifest = { accountId: alice, imageId: image1, type: 'manifest' as const, place: imageFrom(1, []).manifestPlace };
    expect(await images.listPack(6)).toEqual([{ ...manifest, type: 'preview', place: preview.place }]);
    expect((await images.listPack(2)).length).toBe(2);
    expect([...(await images.liveByPack())].sort(([x], [y]) => x - y)).toEqual([
      [2, { records: 2, payloadBytes: 1_301 + 1_302 }], [6, { records: 1, payloadBytes: preview.place.length }],
    ]);
    const to = { ...manifest.place, pack: 8 };
    expect(await images.move({ ...manifest, accountId: bob }, to)).toBe(false);
    expect(await images.move(manifest, to)).toBe(true);
    expect(await images.move(manifest, to)).toBe(false);
    expect(await images.move({ ...manifest, type: 'preview', place: preview.place }, { ...preview.place, pack: 9 })).toBe(true);
    expect(await images.find(alice, image1)).toMatchObject({ manifestPlace: to, preview: { place: { pack: 9 }, bytes: 77 } });
  });

  it('lists the manifests of all images in one order, page by page', async () => {
    const { images } = current.stores;
    for (const accountId of [bob, alice]) {
      const scope = await begin(current.stores, accountId, accountId === bob ? 1 : 2);
      for (const number of [3, 1, 2]) await images.commit(scope, imageFrom(number, []), undefined);
    }
    const seen: string[] = [];
    for (let page = await images.listAll(undefined, 4); page.length > 0; page = await images.listAll(page.at(-1), 4)) {
      seen.push(...page.map((row) => `${row.accountId} ${row.imageId} ${row.type}`));
    }
    expect(seen).toEqual([alice, bob].flatMap((accountId) => [1, 2, 3].map((number) => `${accountId} ${idFrom(number)} manifest`)));
  });
}

function rebuilding(current: Current): void {
  it('reinstates an image with references to the rows there are, once', async () => {
    const { images, tags } = current.stores;
    await tags.file(await begin(current.stores, bob, 1), [a, b]);
    await images.reinstate(alice, imageFrom(1, [a, b, c]));
    await images.reinstate(alice, imageFrom(1, [a]));
    expect(await images.referencesOf(alice, image1)).toEqual(rehashes([a, b]));
    expect(await images.usage(alice)).toMatchObject({ images: 1, blocks: 2, cipherBytes: a.place.length + b.place.length });
    expect((await tags.figures()).unreferencedBlocks).toBe(0);
    expect(await tags.findOwned(alice, a.rehash)).toBeDefined();
  });

  it('unites two rows of a block under all images that refer to either', async () => {
    const { images, tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    const rotted = { ...a, rehash: blockFrom(70).rehash };
    await tags.file(scope, [b, rotted, c, { ...a, place: placeFrom(50) }]);
    const sets = [[b, rotted, c], [rotted], [rotted, a], [a, c], [b]];
    for (const [number, blocks] of sets.entries()) {
      await tags.file(scope, blocks);
      await images.commit(scope, imageFrom(number, blocks), undefined);
    }
    await store(current.stores, await begin(current.stores, bob, 2), { number: 9, blocks: [rotted] });
    await tags.repair(rotted.rehash, a);
    const expected = [[a, b, c], [a], [a], [a, c], [b]];
    for (const [number, blocks] of expected.entries()) expect(await images.referencesOf(alice, idFrom(number))).toEqual(rehashes(blocks));
    expect(await images.referencesOf(bob, idFrom(9))).toEqual([a.rehash]);
    expect(await images.referrers(a.rehash, 10)).toHaveLength(5);
    expect((await images.usage(alice)).blocks).toBe(3);
    for (const number of [0, 1, 2, 3]) {
      await images.trash(alice, idFrom(number), 2_000);
      await images.purge(alice, idFrom(number), 2_000);
    }
    expect((await images.usage(alice)).blocks).toBe(1);
    expect(await tags.findOwned(bob, a.rehash)).toBeDefined();
  });

  it('buries an image for good, whether it was there or not', async () => {
    const { images, tags } = current.stores;
    const scope = await begin(current.stores, alice, 1);
    await store(current.stores, scope, { number: 1, blocks: [a] });
    for (const number of [1, 1, 2]) await images.bury(alice, idFrom(number));
    await images.reinstate(alice, imageFrom(1, [a]));
    await images.reinstate(alice, imageFrom(2, [a]));
    expect(await images.find(alice, image1)).toBeUndefined();
    expect(await images.usage(alice)).toMatchObject({ images: 0, blocks: 0, cipherBytes: 0 });
    expect(await images.commit(scope, imageFrom(2, []), undefined)).toEqual({ kind: 'conflict' });
    await tags.endUpload(scope.uploadId, alice);
    expect(await tags.collect(9_000, 10)).toEqual([a]);
  });
}
