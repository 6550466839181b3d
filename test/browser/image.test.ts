/**
 * The page of one image in a real Chromium: the map by pointer, wheel and keys, a block checked alone, a damaged block named on the map,
 * in words and at the download, planes of a JPEG file, neighbours, removal, images that are not there. DESIGN.md section 7 (Pages).
 */
import { open } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import type { Page, Route } from 'playwright-core';
import { pngOf } from '../../bench/plain-images.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { concat } from '../../client-sdk/protocol/bytes.js';
import { encodeStream, type Frame, FrameReader } from '../../client-sdk/protocol/frames.js';
import { packPath } from '../../server/storage/packs/pack-folder.js';
import { launchBrowser, type TestBrowser, type Visit } from '../support/browser.js';
import { registerAndEnter, sha256, visitorPassword } from '../support/page-visitor.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { jpegOf, photograph } from '../support/sample-images.js';
import { clientOf, storedId } from '../support/sdk-client.js';

/** Cut into tiles of 128: four rows of six. */
const picture = { width: 700, height: 500, tile: 128, columns: 6, rows: 4 };

let browser: TestBrowser;
let server: TestServer;
let visit: Visit;
let page: Page;
const ids: Record<string, string> = {};

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer()]);
  visit = await browser.visit({ viewport: { width: 1280, height: 1000 } });
  ({ page } = visit);
  await registerAndEnter(page, server.url, { username: 'martha' });
  const client = await clientOf(server.url, { platform: { crypto: nodeProvider } });
  await client.login({ username: 'martha', password: visitorPassword });
  const files = {
    'walk.png': pngOf(photograph(picture.width, picture.height, 3)),
    'rot.png': pngOf(photograph(picture.width, picture.height, 4)),
    'album/planes.jpg': await jpegOf(photograph(1_100, 700, 5), 70),
    'words.txt': Buffer.from('no picture at all, '.repeat(40_000)),
  };
  for (const [name, bytes] of Object.entries(files)) ids[name] = await storedId(client, name, bytes);
  await client.close();
});

afterEach(() => {
  expect(visit.complaints).toEqual([]);
});

afterAll(async () => {
  await visit.close();
  await browser.close();
  await server.close();
});

async function show(name: string): Promise<void> {
  await page.goto(`${server.url}/images/${ids[name] ?? ''}`);
  await page.waitForSelector('#map-summary:has-text("new")');
}

/** The point of the canvas over the middle of a tile while the whole picture is seen. */
async function middleOf(row: number, column: number): Promise<{ readonly x: number; readonly y: number; readonly scale: number }> {
  const box = await page.locator('#blocks').boundingBox();
  if (box === null) throw new Error('the map has no size');
  const scale = 0.96 * Math.min(box.width / picture.width, box.height / picture.height);
  const at = (index: number, side: number, room: number): number => (room - side * scale) / 2 + (index - 0.5) * picture.tile * scale;
  return { x: at(column, picture.width, box.width), y: at(row, picture.height, box.height), scale };
}

async function chosen(): Promise<string> {
  return `${(await page.textContent('#block-title')) ?? ''}, ${(await page.locator('#block-facts dd').nth(1).textContent()) ?? ''}`;
}

async function rehashOfChosen(): Promise<string> {
  return (await page.locator('#block-facts dt:text-is("Rehash T1") + dd').textContent()) ?? '';
}

