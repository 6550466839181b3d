/**
 * Saving to disk in a real Chromium: archives whose every file is what was stored, files streamed to where the person chose, and no
 * wrong file where the server sends wrong blocks. DESIGN.md section 7 (Pages).
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Download, Page } from 'playwright-core';
import { launchBrowser, type TestBrowser } from '../support/browser.js';
import { accountWith, enterGallery } from '../support/gallery-account.js';
import { sha256, type ChosenFile } from '../support/page-visitor.js';
import { startServer, type TestServer } from '../support/running-server.js';

let browser: TestBrowser;
let server: TestServer;
const run = promisify(execFile);

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

async function galleryOf(username: string, files: readonly ChosenFile[]): Promise<{ readonly page: Page; readonly ids: ReadonlyMap<string, string> }> {
  const { ids } = await accountWith(server.url, username, files);
  const visit = await browser.visit({ viewport: { width: 1000, height: 800 } });
  await enterGallery(visit.page, server.url, username);
  await visit.page.waitForSelector(`#count:has-text("${String(files.length)} image")`);
  return { page: visit.page, ids };
}

const noise = (name: string, bytes = 3_000): ChosenFile => ({ name, bytes: randomBytes(bytes) });

async function selectAll(page: Page): Promise<void> {
  await page.focus('#tiles .open[tabindex="0"]');
  await page.keyboard.press('Control+a');
}

async function archiveOf(page: Page): Promise<Download> {
  await selectAll(page);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#selection-download')]);
  return download;
}

/** Paths and contents, read by a program that is not ours. */
async function unpacked(archive: string): Promise<ReadonlyMap<string, { readonly bytes: Buffer; readonly time: string }>> {
  const script = 'import zipfile,sys,json\nwith zipfile.ZipFile(sys.argv[1]) as z:\n assert z.testzip() is None\n print(json.dumps([[i.filename, z.read(i).hex(), "%04d-%02d-%02dT%02d:%02d:%02d" % i.date_time] for i in z.infolist()]))';
  const { stdout } = await run('python3', ['-c', script, archive], { maxBuffer: 256 * 1_048_576 });
  // The script prints just that.
  return new Map((JSON.parse(stdout) as readonly [string, string, string][]).map(([name, hex, time]) => [name, { bytes: Buffer.from(hex, 'hex'), time }]));
}

/** One bit of the first block of each answer for this image is another one. */
async function tamper(page: Page, id: string): Promise<void> {
  await page.route(`**/api/v1/images/${id}/blocks`, async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    // Magic and head of the frame have 43 bytes.
    body[60] = (body[60] ?? 0) ^ 4;
    await route.fulfill({ response, body });
  });
}

/** The page's question where to save is answered with a file of the browser's own file system, which a test can read. */
async function chooseInPage(page: Page): Promise<void> {
  await page.evaluate(() => {
    const choose = async ({ suggestedName }: { readonly suggestedName: string }): Promise<FileSystemFileHandle> => (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true });
    Object.assign(window, { showSaveFilePicker: choose });
  });
}

/** SHA-256 of each file that was chosen and is there. */
async function savedHash(page: Page): Promise<Readonly<Record<string, string>>> {
  return page.evaluate(async () => {
    const found: Record<string, string> = {};
    for await (const [name, handle] of (await navigator.storage.getDirectory()).entries()) {
      if (!(handle instanceof FileSystemFileHandle)) continue;
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await (await handle.getFile()).arrayBuffer()));
      found[name] = [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    }
    return found;
  });
}

