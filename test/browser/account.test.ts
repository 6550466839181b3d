/**
 * The account page: storage, recovery words, sessions, tokens, export, closing. What each promises is checked from a second profile or
 * by the SDK.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Download, Page } from 'playwright-core';
import { pngOf } from '../../bench/plain-images.js';
import type { SavedSession } from '../../client-sdk/api.js';
import { launchBrowser, type TestBrowser } from '../support/browser.js';
import { confirmWords, logIn, register, registerAndEnter, sha256, uploadFiles, visitorPassword } from '../support/page-visitor.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { photograph } from '../support/sample-images.js';
import { clientOf, codeOf } from '../support/sdk-client.js';

let browser: TestBrowser;
let server: TestServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer({ quotaBytes: 1_000_000 })]);
  const operator = await browser.visit();
  await registerAndEnter(operator.page, server.url, { username: 'operator' });
  await operator.close();
});

afterEach(async () => {
  expect(await browser.endVisits()).toEqual([]);
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

async function openAccount(page: Page): Promise<void> {
  await page.goto(`${server.url}/account`);
  await page.waitForSelector('#sessions li');
}

async function textOf(download: Download): Promise<string> {
  return await readFile(await download.path(), 'utf8');
}

describe('the account page', () => {
  it('shows the use of the quota, and tells whether recovery words are the right ones', async () => {
    const { page } = await browser.visit();
    const words = await registerAndEnter(page, server.url, { username: 'anna' });
    await openAccount(page);
    expect(await page.textContent('#quota')).toMatch(/ of 1\.0 MB used \(\d\.\d %\)/);
    expect(await page.$eval('#quota meter', (meter) => (meter as HTMLMeterElement).max)).toBe(1_000_000);
    await page.fill('#check-phrase', [...words].reverse().join(' '));
    await page.click('#check-submit');
    await page.waitForSelector('#check-phrase-error:not(:empty)');
    expect(await page.isVisible('#check-outcome')).toBe(false);
    await page.fill('#check-phrase', words.join('\n').toUpperCase());
    await page.click('#check-submit');
    await page.waitForSelector('#check-outcome:visible');
    expect(await page.inputValue('#check-phrase')).toBe('');
  });

  it('says beside the field that the password is wrong, and keeps what the form held', async () => {
    const opened = await browser.visit();
    const { page } = opened;
    await registerAndEnter(page, server.url, { username: 'beate' });
    await openAccount(page);
    await page.fill('#current', 'not my password at all');
    await page.fill('#password', 'another lantern 88 by the sea');
    await page.fill('#again', 'another lantern 88 by the sea');
    await page.click('#password-submit');
    await page.waitForSelector('#current-error:has-text("This is not your password.")');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('current');
    expect(await page.inputValue('#again')).toBe('another lantern 88 by the sea');
    opened.forgive(/status of 401/);
  });

  it('ends all other sessions at once, and leaves this one and the tokens', async () => {
    const { page } = await browser.visit();
    await registerAndEnter(page, server.url, { username: 'carl' });
    const other = await browser.visit();
    await logIn(other.page, server.url, { username: 'carl', password: visitorPassword });
    await openAccount(page);
    await page.fill('#token-device', 'nightly copy');
    await page.click('#token-submit');
    await page.waitForSelector('#tokens li');
    expect(await page.locator('#sessions li').count()).toBe(2);
    expect(await page.textContent('#sessions li:first-child')).toMatch(/Chrome on Linux\s*this one/);
    await page.click('#end-others');
    await page.waitForSelector('.toast:has-text("1 session ended")');
    expect([await page.locator('#sessions li').count(), await page.locator('#tokens li').count()]).toEqual([1, 1]);
    await other.page.goto(`${server.url}/account`);
    await other.page.waitForURL('**/login');
    expect(await other.page.textContent('#why')).toBe('Your session has ended. Log in again.');
    other.forgive(/status of 401/);
  });

  it('makes a token that opens the account for a program until it is revoked', async () => {
    const { page } = await browser.visit();
    await registerAndEnter(page, server.url, { username: 'doris' });
    await openAccount(page);
    await page.fill('#token-device', 'robot');
    await page.click('#token-submit');
    await page.waitForSelector('#token-made:visible');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#token-save')]);
    expect(download.suggestedFilename()).toBe('session.json');
    const session = JSON.parse(await page.inputValue('#token-text')) as SavedSession;
    expect(JSON.parse(await textOf(download))).toEqual(session);
    const robot = await clientOf(server.url);
    await robot.resumeSession(session);
    expect(robot.account?.username).toBe('doris');
    await page.click('#tokens li:has-text("robot") button');
    await page.waitForSelector('#tokens li', { state: 'detached' });
    expect(await codeOf(robot.usage())).toBe('unauthenticated');
    await page.reload();
    await page.waitForSelector('#sessions li');
    expect(await page.isVisible('#token-made')).toBe(false);
  });

  it('exports all images in one archive, and the list of them beside', async () => {
    const { page } = await browser.visit();
    await registerAndEnter(page, server.url, { username: 'erna' });
    const bytes = pngOf(photograph(120, 80, 4));
    await uploadFiles(page, [{ name: 'trip/lake.png', bytes }, { name: 'note.txt', bytes: Buffer.from('only a note') }]);
    await openAccount(page);
    const downloads: Download[] = [];
    page.on('download', (download) => downloads.push(download));
    await page.click('#export-all');
    await page.waitForSelector('#export-phase:has-text("The list has 2 images.")');
    expect(await page.textContent('#export-phase')).toMatch(/^The archive has 2 images in .*, each bit for bit what was stored\./);
    await page.waitForSelector('#export-all[aria-busy="false"]');
    expect(downloads.map((download) => download.suggestedFilename())).toEqual(['dice-erna.zip', 'dice-erna.json']);
    const [archive, list] = downloads;
    if (archive === undefined || list === undefined) throw new Error('two downloads were counted above');
    const told = JSON.parse(await textOf(list)) as { readonly images: readonly { readonly name: string; readonly sha256: string }[] };
    expect(told.images.find(({ name }) => name.endsWith('lake.png'))?.sha256).toBe(sha256(bytes));
    expect((await readFile(await archive.path())).includes(Buffer.from(bytes))).toBe(true);
  });
});

