/**
 * Hundreds of rounds of damage, to stores without parity and with it: ROT_TIMES times each kind (30 by default, about fifteen minutes of processor time), from ROT_SEED on. Prints how they went.
 */
import { describe, expect, it } from '@jest/globals';
import { linesOf, rotRounds } from '../support/rot-rounds.js';
import { RottingStore } from '../support/rotting-store.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
const times = Number(process.env['ROT_TIMES'] ?? 30);
const seed = Number(process.env['ROT_SEED'] ?? 1);

describe('rot', () => {
  it.each([['no parity', 0], ['parity of 5 %', 5], ['parity of 50 %', 50]])('breaks no promise, with %s', async (_what, percent) => {
    const summary = await rotRounds(await RottingStore.make(await temporary(), percent), { times, seed });
    process.stderr.write(`${linesOf(summary).join('\n')}\n`);
    expect(summary.failures).toEqual([]);
    // Without parity packs heal from equal copies alone, which few rounds meet.
    if (percent === 50) expect(summary.outcomes.packs.healed).toBeGreaterThan(0);
  }, 3_600_000);
});
