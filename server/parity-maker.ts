/**
 * Makes parity for packs that have none, beside the service and slowly. What it does is the rules' business; what fails is logged, and tried again later.
 */
import type { Logger } from 'pino';
import type { Parts } from './core/contract.js';
import { makeParity } from './core/parity.js';
import { loggable } from './http/loggable.js';
import { paced } from './paced.js';
import { StorageError } from './ports/errors.js';

/** Stops at once; resolves when the group of shards at hand is done. */
export interface ParityMaker {
  close(): Promise<void>;
}

/** `percent` 0: never. `lookMs`: how often it is asked whether a pack lacks parity. */
export interface ParityMakerOrder {
  readonly percent: number;
  readonly bytesPerSecond: number;
  readonly lookMs?: number;
}

/** A look asks for the size of each pack. */
const usualLookMs = 300_000;

/** Looks at once, and now and then, whether a pack lacks parity, and makes it. */
export function startParityMaker(parts: Pick<Parts, 'stores'>, order: ParityMakerOrder, log: Logger): ParityMaker {
  const stop = new AbortController();
  let [running, isFull]: [Promise<void> | undefined, boolean] = [undefined, false];
  const once = async (): Promise<void> => {
    try {
      const onMade = (pack: number): void => { log.info({ pack }, 'parity made'); };
      await makeParity(parts, { percent: order.percent, onRead: paced(order.bytesPerSecond, stop.signal), onMade, stop: stop.signal });
      isFull = false;
    } catch (error) {
      // Said once: it may last.
      if (!isFull) log.error({ error: loggable(error) }, 'making parity failed');
      isFull = error instanceof StorageError && error.options.isFull === true;
    }
  };
  const begin = (): void => {
    running ??= once().finally(() => { running = undefined; });
  };
  const timer = order.percent === 0 ? undefined : setInterval(begin, order.lookMs ?? usualLookMs);
  timer?.unref();
  if (timer !== undefined) begin();
  return {
    async close() {
      clearInterval(timer);
      stop.abort();
      await running;
    },
  };
}
