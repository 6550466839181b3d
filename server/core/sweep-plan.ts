/**
 * Decides which packs are worth compacting. Pure: counts in, numbers of packs out.
 */
import type { PackSummary } from '../ports/block-store.js';

/** What rows name in a pack. */
export interface LiveShare {
  readonly records: number;
  readonly payloadBytes: number;
}

/** A pack as the plan sees it: live bytes with record overhead and pack header. */
export interface PackUse {
  readonly pack: number;
  readonly bytes: number;
  readonly liveBytes: number;
  readonly isSealed: boolean;
}

/** Adds up what several stores name in each pack. `headerBytes`: of one pack; `overheadBytes`: of one record. */
export function packUses(
  packs: readonly PackSummary[],
  live: readonly ReadonlyMap<number, LiveShare>[],
  sizes: { readonly headerBytes: number; readonly overheadBytes: number },
): readonly PackUse[] {
  return packs.map(({ pack, bytes, isSealed }) => {
    const shares = live.map((shareOf) => shareOf.get(pack));
    const named = shares.reduce((sum, share) => sum + (share === undefined ? 0 : share.payloadBytes + share.records * sizes.overheadBytes), 0);
    return { pack, bytes, isSealed, liveBytes: Math.min(bytes, named + sizes.headerBytes) };
  });
}

/** Packs whose dead bytes are more than `minDeadShare` of them, the emptiest first. A pack with nothing but its header is left if open. */
export function choosePacks(uses: readonly PackUse[], minDeadShare: number): readonly PackUse[] {
  const deadOf = (use: PackUse) => use.bytes - use.liveBytes;
  return uses
    .filter((use) => deadOf(use) > 0 && deadOf(use) >= use.bytes * minDeadShare)
    .sort((a, b) => a.liveBytes - b.liveBytes || a.pack - b.pack);
}
