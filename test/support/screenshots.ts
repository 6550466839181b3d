/**
 * Writes pictures of every page, 390 and 1440 pixels wide, light and dark, into ./screenshots: for looking, not for comparing.
 * Run by `npm run screenshots` after a build.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import { launchBrowser } from './browser.js';
import { confirmWords, register, uploadFiles } from './page-visitor.js';
import { startServer } from './running-server.js';
import { jpegOf, photograph, withOnePixel } from './sample-images.js';

const folder = path.resolve('screenshots');
const widths = [390, 1440] as const;
const schemes = ['light', 'dark'] as const;

await mkdir(folder, { recursive: true });
const [browser, server] = await Promise.all([launchBrowser(), startServer()]);
const visit = await browser.visit();
try {
  await takeAll(visit.page);
} finally {
  await visit.close();
  await browser.close();
  await server.close();
}
process.stdout.write(`${visit.complaints.length === 0 ? 'No complaint of the browser.' : visit.complaints.join('\n')}\n${folder}\n`);

async function takeAll(shown: Page): Promise<void> {
  for (const name of ['', 'login', 'register', 'recover']) {
    await shown.goto(`${server.url}/${name}`);
    await takeEach(shown, name === '' ? 'home' : name);
  }
  const words = await register(shown, `${server.url}/register`, { username: 'margarete' });
  await takeEach(shown, 'words');
  await shown.click('#words-kept');
  await takeEach(shown, 'confirm');
  await shown.click('#words-again');
  await confirmWords(shown, words);
  await shown.waitForSelector('#empty:visible');
  await takeEach(shown, 'gallery-empty');
  await fillGallery(shown);
  await takeEach(shown, 'gallery');
  await takeDetail(shown);
  await takeLists(shown);
}

async function fillGallery(shown: Page): Promise<void> {
  const pixels = photograph(640, 400, 3);
  await uploadFiles(shown, [
    { name: 'harbour.png', bytes: pngOf(pixels) },
    { name: 'holiday/hill in the evening, seen from the west side of the lake.jpg', bytes: await jpegOf(photograph(480, 360, 8)) },
    { name: 'letter.pdf', bytes: Buffer.from('%PDF-1.7 not really '.repeat(300)) },
  ]);
  await uploadFiles(shown, [{ name: 'harbour-edited.png', bytes: pngOf(withOnePixel(pixels, 333, 222)) }, { name: 'harbour.tiff', bytes: tiffOf(pixels) }]);
  await shown.waitForSelector('li[data-name="harbour.png"] img');
}

async function takeDetail(shown: Page): Promise<void> {
  await shown.click('li[data-name="harbour-edited.png"] a');
  await shown.waitForSelector('#map-summary:has-text("new")');
  const box = await shown.locator('#blocks').boundingBox();
  await shown.click('#blocks', { position: { x: (box?.width ?? 2) / 2, y: (box?.height ?? 2) / 2 } });
  await shown.click('#check-all');
  await shown.waitForSelector('#check-outcome.is-good');
  await takeEach(shown, 'image');
}

async function takeLists(shown: Page): Promise<void> {
  const pages = [['report', '#causes table'], ['account', '#sessions li'], ['operator', '#users table']] as const;
  for (const [name, ready] of pages) {
    await shown.goto(`${server.url}/${name}`);
    await shown.waitForSelector(ready);
    await takeEach(shown, name);
  }
  await shown.goto(`${server.url}/gallery`);
  await shown.click('li[data-name="letter.pdf"] button[aria-label^="Remove"]');
  await shown.waitForSelector('.toast');
  await shown.goto(`${server.url}/trash`);
  await shown.waitForSelector('li[data-name="letter.pdf"]');
  await takeEach(shown, 'trash');
  await shown.goto(`${server.url}/nowhere`);
  await takeEach(shown, 'not-found');
}

async function takeEach(shown: Page, name: string): Promise<void> {
  for (const width of widths) {
    for (const colorScheme of schemes) {
      await shown.setViewportSize({ width, height: width < 600 ? 844 : 900 });
      await shown.emulateMedia({ colorScheme });
      await shown.evaluate(() => { scrollTo(0, 0); });
      await shown.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve); }); }));
      await shown.screenshot({ path: path.join(folder, `${name}-${String(width)}-${colorScheme}.png`), fullPage: true });
    }
  }
}
