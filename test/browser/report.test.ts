/**
 * The report in a real Chromium: every chart against its table and the CSV, to the byte; keys, an empty account, a phone in the dark, paper,
 * and a library of 20,000 images. DESIGN.md section 7 (Report).
 */
import { readFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import { FigureSums } from '../../client-sdk/figures.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { launchBrowser, type TestBrowser, type Visit } from '../support/browser.js';
import { registerAndEnter, visitorPassword } from '../support/page-visitor.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { jpegOf, photograph, withOnePixel } from '../support/sample-images.js';
import { clientOf, storedId } from '../support/sdk-client.js';

const dayMs = 86_400_000;

let browser: TestBrowser;
let server: TestServer;
let visit: Visit;
let page: Page;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer()]);
  visit = await browser.visit({ viewport: { width: 1280, height: 900 } });
  ({ page } = visit);
  await registerAndEnter(page, server.url, { username: 'gerda' });
});

afterEach(() => {
  expect(visit.complaints).toEqual([]);
});

afterAll(async () => {
  await visit.close();
  await browser.close();
  await server.close();
});

/** Seven images on three days, equal files, near copies and another format among them. */
async function store(): Promise<void> {
  const client = await clientOf(server.url, { platform: { crypto: nodeProvider } });
  await client.login({ username: 'gerda', password: visitorPassword });
  const pixels = photograph(300, 260, 3);
  const png = pngOf(pixels);
  const files = {
    'one.png': png, 'one.tif': tiffOf(pixels), 'copy of one.png': png, 'edited.png': pngOf(withOnePixel(pixels, 200, 100)),
    'hill.jpg': await jpegOf(photograph(320, 240, 8)), 'two.png': pngOf(photograph(200, 160, 5)), 'words.txt': Buffer.from('a few words, '.repeat(900)),
  };
  const ids: string[] = [];
  for (const [name, bytes] of Object.entries(files)) ids.push(await storedId(client, name, bytes));
  await client.close();
  const database = new Database(path.join(server.dataDirectory, readdirSync(server.dataDirectory).find((entry) => entry.endsWith('.sqlite') || entry.endsWith('.db')) ?? ''));
  for (const [at, id] of ids.entries()) database.prepare('UPDATE image SET created_at = created_at - ? WHERE image_id = ?').run(dayMs * (at < 2 ? 9 : at < 5 ? 2 : 0), Buffer.from(id, 'hex'));
  database.close();
}

/** `section/key/name` to value. */
async function csv(): Promise<ReadonlyMap<string, number>> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#csv')]);
  const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n').slice(1);
  return new Map(lines.map((line) => line.split(',')).map(([section, key, name, value]) => [`${section ?? ''}/${key ?? ''}/${name ?? ''}`, Number(value)]));
}

function numberIn(text: string | null | undefined): number {
  return Number((text ?? '').replaceAll(',', '').replace('−', '-'));
}

/** Cells of a chart's table, row by row. */
async function rows(chart: string): Promise<readonly (readonly string[])[]> {
  return await page.$$eval(`#${chart} tbody tr`, (found) => found.map((row) => [...row.children].map((cell) => cell.textContent)));
}

/** What a chart's parts say that they were drawn from. */
async function drawn(chart: string, what: string): Promise<readonly { readonly name: string; readonly at: number; readonly value: number }[]> {
  return await page.$$eval(`#${chart} ${what}`, (found) => found.map((part) => ({ name: part.getAttribute('data-name') ?? '', at: Number(part.getAttribute('data-at')), value: Number(part.getAttribute('data-value') ?? part.getAttribute('data-last')) })));
}