describe('an archive of several images', () => {
  it('has every file bit for bit under a safe and single name, with its time', async () => {
    const files = [noise('a/one.png'), noise('a/ONE.png'), noise('../../climb.bin'), noise('photo\u202egpj.exe'), noise('con.txt'), noise('big.bin', 3_000_000), { name: 'empty', bytes: new Uint8Array() }];
    const { page } = await galleryOf('anke', files);
    const download = await archiveOf(page);
    expect(download.suggestedFilename()).toMatch(/^dice-\d{4}-\d\d-\d\d\.zip$/);
    const entries = await unpacked(await download.path());
    expect([...entries.values()].map(({ bytes }) => sha256(bytes)).sort()).toEqual(files.map(({ bytes }) => sha256(bytes)).sort());
    expect([...entries.keys()].map((name) => name.toLowerCase()).sort()).toEqual(['__/__/climb.bin', '_con.txt', 'a/one (2).png', 'a/one.png', 'big.bin', 'empty', 'photo_gpj.exe']);
    for (const { time } of entries.values()) expect(Number(time.slice(0, 4))).toBeGreaterThanOrEqual(2026);
    await page.waitForSelector('.toast:has-text("7 images in one archive")');
  });

  it('leaves out the image whose block was changed, names it inside and on the page, and has all others', async () => {
    const files = [noise('good 1.bin'), noise('bad.bin', 40_000), noise('good 2.bin')];
    const { page, ids } = await galleryOf('bodo', files);
    await tamper(page, ids.get('bad.bin') ?? '');
    const entries = await unpacked(await (await archiveOf(page)).path());
    expect([...entries.keys()].sort()).toEqual(['FAILED.txt', 'good 1.bin', 'good 2.bin']);
    expect(entries.get('FAILED.txt')?.bytes.toString()).toMatch(/^"bad\.bin": .+/m);
    expect(await page.textContent('#page-error')).toContain('1 image could not be put in: bad.bin: ');
  });

  it('can be stopped, and leaves nothing then', async () => {
    const { page } = await galleryOf('cora', [noise('1.bin'), noise('2.bin')]);
    let downloads = 0;
    page.on('download', () => { downloads++; });
    // The answer never comes.
    await page.route('**/api/v1/images/*', () => undefined);
    await selectAll(page);
    await page.click('#selection-download');
    await page.click('.toast button:has-text("Cancel")');
    await page.waitForSelector('.toast', { state: 'detached' });
    expect(downloads).toBe(0);
    expect(await page.isVisible('#page-error')).toBe(false);
  });
});

describe('one image', () => {
  it('above the size for downloads is written to the file that the person chose, and is whole there', async () => {
    const block = randomBytes(262_144);
    const large = { name: 'large scan.bin', bytes: Buffer.concat([...Array.from({ length: 130 }, () => block), randomBytes(70_000)]) };
    const { page } = await galleryOf('dora', [large]);
    await chooseInPage(page);
    await page.hover('li[data-name="large scan.bin"]');
    await page.click('li[data-name="large scan.bin"] button[aria-label^="Download"]');
    await page.waitForSelector('.toast:has-text("is saved: bit for bit")', { timeout: 60_000 });
    expect(await savedHash(page)).toEqual({ 'large scan.bin': sha256(large.bytes) });
  });

  it('that is not what was stored is saved nowhere, and the page says so', async () => {
    const block = randomBytes(262_144);
    const large = { name: 'large.bin', bytes: Buffer.concat([...Array.from({ length: 130 }, () => block), randomBytes(70_000)]) };
    const { page, ids } = await galleryOf('emma', [large, noise('small.bin', 30_000)]);
    for (const id of ids.values()) await tamper(page, id);
    await chooseInPage(page);
    let downloads = 0;
    page.on('download', () => { downloads++; });
    for (const name of ids.keys()) {
      await page.evaluate(() => { document.getElementById('page-error')?.setAttribute('hidden', ''); });
      await page.hover(`li[data-name="${name}"]`);
      await page.click(`li[data-name="${name}"] button[aria-label^="Download"]`);
      await page.waitForSelector('#page-error:visible', { timeout: 60_000 });
      expect(await page.textContent('#page-error')).toBe('What the server sent is not what was stored. Nothing was saved.');
    }
    expect(downloads).toBe(0);
    expect(await savedHash(page)).toEqual({});
  });
});
