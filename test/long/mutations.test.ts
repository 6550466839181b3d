/**
 * Every lie about every member of every answer that a client asks for, or as many as there is time for (support/long-time.ts), in an order by MUTATION_SEED;
 * prints what became of them. The short form is test/integration/mutations.test.ts.
 */
import { describe, expect, it } from '@jest/globals';
import { openStage } from '../support/hostile-stage.js';
import { timeFor, whileTime } from '../support/long-time.js';
import { allLies, checks, MutationTable, tellAll, tellingsOf } from '../support/mutation-table.js';

const seed = Number(process.env['MUTATION_SEED'] ?? '1');

describe.each([['own', 0.97, Object.keys(checks)], ['shared', 0.03, []]] as const)('under existence = %s', (existence, part, codes) => {
  it('a client believes no lie, asks not for ever, and sends nothing secret', async () => {
    const stage = await openStage(existence);
    const table = new MutationTable();
    try {
      const tellings = tellingsOf(await allLies(stage, existence), seed);
      await tellAll(stage, whileTime(tellings, timeFor('mutations', part)), (judged) => { table.add(judged); });
      process.stdout.write(`existence = ${existence}, seed ${String(seed)}: ${String(table.count)} of ${String(tellings.length)} lies\n${table.text()}\n`);
    } finally {
      await stage.world.close();
    }
    expect(table.count).toBeGreaterThan(0);
    expect(table.notTold).toBeLessThan(1 + table.count / 10);
    expect(table.missing(codes)).toEqual([]);
    expect(table.defects).toEqual([]);
    expect(table.maxRequests).toBeLessThan(60);
  }, 12 * 3_600_000);
});
