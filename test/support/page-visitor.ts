/**
 * What a person does in the pages, step by step: registers and keeps the words, logs in, uploads, downloads. Used by browser
 * tests and by the screenshots.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';

/** Strong enough for the SDK, and the same in every test. */
export const visitorPassword = 'quartz lantern river 47 maple';

/** A file for the page's chooser. */
export interface ChosenFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Who registers. */
export interface NewAccount {
  readonly username: string;
  readonly setupToken?: string;
}

/** Fills and sends the registration form; ends where the recovery words are shown, and answers them. */
export async function register(page: Page, url: string, account: NewAccount): Promise<readonly string[]> {
  await page.goto(url);
  await page.fill('#username', account.username);
  await page.fill('#email', `${account.username}@example.org`);
  if (account.setupToken !== undefined) await page.fill('#setup', account.setupToken);
  await page.fill('#password', visitorPassword);
  await page.fill('#again', visitorPassword);
  await page.click('#submit');
  await page.waitForSelector('#words li:nth-child(24)');
  return await page.$$eval('#words li', (items) => items.map((item) => item.lastChild?.textContent ?? ''));
}

/** Enters the words that the page asks for; ends where the page goes on. */
export async function confirmWords(page: Page, words: readonly string[]): Promise<void> {
  await page.click('#words-kept');
  for (const input of await page.$$('#asked input')) {
    const position = Number((await input.getAttribute('id'))?.replace('word-', ''));
    await input.fill(words[position] ?? '');
  }
  await page.click('#confirm-submit');
}

/** Registers, keeps the words and waits for the gallery. */
export async function registerAndEnter(page: Page, url: string, account: NewAccount): Promise<readonly string[]> {
  const words = await register(page, `${url}/register`, account);
  await confirmWords(page, words);
  await leaveFirstRun(page);
  await page.waitForURL('**/gallery');
  await page.waitForSelector('#choose:enabled');
  return words;
}

/** The first account of a server is shown one more step. */
export async function leaveFirstRun(page: Page): Promise<void> {
  await page.waitForSelector('#server-step:visible, body[data-page="gallery"]');
  if (await page.isVisible('#server-step')) await page.click('#server-done');
}

/** Logs in and waits for the gallery. */
export async function logIn(page: Page, url: string, credentials: { readonly username: string; readonly password: string }): Promise<void> {
  await page.goto(`${url}/login`);
  await page.fill('#username', credentials.username);
  await page.fill('#password', credentials.password);
  await page.click('#submit');
  await page.waitForURL('**/gallery');
  await page.waitForSelector('#choose:enabled');
}

/** Uploads the files and waits until the page says that it is done; answers the outcome sentence. */
export async function uploadFiles(page: Page, files: readonly ChosenFile[]): Promise<string> {
  await page.setInputFiles('#files', files.map(({ name, bytes }) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) })));
  await page.waitForSelector('#queue[aria-busy="false"] #queue-title:has-text("Done")', { timeout: 50_000 });
  return (await page.textContent('#overall-text')) ?? '';
}

/** Downloads by the gallery's button; answers the suggested name and SHA-256 of what was saved. */
export async function downloadFromGallery(page: Page, name: string): Promise<{ readonly fileName: string; readonly hash: string }> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(`li[data-name="${name}"] button[aria-label^="Download"]`)]);
  return { fileName: download.suggestedFilename(), hash: sha256(await readFile(await download.path())) };
}

/** SHA-256 in hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
