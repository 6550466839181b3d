/**
 * Each kind of damage once to packs, to the database and to its write-ahead log. `npm run test:long` does it by the hundred.
 */
import { describe, expect, it } from '@jest/globals';
import { rotRounds } from '../support/rot-rounds.js';
import { RottingStore } from '../support/rotting-store.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();

describe('rot', () => {
  it('is noticed, named, healed where there is a second witness, and never served', async () => {
    const { rounds, outcomes, failures } = await rotRounds(await RottingStore.make(await temporary()), { times: 1, seed: 1_000 });
    expect(failures).toEqual([]);
    expect(rounds).toBe(26);
    const { packs, database, log } = outcomes;
    expect(packs.harmless + packs.healed + packs.named).toBe(10);
    expect(packs.named).toBeGreaterThan(5);
    expect(database.refused).toBeGreaterThan(2);
    expect(log.rebuilt + log.refused).toBeGreaterThan(3);
  }, 300_000);
});
