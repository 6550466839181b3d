/**
 * Removal records have no rows, so a compaction copies all of a pack. Where the pack could not be dropped afterwards (a backup was made, the disk failed), the next one copies
 * them again: equal ones are dead, and do not add up.
 */
import { afterEach, expect, it } from '@jest/globals';
import { rebuildStore } from '../../server/core/rebuild.js';
import { StorageError } from '../../server/ports/errors.js';
import { blocksOf, CoreStore, inFrontOf } from '../support/core-store.js';

let store: CoreStore;
afterEach(() => store.close());

it('removal records that compactions copied and could not finish do not add up', async () => {
  let refusals = 0;
  store = await CoreStore.open({}, (stores) => ({
    ...stores,
    blocks: inFrontOf(stores.blocks, {
      drop: (pack) => (refusals-- > 0 ? Promise.reject(new StorageError('not dropped', { retryable: true })) : stores.blocks.drop(pack)),
    }),
  }));
  const { accountId } = await store.register();
  await store.store(accountId, blocksOf(1));
  for (let i = 0; i < 20; i++) {
    const imageId = await store.store(accountId, blocksOf(1));
    await store.services.images.trash(accountId, imageId);
    store.now++;
    await store.services.images.purge(accountId, imageId);
  }
  const sweep = async (): Promise<void> => {
    store.now++;
    await store.services.sweep.sweep({ isThorough: true });
  };
  const bytes = async (): Promise<number> => (await store.parts.stores.blocks.usage()).packFileBytes;
  await sweep();
  await sweep();
  const settled = await bytes();
  for (let round = 0; round < 5; round++) {
    const gone = await store.store(accountId, blocksOf(1));
    await store.services.images.trash(accountId, gone);
    store.now++;
    refusals = 1;
    await expect(sweep()).rejects.toBeInstanceOf(StorageError);
    refusals = 0;
    await sweep();
    await sweep();
  }
  // Five more removals, and not twenty times two to the fifth.
  expect(await bytes()).toBeLessThan(settled + 5 * 300);
  expect(await rebuildStore(store.beside())).toMatchObject({ images: 1, removals: 25 });
});
