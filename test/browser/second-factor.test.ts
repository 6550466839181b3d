/**
 * The second factor on the pages: set up on the account page, asked for in a second step of the log-in form, and turned off.
 */
import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { codeAt } from '../support/authenticator.js';
import { violationsOf } from '../support/axe.js';
import { registerAndEnter, visitorPassword } from '../support/page-visitor.js';
import { servedBrowser } from '../support/served-browser.js';

const at = servedBrowser();

/** Sets it up; answers the secret and the backup codes. */
async function setUp(page: Page): Promise<{ readonly secret: string; readonly backupCodes: readonly string[] }> {
  await page.fill('#factor-password', visitorPassword);
  await page.click('#factor-submit');
  await page.waitForSelector('#factor-confirm-form:visible');
  const secret = await page.inputValue('#factor-secret');
  expect(await page.getAttribute('#factor-link', 'href')).toContain(`secret=${secret}`);
  expect(await page.evaluate(() => document.querySelector<HTMLImageElement>('#factor-picture')?.naturalWidth)).toBeGreaterThan(40);
  expect(await violationsOf(page)).toEqual([]);
  await page.fill('#factor-confirm-code', codeAt(secret, Date.now()));
  await page.click('#factor-confirm-submit');
  await page.waitForSelector('#factor-made:visible');
  return { secret, backupCodes: (await page.inputValue('#factor-codes')).split('\n') };
}

describe('a second factor on the pages', () => {
  it('is set up, asked for after the password, and turned off', async () => {
    const opened = await at.browser.visit();
    const { page } = opened;
    await registerAndEnter(page, at.server.url, { username: 'anna' });
    await page.goto(`${at.server.url}/account`);
    await page.waitForSelector('#sessions li');
    expect(await page.textContent('#factor-state')).toBe('It is off.');
    const { secret, backupCodes } = await setUp(page);
    expect(backupCodes).toHaveLength(10);
    expect(await page.textContent('#factor-state')).toBe('It is on. Backup codes left: 10.');
    expect(await page.inputValue('#factor-secret')).toBe('');
    expect(await page.isVisible('#password-code')).toBe(true);
    expect(await violationsOf(page)).toEqual([]);

    const second = await at.browser.visit();
    await second.page.goto(`${at.server.url}/login`);
    await second.page.fill('#username', 'anna');
    await second.page.fill('#password', visitorPassword);
    expect(await second.page.isVisible('#code')).toBe(false);
    await second.page.click('#submit');
    await second.page.waitForSelector('#code:visible');
    expect(await second.page.evaluate(() => document.activeElement?.id)).toBe('code');
    expect(await violationsOf(second.page)).toEqual([]);
    await second.page.fill('#code', 'AAAA AAAA AAAA AAAA');
    await second.page.click('#submit');
    await second.page.waitForSelector('#code-error:not(:empty)');
    await second.page.fill('#code', backupCodes[0] ?? '');
    await second.page.click('#submit');
    await second.page.waitForURL(`${at.server.url}/gallery`);
    // The browser itself tells of the two refusals.
    second.forgive(/status of 401/);

    await page.reload();
    await page.waitForSelector('#sessions li');
    expect(await page.textContent('#factor-state')).toBe('It is on. Backup codes left: 9.');
    await page.fill('#factor-password', visitorPassword);
    await page.fill('#factor-code', codeAt(secret, Date.now() + 30_000));
    await page.click('#factor-submit');
    await page.waitForSelector('#factor-state:has-text("It is off.")');
    expect(await page.isVisible('#password-code')).toBe(false);
    expect(await at.browser.endVisits()).toEqual([]);
  });
});
