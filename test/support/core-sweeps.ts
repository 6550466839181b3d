/**
 * Uploads with their commits, and sweeps, with their calls to the stores failing in turn: whatever was acknowledged is there, a check finds nothing, and the same step
 * succeeds when it is repeated.
 */
import { describe, expect, it } from '@jest/globals';
import type { ImageId } from '../../client-sdk/protocol/ids.js';
import { blocksOf, commitOf, framesOf, randomId } from './core-store.js';
import { isDone, type OpenSwept } from './swept-store.js';

const dayMs = 24 * 3_600_000;

export function coreSweeps(open: OpenSwept): void {
  collectionSweep(open);
  uploadSweep(open);
}

export function collectionSweep(open: OpenSwept): void {
  describe('a store, with calls failing in turn', () => {
    it('keeps every image through sweeps that break off anywhere', async () => {
      const { swept, first: { accountId } } = await open();
      const { store } = swept;
      const other = (await store.register()).accountId;
      const kept = blocksOf(6);
      await swept.stored(accountId, kept);
      const sweep = () => store.services.sweep.sweep({ isThorough: true });
      // Work for the next one: a copy to merge, blocks to collect, packs to compact.
      const more = async (): Promise<void> => {
        store.now++;
        const theirs = await store.store(other, [...kept, ...blocksOf(3, 2_000)]);
        await store.services.images.trash(other, theirs);
        store.now++;
      };
      await more();
      // The first after a start compares the tail of the packs as well; all that are counted have the same work before them.
      await sweep();
      store.now++;
      await sweep();
      await more();
      const { calls } = await swept.failingEach(sweep, async () => {
        await swept.expectWhole();
        store.now++;
        await sweep();
        await more();
      });
      expect(calls).toBeGreaterThan(30);
      // The first purges at this very moment, the second collects what is older.
      for (let i = 0; i < 2; i++, store.now++) await sweep();
      expect(await store.parts.stores.tags.figures()).toMatchObject({ blocks: 6, pendingCopies: 0, unreferencedBlocks: 0 });
      await swept.expectRebuilt();
    });
  });
}

export function uploadSweep(open: OpenSwept): void {
  describe('a store, with calls failing in turn', () => {
    it('acknowledges no upload that is not there, and a repeated one succeeds', async () => {
      const { swept, first: { accountId } } = await open();
      const { store } = swept;
      let [imageId, blocks] = [randomId<ImageId>(), blocksOf(2)];
      let commit = commitOf(imageId, blocks);
      const upload = async (): Promise<void> => {
        const { uploadId } = await store.services.uploads.begin(accountId);
        await store.services.blocks.receive({ accountId, uploadId }, framesOf(blocks));
        expect((await store.commit({ accountId, uploadId }, commit)).status).toBe('stored');
        swept.images.add(imageId, { accountId, blocks });
        await store.services.uploads.end({ accountId, uploadId });
      };
      const { calls } = await swept.failingEach(upload, async (outcome) => {
        if (isDone(outcome)) expect(swept.images.size).toBe(1);
        await swept.expectWhole();
        await upload();
        await swept.expectWhole();
        // Else what a check reads grows faster than the calls that were made to fail.
        await swept.purge(accountId, imageId);
        store.now += dayMs + 1;
        await store.parts.stores.tags.expireUploads(store.now);
        [imageId, blocks] = [randomId<ImageId>(), blocksOf(2)];
        commit = commitOf(imageId, blocks);
      });
      expect(calls).toBeGreaterThan(8);
    });
  });
}
