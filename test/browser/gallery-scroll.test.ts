/**
 * A gallery of ten thousand images in a real Chromium: first tiles before the list is complete, few elements, no long frame while it
 * is scrolled, searched and selected. The worker is played by a stub: what is measured is the page.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CDPSession, Page } from 'playwright-core';
import { launchBrowser, type TestBrowser, type Visit } from '../support/browser.js';
import { until } from '../support/gallery-account.js';
import { registerAndEnter } from '../support/page-visitor.js';
import { startServer, type TestServer } from '../support/running-server.js';

const images = 10_000;
/** Plays the worker: a list in batches, of which the last waits for a word, and a preview for each. */
const stub = `
const day = 86_400_000, start = Date.UTC(2026, 0, 15);
const account = { accountId: 'a'.repeat(32), username: 'many', email: undefined, isOperator: false, createdAt: start, domain: 'personal', domains: ['personal'] };
const image = (i) => ({ id: i.toString(16).padStart(32, '0'), name: 'folder ' + (i % 40) + '/picture ' + i + '.jpg', size: 1000 + i, type: 'image/jpeg', fileHash: '', modifiedAt: start - i * day / 17, createdAt: start - i * day / 31, trashedAt: undefined, hasPreview: i % 9 !== 0, blocks: 1, picture: { width: 4, height: 3 }, splitter: 'jpeg', codedBytes: 1, sentBytes: 1 });
const picture = async () => { const canvas = new OffscreenCanvas(320, 240); const context = canvas.getContext('2d'); context.fillStyle = '#357'; context.fillRect(0, 0, 320, 240); return canvas.convertToBlob({ type: 'image/webp' }); };
const stored = (name) => ({ name, origin: undefined, id: 'f'.repeat(32), status: 'stored', splitter: 'bytes', logicalBytes: 1, sentBytes: 1, blocks: 1, blocksSent: 1, flatTiles: 0, patchedTiles: 0, error: undefined });
let preview;
let underWay = 0, most = 0, aborted = 0;
new BroadcastChannel('counts').onmessage = ({ data, target }) => { if (data === 'ask') target.postMessage([most, aborted]); };
self.onmessage = async ({ data }) => {
  if (data.kind === 'abort') { aborted++; return; }
  const answer = (value) => self.postMessage({ kind: 'answer', id: data.id, value, account });
  const tell = (items) => self.postMessage({ kind: 'items', id: data.id, items });
  if (data.kind === 'tell') {
    if (data.word.kind === 'files') tell(data.word.files.flatMap(({ key, name }) => [{ kind: 'begun', key }, { kind: 'done', key, file: stored(name) }]));
    if (data.word.kind === 'end') answer(undefined);
    return;
  }
  if (data.name === 'upload') {
    tell([{ kind: 'hungry', room: 48 }]);
    return;
  }
  if (data.name === 'list') {
    for (let at = 0; at < ${String(images)}; at += 500) {
      if (at === 9500) await fetch('/healthz?wait');
      self.postMessage({ kind: 'items', id: data.id, items: Array.from({ length: 500 }, (_, i) => image(at + i)) });
    }
    answer(undefined);
  } else if (data.name === 'newest') {
    self.postMessage({ kind: 'items', id: data.id, items: [{ ...image(10_001), id: 'f'.repeat(32), name: 'brand new.jpg', createdAt: start + day }] });
    answer(undefined);
  } else if (data.name === 'preview') {
    most = Math.max(most, ++underWay);
    preview ??= await picture();
    await new Promise((resolve) => setTimeout(resolve, 15));
    underWay--;
    answer(preview);
  } else answer(undefined);
};`;

let browser: TestBrowser;
let server: TestServer;
let visit: Visit;
let page: Page;
let devtools: CDPSession;
let letGo: () => void = () => undefined;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer()]);
  visit = await browser.visit({ viewport: { width: 1440, height: 900 } });
  ({ page } = visit);
  await registerAndEnter(page, server.url, { username: 'many' });
  await visit.context.route('**/assets/worker.js*', (route) => route.fulfill({ contentType: 'text/javascript', body: stub }));
  const waiting = new Promise<void>((resolve) => { letGo = resolve; });
  await visit.context.route('**/healthz?wait', async (route) => {
    await waiting;
    await route.fulfill({ body: '' });
  });
  devtools = await visit.context.newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.reload();
});

afterAll(async () => {
  await visit.close();
  await browser.close();
  await server.close();
});

