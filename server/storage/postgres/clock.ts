/**
 * The time of the database, so that all processes count expiry by one clock. It is measured now and then and kept by this process's own
 * steady clock in between, so that asking costs nothing. It never goes back.
 */
import { performance } from 'node:perf_hooks';
import type { Clock } from '../../ports/world.js';
import type { StoreDatabase } from './database.js';

/** A clock that measures. */
export interface DatabaseClock {
  readonly clock: Clock;
  /** Stops measuring; the clock goes on with what it knows. */
  close(): void;
}

const measureMs = 60_000;
const timeSql = 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms';

/** Measures, and again once a minute. Rejects with StorageError where the first measurement fails; later ones may. */
export async function createClock(db: StoreDatabase): Promise<DatabaseClock> {
  let offset = await measure(db);
  let latest = 0;
  const again = (): void => {
    // An outage leaves the offset as it was: the steady clock is off by some milliseconds in an hour.
    measure(db).then((measured) => { offset = measured; }, () => undefined);
  };
  const timer = setInterval(again, measureMs);
  timer.unref();
  return {
    clock: {
      now() {
        latest = Math.max(latest, Math.floor(performance.now() + offset));
        return latest;
      },
    },
    close() {
      clearInterval(timer);
    },
  };
}

/** What to add to the steady clock, in milliseconds; wrong by half a round trip at most. */
async function measure(db: StoreDatabase): Promise<number> {
  // Connected first, so that the round trip measured is of the question alone.
  return db.steer('asking for the time', async (session) => {
    await session.get(timeSql);
    const sent = performance.now();
    const ms = (await session.get<{ ms: number }>(timeSql))?.ms ?? 0;
    return ms - (sent + performance.now()) / 2;
  });
}
