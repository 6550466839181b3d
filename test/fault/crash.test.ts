/**
 * A server that is killed once, as soon as it writes what is uploaded: everything that it acknowledged is there. Many kills: test/long.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectNothingLost } from '../support/crash-rounds.js';
import { Workbench } from '../support/workbench.js';

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.open();
});

afterAll(async () => {
  await bench.close();
});

describe('a server killed in the middle of an upload', () => {
  it('loses nothing that it acknowledged', async () => {
    // A kill after the upload has ended would prove nothing.
    expect(await expectNothingLost(bench, 1)).toBe(1);
  });
});
