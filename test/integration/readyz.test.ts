/**
 * What a balancer learns: ready only where the index answers, its schema is the known one, blocks can be written and no stop is under way; and
 * which of these fails, in names alone.
 */
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import Sqlite from 'better-sqlite3';
import pino from 'pino';
import request from 'supertest';
import type { Stores } from '../../server/core/contract.js';
import { StorageError } from '../../server/ports/errors.js';
import { createReadiness } from '../../server/readiness.js';
import { recently } from '../../server/recently.js';
import { nodeFiles, type FileLayer } from '../../server/storage/packs/file-layer.js';
import { openBlockStore } from '../../server/storage/s3/block-store.js';
import { startServer, type TestServer } from '../support/running-server.js';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function started(...given: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...given);
  closers.push(() => server.close());
  return server;
}

function readyz({ url }: { readonly url: string }): request.Test {
  return request(url).get('/readyz');
}

/** Readiness over a store that a test breaks; every question is asked anew. */
function readinessOver(broken: { readonly index?: () => Promise<number>; readonly isMigrated?: boolean; readonly blocks?: () => Promise<void> }, lines: string[] = []) {
  const stores = {
    state: { generation: broken.index ?? (() => Promise.resolve(1)), isMigrated: () => Promise.resolve(broken.isMigrated ?? true) },
    blocks: { checkWritable: broken.blocks ?? (() => Promise.resolve()) },
  };
  const log = pino({}, { write: (line: string) => { lines.push(line); } });
  // The three methods that readiness asks.
  return createReadiness(stores as unknown as Pick<Stores, 'state' | 'blocks'>, log, { holdMs: 0, withinMs: 100 });
}

describe('a server that can serve', () => {
  it('is ready, to whomever asks and under any host, and leaves nothing behind by being asked', async () => {
    const server = await started({ publicUrl: new URL('https://images.example.org'), trustProxy: 1 });
    const answer = await readyz(server).set('Host', '10.1.2.3:3000');
    expect([answer.status, answer.body]).toEqual([200, { status: 'ready' }]);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect((await readdir(path.join(server.dataDirectory, 'packs'))).filter((name) => name.startsWith('probe'))).toEqual([]);
  });

  it('asks its disk once in a while, however often it is asked itself', async () => {
    let syncs = 0;
    const files: FileLayer = { ...nodeFiles, syncFolder: (folder) => { syncs++; return nodeFiles.syncFolder(folder); } };
    const server = await started({}, files);
    await readyz(server);
    const before = syncs;
    await Promise.all(Array.from({ length: 20 }, () => readyz(server)));
    expect(syncs).toBe(before);
  });
});

describe('a server that cannot', () => {
  it('says which part, with 503, and nothing of why; healthz is as it was', async () => {
    let isFull = false;
    const files: FileLayer = {
      ...nodeFiles,
      open: (file, how) => (isFull && how !== 'read' ? Promise.reject(Object.assign(new Error(`no room at ${file}`), { code: 'ENOSPC' })) : nodeFiles.open(file, how)),
    };
    const server = await started({}, files);
    isFull = true;
    const answer = await readyz(server);
    isFull = false;
    expect([answer.status, answer.body]).toEqual([503, { status: 'not ready', failed: ['blocks'] }]);
    expect(answer.text).not.toContain(server.dataDirectory);
    expect((await request(server.url).get('/healthz')).status).toBe(200);
    expect(server.logText()).toMatch(/"check":"blocks".*not ready/);
  });

  it('sees that a newer program took the schema further', async () => {
    const server = await started();
    const db = new Sqlite(path.join(server.dataDirectory, 'dice.db'));
    db.prepare("INSERT INTO schema_migration (number, name, sha256) VALUES (9999, 'x', 'x')").run();
    db.close();
    const answer = await readyz(server);
    expect([answer.status, answer.body]).toEqual([503, { status: 'not ready', failed: ['migrations'] }]);
  });

  it('names all that fails, answers in time where a part hangs, and logs each failure once and without secrets', async () => {
    const lines: string[] = [];
    const failure = new StorageError('connecting to postgres://dice:sesame@db/dice failed', { retryable: true });
    const readiness = readinessOver({ index: () => Promise.reject(failure), isMigrated: false, blocks: () => new Promise(() => undefined) }, lines);
    expect(await readiness.failing()).toEqual(['index', 'migrations', 'blocks']);
    expect(await readiness.failing()).toEqual(['index', 'migrations', 'blocks']);
    expect(lines).toHaveLength(3);
    expect(lines.join('')).toMatch(/no answer within 100 ms/);
    expect(lines.join('')).not.toMatch(/sesame/);
  });

  it('is ready again when what failed is back', async () => {
    let isDown = true;
    const readiness = readinessOver({ index: () => (isDown ? Promise.reject(new Error('down')) : Promise.resolve(1)) });
    expect(await readiness.failing()).toEqual(['index']);
    isDown = false;
    expect(await readiness.failing()).toEqual([]);
  });

  it('does not pile up questions on a part that hangs', async () => {
    let asked = 0;
    let answer: (value: number) => void = () => undefined;
    const ask = recently(() => { asked++; return new Promise<number>((resolve) => { answer = resolve; }); }, { holdMs: 60_000, withinMs: 10 });
    for (let i = 0; i < 3; i++) await expect(ask()).rejects.toThrow(/no answer within 10 ms/);
    expect(asked).toBe(1);
    answer(7);
    expect(await ask()).toBe(7);
    expect(await ask()).toBe(7);
    expect(asked).toBe(1);
  });
});

describe('a server that is told to stop', () => {
  it('says so first, while it goes on serving; then it takes no connection any more', async () => {
    const server = await started({ drainMs: 400 });
    expect((await readyz(server)).status).toBe(200);
    const stopped = server.stop();
    const answer = await readyz(server);
    expect([answer.status, answer.body]).toEqual([503, { status: 'not ready', failed: ['draining'] }]);
    expect((await request(server.url).get('/healthz')).status).toBe(200);
    expect((await request(server.url).get('/api/v1/server')).status).toBe(200);
    await stopped;
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });

  it('without a time to announce it stops at once', async () => {
    const server = await started();
    const stopped = server.stop();
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
    await stopped;
  });
});

describe('a bucket', () => {
  it('that refuses writes makes the server unready', async () => {
    let refuses = false;
    const bucket = createServer((asked, answer) => {
      const isWrite = asked.method === 'PUT';
      asked.resume().on('end', () => {
        if (isWrite && refuses) answer.writeHead(403).end();
        else if (isWrite) answer.end();
        else if ((asked.url ?? '').includes('list-type')) answer.end('<ListBucketResult><Name>blocks</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>');
        else answer.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
      });
    });
    await new Promise<void>((resolve) => { bucket.listen(0, '127.0.0.1', resolve); });
    closers.push(async () => { await new Promise((resolve) => { bucket.close(resolve).closeAllConnections(); }); });
    // It listens on a TCP port.
    const { port } = bucket.address() as { port: number };
    const store = await openBlockStore({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', bucket: 'blocks', accessKeyId: 'a', secretAccessKey: 's', storeKey: new Uint8Array(32), attempts: 1 });
    closers.push(() => store.close());
    const ready = readinessOver({ blocks: () => store.checkWritable() });
    expect(await ready.failing()).toEqual([]);
    refuses = true;
    expect(await ready.failing()).toEqual(['blocks']);
  });
});
