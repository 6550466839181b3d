/**
 * How much of what is stored a scrub has read, counted against the rows themselves, and how old the oldest reading is. Bytes count as read only where
 * they were hashed.
 */
import type { Parts } from './contract.js';
import { lastScrub } from './last-scrub.js';
import type { ScrubPosition } from './scrub-progress.js';

/** `read` of `of`. Rows that came or went meanwhile can make the two differ a little. */
export interface Covered {
  readonly read: number;
  readonly of: number;
}

/**
 * Removal records have no rows, so they are counted as they are met: what lies in a damaged stretch is not known. `oldestReadAt`: when the bytes that were read
 * longest ago were read, at the earliest; undefined where some never were since they were stored.
 */
export interface Coverage {
  readonly blocks: Covered;
  readonly copies: Covered;
  readonly manifests: Covered;
  readonly previews: Covered;
  readonly accounts: Covered;
  readonly packs: Covered;
  readonly removals: Covered;
  readonly isEmpty: boolean;
  readonly oldestReadAt: number | undefined;
}

/** Coverage of a scrub that has come to `position`. */
export async function coverageOf({ stores }: Pick<Parts, 'stores'>, { counts, beganAt }: ScrubPosition, isComplete: boolean): Promise<Coverage> {
  const { blocks, pendingCopies } = await stores.tags.figures();
  const { images } = await stores.images.figures();
  const records = [...(await stores.images.liveByPack()).values()].reduce((sum, share) => sum + share.records, 0);
  const accounts = await stores.accounts.count();
  const packs = (await stores.blocks.packs()).length;
  return {
    blocks: { read: counts.blocks - counts.lost, of: blocks },
    copies: { read: counts.copies, of: pendingCopies },
    manifests: { read: counts.manifests, of: images },
    previews: { read: counts.previews, of: records - images },
    accounts: { read: counts.accounts, of: accounts },
    packs: { read: counts.packs, of: packs },
    removals: { read: counts.removals, of: counts.removals },
    isEmpty: blocks + images + accounts + packs === 0,
    oldestReadAt: isComplete ? beganAt : (await lastScrub(stores.state))?.beganAt,
  };
}
