/**
 * Equal copies of one block become one. Only rows change: the bytes of a copy that was let go are dead, and compaction
 * takes them. No copy goes on the strength of a row alone.
 */
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import type { Place } from '../ports/block-store.js';
import type { Copy } from '../ports/tag-store.js';
import type { Parts, Stop } from './contract.js';
import { readOrRotten } from './stored-block.js';

const batch = 1_000;

/** Merges until no copy is left that can be. Answers how many went. Repeatable. */
export async function mergeCopies(parts: Pick<Parts, 'stores' | 'world'>, stop: Stop | undefined): Promise<number> {
  let merged = 0;
  for (;;) {
    const copies = await parts.stores.tags.listCopies(batch);
    const before = merged;
    for (const copy of copies) {
      if (stop?.aborted === true) return merged;
      if (await mergeOne(parts, copy)) merged++;
    }
    if (copies.length === 0 || merged === before) return merged;
  }
}

/** Reads and hashes the copy that stays before it lets go of the other; where the first one is rotten the other stays. */
async function mergeOne(parts: Pick<Parts, 'stores' | 'world'>, { rehash, tag, kept, extra }: Copy): Promise<boolean> {
  const { tags } = parts.stores;
  const isSound = async (place: Place) => {
    const cipher = await readOrRotten(parts, place, 'block');
    return cipher !== undefined && isEqual(parts.world.hasher.sha256(cipher), tag);
  };
  if (await isSound(kept)) return tags.merge(rehash, kept, extra);
  return (await isSound(extra)) && tags.merge(rehash, extra, kept);
}
