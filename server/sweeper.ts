/**
 * Runs the collector now and then. What it does is the rules' business; a sweep that fails is logged and the next one
 * tries again.
 */
import type { Logger } from 'pino';
import { Refusal } from '../client-sdk/protocol/refusals.js';
import type { SweepService } from './core/contract.js';
import { loggable } from './http/loggable.js';

/** Stops sweeping; resolves when a sweep under way has ended. */
export interface Sweeper {
  close(): Promise<void>;
}

/** Sweeps every `intervalMs`; 0 never. */
export function startSweeper(sweep: SweepService, intervalMs: number, log: Logger): Sweeper {
  const stop = new AbortController();
  let running: Promise<void> | undefined;
  const once = async (): Promise<void> => {
    try {
      log.info(await sweep.sweep({ isThorough: false, stop: stop.signal }), 'sweep');
    } catch (error) {
      // Held, or another one runs: both are said elsewhere.
      if (!(error instanceof Refusal)) log.error({ error: loggable(error) }, 'sweep failed');
    }
  };
  const begin = (): void => {
    running ??= once().finally(() => { running = undefined; });
  };
  const timer = intervalMs === 0 ? undefined : setInterval(begin, intervalMs);
  timer?.unref();
  return {
    async close() {
      clearInterval(timer);
      stop.abort();
      await running;
    },
  };
}