describe('a forgotten password', () => {
  it('is replaced with the recovery words, and only with the right ones', async () => {
    const opened = await browser.visit();
    const { page } = opened;
    const words = await registerAndEnter(page, server.url, { username: 'karla' });
    await page.goto(`${server.url}/recover`);
    await page.fill('#username', 'karla');
    await page.fill('#phrase', [...words.slice(1), words[0] ?? ''].join(' '));
    await page.fill('#password', 'a third lantern 99 inland');
    await page.fill('#again', 'a third lantern 99 inland');
    await page.click('#submit');
    await page.waitForSelector('#phrase-error:not(:empty)');
    opened.forgive(/status of 401/);
    await page.fill('#phrase', ` ${words.join('  ')} `);
    await page.click('#submit');
    await page.waitForURL('**/gallery');
    await page.waitForSelector('#choose:enabled');
    await page.goto(`${server.url}/account`);
    await page.waitForSelector('#sessions li:has-text("this one")');
    expect(await page.locator('#sessions li').count()).toBe(1);
    await logIn(page, server.url, { username: 'karla', password: 'a third lantern 99 inland' });
  });
});

describe('closing the account', () => {
  it('is not offered to the operator', async () => {
    const { page } = await browser.visit();
    await logIn(page, server.url, { username: 'operator', password: visitorPassword });
    await openAccount(page);
    expect([await page.isVisible('#close-open'), await page.isVisible('#close-operator')]).toEqual([false, true]);
  });

  it('wants name and password, says what is lost, and leaves nothing to log in to', async () => {
    const opened = await browser.visit();
    const { page } = opened;
    await registerAndEnter(page, server.url, { username: 'frida' });
    await uploadFiles(page, [{ name: 'one.png', bytes: pngOf(photograph(90, 60, 6)) }]);
    await openAccount(page);
    await page.click('#close-open');
    await page.waitForSelector('#close-dialog[open]');
    expect(await page.textContent('#close-images')).toContain('1 image will be gone');
    await page.fill('#close-username', 'fritz');
    await page.click('#close-submit');
    expect(await page.textContent('#close-username-error')).toBe('Type frida to confirm.');
    expect(await page.textContent('#close-password-error')).toBe('Enter your password.');
    await page.fill('#close-username', 'frida');
    await page.fill('#close-password', 'not the password at all');
    await page.click('#close-submit');
    await page.waitForSelector('#close-password-error:has-text("This is not your password.")');
    await page.fill('#close-password', visitorPassword);
    await page.click('#close-submit');
    await page.waitForURL('**/login');
    expect(await page.textContent('#why')).toContain('Your account is closed');
    await page.fill('#username', 'frida');
    await page.fill('#password', visitorPassword);
    await Promise.all([page.waitForSelector('#form-error:visible'), page.click('#submit')]);
    opened.forgive(/status of 401/);
    await confirmWords(page, await register(page, `${server.url}/register`, { username: 'frida' }));
    await page.waitForURL('**/gallery');
    await page.waitForSelector('#empty:visible');
  });
});
