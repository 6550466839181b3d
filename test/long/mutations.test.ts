/**
 * Every lie about every member of every answer that a client asks for; prints what became of them. With DICE_MUTATIONS=n every n-th scenario
 * alone, from the one that DICE_MUTATIONS_FROM names (0); the short form is test/integration/mutations.test.ts.
 */
import { describe, expect, it } from '@jest/globals';
import { openStage } from '../support/hostile-stage.js';
import { allLies, MutationTable, tellAll } from '../support/mutation-table.js';

const every = Number(process.env['DICE_MUTATIONS'] ?? '1');
const from = Number(process.env['DICE_MUTATIONS_FROM'] ?? '0');

describe.each(['own', 'shared'] as const)('under existence = %s', (existence) => {
  it('a client believes no lie, asks not for ever, and sends nothing secret', async () => {
    const stage = await openStage(existence);
    const table = new MutationTable();
    const told = (await allLies(stage, existence)).filter((_, i) => existence === 'shared' || i % every === from);
    await tellAll(stage, told, (judged) => { table.add(judged); });
    await stage.world.close();
    process.stdout.write(`existence = ${existence}\n${table.text()}\n`);
    expect(table.defects).toEqual([]);
    expect(table.maxRequests).toBeLessThan(60);
  }, 3_600_000);
});
