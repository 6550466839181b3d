/**
 * What the index forgot of the trash, and what the packs tell of it: a restoration that a log forgot is brought back, and no image goes on the word of a removal that it survived.
 */
import { expect, it } from '@jest/globals';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import { recordsBehind } from '../../server/core/comparison.js';
import type { Parts } from '../../server/core/contract.js';
import { readTailLedger, type Ledger } from '../../server/core/ledger.js';
import { everything, tailOf } from '../../server/core/tail.js';
import type { ImageRow } from '../../server/ports/image-store.js';
import { StorageError } from '../../server/ports/errors.js';
import { blocksOf } from '../support/core-store.js';
import { nextMillisecond } from '../support/next-millisecond.js';
import { countScans, cutAt, type StoppedStore } from '../support/stopped-store.js';
import { nothingBroughtBack, stoppedStores } from '../support/stopped-stores.js';

const thorough = { isThorough: true };
const makeStore = stoppedStores();

function rowOf(stopped: StoppedStore, account: AccountId, imageId: ImageId): Promise<ImageRow | undefined> {
  return stopped.store.parts.stores.images.find(account, imageId);
}

/** From now on the rows of `step` do not come to be, though their records do. */
function killAt(stopped: StoppedStore, step: 'purge' | 'restore'): void {
  stopped.store.parts.stores.images[step] = () => Promise.reject(new StorageError('stopped', { retryable: false }));
}

/** A removal that is durable and whose row stays. */
async function removedInWord(stopped: StoppedStore, account: AccountId, imageId: ImageId): Promise<void> {
  const { images } = stopped.store.parts.stores;
  const purge = images.purge.bind(images);
  await stopped.services.images.trash(account, imageId);
  killAt(stopped, 'purge');
  await expect(stopped.services.images.purge(account, imageId)).rejects.toThrow('stopped');
  images.purge = purge;
  await nextMillisecond(stopped.store.parts);
}

it.each([
  ['a log forgot', async (stopped: StoppedStore, ada: AccountId, imageId: ImageId) => {
    const end = stopped.logBytes();
    await stopped.services.images.restore(ada, imageId);
    stopped.stopMachine(cutAt(end));
  }],
  ['a kill left without its row', async (stopped: StoppedStore, ada: AccountId, imageId: ImageId) => {
    killAt(stopped, 'restore');
    await expect(stopped.services.images.restore(ada, imageId)).rejects.toThrow('stopped');
    stopped.stopMachine();
  }],
] as const)('takes an image out of the trash whose restoration %s, and says so to devices that remember more', async (_, restore) => {
  const { stopped, ada } = await makeStore();
  const [imageId, other] = [await stopped.stored(ada), await stopped.stored(ada)];
  await stopped.services.images.trash(ada, imageId);
  await stopped.services.images.trash(ada, other);
  await stopped.services.sweep.sweep({ isThorough: false });
  await restore(stopped, ada, imageId);
  const { parts, services } = await stopped.start();
  expect((await rowOf(stopped, ada, imageId))?.trashedAt).toBeDefined();
  expect(await services.heads.read(ada)).toEqual({});
  expect(await services.reconcile.run()).toEqual({ ...nothingBroughtBack, images: 1 });
  expect(await rowOf(stopped, ada, imageId)).toMatchObject({ trashedAt: undefined });
  expect((await rowOf(stopped, ada, other))?.trashedAt).toBeDefined();
  expect(await services.heads.read(ada)).toMatchObject({ restoredAt: expect.any(Number) });
  await stopped.images.expectWhole(parts);
});

it('leaves an image in the trash that its owner put there after the restoration', async () => {
  const { stopped, ada } = await makeStore();
  const imageId = await stopped.stored(ada);
  await stopped.services.images.trash(ada, imageId);
  await stopped.services.images.restore(ada, imageId);
  await nextMillisecond(stopped.store.parts);
  await stopped.services.images.trash(ada, imageId);
  const { trashedAt } = (await rowOf(stopped, ada, imageId)) ?? {};
  stopped.stopMachine();
  const { services } = await stopped.start();
  expect(await services.reconcile.run()).toEqual(nothingBroughtBack);
  expect(await rowOf(stopped, ada, imageId)).toMatchObject({ trashedAt });
});

it('brings an image back that its owner restored while it was about to be removed, though the process died before it was out of the trash again', async () => {
  const { stopped, ada } = await makeStore();
  const imageId = await stopped.stored(ada);
  await removedInWord(stopped, ada, imageId);
  stopped.stopMachine();
  const { parts, services } = await stopped.start();
  const { stores: { blocks }, gate } = parts;
  const [scan, settle] = [blocks.scan.bind(blocks), gate.settle.bind(gate)];
  let scans = 0;
  blocks.scan = async function* (pack, onDamage) {
    yield* scan(pack, onDamage);
    if (++scans !== 2) return;
    // The tail was read, and all packs have said that nobody restored it.
    await services.images.restore(ada, imageId);
    await nextMillisecond(parts);
    gate.settle = () => {
      stopped.stopMachine();
      return Promise.reject(new StorageError('stopped', { retryable: false }));
    };
  };
  await expect(services.reconcile.run()).rejects.toThrow('stopped');
  expect(scans).toBe(2);
  gate.settle = settle;
  const again = await stopped.start();
  expect((await rowOf(stopped, ada, imageId))?.trashedAt).toBeDefined();
  expect(await again.services.reconcile.run()).toEqual({ ...nothingBroughtBack, images: 1 });
  expect(await rowOf(stopped, ada, imageId)).toMatchObject({ trashedAt: undefined });
  await stopped.images.expectWhole(again.parts);
});

