/**
 * A fresh server, opened by who will operate it: led through four steps; and over plain http, where the setup token is asked for and
 * the browser has neither clipboard nor WebCrypto. Mistakes in the forms on the way.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { launchBrowser, remoteName, type TestBrowser } from '../support/browser.js';
import { confirmWords, register, visitorPassword } from '../support/page-visitor.js';
import { startServer } from '../support/running-server.js';

let browser: TestBrowser;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(() => browser.close());

describe('the first run', () => {
  it('leads from the home page through account, words and confirmation to what an operator must know', async () => {
    const server = await startServer();
    const visit = await browser.visit();
    const { page } = visit;
    await page.goto(server.url);
    expect(await page.textContent('#first-run')).toContain('This server is new');
    expect(await page.textContent('#first-run')).not.toContain('setup token');
    await page.click('a:has-text("Make the first account")');
    expect(await page.textContent('[aria-current="step"]')).toBe('Account');
    const words = await register(page, `${server.url}/register`, { username: 'olga' });
    expect(await page.textContent('#words-step [aria-current="step"]')).toBe('Words');
    await confirmWords(page, words);
    await page.waitForSelector('#server-step:visible');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('server-step');
    const told = (await page.textContent('#server-step')) ?? '';
    for (const thing of ['DICE_SIGNUP', 'DICE_DATA_DIR', 'Backup', 'https']) expect(told).toContain(thing);
    await page.click('#server-done');
    await page.waitForURL('**/gallery');
    await page.waitForSelector('#nav-operator:visible');

    const guest = await browser.visit();
    await guest.page.goto(server.url);
    expect(await guest.page.locator('#first-run').count()).toBe(0);
    await confirmWords(guest.page, await register(guest.page, `${server.url}/register`, { username: 'paul' }));
    await guest.page.waitForURL('**/gallery');
    expect([...visit.complaints, ...guest.complaints]).toEqual([]);
    await guest.close();
    await visit.close();
    await server.close();
  });

  it('over plain http says what that means, wants the setup token, and offers nothing that needs a secure page', async () => {
    const port = await freePort();
    const server = await startServer({ port, publicUrl: new URL(`http://${remoteName}:${String(port)}`), signup: 'invite' });
    const visit = await browser.visit();
    const { page } = visit;
    const url = `http://${remoteName}:${String(port)}`;
    await page.goto(url);
    expect(await page.textContent('#first-run')).toContain('setup-token');
    expect(await page.textContent('.banner')).toContain('plain http');
    await page.goto(`${url}/login`);
    expect(await page.isVisible('#keep-field')).toBe(false);
    const setupToken = (await readFile(path.join(server.dataDirectory, 'setup-token'), 'utf8')).trim();
    const words = await register(page, `${url}/register`, { username: 'olga', setupToken });
    await page.click('#words-copy');
    await page.waitForSelector('.toast:has-text("no clipboard")');
    await confirmWords(page, words);
    await page.waitForSelector('#server-step:visible');
    expect(await page.textContent('#server-step')).toMatch(/invitation link.*Plain http/s);
    visit.forgive(/Cross-Origin-Opener-Policy|Origin-Agent-Cluster/);
    expect(visit.complaints).toEqual([]);
    await visit.close();
    await server.close();
  });
});

describe('the form of registration', () => {
  it('tells every mistake beside its field, goes to the first, and forgets each as it is mended', async () => {
    const server = await startServer();
    const visit = await browser.visit();
    const { page } = visit;
    await page.goto(`${server.url}/register`);
    await page.fill('#email', 'nonsense');
    await page.fill('#password', 'short');
    await page.click('#submit');
    const errors = async (): Promise<readonly string[]> => await page.$$eval('#form .error', (places) => places.map((place) => place.textContent));
    expect(await errors()).toEqual(['Enter a user name.', 'This is not an e-mail address.', expect.stringContaining('at least 10 characters'), 'Enter the password once more.']);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('username');
    expect(await page.getAttribute('#username', 'aria-invalid')).toBe('true');
    expect(await page.getAttribute('#username', 'aria-describedby')).toContain('username-error');
    await page.fill('#username', 'rosa');
    expect((await errors())[0]).toBe('');
    expect(await page.getAttribute('#username', 'aria-invalid')).toBeNull();
    await visit.close();
    await server.close();
  });

  it('judges a password as the SDK does, shows it on demand, and warns of Caps Lock', async () => {
    const server = await startServer();
    const visit = await browser.visit();
    const { page } = visit;
    await page.goto(`${server.url}/register`);
    await page.fill('#username', 'charlotte');
    const strengths: [string, boolean][] = [['short', false], ['aaaaaaaaaaaaaaaa', false], ['1234567890123', false], ['charlotte12', false], ['password2024', false], [visitorPassword, true], ['kiwi-sofa-run', true]];
    for (const [password, isTaken] of strengths) {
      await page.fill('#password', password);
      expect([password, (await page.$eval('#strength', (meter) => Number(meter.getAttribute('value') ?? (meter as HTMLMeterElement).value))) >= 2]).toEqual([password, isTaken]);
    }
    await page.click('.secret:has(#password) .reveal');
    expect(await page.getAttribute('#password', 'type')).toBe('text');
    expect(await page.getAttribute('.secret:has(#password) .reveal', 'aria-pressed')).toBe('true');
    await page.click('.secret:has(#password) .reveal');
    expect(await page.getAttribute('#password', 'type')).toBe('password');
    await page.$eval('#password', (input) => input.dispatchEvent(new KeyboardEvent('keydown', { key: 'A', modifierCapsLock: true })));
    expect(await page.isVisible('.field:has(#password) [role="status"]:has-text("Caps Lock is on")')).toBe(true);
    expect(await page.$$eval('input[type="password"]', (inputs) => inputs.map((input) => [input.getAttribute('autocomplete'), input.hasAttribute('name')]))).toEqual([['new-password', false], ['new-password', false]]);
    expect(visit.complaints).toEqual([]);
    await visit.close();
    await server.close();
  });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  // Listening on TCP, so the address has a port.
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
