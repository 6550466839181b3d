/**
 * Hundreds of rounds of damage: ROT_TIMES times each kind (30 by default, about five minutes of processor time), from ROT_SEED on. Prints how they went.
 */
import { describe, expect, it } from '@jest/globals';
import { linesOf, rotRounds } from '../support/rot-rounds.js';
import { RottingStore } from '../support/rotting-store.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
const times = Number(process.env['ROT_TIMES'] ?? 30);
const seed = Number(process.env['ROT_SEED'] ?? 1);

describe('rot', () => {
  it('breaks no promise', async () => {
    const summary = await rotRounds(await RottingStore.make(await temporary()), { times, seed });
    process.stderr.write(`${linesOf(summary).join('\n')}\n`);
    expect(summary.failures).toEqual([]);
  }, 3_600_000);
});
