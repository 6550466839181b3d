/**
 * What /metrics tells: counts that fit what was done, to who may read them, with a bounded number of series and nothing of anybody in them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import { openMetrics } from '../../server/metrics/metrics.js';
import { beginRaw, type RawAccount, rawBlock, registerRaw, sendHashes, storeRaw, streamOf } from '../support/raw-account.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { photograph } from '../support/sample-images.js';
import { gained, parseScrape, type Scrape, scrape } from '../support/scrape.js';
import { downloaded, registered, uploaded } from '../support/sdk-client.js';

let server: TestServer;
let ada: RawAccount;

beforeAll(async () => {
  server = await startServer();
  ada = await registerRaw(server.url, 'ada-lovelace');
});

afterAll(() => server.close());

/** What `work` added to some series. */
async function added(work: () => Promise<unknown>, keys: readonly string[]): Promise<readonly number[]> {
  const before = await scrape(server.url);
  await work();
  const after = await scrape(server.url);
  return keys.map((key) => gained(before, after, key));
}

function sendBlocks(uploadId: string, stream: Buffer): request.Test {
  return request(server.url).post(`/api/v1/uploads/${uploadId}/blocks`).set('Authorization', ada.bearer).set('Content-Type', 'application/octet-stream').send(stream);
}

describe('blocks', () => {
  it('are counted as they come, and those that need not be stored by cause', async () => {
    const blocks = [rawBlock(1_000), rawBlock(2_000), rawBlock(3_000)];
    const [first] = blocks;
    if (first === undefined) throw new Error('there are three');
    const counts = await added(async () => {
      await storeRaw(server.url, ada, blocks);
      const uploadId = await beginRaw(server.url, ada);
      await sendHashes(server.url, { path: `uploads/${uploadId}/existence`, account: ada }, [first.rehash, rawBlock().rehash]);
      await sendBlocks(uploadId, streamOf([first]));
      const twice = rawBlock(500);
      await sendBlocks(uploadId, streamOf([twice, twice]));
      await sendBlocks(uploadId, streamOf([{ ...rawBlock(), code: 1, rehash: rawBlock().rehash }]));
    }, [
      'dice_blocks_received_total{result="taken"}', 'dice_blocks_received_total{result="mismatched"}', 'dice_blocks_stored_total',
      'dice_block_bytes_total{way="received"}', 'dice_block_bytes_total{way="stored"}',
      'dice_blocks_asked_total{answer="present"}', 'dice_blocks_asked_total{answer="send"}',
      'dice_dedup_hits_total{cause="own"}', 'dice_dedup_hits_total{cause="sent_again"}', 'dice_dedup_hits_total{cause="repeated"}', 'dice_commits_total{result="stored"}',
    ]);
    expect(counts).toEqual([6, 1, 4, 8_000, 6_500, 1, 1, 1, 1, 1, 1]);
  });

  it('of a picture that comes again in another container are hits, and their bytes come back when it is fetched', async () => {
    const client = await registered(server.url, 'grace');
    const picture = photograph(140, 100, 3);
    const keys = ['dice_dedup_hits_total{cause="own"}', 'dice_blocks_stored_total', 'dice_blocks_served_total{result="sound"}'];
    const [, stored = 0] = await added(() => uploaded(client, { 'a.png': pngOf(picture) }), keys);
    expect(stored).toBeGreaterThan(1);
    const again = await added(() => uploaded(client, { 'a.tif': tiffOf(picture) }), keys);
    expect(again[0]).toBeGreaterThan(again[1] ?? 0);
    let id = '';
    for await (const image of client.list()) id = image.id;
    const [, , served] = await added(() => downloaded(client, id), keys);
    expect(served).toBeGreaterThan(1);
    await client.close();
  });

  it('that another account claims by proof are hits of their own cause', async () => {
    const shared = await startServer({ existence: 'shared' });
    try {
      const [bob, eve] = [await registered(shared.url, 'bob', { domain: 'open' }), await registered(shared.url, 'eve', { domain: 'open' })];
      const file = { 'a.png': pngOf(photograph(100, 80, 9)) };
      const blocks = (await uploaded(bob, file)).get('a.png')?.blocksSent;
      await uploaded(eve, file);
      const figures = await scrape(shared.url);
      expect(figures.get('dice_dedup_hits_total{cause="claimed"}')).toBe(blocks);
      expect(figures.get('dice_blocks_asked_total{answer="claimable"}')).toBe(blocks);
      expect(figures.get('dice_blocks_claimed_total{result="refused"}')).toBe(0);
      await bob.close();
      await eve.close();
    } finally {
      await shared.close();
    }
  });
});

