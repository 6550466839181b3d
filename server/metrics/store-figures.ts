/**
 * The store as a whole, read at a scrape: size of the database, what is open, whether it is held, the last scrub. Of all processes on one store
 * each tells the same. Where the store does not answer, these series are missing and the others are there.
 */
import { Gauge, type Registry } from 'prom-client';

/** What a look at the store tells. Times in seconds since the epoch. */
export interface StoreFigures {
  readonly databaseBytes: number;
  readonly sessions: number;
  readonly uploads: number;
  readonly isHeld: boolean;
  /** Undefined where none has run. */
  readonly lastScrub: { readonly at: number; readonly seconds: number; readonly runs: number; readonly blocks: number; readonly repaired: number; readonly lost: number; readonly beganAt: number | undefined } | undefined;
}

const gauges: Readonly<Record<string, { readonly help: string; readonly of: (figures: StoreFigures) => number | undefined }>> = {
  dice_database_bytes: { help: 'Size of the database, measured.', of: (figures) => figures.databaseBytes },
  dice_sessions_open: { help: 'Sessions and tokens that have not expired.', of: (figures) => figures.sessions },
  dice_uploads_open: { help: 'Upload sessions that have not expired.', of: (figures) => figures.uploads },
  dice_store_held: { help: '1 where nothing is collected until the operator releases the store.', of: (figures) => (figures.isHeld ? 1 : 0) },
  dice_scrub_runs: { help: 'Scrubs of this store that ran to their end.', of: (figures) => figures.lastScrub?.runs ?? 0 },
  dice_scrub_last_end_seconds: { help: 'When the last scrub ended, in seconds since the epoch.', of: (figures) => figures.lastScrub?.at },
  dice_scrub_oldest_read_seconds: { help: 'Everything stored before this moment, in seconds since the epoch, was read and hashed after it.', of: (figures) => figures.lastScrub?.beganAt },
  dice_scrub_last_seconds: { help: 'How long the last scrub took.', of: (figures) => figures.lastScrub?.seconds },
  dice_scrub_last_blocks: { help: 'Blocks that the last scrub read.', of: (figures) => figures.lastScrub?.blocks },
  dice_scrub_last_repaired: { help: 'Findings of the last scrub that were put right.', of: (figures) => figures.lastScrub?.repaired },
  dice_scrub_last_lost: { help: 'Blocks and records that the last scrub could not put right.', of: (figures) => figures.lastScrub?.lost },
};

/** Puts the figures into `registry`; `read` is asked once for each name at a scrape, so it holds its answer for a while. */
export function watchStore(registry: Registry, read: () => Promise<StoreFigures>): void {
  for (const [name, { help, of }] of Object.entries(gauges)) {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const figures = await read().catch(() => undefined);
        const value = figures === undefined ? undefined : of(figures);
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  }
}
