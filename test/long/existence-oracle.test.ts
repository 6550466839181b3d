/**
 * The existence oracle in full, on both engines of the index: every question of a client, timed for blocks that others have and for blocks that nobody has, over vectors long
 * enough that the server's work on blocks outweighs the request. ORACLE_PAIRS bounds it (default 5,000). It prints its figures.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OracleBench, type Trial } from '../support/oracle-trials.js';
import { postgresServer } from '../support/postgres-server.js';
import { lineOf, toldApart, type Verdict, verdictsOf } from '../support/oracle-verdict.js';

const pairs = Number(process.env['ORACLE_PAIRS'] ?? 5_000);
const hour = 3_600_000;
const postgres = postgresServer();
let bench: OracleBench;

async function verdicts(trial: Trial): Promise<readonly Verdict[]> {
  const found = verdictsOf(await bench.run(trial));
  process.stdout.write(`${String(trial.pairs)} pairs of ${String(trial.vector)} blocks${trial.planted === undefined ? '' : `, ${String(100 * trial.planted)} % planted`}\n`);
  for (const verdict of found) process.stdout.write(`  ${lineOf(verdict)}\n`);
  return found;
}

describe.each(['sqlite', 'postgres'] as const)('by time, under own, on %s', (engine) => {
  beforeAll(async () => {
    bench = await OracleBench.open('own', engine === 'postgres' ? await postgres.freshDatabase() : undefined);
    process.stdout.write(`${engine}\n`);
  });
  afterAll(() => bench.close());

  it.each(['ask', 'send'] as const)('to %s is the same for blocks of others and of nobody', async (question) => {
    expect(toldApart(await verdicts({ pairs, vector: 32, each: [question], tries: 3 }))).toEqual([]);
  }, hour);

  it('every step of a life is the same', async () => {
    const fewer = Math.ceil(pairs / 5);
    expect(toldApart(await verdicts({ pairs: fewer, vector: 32 }), 1.3 / Math.sqrt(fewer))).toEqual([]);
  }, hour);

  it.each(['ask', 'send'] as const)('to %s would not be, if blocks of others took a twentieth longer', async (question) => {
    expect(toldApart(await verdicts({ pairs, vector: 32, each: [question], tries: 3, planted: 0.05 }))).not.toEqual([]);
  }, hour);
});