describe('the block map', () => {
  it('chooses what is clicked, at every zoom of wheel and buttons', async () => {
    await show('walk.png');
    const { x, y, scale } = await middleOf(2, 3);
    await page.click('#blocks', { position: { x, y } });
    expect(await chosen()).toBe('Block 9 of 24, Row 2, column 3');
    await page.hover('#blocks', { position: { x, y } });
    // exp(0.002 * 500): about 2.7 times larger around the pointer.
    await page.mouse.wheel(0, -500);
    await page.waitForSelector('#map-frame.is-zoomed');
    await page.click('#blocks', { position: { x, y } });
    expect(await chosen()).toBe('Block 9 of 24, Row 2, column 3');
    const grown = picture.tile * scale * Math.E;
    // Half a tile and a little: the neighbour, though before the zoom it lay further away.
    await page.click('#blocks', { position: { x: x + 0.6 * grown, y } });
    expect(await chosen()).toBe('Block 10 of 24, Row 2, column 4');
    await page.click('#zoom-fit');
    await page.click('#blocks', { position: { x: x + 0.6 * grown, y } });
    expect(await chosen()).not.toBe('Block 10 of 24, Row 2, column 4');
    // As often as it takes until one tile fills the view: the chosen one, wherever it is clicked.
    await page.click('#blocks', { position: { x, y } });
    await page.$eval('#zoom-in', (button) => { for (let presses = 0; presses < 20; presses++) (button as HTMLButtonElement).click(); }); // the button of that id
    await page.waitForSelector('#zoom-in:disabled');
    const box = await page.locator('#blocks').boundingBox();
    for (const share of [0.35, 0.5, 0.65]) {
      await page.click('#blocks', { position: { x: share * (box?.width ?? 0), y: share * (box?.height ?? 0) } });
      expect(await chosen()).toBe('Block 9 of 24, Row 2, column 3');
    }
  });

  it('is walked, zoomed and checked by keys alone, aloud too, and the view follows', async () => {
    await show('walk.png');
    for (let tabs = 0; tabs < 40 && (await page.evaluate(() => document.activeElement?.id)) !== 'blocks'; tabs++) await page.keyboard.press('Tab');
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown']) await page.keyboard.press(key);
    expect(await chosen()).toBe('Block 8 of 24, Row 2, column 2');
    for (let presses = 0; presses < 4; presses++) await page.keyboard.press('+');
    for (let presses = 0; presses < 9; presses++) await page.keyboard.press('ArrowRight');
    for (let presses = 0; presses < 9; presses++) await page.keyboard.press('ArrowDown');
    expect(await chosen()).toBe('Block 24 of 24, Row 4, column 6');
    expect(await page.textContent('#block-live')).toBe('Block 24 of 24, row 4, column 6: new with this image, not checked.');
    const box = await page.locator('#blocks').boundingBox();
    await page.click('#blocks', { position: { x: (box?.width ?? 0) - 30, y: (box?.height ?? 0) - 30 } });
    expect(await chosen()).toBe('Block 24 of 24, Row 4, column 6');
    await page.keyboard.press('0');
    await page.waitForSelector('#zoom-out:disabled');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#block-checks .is-good:nth-child(5)');
    expect(await page.textContent('#block-live')).toBe('Block 24 of 24 is right.');
  });

  it('is sharp at the density of the screen', async () => {
    const dense = await browser.visit({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 3, storageState: await visit.context.storageState(), hasTouch: true, colorScheme: 'dark' });
    await dense.page.goto(`${server.url}/login`);
    await dense.page.fill('#username', 'martha');
    await dense.page.fill('#password', visitorPassword);
    await dense.page.click('#submit');
    await dense.page.waitForURL('**/gallery');
    await dense.page.goto(`${server.url}/images/${ids['walk.png'] ?? ''}`);
    await dense.page.waitForSelector('#map-summary:has-text("new")');
    const { device, css, overflow } = await dense.page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('#blocks');
      return { device: canvas?.width ?? 0, css: canvas?.clientWidth ?? 0, overflow: document.documentElement.scrollWidth - innerWidth };
    });
    expect(device).toBe(3 * css);
    expect(overflow).toBeLessThanOrEqual(0);
    await dense.page.tap('#blocks');
    expect(await dense.page.textContent('#block-title')).toMatch(/^Block \d+ of 24$/);
    expect(dense.complaints).toEqual([]);
    await dense.close();
  });
});

