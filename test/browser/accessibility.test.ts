/**
 * Every page and state under axe-core, in light and dark, narrow and wide: nothing found, and nothing in the console on the whole way.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { violationsOf } from '../support/axe.js';
import { launchBrowser, type TestBrowser } from '../support/browser.js';
import { walkPages } from '../support/page-states.js';
import { startServer, type TestServer } from '../support/running-server.js';

let browser: TestBrowser;
let server: TestServer;

/** What the scheme or the width can change, beside what all rules found at the first look. */
const looks = ['color-contrast', 'target-size', 'scrollable-region-focusable', 'link-in-text-block'];

/** The whole walk, on a machine that does other things too. */
const walkTimeoutMs = 300_000;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer()]);
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

async function look(page: Page, { width, colorScheme }: { readonly width: number; readonly colorScheme: 'light' | 'dark' }, rules?: readonly string[]): Promise<readonly string[]> {
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  return (await violationsOf(page, rules)).map((violation) => `${String(width)} ${colorScheme}: ${violation}`);
}

describe('every page and state', () => {
  it('passes the rules of WCAG 2.2 AA in light and dark, at 390 and at 1440 pixels', async () => {
    const visit = await browser.visit();
    const found: string[] = [];
    const names: string[] = [];
    await walkPages({ page: visit.page, url: server.url }, async (page, name) => {
      names.push(name);
      const violations = [
        ...(await look(page, { width: 390, colorScheme: 'light' })),
        ...(await look(page, { width: 390, colorScheme: 'dark' }, looks)),
        ...(await look(page, { width: 1440, colorScheme: 'dark' })),
        ...(await look(page, { width: 1440, colorScheme: 'light' }, looks)),
      ];
      found.push(...violations.map((violation) => `${name}, ${violation}`));
    });
    expect(names.length).toBeGreaterThan(20);
    expect(found).toEqual([]);
    // The page that was asked for and does not exist.
    visit.forgive(/status of 404/);
    expect(visit.complaints).toEqual([]);
    await visit.close();
  }, walkTimeoutMs);
});

describe('the checker itself', () => {
  it('finds a field without a name', async () => {
    const visit = await browser.visit();
    await visit.page.goto(`${server.url}/login`);
    await visit.page.evaluate(() => document.querySelector('label[for="username"]')?.remove());
    expect(await violationsOf(visit.page)).toContainEqual(expect.stringMatching(/^label: <input id="username"/));
    await visit.close();
  });
});
