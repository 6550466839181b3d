/**
 * Every call of the packs that writes to the file system fails in turn: with EIO, or with ENOSPC after a part. Whatever was acknowledged is there
 * afterwards, also when the store is opened anew on the same files; a check finds nothing, and the same step succeeds when it is repeated.
 */
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { StorageError } from '../../server/ports/errors.js';
import { openBlockStore } from '../../server/storage/packs/block-store.js';
import { AcknowledgedImages } from '../support/acknowledged-images.js';
import { blocksOf, CoreStore, hereAndTrusted, registrationOf } from '../support/core-store.js';
import { FailingFiles, type FileFailure } from '../support/failing-files.js';

let store: CoreStore;
let disk: FailingFiles;
let images: AcknowledgedImages;

afterEach(async () => {
  await store.close();
});

async function open(): Promise<AccountId> {
  disk = new FailingFiles();
  images = new AcknowledgedImages();
  store = await CoreStore.open({}, undefined, { files: disk.files });
  return (await store.register()).accountId;
}

/** As another process finds the files. */
async function expectWholeAnew(): Promise<void> {
  const blocks = await openBlockStore({ directory: path.join(store.folder, 'packs'), storeKey: new Uint8Array(32).fill(1) });
  await images.expectWhole({ ...store.parts, stores: { ...store.parts.stores, blocks } });
  const { stores } = store.beside();
  const parts = { ...store.parts, stores: { ...stores, blocks } };
  await rebuildStore(parts);
  await images.expectWhole(parts);
  await blocks.close();
}

/** Each call fails in turn, in the way that is told. Answers how many there were, and prints it. */
async function failingEach(how: FileFailure, act: () => Promise<unknown>, after: () => Promise<void>): Promise<number> {
  for (let at = 1; ; at++) {
    disk.arm(at, how);
    const outcome = await act().then(() => 'done', (error: unknown) => error);
    const hasFailed = disk.disarm();
    await images.expectWhole(store.parts);
    await after();
    // The last part of a write may fit after all, and a file that was to go may stay: then all went well.
    if (outcome !== 'done') expect(outcome).toBeInstanceOf(StorageError);
    if (outcome !== 'done' && how !== 'EIO') expect(outcome).toMatchObject({ options: { isFull: true } });
    if (hasFailed) continue;
    process.stdout.write(`${expect.getState().currentTestName ?? ''}: ${String(at - 1)} calls failed\n`);
    return at - 1;
  }
}

describe.each(['EIO', 'short'] as const)('a disk that fails with %s at any call', (how) => {
  it('takes no image that is not there, and the next attempt succeeds', async () => {
    const accountId = await open();
    const upload = async (): Promise<void> => {
      const blocks = blocksOf(2);
      images.add(await store.store(accountId, blocks), { accountId, blocks });
    };
    const begun = async (): Promise<void> => {
      await store.parts.stores.blocks.seal();
      await upload();
    };
    const calls = await failingEach(how, begun, upload);
    await expectWholeAnew();
    expect(calls).toBeGreaterThan(5);
  });

  it('registers and removes nobody who is not, and nothing', async () => {
    const accountId = await open();
    let number = 0;
    const calls = await failingEach(how, async () => {
      const registration = registrationOf(`person-of-${String(++number)}`);
      await store.services.accounts.register(registration, hereAndTrusted);
      const imageId = await store.store(registration.accountId, blocksOf(1));
      await store.services.images.trash(registration.accountId, imageId);
      await store.services.images.purge(registration.accountId, imageId);
      const row = await store.parts.stores.accounts.find(registration.accountId);
      if (row !== undefined) await store.services.accounts.close(row, registration.password.authKey, hereAndTrusted);
    }, async () => {
      await store.parts.stores.blocks.seal();
      store.now++;
    });
    const blocks = blocksOf(1);
    images.add(await store.store(accountId, blocks), { accountId, blocks });
    await expectWholeAnew();
    expect(calls).toBeGreaterThan(10);
  });

  it('sweeps, merges and compacts without losing anything, and ends what it began when it is told again', async () => {
    const accountId = await open();
    const other = (await store.register()).accountId;
    const kept = blocksOf(4);
    images.add(await store.store(accountId, kept), { accountId, blocks: kept });
    const more = async (): Promise<void> => {
      const theirs = await store.store(other, [...kept, ...blocksOf(2, 2_000)]);
      await store.services.images.trash(other, theirs);
      store.now++;
    };
    await more();
    const calls = await failingEach(how, () => store.services.sweep.sweep({ isThorough: true }), async () => {
      store.now++;
      await store.services.sweep.sweep({ isThorough: true });
      await more();
    });
    for (let i = 0; i < 2; i++, store.now++) await store.services.sweep.sweep({ isThorough: true });
    expect(await store.parts.stores.tags.figures()).toMatchObject({ blocks: 4, pendingCopies: 0, unreferencedBlocks: 0 });
    await expectWholeAnew();
    expect(calls).toBeGreaterThan(15);
  });

  it('marks a generation, or keeps the one before', async () => {
    await open();
    const { blocks } = store.parts.stores;
    let generation = await blocks.generation();
    const calls = await failingEach(how, () => blocks.mark(generation + 1), async () => {
      const anew = await openBlockStore({ directory: path.join(store.folder, 'packs'), storeKey: new Uint8Array(32).fill(1) });
      const found = await anew.generation();
      await anew.close();
      expect([generation, generation + 1]).toContain(found);
      expect(await blocks.generation()).toBeLessThanOrEqual(found);
      await blocks.mark(++generation);
      expect(await blocks.generation()).toBe(generation);
    });
    expect(calls).toBeGreaterThan(3);
  });
});
