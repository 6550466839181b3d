/**
 * The model test for as long as it is told: DICE_TEST_STEPS commands (100,000 where nothing is said), a third of them on SQLite and packs, the
 * others on the doubles in memory. Prints what was done and the seed; DICE_TEST_SEED begins with that one again.
 */
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { modelProperty, type Tally } from '../support/model-commands.js';

const steps = Number(process.env['DICE_TEST_STEPS'] ?? 100_000);
const seed = Number(process.env['DICE_TEST_SEED'] ?? Date.now() % 2 ** 31);
const runsAtOnce = 20;
const length = 200;

it.each([['memory', Math.ceil((2 * steps) / 3)], ['sqlite', Math.ceil(steps / 3)]] as const)('a store on %s does what its model does for %s steps', async (engine, wanted) => {
  const tally: Tally = { counts: new Map(), calls: 0 };
  const done = (): number => tally.counts.get('step') ?? 0;
  for (let round = 0; done() < wanted; round++) await fc.assert(modelProperty(engine, length, tally), { numRuns: runsAtOnce, seed: (seed + round) % 2 ** 31 });
  const lines = [...tally.counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `  ${name}: ${count}`);
  process.stdout.write(`${engine}, seed ${seed}: ${done()} steps, ${tally.calls} calls of ports\n${lines.join('\n')}\n`);
  expect(done()).toBeGreaterThanOrEqual(wanted);
}, 24 * 3_600_000);
