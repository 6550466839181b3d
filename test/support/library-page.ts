/**
 * The gallery of a large library in a real browser: `node dist/test/support/library-page.js STORE`, a data directory as
 * `bench:library --keep` leaves it (it is copied). Prints the time to the first tiles, until all is listed, of a search and of a jump to the end;
 * the longest frame; processor time and memory of the page with its workers.
 */
import { constants } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { benchCredentials } from '../../bench/library-account.js';
import { LibraryServer } from '../../bench/library-server.js';
import { cpuSecondsOf, peakMemoryOf } from '../../bench/measured-process.js';
import { launchBrowser } from './browser.js';

const store = process.argv[2];
if (store === undefined) throw new Error('name a data directory: node dist/test/support/library-page.js STORE');
const scratch = await mkdtemp(path.join(tmpdir(), 'dice-library-page-'));
try {
  const directory = path.join(scratch, 'data');
  await cp(store, directory, { recursive: true, mode: constants.COPYFILE_FICLONE });
  const server = await LibraryServer.start(directory);
  try {
    await visit(server);
  } finally {
    await server.stop();
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function visit(server: LibraryServer): Promise<void> {
  const browser = await launchBrowser();
  try {
    const { page } = await browser.visit();
    page.setDefaultTimeout(1_200_000);
    await page.addInitScript(watchFrames);
    await page.goto(`${server.url}/login`);
    await page.fill('#username', benchCredentials.username);
    await page.fill('#password', benchCredentials.password);
    const { server: took } = await server.during(async () => {
      await page.click('#submit');
      await page.waitForURL('**/gallery');
      const from = performance.now();
      const say = (what: string): void => { process.stdout.write(`${what}: ${((performance.now() - from) / 1000).toFixed(2)} s after the gallery began\n`); };
      await page.waitForSelector('#tiles > li');
      say('first tiles');
      await page.waitForSelector('#tiles > li canvas');
      say('first picture');
      await page.waitForSelector('#tiles[aria-busy="false"]');
      say(`all listed (${(await page.textContent('#count')) ?? ''})`);
    });
    process.stdout.write(`server: ${took.cpuSeconds.toFixed(1)} s of processor time, peak ${(took.peakMemoryBytes / 1e6).toFixed(0)} MB, longest pause ${took.longestPauseMs.toFixed(0)} ms\n`);
    const pids = await browser.rendererPids();
    const sum = async (of: (pid: number) => Promise<number>): Promise<number> => (await Promise.all(pids.map(of))).reduce((all, one) => all + one, 0);
    process.stdout.write(`page and workers: ${(await sum(cpuSecondsOf)).toFixed(1)} s of processor time, peak ${((await sum(peakMemoryOf)) / 1e6).toFixed(0)} MB; frames: ${await longFrames(page)}\n`);
    await timed('a search of one word', async () => {
      await page.fill('#search', '123456');
      await page.waitForFunction(() => /^\S+ of /.test(document.querySelector('#count')?.textContent ?? ''));
    });
    await timed('the search taken back', async () => {
      await page.fill('#search', '');
      await page.waitForFunction(() => !/ of /.test(document.querySelector('#count')?.textContent ?? ''));
    });
    await timed('a jump to the end', async () => {
      await page.evaluate(() => { scrollTo(0, document.documentElement.scrollHeight); });
      await page.waitForFunction(() => [...document.querySelectorAll('#tiles > li')].some((tile) => tile.getAttribute('aria-posinset') === tile.getAttribute('aria-setsize')));
    });
    process.stdout.write(`frames since: ${await longFrames(page)}\n`);
  } finally {
    await browser.close();
  }
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const from = performance.now();
  await work();
  process.stdout.write(`${what}: ${(performance.now() - from).toFixed(0)} ms\n`);
}

/** In the page: keeps the frames of at least 50 ms (Long Animation Frames API, W3C). */
function watchFrames(): void {
  const frames: number[] = [];
  Object.assign(globalThis, { diceFrames: frames });
  new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) frames.push(duration); }).observe({ type: 'long-animation-frame', buffered: true });
}

async function longFrames(page: Page): Promise<string> {
  const frames = await page.evaluate(() => {
    const all = (globalThis as { diceFrames?: number[] }).diceFrames ?? []; // set by the script that came first
    return all.splice(0);
  });
  const long = frames.filter((duration) => duration > 100);
  return `longest ${Math.max(0, ...frames).toFixed(0)} ms, ${String(long.length)} above 100 ms`;
}