describe('a damaged block', () => {
  it('in the server’s pack is named by the check, on the map, in the table and by the refused download; all others are right', async () => {
    await show('rot.png');
    await page.click('#blocks', { position: await middleOf(2, 5) });
    expect(await chosen()).toBe('Block 11 of 24, Row 2, column 5');
    await flipInPack(await rehashOfChosen());
    await page.click('#check-all');
    await page.waitForSelector('#check-outcome.is-bad');
    const words = 'Block 11 of 24 (row 2, column 5) failed: the server cannot give it, because its copy is damaged or gone.';
    expect(await page.locator('#check-failures li span').allTextContents()).toEqual([words]);
    expect(await page.textContent('#check-outcome')).toMatch(/^1 block failed, \d+ others are right\. The file cannot be given back as it was stored\.$/);
    await page.click('#block-table summary');
    await page.selectOption('#block-filter', 'failed');
    expect(await page.locator('#block-rows tr').allTextContents()).toEqual(['Block 11row 2, column 5new with this imagefailed']);
    await page.selectOption('#block-filter', 'all');
    expect(await page.locator('#block-rows td:last-child', { hasText: 'right' }).count()).toBeGreaterThanOrEqual(23);
    await page.click('#download');
    await page.waitForSelector('#page-error:visible');
    expect(await page.textContent('#page-error')).toBe(`${words} Nothing was saved.`);
    await page.click('#check-failures button');
    expect(await chosen()).toBe('Block 11 of 24, Row 2, column 5');
  });

  it('on its way is named by the step that failed, by the check of it alone too, which fetches nothing else', async () => {
    await show('walk.png');
    await page.click('#blocks', { position: await middleOf(3, 2) });
    const rehash = await rehashOfChosen();
    const asked: number[] = [];
    const tamper = async (route: Route): Promise<void> => {
      asked.push((route.request().postDataBuffer()?.length ?? 0) / 32);
      await route.fulfill({ body: Buffer.from(flippedIn(await (await route.fetch()).body(), rehash)) });
    };
    await visit.context.route('**/api/v1/images/*/blocks', tamper);
    await page.click('#check-one');
    await page.waitForSelector('#block-checks .is-bad:has-text("its hash is not its tag")');
    // The segment that lists the blocks once, and the block; then the block alone.
    expect(asked).toEqual([1, 1]);
    await page.click('#check-one');
    await page.waitForSelector('#check-one[aria-busy="false"]');
    expect(asked).toEqual([1, 1, 1]);
    expect(await page.textContent('#block-live')).toBe('Block 14 of 24 (row 3, column 2) failed: its hash is not its tag.');
    expect(await page.locator('#block-checks .is-open').count()).toBe(2);
    await page.click('#check-all');
    await page.waitForSelector('#check-outcome.is-bad');
    expect(await page.locator('#check-failures li span').allTextContents()).toEqual(['Block 14 of 24 (row 3, column 2) failed: its hash is not its tag.']);
    await page.click('#show-full');
    await page.waitForSelector('#page-error:visible');
    expect(await page.textContent('#page-error')).toBe('Block 14 of 24 (row 3, column 2) failed: its hash is not its tag. Nothing was saved.');
    await visit.context.unroute('**/api/v1/images/*/blocks', tamper);
    await page.click('#check-one');
    await page.waitForSelector('#block-checks .is-good:nth-child(5)');
  });

  it('is looked for no longer once the check is cancelled', async () => {
    await show('walk.png');
    const slow = async (route: Route): Promise<void> => {
      await page.click('#check-all');
      await route.continue();
    };
    await page.click('#zoom-in');
    await visit.context.route('**/api/v1/images/*/blocks', slow, { times: 1 });
    await page.click('#check-all');
    await page.waitForSelector('#check-outcome:has-text("Cancelled after")');
    expect(await page.textContent('#check-all')).toBe('Check all blocks');
  });
});