describe('the report', () => {
  it('of an account without images says so, and offers the figures all the same', async () => {
    await page.goto(`${server.url}/report`);
    await page.waitForSelector('#report-empty:visible');
    expect(await page.isVisible('#report')).toBe(false);
    expect((await csv()).get('figures//logicalBytes')).toBe(0);
    await store();
  });

  it('has charts whose parts add up, and are those of table and CSV to the byte', async () => {
    await page.goto(`${server.url}/report`);
    await page.waitForSelector('#causes table');
    await page.waitForSelector('#chain-chart .part');
    const told = await csv();
    const figure = (name: string): number => told.get(`figures//${name}`) ?? NaN;

    const parts = await drawn('chain-chart', '.part');
    const sum = (start: string): number => parts.filter(({ name }) => name.startsWith(start)).reduce((total, { value }) => total + value, 0);
    expect(sum('Stored')).toBe(figure('storedBytes'));
    const added = figure('manifestBytes') + figure('entryBytes') + figure('previewBytes') + figure('recordBytes');
    expect(sum('Stored') + sum('Saved')).toBe(figure('logicalBytes') + added + Math.max(0, -(told.get('causes//coding') ?? 0)));
    const chain = await rows('chain-chart');
    for (let i = 1; i < chain.length - 1; i++) expect(numberIn(chain[i - 1]?.[2]) + numberIn(chain[i]?.[1])).toBe(numberIn(chain[i]?.[2]));
    expect([numberIn(chain[0]?.[2]), numberIn(chain.at(-1)?.[2])]).toEqual([figure('logicalBytes'), figure('storedBytes')]);

    const causes = await drawn('causes-chart', '.part');
    expect(causes.map(({ value }) => value)).toEqual(['equalFiles', 'coding', 'equalBlocks', 'records', 'previews', 'recordHeaders'].map((name) => told.get(`causes//${name}`)));
    expect(causes.reduce((total, { value }) => total + value, 0)).toBe(figure('savedBytes'));
    const formats = await drawn('formats-chart', '.part');
    expect(formats.filter((_, i) => i % 2 === 0).reduce((total, { value }) => total + value, 0)).toBe(figure('logicalBytes'));
    expect(formats.filter((_, i) => i % 2 === 1).reduce((total, { value }) => total + value, 0)).toBe(figure('codedBytes'));
  });

  it('draws growth by day and by image: exact where it is known, dashed where it is not', async () => {
    const told = await csv();
    const growth = (images: number, name: string): number | undefined => told.get(`growth/${String(images)}/${name}`);
    const dots = await drawn('storage-chart', 'circle[data-value]');
    // The ends of three days, and nothing at the start.
    expect(dots.map(({ at }) => at)).toEqual([0, 2, 5, 7]);
    for (const { at, value } of dots.slice(1)) expect(value).toBe(growth(at, 'cipherBytes'));
    expect(dots.at(-1)?.value).toBe(told.get('figures//cipherBytes'));
    const ends = new Map((await drawn('storage-chart', 'path[data-last]')).map(({ name, value }) => [name, value]));
    expect(ends.get('files as they are')).toBe(told.get('figures//logicalBytes'));
    expect(ends.get('blocks without deduplication')).toBe(told.get('figures//codedBytes'));
    expect(ends.has('blocks with deduplication, estimated')).toBe(true);
    const table = await rows('storage-chart');
    expect(table.map((row) => numberIn(row[1]))).toEqual([1, 2, 3, 4, 5, 6, 7].map((images) => growth(images, 'logicalBytes')));
    expect(table.map((row) => row[3])).toEqual([1, 2, 3, 4, 5, 6, 7].map((images) => growth(images, 'cipherBytes')?.toLocaleString('en') ?? 'not known'));
    const traffic = await rows('traffic-chart');
    expect(traffic.map((row) => numberIn(row[2]))).toEqual([1, 2, 3, 4, 5, 6, 7].map((images) => growth(images, 'sentBytes')));
    expect((await drawn('traffic-chart', 'path[data-last]')).map(({ value }) => value)).toEqual([told.get('figures//plainUploadBytes'), told.get('figures//sentBytes')]);
    const days = await rows('days-chart');
    expect(days.map((row) => numberIn(row[1]))).toEqual([0, 2, 2, 5, 5, 7]);
    expect((await drawn('days-chart', 'path[data-last]')).map(({ value }) => value)).toEqual([told.get('figures//logicalBytes'), told.get('figures//cipherBytes')]);
  });

  it('is read by keys, value by value', async () => {
    await page.focus('#traffic-chart .chart-frame');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    const told = await page.textContent('#traffic-chart .chart-readout');
    expect(told).toMatch(/^After 1 image: sent by a plain upload .+, sent here .+$/);
    await page.keyboard.press('End');
    expect(await page.textContent('#traffic-chart .chart-readout')).toMatch(/^After 7 images/);
    expect(await page.getAttribute('#traffic-chart svg', 'aria-labelledby')).toBe('traffic-chart-title traffic-chart-desc');
    await page.hover('#causes-chart svg', { position: { x: 60, y: 50 } });
    await page.waitForSelector('#causes-chart .chart-readout:has-text("Better coding")');
  });

  it('fits a phone in the dark and a sheet of paper', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.waitForFunction(() => document.querySelector('#storage-chart svg')?.getAttribute('viewBox')?.startsWith('0 0 3') === true);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await page.setViewportSize({ width: 718, height: 1_000 });
    await page.emulateMedia({ media: 'print', colorScheme: 'light' });
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    expect(await page.isVisible('#csv')).toBe(false);
    expect(await page.isVisible('#chain-chart .part')).toBe(true);
    await page.emulateMedia({ media: 'screen' });
    await page.setViewportSize({ width: 1280, height: 900 });
  });
});

