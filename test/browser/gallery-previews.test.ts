/**
 * Previews made and shown in a real Chromium: of TIFF and of 16-bit PNG too, looking like the picture; an honest placeholder for the
 * rest. DESIGN.md section 7 (Pages).
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { tiffOf } from '../../bench/plain-images.js';
import { launchBrowser, type TestBrowser } from '../support/browser.js';
import { registerAndEnter, uploadFiles } from '../support/page-visitor.js';
import { writePng } from '../support/png-writer.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { jpegOf, photograph } from '../support/sample-images.js';
import type { TestPicture } from '../support/test-picture.js';
import { writeTiff } from '../support/tiff-writer.js';

let browser: TestBrowser;
let server: TestServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer()]);
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

/** Left half dark, right half light, in `bits` of sixteen; with noise, for a preview may not be larger than half of its file. */
function halves(bits: number): TestPicture {
  const [width, height] = [120, 90];
  const samples = new Uint8Array(2 * width * height);
  let noise = 1;
  for (let i = 0; i < width * height; i++) {
    noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) | 0;
    const value = Math.round(((i % width < width / 2 ? 0.1 : 0.9) + noise / 2 ** 31 / 50) * (2 ** bits - 1));
    samples[2 * i] = value >> 8;
    samples[2 * i + 1] = value & 255;
  }
  return { width, height, channels: 1, depth: 16, samples };
}

/** Light of the preview in the middle of its left and of its right half, and its size. */
function seen(page: Page, name: string): Promise<{ readonly left: number; readonly right: number; readonly width: number; readonly height: number }> {
  return page.$eval(`li[data-name="${name}"] img`, (image) => {
    if (!(image instanceof HTMLImageElement)) throw new Error('no image');
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context?.drawImage(image, 0, 0);
    const light = (share: number): number => context?.getImageData(canvas.width * share, canvas.height / 2, 1, 1).data[0] ?? -1;
    return { left: light(0.25), right: light(0.75), width: canvas.width, height: canvas.height };
  });
}

it('the gallery shows previews of TIFF and of 10 bits in 16 as they look, upright, and says what has none', async () => {
  const visit = await browser.visit();
  const { page } = visit;
  await registerAndEnter(page, server.url, { username: 'petra' });
  await uploadFiles(page, [
    { name: 'ten bits.png', bytes: writePng(halves(10)) },
    { name: 'sixteen.tiff', bytes: writeTiff(halves(16), { rowsPerStrip: 16 }) },
    { name: 'turned.tiff', bytes: writeTiff(halves(12), { fields: [[274, 3]] }) },
    { name: 'colours.tif', bytes: tiffOf(photograph(200, 150, 3)) },
    { name: 'photo.jpg', bytes: await jpegOf(photograph(200, 150, 4)) },
    { name: 'letter.pdf', bytes: Buffer.from('%PDF-1.7 not really '.repeat(60)) },
    { name: 'broken.tiff', bytes: writeTiff(halves(16), { compression: 7 }) },
  ]);
  const visible = ['ten bits.png', 'sixteen.tiff', 'turned.tiff', 'colours.tif', 'photo.jpg'];
  await page.evaluate(() => { scrollTo(0, document.body.scrollHeight); });
  await page.waitForFunction(() => document.querySelectorAll('#tiles > li').length === 7);
  expect(await page.$$eval('#tiles > li .why', (found) => found.length)).toBe(2);
  for (const name of visible) await page.waitForSelector(`li[data-name="${name}"] img`);
  for (const name of ['ten bits.png', 'sixteen.tiff']) {
    const { left, right, width, height } = await seen(page, name);
    expect([width, height]).toEqual([120, 90]);
    expect(left).toBeLessThan(25);
    expect(right).toBeGreaterThan(230);
  }
  const turned = await seen(page, 'turned.tiff');
  expect(turned.left).toBeGreaterThan(turned.right + 200);
  expect(await page.textContent('li[data-name="letter.pdf"] .frame')).toBe('PDFNo preview: encrypted file');
  expect(await page.textContent('li[data-name="broken.tiff"] .frame')).toBe('TIFFNo preview: encrypted file');
  expect(visit.complaints).toEqual([]);
  await visit.close();
});
