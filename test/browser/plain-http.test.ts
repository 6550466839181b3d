/**
 * The pages over plain http off loopback: no `crypto.subtle` there, so noble does the cryptography; a banner says what plain
 * http means; the first account needs the setup token. DESIGN.md section 4 (Pages).
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import { launchBrowser, remoteName, type TestBrowser } from '../support/browser.js';
import { downloadFromGallery, registerAndEnter, sha256, uploadFiles, visitorPassword } from '../support/page-visitor.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { photograph } from '../support/sample-images.js';

let browser: TestBrowser;
let server: TestServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer({ publicUrl: new URL(`http://${remoteName}`), signup: 'open' })]);
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

describe('the pages over plain http', () => {
  it('say so, ask for the setup token, and keep and give back an image without the browser’s own cryptography', async () => {
    const visit = await browser.visit();
    const { page } = visit;
    const url = `http://${remoteName}:${String(server.port)}`;
    await page.goto(`${url}/register`);
    expect(await page.evaluate(() => isSecureContext)).toBe(false);
    expect(await page.textContent('.banner')).toContain('plain http');
    await page.fill('#username', 'klara');
    await page.fill('#password', visitorPassword);
    await page.fill('#again', visitorPassword);
    await page.click('#submit');
    expect(await page.textContent('#setup-error')).toBe('Enter the setup token.');
    const setupToken = (await readFile(path.join(server.dataDirectory, 'setup-token'), 'utf8')).trim();
    await registerAndEnter(page, url, { username: 'klara', setupToken });
    const bytes = pngOf(photograph(130, 90, 2));
    await uploadFiles(page, [{ name: 'small.png', bytes }]);
    expect((await downloadFromGallery(page, 'small.png')).hash).toBe(sha256(bytes));
    // A browser says in its console that it ignores this header on plain http.
    visit.forgive(/Cross-Origin-Opener-Policy/);
    expect(visit.complaints).toEqual([]);
    await visit.close();
  });
});