describe('requests', () => {
  it('are counted by route, method and status, with their time and the bytes of both directions', async () => {
    const stream = streamOf([rawBlock(50_000)]);
    const route = '/api/v1/uploads/:uploadId/blocks';
    const uploadId = await beginRaw(server.url, ada);
    const counts = await added(async () => {
      await sendBlocks(uploadId, stream);
      await sendBlocks('0'.repeat(32), stream);
    }, [
      `dice_http_requests_total{route="${route}",method="POST",status="200"}`, `dice_http_requests_total{route="${route}",method="POST",status="404"}`,
      `dice_http_request_seconds_count{route="${route}",method="POST"}`, 'dice_refusals_total{code="upload-unknown"}',
    ]);
    expect(counts).toEqual([1, 1, 2, 1]);
    const [received = 0, sent = 0] = await added(() => sendBlocks(uploadId, stream), [
      `dice_http_bytes_total{route="${route}",direction="received"}`, `dice_http_bytes_total{route="${route}",direction="sent"}`,
    ]);
    expect(received).toBeGreaterThan(stream.length);
    expect(received).toBeLessThan(stream.length + 1_000);
    expect(sent).toBeGreaterThan(50);
  });

  it('make no series of their own, whatever paths, methods and ids a stranger invents', async () => {
    await request(server.url).get('/nowhere');
    await request(server.url).delete('/nowhere');
    await shower(4);
    const before = await scrape(server.url);
    await shower(10_000);
    const after = await scrape(server.url);
    expect([...after.keys()].filter((key) => !before.has(key))).toEqual([]);
    const all = (from: Scrape) => [...from].filter(([key]) => key.startsWith('dice_http_requests_total')).reduce((sum, [, value]) => sum + value, 0);
    expect(all(after) - all(before)).toBe(10_001);
  });

  it('that are turned away by a limit are counted by which', async () => {
    const strict = await startServer({ rates: { strict: 2, general: 0 } });
    try {
      for (let i = 0; i < 5; i++) await request(strict.url).post('/api/v1/login/parameters').send({ username: 'nobody' });
      const figures = await scrape(strict.url);
      expect(figures.get('dice_limited_total{limit="strict"}')).toBe(3);
      expect(figures.get('dice_refusals_total{code="rate-limited"}')).toBe(3);
    } finally {
      await strict.close();
    }
    const login = { username: 'ada-lovelace', authKey: '0'.repeat(64), carrier: 'bearer' };
    const [guessing] = await added(async () => {
      for (let i = 0; i < 6; i++) await request(server.url).post('/api/v1/login').send(login);
    }, ['dice_limited_total{limit="guessing"}']);
    expect(guessing).toBe(1);
  });
});

/** So many of one connection may wait for each other. */
const atOnce = 40;

