/**
 * The orders of few switches (support/collection-races.ts) of the calls of the collector and of a client that uses the blocks which it is about to take: every RACE_STRIDE-th
 * (31st where nothing is said) on SQLite and on PostgreSQL, 31 times as many in memory, which is all of them where nothing is said. The short form is test/fault/collection-race.test.ts.
 */
import { describe, expect, it } from '@jest/globals';
import { mayBeMissing, raceAll, ways } from '../support/collection-races.js';
import { postgresServer } from '../support/postgres-server.js';
import { inMemory, onPostgres, onSqlite } from '../support/raced-stores.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
const server = postgresServer();
const usualStride = 31;
const stride = Number(process.env['RACE_STRIDE'] ?? usualStride);
const engines = [
  { name: 'memory', open: inMemory, every: Math.max(1, Math.round(stride / usualStride)) },
  { name: 'sqlite', open: onSqlite(temporary), every: stride },
  { name: 'postgres', open: onPostgres(() => server.freshDatabase()), every: stride },
];

describe.each(engines)('a block between the collector and a client, on $name', ({ name, open, every }) => {
  it.each(ways)('is there at the end, or the commit is told that it is not: the client %s', async (way) => {
    const { orders, stored, missing } = await raceAll(open, way, every);
    process.stdout.write(`${name}, ${way}: ${String(orders)} orders, ${String(stored)} stored, ${String(missing)} told of missing blocks\n`);
    expect(orders).toBeGreaterThan(10);
    expect(stored + missing).toBe(orders);
    // A collector that takes nothing, or takes all, proves nothing.
    if (mayBeMissing(way)) expect(Math.min(stored, missing)).toBeGreaterThan(0);
    else expect(missing).toBe(0);
  }, 3 * 3_600_000);
});
