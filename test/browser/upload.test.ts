/**
 * Uploads of whole folders in a real Chromium: two thousand pictures with a reload in the middle, drops, paths as names, paste. DESIGN.md
 * section 7 (Pages).
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser, type Visit } from '../support/browser.js';
import { registerAndEnter, uploadFiles } from '../support/page-visitor.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { listedNames, waitForDone, waitForRest } from '../support/upload-visitor.js';
import { tinyPicture, writeTinyPictures } from '../support/tiny-pictures.js';

let browser: TestBrowser;
let server: TestServer;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dice-upload-'));
  [browser, server] = await Promise.all([launchBrowser(), startServer()]);
});

afterEach(async () => {
  expect(await browser.endVisits()).toEqual([]);
});

afterAll(async () => {
  await browser.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function enter(username: string): Promise<Visit> {
  const visit = await browser.visit();
  await registerAndEnter(visit.page, server.url, { username });
  return visit;
}

/** A drop as the system makes one: files and folders by their paths. */
async function drop(page: Page, paths: readonly string[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const box = await page.locator('#drop').boundingBox();
  const place = { x: (box?.x ?? 0) + 30, y: (box?.y ?? 0) + 30 };
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) await session.send('Input.dispatchDragEvent', { type, ...place, data });
}

describe('an upload', () => {
  it('of two thousand pictures survives a reload in the middle: the folder is chosen again, what is stored is skipped, and nothing is there twice', async () => {
    const holiday = path.join(folder, 'holiday');
    const names = await writeTinyPictures(holiday, 2_000);
    const { page } = await enter('anna');
    await page.setInputFiles('#folder', holiday);
    await waitForDone(page, 600, 100_000);
    await page.reload();
    await page.waitForSelector('#interrupted:visible');
    const sentence = (await page.textContent('#interrupted-text')) ?? '';
    const stored = Number(/interrupted: ([\d,]+) of 2,000 files are stored/.exec(sentence)?.[1]?.replace(',', ''));
    expect(stored).toBeGreaterThan(300);
    await page.setInputFiles('#folder', holiday);
    await waitForRest(page, 150_000);
    expect(await page.textContent('#queue-title')).toBe('Done');
    expect(await page.textContent('#overall-text')).toMatch(/ blocks were new: .* [\d,]+ files were skipped: stored before\.$/);
    expect(await page.isVisible('#interrupted')).toBe(false);
    expect([...(await listedNames(page))].sort()).toEqual(names.map((name) => `holiday/${name}`).sort());
  }, 300_000);

  it('takes folders by a drop, deep, with their paths as names and without what a system hides in them', async () => {
    const trip = path.join(folder, 'trip');
    await mkdir(path.join(trip, 'a/b/c'), { recursive: true });
    await writeFile(path.join(trip, 'a/b/c/deep.png'), tinyPicture(1));
    await writeFile(path.join(trip, 'a/.DS_Store'), 'x');
    await writeFile(path.join(trip, 'Thumbs.db'), 'x');
    await writeFile(path.join(folder, 'single.png'), tinyPicture(2));
    const { page } = await enter('bert');
    await drop(page, [trip, path.join(folder, 'single.png')]);
    await waitForRest(page);
    expect([...(await listedNames(page))].sort()).toEqual(['single.png', 'trip/a/b/c/deep.png']);
    expect(await page.textContent('#intake-note')).toBe('2 system files left out.');
  });

  it('takes what is pasted', async () => {
    const { page } = await enter('carla');
    await page.evaluate((bytes) => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([Uint8Array.from(bytes)], 'image.png', { type: 'image/png' }));
      document.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
    }, [...tinyPicture(3)]);
    await waitForRest(page);
    expect(await listedNames(page)).toEqual([expect.stringMatching(/^Pasted \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.png$/)]);
  });

  it('says of one picture how many blocks were new, and of the same once more that nothing was sent', async () => {
    const { page } = await enter('dora');
    const file = { name: 'one.png', bytes: tinyPicture(4) };
    expect(await uploadFiles(page, [file])).toMatch(/^1 of 1 block was new: .+ sent instead of .+\.$/);
    expect(await uploadFiles(page, [file])).toBe('1 file was here already: nothing was sent.');
  });
});
