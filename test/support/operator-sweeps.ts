/**
 * Scrubs and rebuilds with their calls to the stores failing in turn: tried again, they come to their end, and nothing is lost.
 */
import { describe, expect, it } from '@jest/globals';
import { rebuildStore } from '../../server/core/rebuild.js';
import { scrubStore } from '../../server/core/scrub.js';
import { createServices } from '../../server/core/services.js';
import type { TagRow } from '../../server/ports/tag-store.js';
import { blockOf, blocksOf } from './core-store.js';
import { refusalCode } from './refusal.js';
import type { OpenSwept } from './swept-store.js';


export function operatorSweeps(open: OpenSwept): void {
  describe('the operator’s work, with calls failing in turn', () => {
    it('scrubs: what rotted is put right when it is tried again', async () => {
      const { swept, first: { accountId } } = await open();
      const { store } = swept;
      const other = (await store.register()).accountId;
      const blocks = [blockOf(), blockOf(), blockOf(), blockOf()];
      await swept.stored(accountId, blocks);
      const scrub = () => scrubStore(store.parts, { onLost: ({ rehash }) => { throw new Error(`lost: ${rehash}`); } });
      const rot = async (): Promise<void> => {
        const [tag, code, gone, quarantined] = await Promise.all(blocks.map(({ rehash }) => store.parts.stores.tags.find(rehash)));
        if (tag === undefined || code === undefined || gone === undefined || quarantined === undefined) throw new Error('a block has no row');
        // An equal copy, and rows of the first account that rotted, one of which names a pack that is not there.
        const theirs = await store.store(other, blocks);
        await store.services.images.trash(other, theirs);
        store.now++;
        await store.services.images.purge(other, theirs);
        const rowOf = ({ rehash, place }: TagRow): readonly unknown[] => [rehash, place.pack, place.offset];
        store.run('UPDATE tag SET t = ? WHERE t1 = ? AND pack = ? AND "offset" = ?', tag.tag.map((byte, at) => (at === 3 ? byte ^ 4 : byte)), ...rowOf(tag));
        store.run('UPDATE tag SET code = ? WHERE t1 = ? AND pack = ? AND "offset" = ?', code.code ^ 8, ...rowOf(code));
        store.run('UPDATE tag SET pack = 999 WHERE t1 = ? AND pack = ? AND "offset" = ?', ...rowOf(gone));
        await store.parts.stores.tags.quarantine(quarantined.rehash, quarantined.place);
      };
      await rot();
      const { calls } = await swept.failingEach(scrub, async () => {
        await scrub();
        await swept.expectWhole();
        // Else what a scrub has to read grows faster than the calls that were made to fail.
        await store.services.sweep.sweep({ isThorough: true });
        await rot();
      });
      expect(calls).toBeGreaterThan(15);
    });

    it('rebuilds: over what an attempt left, everything comes back', async () => {
      const { swept, first: ada } = await open();
      const { store } = swept;
      const bob = await store.register();
      const shared = blocksOf(3);
      await swept.stored(ada.accountId, shared);
      await swept.stored(bob.accountId, shared);
      const removed = await store.store(ada.accountId, blocksOf(2));
      await store.services.images.trash(ada.accountId, removed);
      store.now++;
      await store.services.images.purge(ada.accountId, removed);
      let parts = store.beside();
      let failing = { ...parts, stores: swept.fault.inFrontOf(parts.stores) };
      const { calls } = await swept.failingEach(() => rebuildStore(failing), async () => {
        expect(await rebuildStore(parts)).toMatchObject({ accounts: 2, images: 2, removals: 1, incomplete: [] });
        await swept.expectWhole(parts);
        expect(await refusalCode(() => createServices(parts).images.read(ada.accountId, removed))).toBe('not-found');
        expect(await parts.stores.state.isHeld()).toBe(true);
        parts = store.beside();
        failing = { ...parts, stores: swept.fault.inFrontOf(parts.stores) };
      });
      expect(calls).toBeGreaterThan(25);
    });
  });
}
