/**
 * A server that is killed at some steps of a change of password, of recovery words, or of a recovery. All steps: test/long.
 */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { changes, killAtSteps, MortalServer } from '../support/mortal-server.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
let server: MortalServer;

beforeAll(async () => {
  server = await MortalServer.open(path.join(await temporary(), 'data'));
});
afterAll(() => server.close());

describe.each(changes)('$name', (change) => {
  it('survives a kill at some of its steps, and its client finds out', async () => {
    expect(await killAtSteps(server, change, { first: 3, stride: 5 })).toBeGreaterThanOrEqual(2);
  });
});
