/**
 * Random sequences of everything that is done to a store, alone and at once, with crashes, restarts, rebuilds and a clock that jumps, against a
 * model of it in memory. By a seed (MODEL_SEED); the long form, with others, is in test/long.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lackingIn, modelProperty, type Tally } from '../support/model-commands.js';

describe.each([['memory', 12, 80], ['sqlite', 4, 60]] as const)('a store on %s', (engine, numRuns, length) => {
  it('does what its model does, whatever comes and in whatever order', async () => {
    const tally: Tally = { counts: new Map(), calls: 0 };
    // One whose few runs notice a collector without grace on both engines.
    const seed = Number(process.env['MODEL_SEED'] ?? '7');
    await fc.assert(modelProperty(engine, length, tally), { numRuns, seed });
    expect(tally.counts.get('step')).toBeGreaterThan(numRuns * 5);
    expect(tally.calls).toBeGreaterThan(numRuns * 50);
    // With this seed SQLite has a rebuild at the end of each run alone.
    expect(lackingIn(tally).filter((name) => engine === 'memory' || name !== 'rebuild')).toEqual([]);
  });
});
