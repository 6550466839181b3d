/**
 * The gallery and the trash in a real Chromium: keys, selection, search, removal with undo, hostile names, a phone. DESIGN.md
 * section 7 (Pages).
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { violationsOf } from '../support/axe.js';
import { launchBrowser, type TestBrowser } from '../support/browser.js';
import { accountWith, enterGallery, until } from '../support/gallery-account.js';
import { startServer, type TestServer } from '../support/running-server.js';

let browser: TestBrowser;
let server: TestServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer()]);
});

afterEach(async () => {
  expect(await browser.endVisits()).toEqual([]);
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

const names = ['harbour.png', 'hill/at noon.jpg', 'letter.pdf', 'Übung.png', 'x-ray.tiff', 'zebra.gif'];

/** A page whose account has these files, whose bytes are their names. */
async function galleryOf(username: string, files: readonly string[] = names, width = 1000): Promise<Page> {
  await accountWith(server.url, username, files.map((name) => ({ name, bytes: Buffer.from(name.repeat(40)) })));
  const visit = await browser.visit({ viewport: { width, height: 800 } });
  await enterGallery(visit.page, server.url, username);
  await visit.page.waitForSelector(`#count:has-text("${String(files.length)} image")`);
  return visit.page;
}

const focused = (page: Page): Promise<string | null> => page.evaluate(() => document.activeElement?.closest('li')?.getAttribute('data-name') ?? null);
const shown = (page: Page): Promise<readonly string[]> => page.$$eval('#tiles > li', (items) => items.map((item) => item.getAttribute('data-name') ?? ''));
const selected = (page: Page): Promise<readonly string[]> => page.$$eval('#tiles > li.is-selected', (items) => items.map((item) => item.getAttribute('data-name') ?? ''));

