/**
 * Previews made and shown in a real Chromium: of TIFF and of 16-bit PNG too, looking like the picture; an honest placeholder for the
 * rest. DESIGN.md section 7 (Pages).
 */
import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { tiffOf } from '../../bench/plain-images.js';
import { registerAndEnter, uploadFiles } from '../support/page-visitor.js';
import { writePng } from '../support/png-writer.js';
import { servedBrowser } from '../support/served-browser.js';
import { jpegOf, photograph } from '../support/sample-images.js';
import type { TestPicture } from '../support/test-picture.js';
import { writeTiff } from '../support/tiff-writer.js';

const at = servedBrowser();

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
  return page.$eval(`li[data-name="${name}"] canvas`, (canvas) => {
    if (!(canvas instanceof HTMLCanvasElement)) throw new Error('no picture');
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
    copy?.drawImage(canvas, 0, 0);
    const light = (share: number): number => copy?.getImageData(canvas.width * share, canvas.height / 2, 1, 1).data[0] ?? -1;
    return { left: light(0.25), right: light(0.75), width: canvas.width, height: canvas.height };
  });
}

it('the gallery shows previews of TIFF and of 10 bits in 16 as they look, upright, and says what has none', async () => {
  const visit = await at.browser.visit();
  const { page } = visit;
  await registerAndEnter(page, at.server.url, { username: 'petra' });
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
  for (const name of visible) await page.waitForSelector(`li[data-name="${name}"] canvas`);
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

const quarters = [[200, 30, 30], [30, 200, 30], [30, 30, 200], [200, 200, 30]] as const;

/** Four quarters in four colours, of which the file says that it was taken in this orientation (EXIF, 1 to 8). */
async function takenIn(orientation: number): Promise<Uint8Array> {
  const [width, height] = [1_600, 1_200];
  const samples = Buffer.alloc(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) samples.set(quarters[(x < width / 2 ? 0 : 1) + (y < height / 2 ? 0 : 2)] ?? [], 3 * (y * width + x));
  }
  return sharp(samples, { raw: { width, height, channels: 3 } }).jpeg({ quality: 90 }).withMetadata({ orientation }).toBuffer();
}

/** Runs in the page: the colours in the middle of the quarters of what can be drawn, rounded, and its longer side over its shorter. */
function quartersOf(element: Element): { readonly colours: readonly string[]; readonly shape: string } {
  if (!(element instanceof HTMLCanvasElement)) throw new Error('no picture');
  const { width, height } = element;
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context?.drawImage(element, 0, 0);
  const colours = [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]].map(([x = 0, y = 0]) => {
    const pixel = context?.getImageData(x * width, y * height, 1, 1).data.slice(0, 3) ?? [];
    return [...pixel].map((value) => (value > 115 ? 200 : 30)).join(' ');
  });
  return { colours, shape: width > height ? 'wide' : 'high' };
}

/** Uploads it under new names until the page has shown its picture under its blocks, which it does for some files only. */
async function uploadShown(page: Page, orientation: number, bytes: Uint8Array): Promise<string> {
  for (let tries = 1; tries <= 30; tries++) {
    const name = `taken ${String(orientation)} ${String(tries)}.jpg`;
    await uploadFiles(page, [{ name, bytes }]);
    if ((await page.textContent('#live-name')) === name) {
      await page.waitForFunction(() => {
        const canvas = document.querySelector('#live-picture');
        const copy = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
        if (canvas instanceof HTMLCanvasElement) copy?.drawImage(canvas, 0, 0);
        return (copy?.getImageData(0, 0, 1, 1).data[3] ?? 0) > 0;
      });
      return name;
    }
    await page.waitForTimeout(500);
  }
  throw new Error('no picture was shown');
}

it('a photograph that was taken in any orientation is upright in the gallery, and lies under its blocks as it lies in the file', async () => {
  const visit = await at.browser.visit();
  const { page } = visit;
  await registerAndEnter(page, at.server.url, { username: 'otto' });
  const stored = quarters.map((colour) => colour.join(' '));
  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const bytes = await takenIn(orientation);
    const name = await uploadShown(page, orientation, bytes);
    expect({ orientation, ...(await page.$eval('#live-picture', quartersOf)) }).toEqual({ orientation, colours: stored, shape: 'wide' });
    await page.waitForSelector(`li[data-name="${name}"] canvas`);
    const upright = await sharp(bytes).rotate().resize(8, 8, { fit: 'fill' }).raw().toBuffer();
    const colours = [[2, 2], [6, 2], [2, 6], [6, 6]].map(([x = 0, y = 0]) => [...upright.subarray(3 * (8 * y + x), 3 * (8 * y + x) + 3)].map((value) => (value > 115 ? 200 : 30)).join(' '));
    expect({ orientation, ...(await page.$eval(`li[data-name="${name}"] canvas`, quartersOf)) }).toEqual({ orientation, colours, shape: orientation < 5 ? 'wide' : 'high' });
  }
  expect(visit.complaints).toEqual([]);
  await visit.close();
}, 60_000);

/** Lines on both sides of a picture, and half a pixel of rounding each. */
const border = 3;

/** Runs in the page: pixels of the first tile's picture, and how many its frame shows. */
function pixelsOf(canvas: Element): { readonly drawn: number; readonly shown: number } {
  if (!(canvas instanceof HTMLCanvasElement)) throw new Error('no picture');
  return { drawn: canvas.width, shown: Math.round(canvas.clientWidth * devicePixelRatio) };
}

it('a tile has as many pixels as its screen shows, more once it is larger, and gives them back when it goes', async () => {
  const visit = await at.browser.visit({ viewport: { width: 390, height: 600 } });
  const { page } = visit;
  await registerAndEnter(page, at.server.url, { username: 'piet' });
  await uploadFiles(page, [{ name: 'wide.jpg', bytes: await takenIn(1) }]);
  await page.waitForSelector('#tiles canvas');
  const small = await page.$eval('#tiles canvas', pixelsOf);
  expect(Math.abs(small.drawn - small.shown)).toBeLessThanOrEqual(border);
  await page.setViewportSize({ width: 530, height: 600 });
  await page.waitForFunction((before) => (document.querySelector('#tiles canvas') as HTMLCanvasElement).width > before, small.drawn);
  const large = await page.$eval('#tiles canvas', pixelsOf);
  expect(large.shown).toBeGreaterThan(small.shown + 50);
  expect(Math.abs(large.drawn - large.shown)).toBeLessThanOrEqual(border);
  const gone = await page.evaluateHandle(() => document.querySelector('#tiles canvas') as HTMLCanvasElement);
  await page.fill('#search', 'no such picture');
  await page.waitForFunction(() => document.querySelector('#tiles canvas') === null);
  expect(await gone.evaluate((canvas) => canvas.width * canvas.height)).toBe(0);
  expect(visit.complaints).toEqual([]);
  await visit.close();
});
