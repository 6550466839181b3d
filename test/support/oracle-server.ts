/**
 * A process that is the real server with two things more: it sweeps when it is told to, and it can be told to be slower by a while for questions whose first T1 it was given. So a
 * test shows that it would find an oracle. Started by oracle-trials.ts: argument 1 is the data directory, argument 2 the existence mode, argument 3 the address of a database
 * where the index is on PostgreSQL.
 */
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import type { Rehash } from '../../client-sdk/protocol/ids.js';
import type { Config } from '../../server/config.js';
import { startServer } from './running-server.js';

/** What it is told over its channel. */
export interface Planting {
  readonly delayMs: number;
  /** First T1s of the vectors that are slowed down, in hex. */
  readonly firsts: readonly string[];
}

const [, , dataDirectory = '', existence = 'own', databaseUrl] = process.argv;
// The parent names one of the two.
const server = await startServer({ dataDirectory, databaseUrl, existence: existence as Config['existence'], logLevel: 'silent' });
const { tags } = server.store.parts.stores;
const usual = tags.pinOwned.bind(tags);

process.on('message', (order: Planting | 'sweep') => {
  if (order === 'sweep') server.store.services.sweep.sweep({ isThorough: false }).then(() => process.send?.('swept'), (error: unknown) => process.send?.(String(error)));
  else plant(order);
});

function plant({ delayMs, firsts }: Planting): void {
  const slowed = new Set(firsts);
  tags.pinOwned = (scope, rehashes) => {
    if (isAmong(slowed, rehashes[0])) spin(delayMs);
    return usual(scope, rehashes);
  };
  process.send?.('planted');
}

process.once('disconnect', () => void server.stop().finally(() => process.exit()));
process.send?.(server.port);

function isAmong(slowed: ReadonlySet<string>, rehash: Rehash | undefined): boolean {
  return rehash !== undefined && slowed.has(hexOf(rehash));
}

/** Works for a while, as a look-up does. */
function spin(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}
