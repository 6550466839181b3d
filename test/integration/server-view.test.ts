/**
 * What somebody with the disk learns: the view tells what lies there, former credentials among it, and looking changes nothing. Attacks, and the commands: test/long.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import { joinedGroups, joinedPairs } from '../../bench/server-view/copy-graph.js';
import { seenImages } from '../../bench/server-view/seen-store.js';
import { serverView, serverViewText } from '../../bench/server-view/server-view.js';
import { StolenDisk } from '../../bench/server-view/stolen-disk.js';
import { stateOf } from '../support/directory-state.js';
import { rawBlock, registerRaw, storeRaw } from '../support/raw-account.js';
import { invited } from '../support/route-fixture.js';
import { startServer } from '../support/running-server.js';
import { photograph, withOnePixel } from '../support/sample-images.js';
import { registered, testPassword, uploaded } from '../support/sdk-client.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const makeDirectory = temporaryDirectories();

describe('the view of a data directory', () => {
  it('tells accounts, sessions, images and what is left of what went', async () => {
    const server = await startServer();
    const picture = photograph(200, 140, 3);
    const ada = await registered(server.url, 'ada', { domain: 'personal' });
    await uploaded(ada, { 'one.png': pngOf(picture), 'two.png': pngOf(withOnePixel(picture, 2, 2)), 'three.tif': tiffOf(photograph(150, 100, 9)) });
    await ada.changePassword({ current: testPassword, next: 'eleven grey herons wading' });
    const bob = await registered(server.url, 'bob-who-went', { domain: 'open' });
    await uploaded(bob, { 'four.png': pngOf(picture) });
    await bob.closeAccount({ username: 'bob-who-went', password: testPassword });
    await Promise.all([ada.close(), bob.close()]);
    await server.stop();
    const before = await stateOf(server.dataDirectory);
    const index = await readFile(path.join(server.dataDirectory, 'dice.db'), 'latin1');
    expect([index.includes('ada'), index.includes('bob-who-went')]).toEqual([true, false]);
    const disk = await StolenDisk.open(server.dataDirectory);
    try {
      const view = await serverView(disk);
      expect(view.accounts.map(({ username, revision, sessions }) => ({ username, revision, sessions: sessions.length }))).toEqual([{ username: 'ada', revision: 2, sessions: 1 }]);
      expect(view.images).toHaveLength(1);
      expect(view.images[0]).toMatchObject({ images: 3, trashed: 0, visits: 1, joinedPairs: 1, joinedGroups: [2] });
      expect(view.images[0]?.paddedBlocks).toBe(view.images[0]?.blocks);
      expect(view.remains).toMatchObject({ formerCredentials: 1, formerNames: ['bob-who-went'], closedAccounts: 1 });
      expect(view.remains.records.find(({ type }) => type === 'manifest')).toMatchObject({ all: 4, dead: 1 });
      expect(serverViewText(view)).toContain('1 former proofs of passwords');
      const images = seenImages(disk);
      expect(joinedGroups(images, joinedPairs(images)).map((group) => group.length)).toEqual([2]);
      expect(images.every(({ blocks }) => blocks.length > 0)).toBe(true);
    } finally {
      await disk.close();
    }
    expect(await stateOf(server.dataDirectory)).toEqual(before);
    await server.close();
  });

  it('tells whose things are equal, how often, when, and who knows whom', async () => {
    const server = await startServer();
    const { url } = server;
    const began = Date.now();
    const carol = await registerRaw(url, 'carol', { email: 'carol@example.org', device: 'the bench in the laboratory' });
    const invitationCode = randomBytes(16);
    await invited(url, carol, invitationCode);
    const dora = await registerRaw(url, 'dora', { invitationCode: invitationCode.toString('hex') });
    const common = rawBlock(500);
    for (let i = 0; i < 2; i++) await storeRaw(url, carol, [common, rawBlock(300)]);
    const trashed = await storeRaw(url, carol, [common]);
    await request(url).delete(`/api/v1/images/${trashed}`).set('Authorization', carol.bearer);
    await storeRaw(url, dora, [common]);
    await server.stop();
    const disk = await StolenDisk.open(server.dataDirectory);
    try {
      const { accounts, images, commonToAccounts, secrets } = await serverView(disk);
      expect(accounts.find(({ username }) => username === 'carol')).toMatchObject({ email: 'carol@example.org', invitationsMade: 1, invited: ['dora'], sessions: [{ kind: 'bearer', device: 'the bench in the laboratory' }] });
      const own = images.find(({ accountId }) => accountId === carol.accountId);
      // Frequency: which blocks are in many images, though not what they are.
      expect(own).toMatchObject({ images: 3, trashed: 1, blocks: 3, cipherBytes: 1_100, commonBlocks: 1, joinedPairs: 3, visits: 1, mostUsed: [{ images: 3, bytes: 500 }, { images: 1 }, { images: 1 }] });
      expect(own?.firstAt).toBeGreaterThanOrEqual(began);
      expect(own?.lastAt).toBeLessThanOrEqual(Date.now());
      expect(commonToAccounts).toEqual([{ accounts: expect.arrayContaining([carol.accountId, dora.accountId]), blocks: 1 }]);
      expect(secrets).toEqual(expect.arrayContaining(['store-key', 'salt-key']));
    } finally {
      await disk.close();
      await server.close();
    }
  });

  it('is refused where there is no index', async () => {
    await expect(StolenDisk.open(await makeDirectory())).rejects.toThrow('holds no dice.db');
  });
});
