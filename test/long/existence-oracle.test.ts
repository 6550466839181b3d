/**
 * The existence oracle in full, on both engines of the index: every question of a client, timed for blocks that others have and for blocks that nobody has, over vectors long
 * enough that the server's work on blocks outweighs the request. ORACLE_PAIRS bounds it (default 5,000). It prints its figures. The data lies in memory, where nothing waits for
 * a disk, whose syncs vary by half; what more syncs would tell is looked at on the disk in fewer pairs.
 */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OracleBench, type Trial } from '../support/oracle-trials.js';
import { postgresServer } from '../support/postgres-server.js';
import { lineOf, notFound, toldApart, type Verdict, verdictsOf } from '../support/oracle-verdict.js';

const pairs = Number(process.env['ORACLE_PAIRS'] ?? 5_000);
const fullPairs = 5_000;
/** Bounds are those of the full count; a smaller one is for a look at whether it works, and then the planted delay grows as the intervals do. */
const slackOf = (count: number): number => (count < fullPairs ? 1.3 / Math.sqrt(count) : 0);
const planted = 0.05 * Math.sqrt(Math.max(1, fullPairs / pairs));
const hour = 3_600_000;
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const postgres = postgresServer();
let bench: OracleBench;

async function verdicts(trial: Trial): Promise<readonly Verdict[]> {
  const startedAt = performance.now();
  const found = verdictsOf(await bench.run(trial));
  tell(`${String(trial.pairs)} pairs of ${String(trial.vector)} blocks${trial.planted === undefined ? '' : `, ${(100 * trial.planted).toFixed(0)} % planted`}`, { startedAt, found });
  return found;
}

function tell(what: string, { startedAt, found }: { readonly startedAt: number; readonly found: readonly Verdict[] }): void {
  process.stdout.write(`${what}: ${((performance.now() - startedAt) / 1_000).toFixed(0)} s\n`);
  for (const verdict of found) process.stdout.write(`  ${lineOf(verdict)}\n`);
}

async function open(engine: 'sqlite' | 'postgres', place: string): Promise<void> {
  bench = await OracleBench.open('own', { place, databaseUrl: engine === 'postgres' ? await postgres.freshDatabase() : undefined });
  process.stdout.write(`${engine} in ${place}\n`);
}

describe.each(['sqlite', 'postgres'] as const)('by time, under own, on %s', (engine) => {
  beforeAll(() => open(engine, memory));
  afterAll(() => bench.close());

  it('every step of a life is the same, each the first time that it is done', async () => {
    expect(toldApart(await verdicts({ pairs, vector: 32 }), slackOf(pairs))).toEqual([]);
  }, hour);

  it('every step of the rest of a life is the same after a sweep made one row of the blocks of two accounts', async () => {
    const startedAt = performance.now();
    const found = verdictsOf(await bench.runAfterSweep({ pairs, vector: 32 }));
    tell(`${String(pairs)} pairs of 32 blocks, after a sweep`, { startedAt, found });
    expect(toldApart(found, slackOf(pairs))).toEqual([]);
  }, hour);

  it.each([1, 3])('the question alone is the same, the quickest of %i tries', async (tries) => {
    expect(toldApart(await verdicts({ pairs, vector: 32, each: ['ask'], tries }), slackOf(pairs))).toEqual([]);
  }, hour);

  it.each([['ask', 1], ['ask', 3], ['send', 1]] as const)('to %s (the quickest of %i) would not be, if blocks of others took a twentieth longer: as much is found, in each figure', async (question, tries) => {
    expect(notFound(await verdicts({ pairs, vector: 32, each: [question], tries, planted }), planted)).toEqual([]);
  }, hour);
});

describe.each(['sqlite', 'postgres'] as const)('by time, under own, on %s on a disk', (engine) => {
  beforeAll(() => open(engine, tmpdir()));
  afterAll(() => bench.close());

  it('every step of a life is the same', async () => {
    const fewer = Math.ceil(pairs / 10);
    expect(toldApart(await verdicts({ pairs: fewer, vector: 32 }), slackOf(fewer))).toEqual([]);
  }, hour);
});