/** Requests with methods, paths, ids and queries that nobody has seen before, many at once on a few connections. */
async function shower(count: number): Promise<void> {
  const methods = ['GET', 'DELETE', 'PROPFIND', 'PURGE'];
  const lanes = 4;
  const port = Number(new URL(server.url).port);
  await Promise.all(Array.from({ length: lanes }, async (_, lane) => {
    const socket = connect(port, '127.0.0.1');
    const lines = Array.from({ length: count / lanes }, (_unused, i) => {
      const path = i % 2 === 0 ? `/${lane}/${i}?q=${i}` : `/api/v1/x${i}/${lane}`;
      return `${methods[(i + lane) % methods.length] ?? 'GET'} ${path} HTTP/1.1\r\nHost: localhost:${port}\r\n${i === count / lanes - 1 ? 'Connection: close\r\n' : ''}\r\n`;
    });
    let text = '';
    socket.on('data', (piece: Buffer) => { text += piece.toString('latin1'); });
    for (let at = 0; at < lines.length; at += atOnce) {
      const some = lines.slice(at, at + atOnce);
      text = '';
      socket.write(some.join(''));
      while (text.split('HTTP/1.1 ').length - 1 < some.length) await once(socket, 'data');
    }
    await once(socket, 'close');
  }));
}

describe('the rest of the machine', () => {
  it('is there: syncs, commits of the index, groups, queues, sweeps, the database, what is open, the process', async () => {
    await storeRaw(server.url, ada, [rawBlock()]);
    const before = await scrape(server.url);
    expect((await request(server.url).post('/api/v1/operator/collect').set('Authorization', ada.bearer)).status).toBe(200);
    const figures = await scrape(server.url);
    for (const key of [
      'dice_fsync_seconds_count{target="file"}', 'dice_index_commit_seconds_count{kind="sqlite_durable"}', 'dice_group_calls_count{where="packs"}', 'dice_group_calls_count{where="sqlite"}',
      'dice_database_bytes', 'dice_sessions_open', 'process_resident_memory_bytes', 'process_cpu_user_seconds_total', 'dice_uploads_open',
    ]) expect([key, figures.get(key)]).toEqual([key, expect.any(Number)]);
    expect(figures.get('dice_fsync_seconds_count{target="file"}')).toBeGreaterThan(0);
    expect(gained(before, figures, 'dice_sweeps_total{result="done"}')).toBe(1);
    expect(gained(before, figures, 'dice_sweep_seconds_count{step="whole"}')).toBe(1);
    for (const queue of ['packs', 'sqlite', 'accounts', 'gate']) expect(figures.get(`dice_queue_depth{queue="${queue}"}`)).toBe(0);
    expect(figures.get('dice_store_held')).toBe(0);
    expect(figures.get('dice_event_loop_lag_seconds{quantile="0.99"}')).toBeGreaterThanOrEqual(0);
  });

  it('tells of the last scrub, which ran in another process', async () => {
    const dataDirectory = await mkdtemp(path.join(tmpdir(), 'dice-metrics-'));
    try {
      const before = await startServer({ dataDirectory });
      await storeRaw(before.url, await registerRaw(before.url, 'bob'), [rawBlock(), rawBlock()]);
      expect([(await scrape(before.url)).get('dice_scrub_runs'), (await scrape(before.url)).has('dice_scrub_last_end_seconds')]).toEqual([0, false]);
      await before.stop();
      const admin = fileURLToPath(new URL('../../server/cli/main.js', import.meta.url));
      expect(await once(spawn(process.execPath, [admin, 'scrub', '--data-dir', dataDirectory], { stdio: 'ignore' }), 'exit')).toEqual([0, null]);
      const after = await startServer({ dataDirectory });
      const figures = await scrape(after.url);
      await after.stop();
      expect(['runs', 'last_blocks', 'last_repaired', 'last_lost'].map((name) => figures.get(`dice_scrub_${name}`))).toEqual([1, 2, 0, 0]);
      expect(Math.abs((figures.get('dice_scrub_last_end_seconds') ?? 0) - Date.now() / 1_000)).toBeLessThan(60);
    } finally {
      await rm(dataDirectory, { recursive: true, force: true });
    }
  });

  it('has a row in the table of metrics for each name, and no row for a name that is not there', async () => {
    const metrics = openMetrics();
    metrics.watchStore(() => Promise.reject(new Error('nobody asks')));
    const names = [...(await metrics.render()).matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => `${name ?? ''} ${type ?? ''}`);
    metrics.close();
    const table = await readFile(new URL('../../../server/metrics/README.md', import.meta.url), 'utf8');
    const rows = [...table.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name, type]) => `${name ?? ''} ${type ?? ''}`);
    expect(rows.sort()).toEqual(names.sort());
  });
});

