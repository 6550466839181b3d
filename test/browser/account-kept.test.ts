/**
 * Staying signed in on a device: what is kept, that no script can read its key, and when it is forgotten. Closing the last tab stands
 * for closing the browser: a tab's own storage goes with it.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser } from '../support/browser.js';
import { logIn, registerAndEnter, visitorPassword } from '../support/page-visitor.js';
import { startServer, type TestServer } from '../support/running-server.js';

let browser: TestBrowser;
let server: TestServer;

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

async function openAccount(page: Page): Promise<void> {
  await page.goto(`${server.url}/account`);
  await page.waitForSelector('#sessions li');
}

/** A log in with the box ticked. */
async function staySignedIn(page: Page, username: string): Promise<void> {
  await page.goto(`${server.url}/login`);
  await page.check('#keep');
  await page.fill('#username', username);
  await page.fill('#password', visitorPassword);
  await page.click('#submit');
  await page.waitForURL('**/gallery');
  await page.waitForSelector('#choose:enabled');
}

describe('staying signed in', () => {
  it('is off unless asked for: a new tab, once all others are closed, asks for the password', async () => {
    const { page, context } = await browser.visit();
    await registerAndEnter(page, server.url, { username: 'gerd' });
    await logIn(page, server.url, { username: 'gerd', password: visitorPassword });
    await page.close();
    const next = await context.newPage();
    await next.goto(`${server.url}/gallery`);
    await next.waitForURL('**/login');
  });

  it('keeps the session for the next tab under a key that no script can read, and forgets it at log out', async () => {
    const { page, context } = await browser.visit();
    await registerAndEnter(page, server.url, { username: 'helga' });
    await staySignedIn(page, 'helga');
    const [cookie] = await context.cookies();
    expect((cookie?.expires ?? 0) - Date.now() / 1000).toBeGreaterThan(29 * 86_400);
    await page.close();
    const next = await context.newPage();
    await next.goto(`${server.url}/gallery`);
    await next.waitForSelector('#choose:enabled');
    expect(await keptIn(next)).toEqual({ isExtractable: false, isNamed: false });
    await next.click('#logout');
    await next.waitForURL('**/login');
    expect(await keptIn(next)).toBeUndefined();
    await next.goto(`${server.url}/gallery`);
    await next.waitForURL('**/login');
  });

  it('is worth nothing once the session was ended elsewhere, and is forgotten then', async () => {
    const opened = await browser.visit();
    const { page } = opened;
    await registerAndEnter(page, server.url, { username: 'ilse' });
    await staySignedIn(page, 'ilse');
    const other = await browser.visit();
    await logIn(other.page, server.url, { username: 'ilse', password: visitorPassword });
    await openAccount(other.page);
    await other.page.click('#end-others');
    await other.page.waitForSelector('.toast:has-text("ended")');
    await page.goto(`${server.url}/gallery`);
    await page.waitForURL('**/login');
    await page.waitForSelector('#why:visible');
    expect(await keptIn(page)).toBeUndefined();
    opened.forgive(/status of 401/);
  });

  it('survives a change of the password on this device', async () => {
    const { page, context } = await browser.visit();
    await registerAndEnter(page, server.url, { username: 'jan' });
    await staySignedIn(page, 'jan');
    await openAccount(page);
    await page.fill('#current', visitorPassword);
    await page.fill('#password', 'another lantern 88 by the sea');
    await page.fill('#again', 'another lantern 88 by the sea');
    await page.click('#password-submit');
    await page.waitForSelector('.toast:has-text("The password is changed")');
    await page.close();
    const next = await context.newPage();
    await next.goto(`${server.url}/gallery`);
    await next.waitForSelector('#choose:enabled');
  });
});

/** What lies in the browser's database, and whether it names the account in clear; undefined where nothing is kept. */
async function keptIn(page: Page): Promise<{ readonly isExtractable: boolean; readonly isNamed: boolean } | undefined> {
  return await page.evaluate(async () => {
    const answered = <T>(request: IDBRequest<T>): Promise<T> => new Promise((resolve, reject) => {
      request.onsuccess = () => { resolve(request.result); };
      request.onerror = () => { reject(new Error('no database')); };
    });
    const database = await answered(indexedDB.open('dice-kept'));
    // The page itself put it there, or nothing.
    const kept = (await answered<unknown>(database.transaction('session').objectStore('session').get('only'))) as { key: CryptoKey; sealed: ArrayBuffer } | undefined;
    database.close();
    if (kept === undefined) return undefined;
    return { isExtractable: kept.key.extractable, isNamed: new TextDecoder().decode(kept.sealed).includes('accountId') || JSON.stringify(localStorage).includes('accountId') };
  });
}
