/**
 * Tests of a server that is killed at steps of a change of password, of recovery words, or of a recovery.
 */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { changes, killAtSteps, MortalServer } from './mortal-server.js';
import { temporaryDirectories } from './temp-directory.js';

/** The tests, with a kill at every `stride`-th step from `first` on: at least `least` of them come before a change has ended. */
export function credentialKills({ least, ...steps }: { readonly first: number; readonly stride: number; readonly least: number }): void {
  const temporary = temporaryDirectories();
  let server: MortalServer;

  beforeAll(async () => {
    server = await MortalServer.open(path.join(await temporary(), 'data'));
  });
  afterAll(() => server.close());

  describe.each(changes)('$name', (change) => {
    it('survives a kill at its steps, and its client finds out', async () => {
      expect(await killAtSteps(server, change, steps)).toBeGreaterThanOrEqual(least);
    });
  });
}
