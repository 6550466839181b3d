/**
 * A server that is killed at CRASH_KILLS (60) moments during uploads, from the first write to packs on: after a restart and a retry everything that was acknowledged is
 * there, and a check finds nothing.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectNothingLost } from '../support/crash-rounds.js';
import { Workbench } from '../support/workbench.js';

const kills = Number(process.env['CRASH_KILLS'] ?? 60);

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.open();
});

afterAll(async () => {
  await bench.close();
});

describe('a server killed in the middle of uploads', () => {
  it('loses nothing that it acknowledged', async () => {
    // A kill after the upload has ended proves nothing: most must have come before.
    expect(await expectNothingLost(bench, kills)).toBeGreaterThan(kills / 2);
  }, 3 * 3_600_000);
});
