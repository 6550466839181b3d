/**
 * A browser that has seen more than the server shows says so on the gallery, and lets the owner accept the loss on the account page.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import { launchBrowser, type TestBrowser } from '../support/browser.js';
import { registerAndEnter, uploadFiles } from '../support/page-visitor.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { photograph } from '../support/sample-images.js';

let browser: TestBrowser;
let folder: string;
let server: TestServer;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dice-head-'));
  [browser, server] = await Promise.all([launchBrowser(), startServer({ dataDirectory: path.join(folder, 'data') })]);
});

afterEach(async () => {
  expect(await browser.endVisits()).toEqual([]);
});

afterAll(async () => {
  await browser.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs `work` on the data of the stopped server, and starts it again under the same address. */
async function whileStopped(work: () => Promise<void>): Promise<void> {
  const port = Number(new URL(server.url).port);
  await server.stop();
  await work();
  server = await startServer({ dataDirectory: path.join(folder, 'data'), port });
}

const pictureOf = (seed: number) => ({ name: `${String(seed)}.png`, bytes: pngOf(photograph(120, 90, seed)) });

describe('a server that was put back to an older state', () => {
  it('is named on the gallery, and its loss is accepted on the account page alone', async () => {
    const { page } = await browser.visit();
    await registerAndEnter(page, server.url, { username: 'anna' });
    await uploadFiles(page, [pictureOf(1)]);
    await whileStopped(() => cp(path.join(folder, 'data'), path.join(folder, 'older'), { recursive: true }));
    await page.reload();
    await page.waitForSelector('#tiles li');
    await uploadFiles(page, [pictureOf(2)]);
    await page.goto(`${server.url}/account`);
    await page.waitForSelector('#head-state:has-text("State 2")');
    expect(await page.isVisible('#head-accept')).toBe(false);
    await page.click('#head-check');
    await page.waitForSelector('#head-state:has-text("Everything that you signed is there.")');
    await whileStopped(async () => {
      await rm(path.join(folder, 'data'), { recursive: true });
      await cp(path.join(folder, 'older'), path.join(folder, 'data'), { recursive: true });
    });
    await page.goto(`${server.url}/gallery`);
    await page.waitForSelector('#list-why:has-text("older state of this account")');
    expect(await page.locator('#tiles li').count()).toBe(1);
    await page.goto(`${server.url}/account`);
    await page.waitForSelector('#head-state:has-text("older state of this account")');
    await page.click('#export-all');
    await page.waitForSelector('#export-phase:has-text("The archive has 1 image in")');
    expect(await page.textContent('#export-phase')).toMatch(/FAILED\.txt inside names them\. The list has 1 image\. .*older state of/);
    await page.click('#head-accept');
    await page.click('#head-cancel');
    await page.click('#head-accept');
    // More is hidden by the time that it is accepted than when it was shown.
    await page.route('**/api/v1/images?*', (route) => route.fulfill({ status: 200, contentType: 'application/json', body: '{"images":[]}' }));
    await page.click('#head-submit');
    await page.waitForSelector('.toast:has-text("something else by now")');
    await page.waitForSelector('#head-missing li:has-text("(missing)")');
    await page.unroute('**/api/v1/images?*');
    await page.click('#head-check');
    await page.waitForSelector('#head-missing li', { state: 'detached' });
    await page.click('#head-accept');
    await page.click('#head-submit');
    await page.waitForSelector('#head-state:has-text("State 2")');
    await page.waitForSelector('.toast:has-text("0 images given up")');
    expect(await page.isVisible('#head-accept')).toBe(false);
    await page.goto(`${server.url}/gallery`);
    await page.waitForSelector('#tiles li');
    await page.waitForSelector('#tiles[aria-busy="false"]');
    expect(await page.isVisible('#list-failed')).toBe(false);

    await page.route('**/api/v1/account/head', (route) => route.fulfill({ status: 200, contentType: 'application/json', body: '{"head":7}' }));
    await page.goto(`${server.url}/account`);
    await page.waitForSelector('#head-state.is-bad');
    expect(await page.isVisible('#head-accept')).toBe(false);
    await page.waitForSelector('#sessions li');
    expect(await page.isVisible('#page-error')).toBe(false);
  });
});
