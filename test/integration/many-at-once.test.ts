/**
 * Many files at once: edited copies that go up beside their original meet it, small images come down in few requests, and what is wrong
 * with one of them is not the others'.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import type { DiceClient } from '../../client-sdk/api.js';
import type { Fetch } from '../../client-sdk/ports.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { photograph, withOnePixel } from '../support/sample-images.js';
import { clientOf, codeOf, downloaded, registered, testPassword, uploaded } from '../support/sdk-client.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const makeDirectory = temporaryDirectories();
let server: TestServer;
let requests: string[] = [];
/** The network, with each request's path noted. */
const counted: Fetch = (url, init) => {
  requests.push(`${String(init.method)} ${new URL(url).pathname.replace('/api/v1', '').replace(/[0-9a-f]{32}/, 'id')}`);
  return fetch(url, init);
};

beforeAll(async () => {
  server = await startServer({ graceMs: 0 });
});

afterAll(async () => {
  await server.close();
});

function requestsOf(route: string): number {
  return requests.filter((request) => request === route).length;
}

describe('an original and its edited copies in one upload', () => {
  it('meet, however many go at once, and whichever comes first', async () => {
    const client = await registered(server.url, 'copies', { profileDir: await makeDirectory(), domain: 'personal' });
    const original = photograph(200, 150, 4);
    const copies = Array.from({ length: 12 }, (_, i) => [`copy ${String(i)}.png`, pngOf(withOnePixel(original, 20 + 10 * i, 50))] as const);
    const files = Object.fromEntries([...copies.slice(0, 6), ['original.png', pngOf(original)] as const, ...copies.slice(6)]);
    const results = await uploaded(client, files);
    const [first, ...others] = [...results.values()].sort((a, b) => b.sentBytes - a.sentBytes);
    expect(others.length).toBe(12);
    expect(first?.patchedTiles).toBe(0);
    for (const { status, patchedTiles, sentBytes } of others) {
      expect({ status, isPatched: patchedTiles > 0 }).toEqual({ status: 'stored', isPatched: true });
      expect(sentBytes).toBeLessThan(0.08 * (first?.sentBytes ?? 0));
    }
    for (const [name, { id }] of results) expect(await downloaded(client, id ?? '')).toEqual(files[name]);
  });
});

describe('small images', () => {
  const pictures = Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`picture ${String(i)}.png`, pngOf(photograph(60, 40, 100 + i))]));
  const ids = new Map<string, string>();
  let client: DiceClient;

  beforeAll(async () => {
    client = await registered(server.url, 'small', { fetch: counted, profileDir: await makeDirectory(), domain: 'personal' });
    requests = [];
    for (const [name, { id }] of await uploaded(client, pictures)) ids.set(name, id ?? '');
  });

  it('go up in few requests', () => {
    expect([...ids.values()].every((id) => id !== '')).toBe(true);
    expect(requestsOf('POST /uploads/id/commits')).toBeLessThan(12);
    expect(requestsOf('POST /uploads/id/blocks')).toBeLessThan(12);
  });

  it('come down in few requests when they are asked for at once, each exactly', async () => {
    requests = [];
    const got = await Promise.all([...ids].map(async ([name, id]) => ({ name, bytes: await downloaded(client, id) })));
    for (const { name, bytes } of got) expect(bytes).toEqual(pictures[name]);
    expect(requestsOf('POST /images/records')).toBeGreaterThan(0);
    expect(requests.length).toBeLessThan(12);
  });

  it('come down one by one as ever', async () => {
    requests = [];
    const [[name, id] = ['', '']] = ids;
    expect(await downloaded(client, id)).toEqual(pictures[name]);
    expect(requests).toEqual(['GET /images/id', 'POST /images/id/blocks']);
  });

  it('that are not there, or not this account’s, or cancelled, keep no other from coming', async () => {
    const other = await registered(server.url, 'other', { domain: 'personal' });
    const [foreign] = (await uploaded(other, { 'foreign.png': pngOf(photograph(50, 50, 7)) })).values();
    const stopping = new AbortController();
    const cancelled = (async () => { for await (const piece of client.download([...ids.values()][0] ?? '', { signal: stopping.signal })) expect(piece.length).toBe(0); })();
    const strange = ['0'.repeat(32), foreign?.id ?? ''].map((id) => codeOf(downloaded(client, id)));
    const got = Promise.all([...ids].map(async ([name, id]) => ({ name, bytes: await downloaded(client, id) })));
    stopping.abort();
    expect(await codeOf(cancelled)).toBe('cancelled');
    expect(await Promise.all(strange)).toEqual(['not-found', 'not-found']);
    for (const { name, bytes } of await got) expect(bytes).toEqual(pictures[name]);
  });

  it('whose blocks the server confuses are refused by name, and the others come', async () => {
    const liar: Fetch = async (url, init) => {
      const answer = await fetch(url, init);
      if (!url.endsWith('/blocks')) return answer;
      const body = new Uint8Array(await answer.arrayBuffer());
      // In the last cipher.
      body[body.length - 60] = (body.at(-60) ?? 0) ^ 1;
      return new Response(body, { status: answer.status, headers: answer.headers });
    };
    const lied = await clientOf(server.url, { fetch: liar });
    await lied.login({ username: 'small', password: testPassword });
    const codes = await Promise.all([...ids].map(([, id]) => codeOf(downloaded(lied, id))));
    expect(new Set(codes)).toEqual(new Set(['none', 'integrity-failed']));
  });

  it('are read whole from a server that does not know how to answer for several', async () => {
    const old: Fetch = (url, init) => (url.endsWith('/images/records') ? Promise.resolve(Response.json({ title: 'no' }, { status: 405 })) : fetch(url, init));
    const late = await clientOf(server.url, { fetch: old });
    await late.login({ username: 'small', password: testPassword });
    const got = await Promise.all([...ids].map(async ([name, id]) => ({ name, bytes: await downloaded(late, id) })));
    for (const { name, bytes } of got) expect(bytes).toEqual(pictures[name]);
  });
});
