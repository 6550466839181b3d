/**
 * What the pages weigh, as a browser receives them: all scripts together, the first page with all that it names, and the codings in
 * which assets travel.
 */
import { readdir } from 'node:fs/promises';
import { get, type IncomingHttpHeaders } from 'node:http';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServer, type TestServer } from '../support/running-server.js';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.close());

/** The bytes as they travel: nothing unpacks them here. */
function fetched(path: string, headers: Readonly<Record<string, string>> = { 'accept-encoding': 'gzip, deflate, br, zstd' }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get(server.url + path, { headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.once('end', () => { resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces) }); });
    }).once('error', reject);
  });
}

describe('the pages', () => {
  it('have scripts of at most 250 kB together, the worker among them', async () => {
    const names = (await readdir(fileURLToPath(new URL('../../views/assets', import.meta.url)))).filter((name) => name.endsWith('.js'));
    let bytes = 0;
    for (const name of names) bytes += (await fetched(`/assets/${name}`)).body.length;
    expect(names).toContain('worker.js');
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThanOrEqual(250_000);
  });

  it('begin with one of at most 100 kB, with everything that it names', async () => {
    const page = await fetched('/');
    const named = [...new Set([...page.body.toString().matchAll(/ (?:src|href)="(\/assets\/[^"#]+)/g)].map(([, url]) => url ?? ''))];
    expect(named.some((url) => url.includes('site.css'))).toBe(true);
    let bytes = page.body.length;
    for (const url of named) bytes += (await fetched(url)).body.length;
    expect(bytes).toBeLessThanOrEqual(100_000);
  });
});

describe('an asset', () => {
  it('travels in Brotli where that is taken, in gzip where only that is, and plain to everybody else', async () => {
    const plain = await fetched('/assets/worker.js', {});
    const [br, gzip, refused] = await Promise.all(['gzip, br', 'gzip', 'br;q=0, identity'].map((accept) => fetched('/assets/worker.js', { 'accept-encoding': accept })));
    expect([plain, br, gzip, refused].map((answer) => answer?.headers['content-encoding'])).toEqual([undefined, 'br', 'gzip', undefined]);
    expect(brotliDecompressSync(br?.body ?? '').equals(plain.body)).toBe(true);
    expect(gunzipSync(gzip?.body ?? '').equals(plain.body)).toBe(true);
    expect(br?.headers['vary']).toBe('Accept-Encoding');
    expect(br?.headers['etag']).toMatch(/^W\/"[0-9a-f]{16}"$/);
    expect(br?.headers['content-type']).toBe('text/javascript; charset=utf-8');
  });

  it('is not sent again to who has it, and is not served under its packed name', async () => {
    const { headers } = await fetched('/assets/site.css');
    expect((await fetched('/assets/site.css', { 'if-none-match': String(headers['etag']) })).status).toBe(304);
    expect((await fetched('/assets/site.css.br')).status).toBe(404);
  });
});
