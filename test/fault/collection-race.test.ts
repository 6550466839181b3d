/**
 * The collector and a client that uses the blocks which it is about to take, in orders of their calls that are all numbered: every so many of them are
 * tried. test/long tries them all, and on PostgreSQL too. Single races are in test/integration/core-sweep.test.ts.
 */
import { describe, expect, it } from '@jest/globals';
import { raceAll, ways } from '../support/collection-races.js';
import { inMemory, onSqlite } from '../support/raced-stores.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
const engines = [{ name: 'memory', open: inMemory, stride: 181, atLeast: 15 }, { name: 'sqlite', open: onSqlite(temporary), stride: 1_201, atLeast: 2 }];

describe.each(engines)('a block between the collector and a client, on $name', ({ open, stride, atLeast }) => {
  it.each(ways)('is there at the end, or the commit is told that it is not: the client %s', async (way) => {
    const { orders, stored, missing } = await raceAll(open, way, stride);
    expect(orders).toBeGreaterThan(atLeast);
    expect(stored + missing).toBe(orders);
    // What was sent, and what a session of one's own holds, is never taken.
    if (way === 'sends' || way === 'asks again') expect(missing).toBe(0);
  });
});
