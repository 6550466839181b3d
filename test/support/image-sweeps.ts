/**
 * Claims, removals and restorations of images with their calls to the stores failing in turn: what was acknowledged is there, what was not
 * may be asked for again and then succeeds.
 */
import { describe, expect, it } from '@jest/globals';
import { concat } from '../../client-sdk/protocol/bytes.js';
import type { ImageId } from '../../client-sdk/protocol/ids.js';
import { existenceStates } from '../../client-sdk/protocol/messages.js';
import { possessionPrefix } from '../../client-sdk/protocol/possession.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { blocksOf, commitOf, hmacSha256, randomId, serverId } from './core-store.js';
import { refusalCode } from './refusal.js';
import { isDone, type OpenSwept } from './swept-store.js';


export function imageSweeps(open: OpenSwept): void {
  describe('images, with calls failing in turn', () => {
    it('are claimed, or are claimed when it is tried again', async () => {
      const { swept, first: ada } = await open({ existence: 'shared' });
      const { store } = swept;
      const bob = await store.register();
      const blocks = blocksOf(3);
      await swept.stored(ada.accountId, blocks);
      let uploadId = (await store.services.uploads.begin(bob.accountId)).uploadId;
      const claim = async (): Promise<void> => {
        const upload = { accountId: bob.accountId, uploadId };
        const tags = concat(...blocks.map(({ rehash }) => rehash));
        const { states, nonce } = await store.services.uploads.askExistence(upload, tags);
        if (nonce === undefined) {
          expect([...states]).toEqual(blocks.map(() => existenceStates.present));
          return;
        }
        const claimable = blocks.filter((_, at) => states[at] === existenceStates.claimable);
        const proofs = claimable.map(({ rehash, cipher }) => hmacSha256(nonce, concat(possessionPrefix({ ...upload, serverId, rehash }, cipher.length), cipher)));
        expect([...(await store.services.uploads.claim(upload, { nonce, tags: concat(...claimable.map(({ rehash }) => rehash)), proofs: concat(...proofs) }))]).toEqual(claimable.map(() => 1));
      };
      const { calls } = await swept.failingEach(claim, async () => {
        await claim();
        const commit = commitOf(randomId<ImageId>(), blocks);
        expect((await store.commit({ accountId: bob.accountId, uploadId }, commit)).status).toBe('stored');
        swept.images.add(commit.imageId, { accountId: bob.accountId, blocks });
        await swept.expectWhole();
        // The next attempt has nothing of its own again.
        await swept.purge(bob.accountId, commit.imageId);
        await store.services.uploads.end({ accountId: bob.accountId, uploadId });
        uploadId = (await store.services.uploads.begin(bob.accountId)).uploadId;
      });
      expect(calls).toBeGreaterThan(10);
    });

    it('are removed, or are there whole until they are', async () => {
      const { swept, first: { accountId } } = await open();
      const { store } = swept;
      let imageId = await swept.stored(accountId);
      const { calls } = await swept.failingEach(() => swept.purge(accountId, imageId), async (outcome) => {
        const isGone = (await refusalCode(() => store.services.images.read(accountId, imageId))) === 'not-found';
        if (isDone(outcome)) expect(isGone).toBe(true);
        if (isGone) swept.images.forget(imageId);
        await swept.expectWhole();
        if (!isGone) await swept.purge(accountId, imageId);
        expect(await refusalCode(() => store.services.images.read(accountId, imageId))).toBe('not-found');
        imageId = await swept.stored(accountId);
      });
      expect(calls).toBeGreaterThan(3);
      const parts = store.beside();
      expect(await rebuildStore(parts)).toMatchObject({ images: swept.images.size });
      await swept.expectWhole(parts);
    });

    it('are restored, though a removal of theirs broke off anywhere before', async () => {
      const { swept, first: { accountId } } = await open();
      const { store } = swept;
      let imageId = await swept.stored(accountId);
      await store.services.images.trash(accountId, imageId);
      const { calls } = await swept.failingEach(() => store.services.images.restore(accountId, imageId), async () => {
        await swept.expectWhole();
        await store.services.images.restore(accountId, imageId);
        expect((await store.services.images.list(accountId, { isTrash: true, cursor: undefined, limit: undefined })).images).toEqual([]);
        imageId = await swept.stored(accountId);
        await store.services.images.trash(accountId, imageId);
        store.now++;
        // A removal that says so in the packs, and goes no further.
        swept.fault.arm(3, false);
        await store.services.images.purge(accountId, imageId).catch(() => undefined);
        expect(swept.fault.disarm()).toBe(true);
        store.now++;
      });
      expect(calls).toBeGreaterThan(2);
      await store.services.images.restore(accountId, imageId);
      await swept.expectRebuilt();
    });
  });
}
