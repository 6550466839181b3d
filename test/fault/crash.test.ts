/**
 * A server that is killed at two moments during an upload: after a restart and a retry everything that was acknowledged is
 * there, and `dice-admin check` finds nothing.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectNothingLost } from '../support/crash-rounds.js';
import { Workbench } from '../support/workbench.js';

const kills = 2;

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
    expect(await expectNothingLost(bench, kills)).toBeGreaterThanOrEqual(kills / 2);
  }, 180_000);
});
