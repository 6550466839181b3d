/**
 * Writes pictures of every page and state, 390 and 1440 pixels wide, light and dark, into ./screenshots: for looking, not for
 * comparing. Run by `npm run screenshots`, which builds first.
 */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { launchBrowser } from './browser.js';
import { startServer } from './running-server.js';
import { walkPages } from './page-states.js';

const folder = path.resolve('screenshots');
const widths = [390, 1440] as const;
const schemes = ['light', 'dark'] as const;

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const [browser, server] = await Promise.all([launchBrowser(), startServer()]);
const visit = await browser.visit();
let taken = 0;
try {
  await walkPages({ page: visit.page, url: server.url }, takeEach);
} finally {
  await visit.close();
  await browser.close();
  await server.close();
}
visit.forgive(/status of 40[14]/);
process.stdout.write(`${visit.complaints.length === 0 ? 'No complaint of the browser.' : visit.complaints.join('\n')}\n${String(taken)} pictures in ${folder}\n`);

async function takeEach(shown: Page, name: string): Promise<void> {
  for (const width of widths) {
    for (const colorScheme of schemes) {
      await shown.emulateMedia({ colorScheme });
      await shown.setViewportSize({ width, height: width < 600 ? 844 : 900 });
      await fitHeight(shown, width);
      await shown.evaluate(() => { scrollTo(0, 0); });
      await shown.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve); }); }));
      await shown.screenshot({ path: path.join(folder, `${name}-${String(width)}-${colorScheme}.png`), fullPage: true });
      taken++;
    }
  }
}

/** As tall as the page, so that what is fixed to the window stands at its end; a page may grow when it is given room. */
async function fitHeight(shown: Page, width: number): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    await shown.waitForFunction(() => document.querySelector('.is-loading') === null);
    const [height, window] = await shown.evaluate(() => [document.documentElement.scrollHeight, innerHeight] as const);
    if (height <= window) return;
    await shown.setViewportSize({ width, height });
  }
}
