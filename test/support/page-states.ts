/**
 * Walks through every page and state of a fresh server, in the order of a first visit, and stops at each. Used where all pages are
 * looked at: by the screenshots and by the tests of accessibility. Not a test of what the pages do.
 */
import type { Page } from 'playwright-core';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import { confirmWords, leaveFirstRun, register, uploadFiles, visitorPassword } from './page-visitor.js';
import { jpegOf, photograph, withOnePixel } from './sample-images.js';

/** A page to walk with, and a server without accounts. */
export interface Walk {
  readonly page: Page;
  readonly url: string;
}

/** Called at each state. Names sort in the order of the walk. */
export type AtState = (page: Page, name: string) => Promise<void>;

/** Goes everywhere. Ends logged in as a guest of margarete, the operator. */
export async function walkPages(walk: Walk, stop: AtState): Promise<void> {
  let number = 0;
  const at: AtState = (page, name) => stop(page, `${String(++number).padStart(2, '0')}-${name}`);
  await walkDoor(walk, at);
  await walkFirstRun(walk, at);
  await walkGallery(walk, at);
  await walkLists(walk, at);
  await walkAccount(walk, at);
}

async function walkDoor({ page, url }: Walk, at: AtState): Promise<void> {
  await page.goto(url);
  await at(page, 'home-fresh');
  await page.goto(`${url}/login`);
  await at(page, 'login');
  await page.click('#submit');
  await page.waitForSelector('#username-error:not(:empty)');
  await at(page, 'login-mistakes');
  await page.goto(`${url}/register`);
  await at(page, 'register');
  await page.fill('#password', 'short');
  await page.click('#submit');
  await page.waitForSelector('#password-error:not(:empty)');
  await at(page, 'register-mistakes');
  await page.goto(`${url}/recover`);
  await at(page, 'recover');
}

async function walkFirstRun({ page, url }: Walk, at: AtState): Promise<void> {
  const words = await register(page, `${url}/register`, { username: 'margarete' });
  await at(page, 'words');
  await page.click('#words-kept');
  await at(page, 'confirm');
  await page.click('#words-again');
  await confirmWords(page, words);
  await page.waitForSelector('#server-step:visible');
  await at(page, 'your-server');
  await leaveFirstRun(page);
  await page.waitForURL('**/gallery');
  await page.waitForSelector('#choose:enabled');
}

async function walkGallery({ page, url }: Walk, at: AtState): Promise<void> {
  await page.waitForSelector('#empty:visible');
  await at(page, 'gallery-empty');
  await page.goto(`${url}/trash`);
  await page.waitForSelector('#empty:visible');
  await at(page, 'trash-empty');
  await page.goto(`${url}/gallery`);
  await page.waitForSelector('#choose:enabled');
  await fillGallery(page);
  await at(page, 'gallery');
  await page.click('li[data-name="harbour-edited.png"] a');
  await page.waitForSelector('#map-summary:has-text("new")');
  await at(page, 'image');
  const box = await page.locator('#blocks').boundingBox();
  await page.click('#blocks', { position: { x: (box?.width ?? 2) / 2, y: (box?.height ?? 2) / 2 } });
  await page.click('#check-all');
  await page.waitForSelector('#check-outcome.is-good');
  await at(page, 'image-checked');
}

async function fillGallery(page: Page): Promise<void> {
  const pixels = photograph(640, 400, 3);
  await uploadFiles(page, [
    { name: 'harbour.png', bytes: pngOf(pixels) },
    { name: 'holiday/hill in the evening, seen from the west side of the lake.jpg', bytes: await jpegOf(photograph(480, 360, 8)) },
    { name: 'letter.pdf', bytes: Buffer.from('%PDF-1.7 not really '.repeat(300)) },
  ]);
  await uploadFiles(page, [{ name: 'harbour-edited.png', bytes: pngOf(withOnePixel(pixels, 333, 222)) }, { name: 'harbour.tiff', bytes: tiffOf(pixels) }]);
  await page.waitForSelector('li[data-name="harbour.png"] canvas');
}

async function walkLists({ page, url }: Walk, at: AtState): Promise<void> {
  for (const [name, ready] of [['report', '#causes table'], ['operator', '#users table']] as const) {
    await page.goto(`${url}/${name}`);
    await page.waitForSelector(ready);
    await at(page, name);
  }
  await page.goto(`${url}/gallery`);
  await page.click('li[data-name="letter.pdf"] button[aria-label^="Remove"]');
  await page.waitForSelector('.toast');
  await page.goto(`${url}/trash`);
  await page.waitForSelector('li[data-name="letter.pdf"]');
  await at(page, 'trash');
  await page.goto(`${url}/nowhere`);
  await at(page, 'not-found');
  await page.goto(url);
  await at(page, 'home');
}

async function walkAccount({ page, url }: Walk, at: AtState): Promise<void> {
  await page.goto(`${url}/account`);
  await page.waitForSelector('#sessions li');
  await at(page, 'account');
  await page.fill('#token-device', 'nightly copy');
  await page.click('#token-submit');
  await page.waitForSelector('#token-made:visible');
  await page.click('#invite-submit');
  await page.waitForSelector('#invite-made:visible');
  await page.fill('#factor-password', visitorPassword);
  await page.click('#factor-submit');
  await page.waitForSelector('#factor-confirm-form:visible');
  await page.fill('#check-phrase', 'only three words');
  await page.click('#check-submit');
  await page.waitForSelector('#check-phrase-error:not(:empty)');
  await at(page, 'account-used');
  const link = await page.inputValue('#invite-link');
  await page.fill('#words-password', visitorPassword);
  await page.click('#words-submit');
  await page.waitForSelector('#words li:nth-child(24)');
  await at(page, 'account-words');
  await walkGuest(page, { url, link }, at);
}

/** A guest, who may close the account: the operator may not. */
async function walkGuest(page: Page, { url, link }: { readonly url: string; readonly link: string }, at: AtState): Promise<void> {
  const words = await register(page, link, { username: 'guest' });
  await confirmWords(page, words);
  await page.waitForURL('**/gallery');
  await page.goto(`${url}/account`);
  await page.waitForSelector('#sessions li');
  await page.click('#close-open');
  await page.waitForSelector('#close-dialog[open]');
  await at(page, 'account-close');
  await page.click('#close-cancel');
}
