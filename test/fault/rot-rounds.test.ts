/**
 * Every second kind of damage once to packs, and every kind to the database, to its write-ahead log, and to the database of a store that is swept before anybody looks, and some values of rows of such a store. `npm run test:long` does all of them by the hundred.
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { fileRotKinds, folderRotKinds } from '../support/file-rot.js';
import { rotRounds, rowsAtATime } from '../support/rot-rounds.js';
import { RottingStore } from '../support/rotting-store.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
let store: RottingStore;
let protectedStore: RottingStore | undefined;

beforeAll(async () => {
  store = await RottingStore.make(await temporary());
});

describe('rot', () => {
  it('is noticed, named, healed where there is a second witness, and never served', async () => {
    const { rounds, outcomes, failures } = await rotRounds(store, { times: 1, seed: 1_000, everyOfPacks: 2 });
    expect(failures).toEqual([]);
    const ofPacks = Math.ceil((fileRotKinds.length + folderRotKinds.length) / 2);
    expect(rounds).toBe(ofPacks + 3 * fileRotKinds.length + rowsAtATime);
    const { packs, database, log, swept, rows } = outcomes;
    expect(packs.harmless + packs.healed + packs.named).toBe(ofPacks);
    expect(packs.named).toBeGreaterThan(2);
    expect(database.refused).toBeGreaterThan(1);
    expect(log.rebuilt + log.refused).toBeGreaterThan(1);
    expect(swept.refused).toBeGreaterThan(1);
    expect(rows.healed).toBeGreaterThan(1);
  }, 300_000);

  it.each(['manifest', 'preview'] as const)('of a %s is named, and never served', async (type) => {
    expect(await store.recordRound(type)).toBe('named');
  });

  // Regions of up to 86,017 bytes heal with half as much parity in packs of this size; what is moved, exchanged or gone does not.
  it.each([['one bit flipped', 'healed'], ['64 KiB overwritten', 'healed'], ['a region twice', 'named'], ['one deleted', 'named']] as const)('of packs with parity: %s, %s', async (kind, outcome) => {
    protectedStore ??= await RottingStore.make(await temporary(), 50);
    expect(await protectedStore.round(9, 'packs', kind)).toBe(outcome);
  }, 300_000);
});
