/**
 * The pages over plain http off loopback: no `crypto.subtle` there, so noble does the cryptography; a banner says what plain
 * http means; the first account needs the setup token. DESIGN.md section 4 (Pages).
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
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
  browser = await launchBrowser();
  // The public address names the port, so it must be known before the server starts.
  const port = await freePort();
  server = await startServer({ port, publicUrl: new URL(`http://${remoteName}:${String(port)}`), signup: 'open' });
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
    // A browser says in its console that it ignores these headers on plain http.
    visit.forgive(/Cross-Origin-Opener-Policy|Origin-Agent-Cluster/);
    expect(visit.complaints).toEqual([]);
    await visit.close();
  });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  // It listens on a port, not on a path.
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
