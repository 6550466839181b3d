/**
 * The model test for as long as there is time (support/long-time.ts), or for MODEL_STEPS commands (100,000 where nothing is said), a third of them on SQLite and packs,
 * the others on the doubles in memory. Prints the seed, and then what was done; MODEL_SEED begins with that one again.
 */
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { timeFor } from '../support/long-time.js';
import { lackingIn, modelProperty, type Tally } from '../support/model-commands.js';

const steps = Number(process.env['MODEL_STEPS'] ?? 100_000);
const seed = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31);
const runsAtOnce = 20;
const length = 200;

it.each([['memory', 2 / 3], ['sqlite', 1 / 3]] as const)('a store on %s does what its model does', async (engine, part) => {
  process.stdout.write(`${engine}, seed ${seed}\n`);
  const tally: Tally = { counts: new Map(), calls: 0 };
  const isOver = timeFor('model', part);
  const wanted = Math.ceil(part * steps);
  const done = (): number => tally.counts.get('step') ?? 0;
  for (let round = 0; done() < wanted && !(round > 0 && isOver()); round++) await fc.assert(modelProperty(engine, length, tally), { numRuns: runsAtOnce, seed: (seed + round) % 2 ** 31 });
  const lines = [...tally.counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `  ${name}: ${count}`);
  process.stdout.write(`${engine}: ${done()} of ${wanted} steps, ${tally.calls} calls of ports\n${lines.join('\n')}\n`);
  // A round of commands that all failed would have done nothing.
  expect(done()).toBeGreaterThan(length);
  expect(lackingIn(tally)).toEqual([]);
}, 24 * 3_600_000);
