/**
 * Runs the collector now and then. What it does is the rules' business; a sweep that fails is logged and the next one
 * tries again.
 */
import type { Logger } from 'pino';
import { Refusal } from '../client-sdk/protocol/refusals.js';
import type { SweepService } from './core/contract.js';
import { loggable } from './http/loggable.js';
import { regularly, type Regular } from './regularly.js';

/** Sweeps every `intervalMs`; 0 never. */
export function startSweeper(sweep: SweepService, intervalMs: number, log: Logger): Regular {
  return regularly(intervalMs, async (stop) => {
    try {
      log.info(await sweep.sweep({ isThorough: false, stop }), 'sweep');
    } catch (error) {
      // Held, or another one runs: both are said elsewhere.
      if (!(error instanceof Refusal)) log.error({ error: loggable(error) }, 'sweep failed');
    }
  });
}
