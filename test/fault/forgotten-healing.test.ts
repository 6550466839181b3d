/**
 * Blocks that a reconciliation files: one of which the healing was forgotten is live again, and what nobody refers to yet is nobody's.
 */
import { expect, it } from '@jest/globals';
import { existenceStates } from '../../client-sdk/protocol/messages.js';
import { concat } from '../../client-sdk/protocol/bytes.js';
import { StorageError } from '../../server/ports/errors.js';
import { blocksOf, framesOf } from '../support/core-store.js';
import type { RawBlock } from '../support/raw-account.js';
import { cutAt, type StoppedStore } from '../support/stopped-store.js';
import { nothingBroughtBack, stoppedStores } from '../support/stopped-stores.js';

const makeStore = stoppedStores();

async function quarantine(stopped: StoppedStore, { rehash }: RawBlock): Promise<void> {
  const { tags } = stopped.store.parts.stores;
  const row = await tags.find(rehash);
  if (row === undefined) throw new Error('there is no such block');
  await tags.quarantine(rehash, row.place);
}

it('makes a block live again whose healing was forgotten, though its old pack is there', async () => {
  const { stopped, ada } = await makeStore();
  const [block, ...others] = blocksOf(3);
  if (block === undefined) throw new Error('no block');
  await stopped.stored(ada, [block, ...others]);
  await stopped.services.sweep.sweep({ isThorough: false });
  await quarantine(stopped, block);
  const behind = stopped.logBytes();
  const { uploadId } = await stopped.services.uploads.begin(ada);
  await stopped.services.blocks.receive({ accountId: ada, uploadId }, framesOf([block]));
  const healed = await stopped.store.parts.stores.tags.find(block.rehash);
  stopped.stopMachine(cutAt(behind));
  const { parts, services } = await stopped.start();
  const { tags } = parts.stores;
  expect((await tags.find(block.rehash))?.state).toBe('quarantined');
  expect(await services.reconcile.run()).toEqual({ ...nothingBroughtBack, blocks: 1 });
  expect(await tags.find(block.rehash)).toEqual(healed);
  await stopped.images.expectWhole(parts);
});

it('tells nobody that found blocks are present, and leaves no upload session where it is broken off', async () => {
  const { stopped, ada } = await makeStore();
  const bob = await stopped.register('bob');
  const behind = stopped.logBytes();
  const theirs = blocksOf(2);
  await stopped.stored(bob, theirs);
  stopped.stopMachine(cutAt(behind));
  const { parts: { stores, world }, services } = await stopped.start();
  const read = stores.blocks.read.bind(stores.blocks);
  let reads = 0;
  stores.blocks.read = (...given) => (given[1] === 'block' && ++reads === 2 ? Promise.reject(new StorageError('the disk is away', { retryable: true })) : read(...given));
  await expect(services.reconcile.run()).rejects.toThrow('the disk is away');
  expect(await stores.state.countOpen(world.clock.now())).toMatchObject({ uploads: 0 });
  const { uploadId } = await services.uploads.begin(ada);
  const states: number[] = [];
  const { images } = stores;
  const reinstate = images.reinstate.bind(images);
  // Their blocks are filed, and no image refers to them yet.
  images.reinstate = async (...given) => {
    expect((await stores.tags.findLive(theirs.map(({ rehash }) => rehash))).length).toBe(2);
    states.push(...(await services.uploads.askExistence({ accountId: ada, uploadId }, concat(...theirs.map(({ rehash }) => rehash)))).states);
    await reinstate(...given);
  };
  const { tags } = stores;
  const file = tags.reinstate.bind(tags);
  tags.reinstate = async (...given) => {
    await file(...given);
    states.push(...(await services.uploads.askExistence({ accountId: ada, uploadId }, concat(...theirs.map(({ rehash }) => rehash)))).states);
  };
  expect(await services.reconcile.run()).toEqual({ ...nothingBroughtBack, blocks: 2, images: 1 });
  expect(states).toEqual([existenceStates.send, existenceStates.send, existenceStates.send, existenceStates.send]);
  expect(await stores.state.countOpen(world.clock.now())).toMatchObject({ uploads: 1 });
});