describe('who may read', () => {
  it('is this machine alone where no token is named, and to others there is nothing', async () => {
    expect((await request(server.url).get('/metrics')).headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const name of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP']) {
      expect((await request(server.url).get('/metrics').set(name, '127.0.0.1')).status).toBe(404);
    }
    // What a page elsewhere makes a browser on this machine ask, once its name points here.
    expect((await request(server.url).get('/metrics').set('Host', 'evil.example')).status).toBe(404);
    expect((await request(server.url).post('/metrics')).status).toBe(404);
  });

  it('is nobody without a token where the server has a public address, for a proxy on this machine would ask from here', async () => {
    const open = await startServer({ publicUrl: new URL('https://images.example.org'), signup: 'open' });
    try {
      expect((await request(open.url).get('/metrics')).status).toBe(404);
    } finally {
      await open.close();
    }
  });

  it('is not an address of this machine that others reach, whatever it says it was forwarded for', async () => {
    const [address] = Object.values(networkInterfaces()).flatMap((all) => all ?? []).filter(({ family, internal }) => family === 'IPv4' && !internal);
    const everywhere = await startServer({ host: '0.0.0.0', signup: 'open' });
    try {
      const ask = (host: string) => request(`http://${host}:${everywhere.port}`).get('/metrics').set('Host', 'localhost');
      expect((await ask('127.0.0.1')).status).toBe(200);
      if (address !== undefined) expect((await ask(address.address).set('X-Forwarded-For', '127.0.0.1')).status).toBe(404);
    } finally {
      await everywhere.close();
    }
  });

  it('is who has the token where one is named, this machine included, under any host', async () => {
    const token = 'correct-horse-battery-staple';
    const guarded = await startServer({ metricsToken: token, publicUrl: new URL('https://images.example.org'), trustProxy: 1 });
    try {
      const ask = () => request(guarded.url).get('/metrics');
      for (const wrong of ['', 'Bearer', `Bearer ${token}x`, `Bearer ${token.slice(1)}`, `Basic ${token}`, `Bearer ${'x'.repeat(10_000)}`]) {
        expect((await ask().set('Authorization', wrong)).status).toBe(401);
      }
      expect((await ask().query({ token })).status).toBe(401);
      expect((await ask().set('Authorization', `Bearer ${token}`).set('Host', '10.0.0.7:3000').set('X-Forwarded-For', '10.0.0.8')).status).toBe(200);
      expect(guarded.logText()).not.toContain(token.slice(1));
    } finally {
      await guarded.close();
    }
  });
});

describe('nothing of anybody', () => {
  it('is in the text: no account, image, tag, name or token', async () => {
    const block = rawBlock();
    const imageId = await storeRaw(server.url, ada, [block]);
    await request(server.url).get(`/images/${imageId}`).set('Accept', 'text/html');
    const { text } = await request(server.url).get('/metrics');
    for (const secret of [ada.accountId, ada.username, ada.bearer.slice(7), ada.authKey, imageId, Buffer.from(block.tag).toString('hex'), Buffer.from(block.rehash).toString('hex'), server.dataDirectory]) {
      expect(text).not.toContain(secret);
    }
    expect(text).not.toMatch(/[0-9a-f]{32}/);
    for (const key of parseScrape(text).keys()) expect(key).toMatch(/^\w+(\{(\w+="[A-Za-z0-9_.:/+-]{1,48}",?)+\})?$/);
  });
});
