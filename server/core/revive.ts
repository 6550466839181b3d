/**
 * Makes a quarantined block live again, where its bytes were found whole. Whoever calls it has hashed them.
 */
import type { Place } from '../ports/block-store.js';
import type { FiledBlock } from '../ports/tag-store.js';
import type { Parts } from './contract.js';

/** Files the block at `place`, else where its row says, anew; false where nobody refers to it or it is live already. */
export function revive(parts: Pick<Parts, 'stores' | 'world' | 'gate'>, block: Omit<FiledBlock, 'place'>, place?: Place): Promise<boolean> {
  const { tags, images } = parts.stores;
  return parts.gate.run(async () => {
    const row = await tags.find(block.rehash);
    if (row?.state !== 'quarantined' || (await images.referrers(block.rehash, 1)).length === 0) return false;
    await tags.reinstate([{ ...block, place: place ?? row.place }], parts.world.clock.now());
    return true;
  });
}
