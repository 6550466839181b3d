/**
 * As test/fault/backup.test.ts, with more rounds and more kills. BACKUP_ROUNDS is how many rounds, 12 without it.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openRepository } from '../../server/backup/repository.js';
import { verifyRepository } from '../../server/backup/verify-repository.js';
import { backupRounds } from '../support/backup-rounds.js';
import { Workbench } from '../support/workbench.js';

const rounds = Number(process.env['BACKUP_ROUNDS'] ?? 12);
let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.open();
});
afterAll(() => bench.close());

describe('many backups beside uploads, removals and collections, many killed', () => {
  it('give back every image that was acknowledged before, and check finds nothing', async () => {
    const found = await backupRounds(bench, { count: rounds, kills: 4 });
    for (const { missing, check } of found) expect([missing, check.findings, check.damage]).toEqual([[], 0, []]);
    expect(found.reduce((sum, { killed }) => sum + killed, 0)).toBeGreaterThan(rounds);
    const { repository } = await openRepository(bench.path('repository'));
    expect((await verifyRepository(repository, new AbortController().signal, () => undefined)).rotten).toEqual([]);
  }, 60_000 * rounds);
});