describe('the charts', () => {
  it('of 20,000 images are drawn without freezing the page, from a few hundred points', async () => {
    const sums = new FigureSums();
    const days = 400;
    for (let i = 0; i < 20_000; i++) sums.add({ size: 2_000 + i, fileHash: String(i % 15_000), type: 'image/png', createdAt: dayMs * (20_000 + Math.floor(i * days / 20_000)), codedBytes: 1_500 + i, sentBytes: 900 });
    const usage = { images: 20_000, trashedImages: 0, blocks: 9, cipherBytes: 900, manifestBytes: 30, entryBytes: 20, previewBytes: 10, recordBytes: 7, sessionBytes: 0, usedBytes: 960, receivedBytes: 960 };
    const report = sums.report({ usage, days: [] });
    const entry = fileURLToPath(new URL('../../views/pages/parts/report-charts.js', import.meta.url));
    const bundle = await build({ entryPoints: [entry], bundle: true, write: false, format: 'iife', globalName: 'charts', platform: 'browser' });
    await page.evaluate(`${bundle.outputFiles[0]?.text ?? ''}\nglobalThis.charts = charts;`);
    const { longest, points } = await page.evaluate(async (figures) => {
      const { charts } = globalThis as unknown as { readonly charts: Readonly<Record<string, (...given: readonly unknown[]) => HTMLElement>> }; // the bundle above
      const value = (name: string): number => figures.figures.find((row) => row.name === name)?.value ?? 0;
      let most = 0;
      for (const name of ['chainChart', 'causesChart', 'daysChart', 'storageChart', 'trafficChart', 'formatsChart']) {
        const start = performance.now();
        document.body.append(charts[name]?.(figures, value) ?? '');
        await new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve); }); });
        most = Math.max(most, performance.now() - start);
      }
      const line = [...document.querySelectorAll('.chart-line')].map((path) => path.getAttribute('d')?.split('L').length ?? 0);
      return { longest: most, points: Math.max(...line) };
    }, report);
    process.stdout.write(`20,000 images: a chart within ${longest.toFixed(0)} ms, ${String(points)} points\n`);
    expect(points).toBeLessThan(1_100);
    expect(longest).toBeLessThan(1_000);
  });
});
