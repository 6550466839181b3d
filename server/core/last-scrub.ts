/**
 * What the last scrub found, kept in the state of the store: scrubs may run in a process of their own, and whoever watches the servers must
 * learn of them. Figures alone, no block and no image.
 */
import type { StoreState } from '../ports/world.js';
import { objectIn, repairsOf, type ScrubCounts } from './scrub-progress.js';

/** Times in milliseconds. */
export interface LastScrub {
  /** Everything that is stored was read since, or came since and was read back then; undefined where another version of this program ran it. */
  readonly beganAt: number | undefined;
  readonly endedAt: number;
  readonly tookMs: number;
  /** How many ran to their end in all. */
  readonly runs: number;
  readonly blocks: number;
  readonly repaired: number;
  /** Blocks and records that stay damaged. */
  readonly lost: number;
}

const name = 'last-scrub';

/** Notes a scrub that ran to its end. */
export async function noteScrub(state: StoreState, counts: ScrubCounts, times: { readonly beganAt: number; readonly endedAt: number; readonly tookMs: number }): Promise<void> {
  const { blocks, lost, lostRecords } = counts;
  const runs = ((await lastScrub(state))?.runs ?? 0) + 1;
  const noted: LastScrub = { ...times, runs, blocks, repaired: repairsOf(counts), lost: lost + lostRecords };
  await state.write(name, JSON.stringify(noted));
}

/** The last scrub that ran to its end; undefined where none has. */
export async function lastScrub(state: StoreState): Promise<LastScrub | undefined> {
  const { beganAt, endedAt, tookMs, runs, blocks, repaired, lost } = objectIn(await state.read(name));
  if (!isNumber(endedAt) || !isNumber(tookMs) || !isNumber(runs) || !isNumber(blocks) || !isNumber(repaired) || !isNumber(lost)) return undefined;
  return { beganAt: isNumber(beganAt) ? beganAt : undefined, endedAt, tookMs, runs, blocks, repaired, lost };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