describe('the page of an image', () => {
  it('lets the plane of a JPEG file be chosen, and says so', async () => {
    await show('album/planes.jpg');
    expect(await page.textContent('#layer-note')).toMatch(/^This file keeps its picture in 3 planes/);
    expect(await page.locator('#layer option').allTextContents()).toEqual(expect.arrayContaining([expect.stringMatching(/^Brightness \(Y\): \d+ blocks$/), expect.stringMatching(/^Colour: blue \(Cb\): \d+ blocks?$/)]));
    await page.selectOption('#layer', '2');
    await page.focus('#blocks');
    await page.keyboard.press('ArrowRight');
    expect(await chosen()).toMatch(/Colour: red \(Cr\), row 1, column 1$/);
    expect(await page.textContent('#path')).toBe('album/');
    await page.click('#show-full');
    await page.waitForSelector('#show-full', { state: 'hidden' });
    expect(await page.textContent('#full-note')).toBe('');
  });

  it('shows the key only when asked for, and never keeps it', async () => {
    await show('walk.png');
    await page.click('#blocks', { position: await middleOf(1, 1) });
    expect(await page.textContent('#block-key')).toBe('Show key');
    await page.click('#block-key button');
    expect(await page.textContent('#block-key .mono')).toMatch(/^[0-9a-f]{64}$/);
    expect(await page.textContent('#block-key')).toContain('keep it to yourself');
    await page.click('#blocks', { position: await middleOf(1, 2) });
    expect(await page.textContent('#block-key')).toBe('Show key');
  });

  it('shows a file without a picture as a strip of its blocks, and cannot show it whole', async () => {
    await show('words.txt');
    await page.focus('#blocks');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await chosen()).toBe('Block 2 of 3, Row 1, column 2');
    await page.click('#show-full');
    await page.waitForSelector('#full-note:has-text("cannot show")');
  });

  it('leads to the neighbours and back by keys, removes with a word for the gallery, and is honest about what is gone', async () => {
    await show('album/planes.jpg');
    await page.waitForSelector('#older[href]');
    await page.keyboard.press(']');
    await page.waitForURL(`**/images/${ids['rot.png'] ?? ''}`);
    await page.waitForSelector('#newer[href]');
    await page.keyboard.press('Alt+ArrowLeft');
    await page.waitForURL(`**/images/${ids['album/planes.jpg'] ?? ''}`);
    await page.waitForSelector('#older[href]');
    await page.click('#remove');
    await page.waitForURL('**/gallery');
    await page.click('.toast:has-text("is in the trash") button:has-text("Undo")');
    await page.waitForSelector('li[data-name="album/planes.jpg"]');
    await page.goto(`${server.url}/images/${ids['album/planes.jpg'] ?? ''}`);
    await page.click('#remove:enabled');
    await page.waitForURL('**/gallery');
    await page.goto(`${server.url}/images/${ids['album/planes.jpg'] ?? ''}`);
    await page.waitForSelector('#absent:has-text("is in the trash")');
    await page.click('#absent button');
    await page.waitForSelector('#map-summary:has-text("new")');
    await page.keyboard.press('Escape');
    await page.waitForURL('**/gallery');
    await page.goto(`${server.url}/images/${sha256(new Uint8Array()).slice(0, 32)}`);
    await page.waitForSelector('#absent:has-text("no image at this address")');
    visit.forgive(/status of 404/);
  });
});

/** Changes a byte of the block where the server keeps it. */
async function flipInPack(rehash: string): Promise<void> {
  const name = readdirSync(server.dataDirectory).find((entry) => entry.endsWith('.sqlite') || entry.endsWith('.db')) ?? '';
  const database = new Database(path.join(server.dataDirectory, name), { readonly: true });
  const row = database.prepare<[Buffer], { pack: number; offset: number; length: number }>('SELECT pack, "offset", length FROM tag WHERE t1 = ?').get(Buffer.from(rehash, 'hex'));
  database.close();
  if (row === undefined) throw new Error('the index has no such block');
  const file = await open(packPath({ directory: path.join(server.dataDirectory, 'packs') }, row.pack), 'r+');
  const byte = Buffer.alloc(1);
  // The record's header comes first, so this byte lies inside its payload.
  const at = row.offset + row.length;
  await file.read(byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ 4;
  await file.write(byte, 0, 1, at);
  await file.close();
}

/** The stream with one byte of that block's cipher changed. */
function flippedIn(stream: Uint8Array, rehash: string): Uint8Array {
  const frames = new FrameReader().push(new Uint8Array(stream));
  return concat(...encodeStream(frames.map((frame): Frame => {
    if (frame.kind === 'absent' || Buffer.from(frame.rehash).toString('hex') !== rehash) return frame;
    const cipher = frame.cipher.slice();
    cipher[20] = (cipher[20] ?? 0) ^ 1;
    return { ...frame, cipher };
  })));
}
