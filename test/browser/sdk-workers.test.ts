/**
 * The browser's SDK in a page of a program of its own: it takes files apart in workers, and in the page where no worker can be
 * started, with the same outcome. SPEC.md section 12.
 */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import type * as sdk from '../../client-sdk/browser/index.js';
import { pngOf } from '../../bench/plain-images.js';
import { launchBrowser, type TestBrowser } from '../support/browser.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { photograph } from '../support/sample-images.js';

let browser: TestBrowser;
let server: TestServer;
let script: string;

beforeAll(async () => {
  const entry = fileURLToPath(new URL('../../client-sdk/browser/index.js', import.meta.url));
  const stdin = { contents: `import * as sdk from ${JSON.stringify(entry)}; globalThis.ownProgram = sdk;`, resolveDir: process.cwd() };
  const bundled = build({ stdin, bundle: true, format: 'esm', platform: 'browser', target: 'es2022', write: false, logLevel: 'silent' });
  [browser, server] = await Promise.all([launchBrowser(), startServer()]);
  script = (await bundled).outputFiles[0]?.text ?? '';
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

interface Outcome {
  readonly warnings: readonly string[];
  readonly hash: string;
}

const picture = pngOf(photograph(900, 700, 3));

/** A program's own page has a policy of its own; the pages of the server demand Trusted Types. */
const ownPolicy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
const ownPage = '<!doctype html><title>own</title><link rel="icon" href="data:,"><script type="module" src="/own-program.js"></script>';

/** Registers, uploads a picture and downloads it again, in a page. */
async function storeInPage(username: string, taskScriptUrl: string | undefined): Promise<Outcome> {
  const visit = await browser.visit();
  try {
    await visit.context.route('**/own-program.js', (route) => route.fulfill({ contentType: 'text/javascript', body: script }));
    await visit.context.route('**/own-program.html', (route) => route.fulfill({ contentType: 'text/html', headers: { 'content-security-policy': ownPolicy }, body: ownPage }));
    await visit.page.goto(`${server.url}/own-program.html`);
    const outcome = await visit.page.evaluate(inPage, { username, taskScriptUrl, base64: Buffer.from(picture).toString('base64') });
    return { warnings: outcome.warnings, hash: createHash('sha256').update(Buffer.from(outcome.base64, 'base64')).digest('hex') };
  } finally {
    await visit.close();
  }
}

/** Runs in the page: it sees nothing of this file. */
async function inPage({ username, taskScriptUrl, base64 }: { readonly username: string; readonly taskScriptUrl: string | undefined; readonly base64: string }): Promise<{ readonly warnings: string[]; readonly base64: string }> {
  // The script that the test serves has put it there.
  const { connect, uploadFileOf } = (globalThis as unknown as { readonly ownProgram: typeof sdk }).ownProgram;
  const warnings: string[] = [];
  const client = await connect({ server: location.origin, taskScriptUrl, onWarning: (message) => void warnings.push(message) });
  await client.register({ username, password: 'a long enough password of words' });
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  let id = '';
  const file = uploadFileOf({ name: 'lake.png', file: new File([bytes], 'lake.png') });
  for await (const result of client.upload([file])) id = result.id ?? '';
  let text = '';
  for await (const piece of client.download(id)) for (const byte of piece) text += String.fromCharCode(byte);
  await client.close();
  return { warnings, base64: btoa(text) };
}

describe('the SDK in a page', () => {
  const hash = createHash('sha256').update(picture).digest('hex');

  it('works in workers of a script that is there', async () => {
    const started = await browser.watchWorkers();
    expect(await storeInPage('willa', '/assets/worker.js')).toEqual({ warnings: [], hash });
    expect(started().filter((name) => name === 'dice-task').length).toBeGreaterThan(0);
  });

  it('works in the page where the script is missing, and says so', async () => {
    expect(await storeInPage('walter', undefined)).toEqual({ warnings: [expect.stringContaining('could not be started')], hash });
  });

  it('works in the page where its security policy forbids the script, and says so', async () => {
    expect(await storeInPage('wim', 'data:text/javascript,')).toEqual({ warnings: [expect.stringContaining('could not be started')], hash });
  });
});
