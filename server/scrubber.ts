/**
 * Scrubs the store now and then beside its service, slowly. What it does is the rules' business; one that fails is logged, and goes on later where it failed.
 */
import type { Logger } from 'pino';
import { Refusal } from '../client-sdk/protocol/refusals.js';
import { parityFigures } from './core/parity.js';
import { isScrubDue, scrubPace } from './core/scrub-schedule.js';
import { scrubStore } from './core/scrub.js';
import type { ScrubParts } from './core/scrub-run.js';
import { loggable } from './http/loggable.js';
import { paced } from './paced.js';
import { regularly, type Regular } from './regularly.js';

/** Times in milliseconds; a period of 0: never. `lookMs`: how often it is asked whether a scrub is due; once a minute, and once a period where that is shorter. */
export interface ScrubberOrder {
  readonly periodMs: number;
  readonly bytesPerSecond: number;
  readonly lookMs?: number;
}

const usualLookMs = 60_000;

/** Looks now and then whether a scrub is due, and runs it. */
export function startScrubber(parts: ScrubParts, order: ScrubberOrder, log: Logger): Regular {
  return regularly(order.periodMs === 0 ? 0 : (order.lookMs ?? Math.min(usualLookMs, order.periodMs)), async (stop) => {
    try {
      if (await isScrubDue(parts, order.periodMs)) await scrubOnce(parts, { order, stop, log });
    } catch (error) {
      // Another process scrubs this store.
      if (!(error instanceof Refusal)) log.error({ error: loggable(error) }, 'scrub failed');
    }
  });
}

async function scrubOnce(parts: ScrubParts, { order, stop, log }: { readonly order: ScrubberOrder; readonly stop: AbortSignal; readonly log: Logger }): Promise<void> {
  const { packFileBytes } = await parts.stores.blocks.usage();
  const { withParity, packBytes, parityBytes } = await parityFigures(parts.stores);
  const { bytesPerSecond, isEnough } = scrubPace(packFileBytes, { periodMs: order.periodMs, limit: order.bytesPerSecond, parityBytes: withParity === 0 ? 0 : packBytes + parityBytes });
  if (!isEnough) log.warn({ bytesPerSecond, packFileBytes }, 'scrub: DICE_SCRUB_BYTES_PER_SECOND is too little to read the store within DICE_SCRUB_DAYS');
  const { isComplete, coverage, ...counts } = await scrubStore(parts, { stop, pace: paced(bytesPerSecond, stop), onLost: () => undefined, onHealed: (healed) => { log.warn(healed, 'scrub: healed by parity'); } });
  if (!isComplete) log.info({ bytes: counts.bytes }, 'scrub interrupted, goes on later');
  else if (counts.lost + counts.lostRecords > 0) log.error({ ...counts, coverage }, 'scrub: damage that could not be put right; dice-admin check names it');
  else log.info({ ...counts, coverage }, 'scrub');
}
