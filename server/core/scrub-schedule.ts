/**
 * When a server scrubs, and how fast: so that all of the store is read at least once in a period, whatever it is interrupted by. Pure but for one question.
 */
import { lastScrub } from './last-scrub.js';
import { readPosition } from './scrub-progress.js';
import type { ScrubParts } from './scrub-run.js';

/** Each pass reads the packs twice: by the rows that name records, and from end to end. */
const readings = 2;
/** A pass that begins half a period after the one before, and takes no longer, reads everything again within the period. */
const passesInPeriod = 2;
const leastBytesPerSecond = 1_048_576;

/** A scrub that was interrupted goes on; another one begins half a period after the last one began. */
export async function isScrubDue({ stores, world }: Pick<ScrubParts, 'stores' | 'world'>, periodMs: number): Promise<boolean> {
  if ((await readPosition(stores.state)) !== undefined) return true;
  const last = await lastScrub(stores.state);
  const beganAt = last === undefined ? undefined : (last.beganAt ?? last.endedAt - last.tookMs);
  return beganAt === undefined || world.clock.now() - beganAt >= periodMs / passesInPeriod;
}

/** What a scrub has to keep to. `parityBytes`: of parity and of the packs that it belongs to, which are read once more. */
export interface PaceOrder {
  readonly periodMs: number;
  readonly limit: number;
  readonly parityBytes?: number;
}

/** As slow as the period allows, within `limit`. `isEnough`: the store is read in time. */
export function scrubPace(packBytes: number, { periodMs, limit, parityBytes = 0 }: PaceOrder): { readonly bytesPerSecond: number; readonly isEnough: boolean } {
  const needed = ((readings * packBytes + parityBytes) * passesInPeriod * 1_000) / periodMs;
  return { bytesPerSecond: Math.min(limit, Math.max(leastBytesPerSecond, needed)), isEnough: needed <= limit };
}
