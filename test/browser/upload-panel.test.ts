/**
 * The panel of an upload in a real Chromium: few elements for many files, reached by the keyboard alone, nothing for axe-core to find, and
 * the block map of the file under way. DESIGN.md section 7 (Pages).
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { pngOf } from '../../bench/plain-images.js';
import { violationsOf } from '../support/axe.js';
import { launchBrowser, type TestBrowser } from '../support/browser.js';
import { registerAndEnter } from '../support/page-visitor.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { photograph } from '../support/sample-images.js';
import { writeTinyPictures } from '../support/tiny-pictures.js';
import { waitForDone, waitForRest } from '../support/upload-visitor.js';

let browser: TestBrowser;
let server: TestServer;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dice-upload-'));
  [browser, server] = await Promise.all([launchBrowser(), startServer({ maxImageBytes: 3_000_000 })]);
});

afterEach(async () => {
  expect(await browser.endVisits()).toEqual([]);
});

afterAll(async () => {
  await browser.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function enter(username: string): Promise<Page> {
  const visit = await browser.visit();
  await registerAndEnter(visit.page, server.url, { username });
  return visit.page;
}

describe('the panel of an upload', () => {
  it('draws a few rows of very many files, is reached by the keyboard alone, and has nothing that axe-core objects to', async () => {
    const below = path.join(folder, 'many');
    await writeTinyPictures(below, 400);
    await writeFile(path.join(below, 'large.bin'), new Uint8Array(3_000_001));
    const page = await enter('anna');
    await page.setInputFiles('#folder', below);
    await waitForDone(page, 4);
    expect(await page.locator('#queue-list > li').count()).toBeLessThan(20);
    expect(await page.locator('#queue-list > li').first().getAttribute('aria-setsize')).toBe('401');
    await page.focus('#choose');
    const reached: string[] = [];
    for (let presses = 0; presses < 9; presses++) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate(() => document.activeElement?.id ?? ''));
    }
    expect(reached).toEqual(expect.arrayContaining(['choose-folder', 'collapse', 'pause', 'cancel', 'show-all', 'show-under-way', 'show-failed', 'queue-scroller']));
    await page.focus('#pause');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#queue-title:text-is("Paused")');
    await page.waitForSelector('#failures li');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violationsOf(page)).toEqual([]);
    }
    await page.focus('#queue-scroller');
    await page.keyboard.press('End');
    await page.waitForSelector('#queue-list > li[aria-posinset="401"]');
    await page.click('#queue-list > li[aria-posinset="401"] button[aria-label^="Take"]');
    expect(await page.textContent('#show-all')).toBe('All 400');
    await page.focus('#cancel');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#queue-title:text-is("Cancelled")');
    // The button went away; the keyboard is still in the panel.
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('queue-title');
  });

  it('shows the picture under way with its blocks, coloured, and nothing of the kind when it is folded', async () => {
    const page = await enter('bert');
    const picture = async (name: string, seed: number): Promise<string> => {
      await writeFile(path.join(folder, name), pngOf(photograph(700, 500, seed)));
      return path.join(folder, name);
    };
    const seen = page.evaluate(() => new Promise<number>((resolve) => {
      const live = document.querySelector('#live');
      const canvas = document.querySelector<HTMLCanvasElement>('#live-blocks');
      const look = (): void => {
        const isNew = /^[1-9]/.test(document.querySelector('#live-new')?.textContent ?? '');
        if (live?.hasAttribute('hidden') !== false || !isNew || canvas === null) return;
        observer.disconnect();
        const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
        resolve(data.filter((value, i) => i % 4 === 3 && value > 0).length / (canvas.width * canvas.height));
      };
      const observer = new MutationObserver(look);
      observer.observe(document.body, { subtree: true, attributes: true, childList: true, characterData: true });
    }));
    await page.setInputFiles('#files', [await picture('one.png', 3), await picture('two.png', 4)]);
    expect(await seen).toBeGreaterThan(0.05);
    await waitForRest(page);
    await page.click('#collapse');
    expect(await page.isVisible('#queue-body')).toBe(false);
    const shown = page.evaluate(() => new Promise<boolean>((resolve) => {
      new MutationObserver(() => { resolve(true); }).observe(document.querySelector('#live-name') ?? document.body, { childList: true, characterData: true, subtree: true });
      new MutationObserver((_, observer) => {
        if (document.querySelector('#queue')?.getAttribute('aria-busy') !== 'false') return;
        observer.disconnect();
        resolve(false);
      }).observe(document.querySelector('#queue') ?? document.body, { attributes: true });
    }));
    await page.setInputFiles('#files', await picture('three.png', 5));
    await waitForRest(page);
    expect(await shown).toBe(false);
    expect(await page.textContent('#queue-title')).toBe('Done');
  });
});
