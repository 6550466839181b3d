/**
 * What a sweep of much costs: that removals and moves share transactions, that a collection goes on where it ended, that a scrub
 * reads while it hashes; and that a rebuild counts blocks on the days that they came.
 */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { ImageId } from '../../client-sdk/protocol/ids.js';
import { checkStore } from '../../server/core/check.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { scrubStore } from '../../server/core/scrub.js';
import { StoreDatabase } from '../../server/storage/sqlite/database.js';
import { blockOf, blocksOf, CoreStore, inFrontOf } from '../support/core-store.js';
import { alice, begin, blockFrom } from '../contract/store-fixture.js';

let store: CoreStore;

afterEach(async () => {
  await store.close();
});

const day = 86_400_000;

/** Transactions that write while `work` runs. */
async function transactions(work: () => Promise<unknown>): Promise<number> {
  const spy = jest.spyOn(StoreDatabase.prototype, 'query');
  await work();
  const count = spy.mock.calls.filter(([sql]) => sql === 'BEGIN IMMEDIATE').length;
  spy.mockRestore();
  return count;
}

describe('a sweep of much', () => {
  it('purges several images, and moves many records, in one transaction', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const ids: ImageId[] = [];
    for (let image = 0; image < 60; image++) ids.push(await store.store(accountId, blocksOf(5)));
    for (const id of ids.slice(0, 30)) await store.services.images.trash(accountId, id);
    store.now += 1;
    let [purged, collected]: unknown[] = [];
    const count = await transactions(async () => {
      purged = await store.services.sweep.sweep({ isThorough: false });
      store.now += 1;
      collected = await store.services.sweep.sweep({ isThorough: true });
    });
    expect([purged, collected]).toMatchObject([{ purgedImages: 30 }, { collectedBlocks: 150, compactedPacks: 1 }]);
    // 30 purges, 150 blocks and 60 records of images that are moved: one by one these were 240 and more.
    expect(count).toBeLessThan(60);
    expect(await checkStore(store.parts, { onFinding: () => undefined })).toMatchObject({ findings: 0, images: 30, blocks: 150 });
  }, 30_000);

  it('goes on where its last look ended, and finds what became old behind it', async () => {
    store = await CoreStore.open();
    const { tags } = store.parts.stores;
    const scope = await begin({ tags }, alice, 1);
    await tags.file(scope, Array.from({ length: 900 }, (_, n) => blockFrom(n)));
    await tags.file({ ...scope, now: 500 }, Array.from({ length: 100 }, (_, n) => blockFrom(1_000 + n)));
    await tags.endUpload(scope.uploadId, alice);
    const removed: number[] = [];
    for (let call = 0; call < 12; call++) removed.push((await tags.collect(800, 10)).length);
    expect(removed).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 0, 0]);
    expect(await tags.collect(2_000, 1_000)).toHaveLength(900);
  }, 30_000);

  it('counts blocks on the days on which they came after a rebuild too, though compaction put their records in another order', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const shared = blocksOf(20);
    const ids: ImageId[] = [];
    for (let image = 0; image < 12; image++) {
      store.now += day;
      ids.push(await store.store(accountId, [...shared.slice(image, image + 6), blockOf()]));
    }
    for (const id of ids.filter((_, at) => at % 3 === 0)) await store.services.images.trash(accountId, id);
    store.now += 1;
    await store.services.sweep.sweep({ isThorough: true });
    const expected = (await store.parts.stores.images.days(accountId)).filter(({ images }) => images > 0).map(({ day: on, images, newBlocks, newCipherBytes }) => ({ on, images, newBlocks, newCipherBytes }));
    expect(expected).toHaveLength(8);
    const beside = store.beside();
    await rebuildStore(beside);
    const rebuilt = (await beside.stores.images.days(accountId)).map(({ day: on, images, newBlocks, newCipherBytes }) => ({ on, images, newBlocks, newCipherBytes }));
    expect(rebuilt).toEqual(expected);
  }, 30_000);
});

describe('a scrub', () => {
  it('reads a few blocks at once, and never more', async () => {
    const reads = { underWay: 0, most: 0 };
    store = await CoreStore.open({}, (stores) => ({
      ...stores,
      blocks: inFrontOf(stores.blocks, {
        async read(place, type) {
          reads.most = Math.max(reads.most, ++reads.underWay);
          try {
            return await stores.blocks.read(place, type);
          } finally {
            reads.underWay--;
          }
        },
      }),
    }));
    const { accountId } = await store.register();
    await store.store(accountId, blocksOf(100));
    reads.most = 0;
    expect(await scrubStore(store.parts, { onLost: () => undefined })).toMatchObject({ blocks: 100, lost: 0 });
    expect(reads.most).toBeGreaterThan(3);
    expect(reads.most).toBeLessThanOrEqual(8);
  }, 30_000);
});
