/**
 * The audit of what somebody with the disk learns: attacks succeed where they must in `open`, and find nothing by content in
 * `personal`; the view tells what lies there, former credentials among it; and looking changes nothing.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import { joinedGroups, joinedPairs } from '../../bench/server-view/copy-graph.js';
import type { GuessedView } from '../../bench/server-view/guessed-view.js';
import { seenImages } from '../../bench/server-view/seen-store.js';
import { type ServerView, serverView, serverViewText } from '../../bench/server-view/server-view.js';
import { StolenDisk } from '../../bench/server-view/stolen-disk.js';
import type { TrialFigures } from '../../bench/server-view/trial.js';
import { startServer } from '../support/running-server.js';
import { jpegOf, photograph, withOnePixel } from '../support/sample-images.js';
import { registered, testPassword, uploaded } from '../support/sdk-client.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const makeDirectory = temporaryDirectories();

async function run(program: string, args: readonly string[]): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(`../../bench/server-view/${program}.js`, import.meta.url)), ...args]);
  const told = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (text: Buffer) => { told[stream] += text.toString(); });
  const [status] = (await once(child, 'close')) as [number | null]; // the documented arguments of this event
  return { status, ...told };
}

/** Two photographs, each with a near copy, a JPEG, and pictures that nobody stores: every fourth by name. */
async function writePictures(): Promise<string> {
  const folder = path.join(await makeDirectory(), 'pictures');
  const [first, second] = [photograph(300, 280, 3), photograph(290, 300, 8)];
  const files: Readonly<Record<string, Uint8Array>> = {
    'a/1.png': pngOf(first), 'a/2.png': pngOf(withOnePixel(first, 5, 5)), 'b/3.png': pngOf(second), 'b/4 not stored.png': pngOf(withOnePixel(second, 9, 9)),
    'b/5.tif': tiffOf(second), 'c/6.jpg': await jpegOf(photograph(260, 240, 4)), 'd/7.png': pngOf(photograph(200, 200, 5)), 'e/8 not stored.png': pngOf(photograph(200, 200, 6)),
  };
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), bytes);
  }
  return folder;
}

/** Bytes and times of every file below. */
async function stateOf(directory: string): Promise<readonly string[]> {
  const entries = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const states = entries.map(async ({ parentPath, name }) => {
    const file = path.join(parentPath, name);
    const { mtimeMs, ctimeMs } = await stat(file);
    return [file, mtimeMs, ctimeMs, createHash('sha256').update(await readFile(file)).digest('hex')].join(' ');
  });
  return (await Promise.all(states)).sort();
}

describe('the attacks on made stores', () => {
  it('find contents in open and none in personal, and lengths and copies in both', async () => {
    const jsonFile = path.join(await makeDirectory(), 'trial.json');
    const { status, stdout, stderr } = await run('trials', [await writePictures(), '--digits', '2', '--json', jsonFile]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('personal: attacks') });
    expect(stdout).toContain('8 images guessed, 6 of them stored.');
    // The bench's own document.
    const { figures } = JSON.parse(await readFile(jsonFile, 'utf8')) as { readonly figures: TrialFigures };
    const [open, personal] = figures.domains;
    // The near copy that is stored beside its original is patched, so its own blocks are not there.
    expect(open?.dictionary).toMatchObject({ stored: 6, storedWhole: 5, storedNamed: 4, absent: 2, absentWhole: 0, absentPartly: 1 });
    expect(personal?.dictionary).toMatchObject({ stored: 6, storedWhole: 0, storedShare: 0, absentPartly: 0 });
    expect(open?.card).toMatchObject({ tried: 100, found: [70], isRight: true });
    expect(personal?.card).toMatchObject({ tried: 100, found: [], isRight: false });
    for (const domain of [open, personal]) {
      expect(domain?.graph[0]?.rates).toMatchObject({ truePairs: 2, toldPairs: 2, precision: 1, recall: 1 });
      expect(domain?.sizes.find(({ feature }) => feature === 'lengths of blocks')?.share).toBeGreaterThan(0.5);
    }
    expect(personal?.lengthBits).toBeLessThan(open?.lengthBits ?? 0);
    const costs = figures.paddings.map(({ cost }) => cost);
    expect(costs[0]).toBe(1);
    expect(costs[1]).toBeLessThan(1.12);
  });
});

describe('the view of a data directory', () => {
  it('tells accounts, sessions, images and what is left of what went', async () => {
    const server = await startServer();
    const picture = photograph(300, 200, 3);
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

  it('is printed by the command, with what guessed images tell, and changes nothing', async () => {
    const server = await startServer();
    const folder = path.join(await makeDirectory(), 'guesses');
    const pictures = { 'kept.png': pngOf(photograph(300, 200, 3)), 'other.png': pngOf(photograph(240, 250, 7)) };
    await mkdir(folder);
    for (const [name, bytes] of Object.entries(pictures)) await writeFile(path.join(folder, name), bytes);
    const ada = await registered(server.url, 'ada', { domain: 'open' });
    await uploaded(ada, { 'one.png': pictures['kept.png'] });
    await ada.close();
    await server.stop();
    const before = await stateOf(server.dataDirectory);
    const { status, stdout, stderr } = await run('view', [server.dataDirectory, '--images', folder, '--json']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(await stateOf(server.dataDirectory)).toEqual(before);
    // The command's own document.
    const { view, guessed } = JSON.parse(stdout) as { readonly view: ServerView; readonly guessed: GuessedView };
    expect(view.accounts.map(({ username }) => username)).toEqual(['ada']);
    const [kept, other] = guessed.guesses;
    expect(kept?.found).toBe(kept?.blocks);
    expect(kept?.likeOpen).toHaveLength(1);
    expect(other).toMatchObject({ found: 0, likeOpen: [] });
    await server.close();
  });

  it('refuses a directory without an index', async () => {
    const { status, stderr } = await run('view', [await makeDirectory()]);
    expect(status).toBe(1);
    expect(stderr).toContain('holds no dice.db');
  });
});
