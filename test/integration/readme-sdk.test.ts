/**
 * The README's lines of the SDK run as a program of their own, with the real key derivation.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { photograph } from '../support/sample-images.js';
import { runSnippet, snippetOf } from '../support/snippet.js';

let server: TestServer;
let folder: string;

beforeAll(async () => {
  server = await startServer();
  folder = await mkdtemp(path.join(tmpdir(), 'dice-snippet-'));
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the README’s lines of the SDK', () => {
  it('register, upload, list and download', async () => {
    const png = pngOf(photograph(90, 70, 3));
    await writeFile(path.join(folder, 'photo.png'), png);
    const code = await snippetOf('README.md', 'ts', 'dice-store');
    expect(code?.split('\n').filter((line) => line !== '').length).toBe(10);
    const printed = await runSnippet(code ?? '', folder, { 'http://localhost:3000': server.url });
    expect(printed).toMatch(/^Keep these words:( [a-z]+){24}\nphoto\.png stored \d+\nsaving -?[\d.]+\n$/);
    expect((await readFile(path.join(folder, 'copy of photo.png'))).equals(png)).toBe(true);
  });
});
