/**
 * What can go wrong while files are uploaded, in a real Chromium: a server that goes away and comes back, a pause, files that cannot be
 * read or are too large, a session that ends, two tabs. DESIGN.md section 7 (Pages).
 */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser, type Visit } from '../support/browser.js';
import { registerAndEnter } from '../support/page-visitor.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { writeTinyPictures } from '../support/tiny-pictures.js';
import { listedNames, waitForDone, waitForRest } from '../support/upload-visitor.js';

const maxImageBytes = 50_000;

let browser: TestBrowser;
let server: TestServer;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dice-upload-'));
  [browser, server] = await Promise.all([launchBrowser(), startServer({ maxImageBytes })]);
});

afterEach(async () => {
  expect(await browser.endVisits()).toEqual([]);
});

afterAll(async () => {
  await browser.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function enter(url: string, username: string): Promise<Visit> {
  const visit = await browser.visit();
  await registerAndEnter(visit.page, url, { username });
  return visit;
}

/** A folder of `count` small pictures; answers its path and the names that its files get. */
async function pictures(name: string, count: number): Promise<{ readonly below: string; readonly names: readonly string[] }> {
  const below = path.join(folder, name);
  const written = await writeTinyPictures(below, count);
  return { below, names: written.map((file) => `${name}/${file}`) };
}

async function sorted(page: Page): Promise<readonly string[]> {
  return [...(await listedNames(page))].sort();
}

describe('an upload goes on', () => {
  it('by itself when the server, gone in the middle, is back: nothing failed and everything is there', async () => {
    const dataDirectory = await mkdtemp(path.join(tmpdir(), 'dice-server-'));
    const first = await startServer({ dataDirectory });
    const port = Number(new URL(first.url).port);
    const visit = await enter(first.url, 'anna');
    const { page } = visit;
    const { below, names } = await pictures('away', 150);
    await page.setInputFiles('#folder', below);
    await waitForDone(page, 20);
    await first.stop();
    await page.waitForSelector('#queue-title:has-text("The server does not answer")');
    await page.waitForSelector('#phases:has-text("Trying again in")');
    expect(await page.textContent('#show-failed')).toBe('Failed 0');
    expect(await page.isVisible('#try-now')).toBe(true);
    const second = await startServer({ dataDirectory, port });
    await waitForRest(page);
    expect(await page.textContent('#queue-title')).toBe('Done');
    expect(await sorted(page)).toEqual([...names].sort());
    visit.forgive(/ERR_CONNECTION|ERR_EMPTY|ERR_INCOMPLETE/);
    await second.close();
    await rm(dataDirectory, { recursive: true, force: true });
  });

  it('after a pause, which ends what is under way and begins nothing; leaving the page meanwhile is warned of', async () => {
    const { page } = await enter(server.url, 'bert');
    const { below, names } = await pictures('paused', 120);
    await page.setInputFiles('#folder', below);
    await waitForDone(page, 8);
    await page.click('#pause');
    await page.waitForSelector('#queue-title:text-is("Paused")');
    expect(await page.textContent('#show-under-way')).toBe('Under way 0');
    const done = Number(/^(\d+) of 120 files/.exec((await page.textContent('#overall-text')) ?? '')?.[1]);
    expect(done).toBeGreaterThanOrEqual(8);
    expect(done).toBeLessThan(120);
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.type());
      void dialog.dismiss();
    });
    const asked = page.waitForEvent('dialog');
    await page.evaluate(() => { setTimeout(() => { location.assign('/account'); }); });
    await asked;
    await page.click('#pause');
    await waitForRest(page);
    expect(dialogs).toEqual(['beforeunload']);
    expect(await sorted(page)).toEqual([...names].sort());
  });

  it('for the others where a file cannot be stored, says why, and stores it when it is retried', async () => {
    const { page } = await enter(server.url, 'carla');
    const { below, names } = await pictures('mixed', 120);
    const lost = path.join(below, 'part 1/picture 00119.png');
    await writeFile(path.join(below, 'large.bin'), new Uint8Array(maxImageBytes + 1));
    await page.setInputFiles('#folder', below);
    await waitForDone(page, 4);
    await page.click('#pause');
    await page.waitForSelector('#queue-title:text-is("Paused")');
    await rename(lost, `${lost}.away`);
    await page.click('#pause');
    await waitForRest(page);
    expect(await page.textContent('#queue-title')).toBe('Done, 2 files failed');
    expect((await page.$$eval('#failures li', (lines) => lines.map((line) => line.textContent))).sort()).toEqual([
      '1 file failed. The browser cannot read it. It was moved, changed or removed. Choose it again.',
      '1 file failed. Too large for this server. Ask its operator to raise the limit, or leave it out.',
    ]);
    await rename(`${lost}.away`, lost);
    await page.click('#show-failed');
    expect(await page.locator('#queue-list li').count()).toBe(2);
    await page.click('button[aria-label="Retry mixed/part 1/picture 00119.png"]');
    await waitForRest(page);
    expect(await page.textContent('#queue-title')).toBe('Done, 1 file failed');
    expect(await sorted(page)).toEqual([...names].sort());
    await page.click('button[aria-label="Take mixed/large.bin off the list"]');
    await page.waitForSelector('#queue-title:text-is("Done")');
  });

  it('nowhere after the session has ended: it says so, fails no file, and leads to the log in', async () => {
    const visit = await enter(server.url, 'dora');
    const { page } = visit;
    const { below } = await pictures('ended', 80);
    await page.setInputFiles('#folder', below);
    await waitForDone(page, 4);
    await visit.context.clearCookies();
    await page.waitForSelector('#queue-title:text-is("Your session has ended")');
    expect(await page.textContent('#show-failed')).toBe('Failed 0');
    await page.click('#log-in');
    await page.waitForURL('**/login');
    expect(await page.textContent('#why')).toBe('Your session has ended. Log in again.');
    visit.forgive(/status of 401/);
  });
});

describe('an upload goes on besides', () => {
  it('in two tabs at once, and neither takes the other’s list for an interrupted one', async () => {
    const { page, context } = await enter(server.url, 'emil');
    const { below, names } = await pictures('tab one', 100);
    await page.setInputFiles('#folder', below);
    await waitForDone(page, 4);
    await page.click('#pause');
    // The list is written within a second or so; the other tab is to see it.
    await page.waitForFunction(async () => (await indexedDB.databases()).some(({ name }) => name === 'dice-uploads'));
    const other = await context.newPage();
    await other.goto(`${server.url}/gallery`);
    await other.waitForSelector('#choose:enabled');
    const single = path.join(folder, 'other tab.txt');
    await writeFile(single, 'of the other tab');
    await other.setInputFiles('#files', single);
    await waitForRest(other);
    expect(await other.isVisible('#interrupted')).toBe(false);
    await page.click('#pause');
    await waitForRest(page);
    expect(await sorted(page)).toEqual([...names, 'other tab.txt'].sort());
  });

  it('no more once it is cancelled, and the list that log out erases is gone', async () => {
    const { page } = await enter(server.url, 'fritz');
    const { below } = await pictures('cancelled', 100);
    await page.setInputFiles('#folder', below);
    await waitForDone(page, 4);
    await page.click('#cancel');
    await page.waitForSelector('#queue-title:text-is("Cancelled")');
    await waitForRest(page);
    expect((await listedNames(page)).length).toBeLessThan(100);
    await page.click('#logout');
    await page.waitForURL('**/login');
    expect(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).not.toContain('dice-uploads');
  });
});
