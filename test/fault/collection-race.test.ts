/**
 * The collector and a client that uses the blocks which it is about to take, in the orders of their calls that have few switches (support/collection-races.ts), of which every
 * so many are tried. test/long tries them all, and on PostgreSQL too. Single races are in test/integration/core-sweep.test.ts.
 */
import { describe, expect, it } from '@jest/globals';
import { mayBeMissing, raceAll, ways } from '../support/collection-races.js';
import { inMemory, onSqlite } from '../support/raced-stores.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
// Strides by which orders of both outcomes are met: in few of them the sweep takes what the client asks for.
const engines = [{ name: 'memory', open: inMemory, stride: 181, atLeast: 15 }, { name: 'sqlite', open: onSqlite(temporary), stride: 947, atLeast: 4 }];

describe.each(engines)('a block between the collector and a client, on $name', ({ open, stride, atLeast }) => {
  it.each(ways)('is there at the end, or the commit is told that it is not: the client %s', async (way) => {
    const { orders, stored, missing } = await raceAll(open, way, stride);
    expect(orders).toBeGreaterThan(atLeast);
    expect(stored + missing).toBe(orders);
    // A collector that takes nothing, or takes all, proves nothing.
    if (mayBeMissing(way)) expect(Math.min(stored, missing)).toBeGreaterThan(0);
    else expect(missing).toBe(0);
  });
});