describe('the gallery', () => {
  it('is walked with arrow keys from one stop of the Tab key, opens with Enter, and is as it was when one comes back', async () => {
    const page = await galleryOf('arno');
    const order = await shown(page);
    expect(await page.$$eval('#tiles .open[tabindex="0"]', (found) => found.length)).toBe(1);
    await page.focus('#order');
    // The box of the day, then the grid's one stop.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe(order[0]);
    await page.keyboard.press('ArrowRight');
    expect(await focused(page)).toBe(order[1]);
    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).toBe(order[5]);
    await page.keyboard.press('Home');
    expect(await focused(page)).toBe(order[0]);
    await page.keyboard.press('End');
    expect(await focused(page)).toBe(order[5]);
    expect(await page.$$eval('#tiles .open[tabindex="0"]', (found) => found.length)).toBe(1);
    await page.fill('#search', 'pdf');
    await page.focus('#tiles .open[tabindex="0"]');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/images/*');
    await page.goBack();
    await page.waitForSelector('#tiles > li');
    await until('the search again', async () => (await shown(page)).join() === 'letter.pdf');
    expect(await page.inputValue('#search')).toBe('pdf');
    await page.goBack();
    await until('all again', async () => (await shown(page)).length === 6);
    expect(await page.inputValue('#search')).toBe('');
  });

  it('selects with Space, Shift and arrows, Ctrl+A, the mouse and whole days, and says what is selected', async () => {
    const page = await galleryOf('berta');
    const order = await shown(page);
    await page.focus('#tiles .open[tabindex="0"]');
    await page.keyboard.press(' ');
    expect(await selected(page)).toEqual([order[0]]);
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    expect(await selected(page)).toEqual(order.slice(0, 3));
    await page.keyboard.press('Shift+ArrowLeft');
    expect(await selected(page)).toEqual(order.slice(0, 2));
    expect(await page.textContent('#selected')).toMatch(/^2 selected, \d+(\.\d)? k?B$/);
    await page.keyboard.press('Escape');
    expect(await page.isVisible('#selection')).toBe(false);
    await page.keyboard.press('Control+a');
    expect(await selected(page)).toEqual(order);
    await page.click('#selection-clear');
    expect(await selected(page)).toEqual([]);
    await page.hover(`li[data-name="${order[1] ?? ''}"]`);
    await page.click(`li[data-name="${order[1] ?? ''}"] .pick`);
    await page.click(`li[data-name="${order[4] ?? ''}"] .open`, { modifiers: ['Shift'] });
    expect(await selected(page)).toEqual(order.slice(1, 5));
    await page.click('.day input');
    expect(await selected(page)).toEqual(order);
    await page.click('.day input');
    expect(await selected(page)).toEqual([]);
    await until('a word for readers of the screen', async () => (await page.textContent('#said')) === 'Nothing is selected.');
  });

  it('finds by name, pattern, type and day without asking the server, tells how many, and has the / key', async () => {
    const page = await galleryOf('claus');
    const requests: string[] = [];
    page.on('request', (request) => { requests.push(request.url()); });
    await page.keyboard.press('/');
    await page.keyboard.type('ubung');
    expect(await shown(page)).toEqual(['Übung.png']);
    expect(await page.textContent('#count')).toBe('1 of 6 images');
    await page.fill('#search', '*.png');
    expect([...(await shown(page))].sort()).toEqual(['harbour.png', 'Übung.png']);
    await page.fill('#search', 'today hill');
    expect(await shown(page)).toEqual(['hill/at noon.jpg']);
    await page.fill('#search', 'march 1871');
    await page.waitForSelector('#nothing-found:visible');
    await page.keyboard.press('Escape');
    expect(await shown(page)).toHaveLength(6);
    expect(await page.inputValue('#search')).toBe('');
    expect(requests).toEqual([]);
  });

  it('takes several to the trash, brings them back with Ctrl+Z, and tells which could not be moved', async () => {
    const page = await galleryOf('dirk');
    const order = await shown(page);
    await page.focus('#tiles .open[tabindex="0"]');
    for (const key of [' ', 'Shift+ArrowRight', 'Shift+ArrowRight']) await page.keyboard.press(key);
    await page.keyboard.press('Delete');
    await page.waitForSelector('.toast:has-text("3 images are in the trash.")');
    expect(await shown(page)).toEqual(order.slice(3));
    expect(await focused(page)).toBe(order[3]);
    expect(await page.textContent('#count')).toBe('3 images');
    await page.keyboard.press('Control+z');
    await until('all again', async () => (await shown(page)).join() === order.join());
    expect(await page.locator('.toast').count()).toBe(0);
    const id = await page.getAttribute(`li[data-name="${order[1] ?? ''}"]`, 'data-id');
    await page.route(`**/api/v1/images/${id ?? ''}`, (route) => route.fulfill({ status: 400, body: '{}', contentType: 'application/problem+json' }));
    await page.keyboard.press('Control+a');
    await page.click('#selection-trash');
    await page.waitForSelector('.toast:has-text("5 images are in the trash.")');
    expect(await shown(page)).toEqual([order[1]]);
    expect(await page.textContent('#page-error')).toContain(`could not be moved to the trash`);
    browser.forgive(/status of 400/);
  });
});

describe('the trash', () => {
  it('says how long each stays, restores several, removes several for good after naming how many, and is emptied', async () => {
    const page = await galleryOf('egon');
    await page.focus('#tiles .open[tabindex="0"]');
    await page.keyboard.press('Control+a');
    await page.click('#selection-trash');
    await page.waitForSelector('#empty:visible');
    await page.goto(`${server.url}/trash`);
    await page.waitForSelector('#count:has-text("6 images")');
    expect(await page.$$eval('.meta', (found) => found.map((meta) => meta.textContent.split(' · ')[0]))).toEqual(Array(6).fill('30 days left'));
    expect(await violationsOf(page)).toEqual([]);
    const order = await shown(page);
    for (const name of order.slice(0, 2)) await page.click(`li[data-name="${name}"] .open`);
    await page.click('#selection-restore');
    await page.waitForSelector('.toast:has-text("2 images are back in the gallery.")');
    expect(await shown(page)).toEqual(order.slice(2));
    for (const name of order.slice(2, 4)) await page.click(`li[data-name="${name}"] .open`);
    await page.click('#selection-purge');
    expect(await page.textContent('#purge-title')).toBe('Remove 2 images for good?');
    await page.click('#purge button[value="no"]');
    expect(await shown(page)).toEqual(order.slice(2));
    await page.click('#selection-purge');
    await page.click('#purge-yes');
    await until('two fewer', async () => (await shown(page)).length === 2);
    await page.click('#empty-trash');
    expect(await page.textContent('#purge-title')).toBe('Remove 2 images for good?');
    await page.click('#purge-yes');
    await page.waitForSelector('#empty:visible');
    expect(await page.isVisible('#empty-trash')).toBe(false);
    await page.goto(`${server.url}/gallery`);
    await page.waitForSelector('#count:has-text("2 images")');
    expect([...(await shown(page))].sort()).toEqual([...order.slice(0, 2)].sort());
  });
});

describe('hostile names', () => {
  it('are text and nothing else, stay in their tile, and do not turn the line', async () => {
    const hostile = ['../../etc/passwd', '<img src=x onerror=alert(1)>.png', 'photo\u202egpj.exe', 'é'.repeat(400), 'a\nb\u0007.png', '/', '"\'`${x}.png'];
    const page = await galleryOf('fred', hostile, 390);
    // Tall enough for all of them: the page holds those near the window alone.
    await page.setViewportSize({ width: 390, height: 2_400 });
    await until('all of them', async () => (await shown(page)).length === hostile.length);
    expect([...(await shown(page))].sort()).toEqual([...hostile].sort());
    expect(await page.locator('#tiles img[src="x"]').count()).toBe(0);
    expect(await page.$$eval('#tiles .name', (found) => found.map((name) => name.textContent).filter((text) => /[\u202e\n\u0007]/.test(text)))).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    expect(await violationsOf(page)).toEqual([]);
  });
});

describe('on a phone', () => {
  it('two images share a row, boxes and buttons are there without hovering, and nothing is wider than the window', async () => {
    await accountWith(server.url, 'gisa', names.map((name) => ({ name, bytes: Buffer.from(name.repeat(30)) })));
    const visit = await browser.visit({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    const { page } = visit;
    await enterGallery(page, server.url, 'gisa');
    await page.waitForSelector('#count:has-text("6 images")');
    const boxes = await page.$$eval('#tiles > li', (items) => items.map((item) => Math.round(item.getBoundingClientRect().left)));
    expect(new Set(boxes).size).toBe(2);
    for (const name of names.slice(0, 2)) await page.tap(`li[data-name="${name}"] .pick`);
    expect([...(await selected(page))].sort()).toEqual(names.slice(0, 2).sort());
    expect(await page.$eval('.tile .acts', (acts) => getComputedStyle(acts).opacity)).toBe('1');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    const sizes = await page.$$eval('#selection button, .tile button, .pick-place', (found) => found.map((each) => each.getBoundingClientRect()).filter(({ width }) => width > 0).map(({ width, height }) => Math.min(width, height)));
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(24);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violationsOf(page)).toEqual([]);
    }
  });
});
