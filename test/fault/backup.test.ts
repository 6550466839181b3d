/**
 * Backups of a real server at work, some of them killed: each that ends has all that was acknowledged before it began. A longer run of the same is in test/long.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openRepository } from '../../server/backup/repository.js';
import { verifyRepository } from '../../server/backup/verify-repository.js';
import { backupRounds } from '../support/backup-rounds.js';
import { Workbench } from '../support/workbench.js';

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.open();
});
afterAll(() => bench.close());

describe('backups beside uploads, removals and collections, some killed', () => {
  it('give back every image that was acknowledged before, and check finds nothing', async () => {
    const rounds = await backupRounds(bench, { count: 1, kills: 1 });
    for (const { missing, check } of rounds) expect([missing, check.findings, check.damage]).toEqual([[], 0, []]);
    expect(rounds.reduce((sum, { killed }) => sum + killed, 0)).toBe(1);
    expect(rounds.reduce((sum, { expected }) => sum + expected, 0)).toBeGreaterThan(0);
    expect(rounds.reduce((sum, { collections }) => sum + collections, 0)).toBeGreaterThan(0);
    const { repository } = await openRepository(bench.path('repository'));
    expect((await verifyRepository(repository, new AbortController().signal, () => undefined)).rotten).toEqual([]);
  });
});
