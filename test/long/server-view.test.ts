/**
 * The audit of what somebody with the disk learns, by its commands: attacks succeed where they must in `open`, and find nothing by content in
 * `personal`; the view tells what lies there, and looking changes nothing. In short: test/integration.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import type { GuessedView } from '../../bench/server-view/guessed-view.js';
import type { ServerView } from '../../bench/server-view/server-view.js';
import type { TrialFigures } from '../../bench/server-view/trial.js';
import { stateOf } from '../support/directory-state.js';
import { startServer } from '../support/running-server.js';
import { jpegOf, photograph, withOnePixel } from '../support/sample-images.js';
import { registered, uploaded } from '../support/sdk-client.js';
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

  it('is refused by the command where there is no index', async () => {
    const { status, stderr } = await run('view', [await makeDirectory()]);
    expect(status).toBe(1);
    expect(stderr).toContain('holds no dice.db');
  });
});