/** Milliseconds of processor time that the page's main thread takes for `step`: what other programs take on a busy machine is not in it. */
async function work(step: () => Promise<unknown>): Promise<number> {
  const before = await processorMs();
  await step();
  await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve); }); }));
  return Math.round(await processorMs() - before);
}

async function processorMs(): Promise<number> {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return 1_000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN);
}

const tiles = (): Promise<number> => page.locator('#tiles > li').count();

/** What the stub counted: previews at once, and calls that were given up. */
const counted = (): Promise<readonly number[]> => page.evaluate(() => new Promise<readonly number[]>((resolve) => {
  const channel = new BroadcastChannel('counts');
  channel.onmessage = ({ data }: MessageEvent<readonly number[]>) => { resolve(data); };
  channel.postMessage('ask');
}));

/** A wheel that flies, then the bar dragged over the whole list. */
const places = [...Array.from({ length: 20 }, (_, i) => i * 300), ...Array.from({ length: 15 }, (_, i) => 15_000 * (i + 1))];

describe('a gallery of ten thousand images', () => {
  it('shows the first before the list is complete, then counts all, and draws only what is near the window', async () => {
    await page.waitForSelector('#tiles > li');
    expect(await page.textContent('#count')).toBe('');
    letGo();
    await page.waitForSelector('#count:has-text("10,000 images")');
    expect(await tiles()).toBeLessThan(120);
    expect(await page.getAttribute('#tiles > li', 'aria-setsize')).toBe('10000');
  });

  it('scrolls from end to end in frames of less than 100 ms of work', async () => {
    const frames: number[] = [];
    for (const place of places) frames.push(await work(() => page.evaluate((top) => { scrollTo(0, top); }, place)));
    process.stdout.write(`scrolling 10,000, processor ms of each frame: ${frames.join(' ')}\n`);
    // Each number is the work of at least two frames and what they begin; two of them may hold a collection of garbage.
    const sorted = [...frames].sort((a, b) => a - b);
    expect(sorted.at(-3)).toBeLessThan(100);
    expect(sorted.at(-1)).toBeLessThan(250);
    expect(await tiles()).toBeLessThan(150);
    await until('the last pictures', async () => (await page.locator('#tiles > li .frame canvas').count()) > 5);
  });

  it('fetches no more than six previews at once, and drops those that were scrolled past', async () => {
    const [most = 0, aborted = 0] = await counted();
    expect(most).toBeLessThanOrEqual(6);
    expect(most).toBeGreaterThan(1);
    expect(aborted).toBeGreaterThan(0);
  });

  it('keeps what is seen in its place while new images come in above', async () => {
    await page.evaluate(() => { scrollTo(0, 40_000); });
    // Until the window was drawn anew, what stands there are the tiles of the place before.
    const inSight = await page.waitForFunction(() => [...document.querySelectorAll('#tiles > li')].find((item) => {
      const { top: at } = item.getBoundingClientRect();
      return at > 200 && at < innerHeight;
    })?.getAttribute('data-name'));
    const seen = await inSight.jsonValue();
    const top = (name: string): Promise<number> => page.$eval(`li[data-name="${name}"]`, (item) => Math.round(item.getBoundingClientRect().top));
    const before = await top(seen ?? '');
    await page.setInputFiles('#files', { name: 'x.bin', mimeType: 'application/octet-stream', buffer: Buffer.from('x') });
    await page.waitForSelector('#count:has-text("10,001 images")');
    expect(Math.abs((await top(seen ?? '')) - before)).toBeLessThanOrEqual(2);
  });

  it('filters at each letter, selects all and orders anew in little work each', async () => {
    await page.evaluate(() => { scrollTo(0, 0); });
    await page.focus('#search');
    const typed: number[] = [];
    for (const letter of '"picture 77"') typed.push(await work(() => page.keyboard.type(letter)));
    await page.waitForSelector('#count:has-text("111 of 10,001 images")');
    const cleared = await work(() => page.click('#search-clear'));
    await page.focus('#tiles .open[tabindex="0"]');
    const selected = await work(() => page.keyboard.press('Control+a'));
    await page.waitForSelector('#selected:has-text("10,001 selected")');
    await page.keyboard.press('Escape');
    const ordered = await work(() => page.selectOption('#order', 'file'));
    process.stdout.write(`processor ms: each letter ${typed.join(' ')}, clearing ${cleared}, selecting all ${selected}, ordering ${ordered}\n`);
    // Several times what it takes: a slower machine is no failure of the page.
    expect(Math.max(...typed, cleared, selected, ordered)).toBeLessThan(200);
    expect(visit.complaints).toEqual([]);
  });
});