/** The tail has an old removal, which a compaction copied; the restoration that came after it lies in a pack of before. */
async function makeSurvivor(isTrashedAgain: boolean): Promise<{ readonly stopped: StoppedStore; readonly ada: AccountId; readonly imageId: ImageId }> {
  const { stopped, ada } = await makeStore();
  const imageId = await stopped.stored(ada);
  const filling = await stopped.stored(ada, blocksOf(40));
  await removedInWord(stopped, ada, imageId);
  await stopped.stop();
  const { parts, services } = await stopped.start();
  await services.images.restore(ada, imageId);
  await stopped.stored(ada, blocksOf(40));
  await nextMillisecond(parts);
  if (isTrashedAgain) await services.images.trash(ada, imageId);
  await stopped.purged(ada, filling);
  await nextMillisecond(parts);
  expect(await services.sweep.sweep(thorough)).toMatchObject({ compactedPacks: 1 });
  const { restored, removed } = await readTail(parts);
  expect([restored, removed.map((word) => word.imageId).includes(imageId)]).toEqual([[], true]);
  stopped.stopMachine();
  return { stopped, ada, imageId };
}

async function readTail({ stores: { blocks, state } }: Parts): Promise<Ledger> {
  return readTailLedger(await recordsBehind(blocks, (await tailOf(state)) ?? everything, { isWanted: () => true, stop: undefined }));
}

it.each([['stands', false], ['is in the trash again', true]] as const)('does not remove an image that survived its removal and %s, where compaction copied the removal alone', async (_, isTrashedAgain) => {
  const { stopped, ada, imageId } = await makeSurvivor(isTrashedAgain);
  const { parts, services } = await stopped.start();
  const before = await rowOf(stopped, ada, imageId);
  expect(before?.trashedAt !== undefined).toBe(isTrashedAgain);
  const { packs } = countScans(parts.stores.blocks);
  expect(await services.reconcile.run()).toMatchObject({ images: 0, removals: 0 });
  // What was trashed after its removal has survived it, whatever else the packs say.
  expect(new Set(packs).size === packs.length).toBe(isTrashedAgain);
  expect(await rowOf(stopped, ada, imageId)).toEqual(before);
  await stopped.images.expectWhole(parts);
});

it('asks all packs only where an image would go that has a row, and then once for all of them', async () => {
  const { stopped, ada } = await makeStore();
  const doomed = [await stopped.stored(ada), await stopped.stored(ada)];
  await stopped.services.sweep.sweep({ isThorough: false });
  await stopped.stop();
  await stopped.start();
  await stopped.purged(ada, await stopped.stored(ada));
  stopped.stopMachine();
  const gone = countScans((await stopped.start()).parts.stores.blocks);
  expect(await stopped.services.reconcile.run()).toEqual(nothingBroughtBack);
  expect(gone.packs).toEqual([2]);
  for (const imageId of doomed) await removedInWord(stopped, ada, imageId);
  stopped.stopMachine();
  const { parts, services } = await stopped.start();
  const scans = countScans(parts.stores.blocks);
  expect(await services.reconcile.run()).toEqual({ ...nothingBroughtBack, removals: 2 });
  expect(scans.packs.filter((pack) => pack === 1)).toEqual([1]);
  for (const imageId of doomed) expect(await rowOf(stopped, ada, imageId)).toBeUndefined();
});

it('stops between two removals, does not leave one half done, and counts both where they were told to nobody', async () => {
  const { stopped, ada } = await makeStore();
  const doomed = [await stopped.stored(ada), await stopped.stored(ada)];
  for (const imageId of doomed) await removedInWord(stopped, ada, imageId);
  const { images } = stopped.store.parts.stores;
  // The way to the trash was forgotten too.
  for (const imageId of doomed) await images.restore(ada, imageId);
  stopped.stopMachine();
  const { parts: { stores }, services } = await stopped.start();
  const stop = { aborted: false };
  const trash = stores.images.trash.bind(stores.images);
  stores.images.trash = (...given) => {
    stop.aborted = true;
    return trash(...given);
  };
  expect(await services.reconcile.run(stop)).toBeUndefined();
  const rows = [];
  for (const imageId of doomed) rows.push(await stores.images.find(ada, imageId));
  expect(rows.filter((row) => row !== undefined)).toMatchObject([{ trashedAt: undefined }]);
  // What was brought about before it was stopped counts for devices too.
  expect(await services.heads.read(ada)).toMatchObject({ restoredAt: expect.any(Number) });
  expect(await services.reconcile.run()).toEqual({ ...nothingBroughtBack, removals: 1 });
  expect(services.reconcile.takeUntold()).toEqual({ ...nothingBroughtBack, removals: 2 });
  expect(services.reconcile.takeUntold()).toBeUndefined();
});
