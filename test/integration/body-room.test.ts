/**
 * Bodies that fill a server's memory: many large ones that stop before their end, readers of large answers who stop, and a body in as many pieces as bytes. It holds no more than its operator said,
 * others are served meanwhile, and honest uploads side by side find room. Memory is that of a process of its own (Linux).
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { ServerProcess } from '../../bench/server-process.js';
import { concat } from '../../client-sdk/protocol/bytes.js';
import { commitsType } from '../../client-sdk/protocol/commit-body.js';
import { maxManifestBytes } from '../../client-sdk/protocol/limits.js';
import { beginRaw, commitOf, type RawAccount, rawBlock, registerRaw, sendCommits, sendHashes, storeRaw, streamOf } from '../support/raw-account.js';
import { dial } from '../support/raw-socket.js';
import { startServer } from '../support/running-server.js';

const mebibyte = 1_048_576;
const bodyBytes = 15 * mebibyte;
/** Shared by all senders, so that it is not theirs that is measured. */
const almostAll = Buffer.alloc(bodyBytes - 1);
/** Beside the bodies: what sockets brought, and what was dropped and not yet collected. */
const restBytes = 160 * mebibyte;

let directory: string;
let server: ServerProcess;
let sockets: Socket[] = [];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'dice-room-'));
  server = await ServerProcess.start({ dataDirectory: directory, environment: { DICE_LOG_LEVEL: 'fatal', DICE_BODY_BYTES: String(64 * mebibyte) } });
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await server.kill();
  await rm(directory, { recursive: true, force: true });
});

/** The head of a request; its body is the test's. */
function head({ bearer }: RawAccount, { path: target, type }: { readonly path: string; readonly type: string }, member: string): string {
  return `POST /api/v1/${target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${bearer}\r\nContent-Type: ${type}\r\n${member}\r\n\r\n`;
}

const commitsTo = (uploadId: string): { readonly path: string; readonly type: string } => ({ path: `uploads/${uploadId}/commits`, type: commitsType });

/** A connection that sends all of a body but its last byte. Resolves with what is answered. */
function stall(text: string): Promise<string> {
  const socket = dial({ port: server.port });
  sockets.push(socket);
  socket.write(text);
  socket.write(almostAll);
  return new Promise((resolve) => { socket.once('data', (piece: Buffer) => { resolve(piece.toString('latin1')); }); });
}

/** A connection that asks this, reads the first piece of the answer, and nothing after it. Resolves with that piece. */
function begin(...asked: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = dial({ port: server.port });
  sockets.push(socket);
  for (const bytes of asked) socket.write(bytes);
  return new Promise((resolve) => {
    socket.once('data', (piece: Buffer) => {
      socket.pause();
      resolve(piece.toString('latin1'));
    });
  });
}

/** The first `count` of these that come. */
function firstOf<T>(count: number, promises: readonly Promise<T>[]): Promise<readonly T[]> {
  return new Promise((resolve) => {
    const come: T[] = [];
    for (const promise of promises) void promise.then((value) => { if (come.push(value) === count) resolve(come); });
  });
}

describe('a server that may hold 64 MiB of bodies', () => {
  it('holds no more when one account sends 64 of 15 MiB that stop, and serves another', async () => {
    const [mallory, ada] = [await registerRaw(server.url, 'mallory'), await registerRaw(server.url, 'ada')];
    const uploadId = await beginRaw(server.url, mallory);
    const before = await server.peakMemoryBytes();
    const answers = Array.from({ length: 64 }, () => stall(head(mallory, commitsTo(uploadId), `Content-Length: ${String(bodyBytes)}`)));
    // One is held, 32 wait, and the rest is told to come again.
    for (const answer of await firstOf(31, answers)) expect(answer).toMatch(/^HTTP\/1\.1 503 [^]*\r\nRetry-After: 5\r\n[^]*"code":"unavailable"/);
    await storeRaw(server.url, ada, [rawBlock(mebibyte), rawBlock()]);
    expect((await server.peakMemoryBytes()) - before).toBeLessThan(64 * mebibyte + restBytes);
  });

  it('holds no more for 64 readers of 16 MiB who stop, refuses most, and serves another', async () => {
    const [mallory, ada] = [await registerRaw(server.url, 'mallory'), await registerRaw(server.url, 'ada')];
    const blocks = Array.from({ length: 16 }, () => rawBlock(mebibyte));
    const imageId = await storeRaw(server.url, mallory, blocks);
    const before = await server.peakMemoryBytes();
    const question = concat(...blocks.map(({ tag }) => tag));
    const asked = head(mallory, { path: `images/${imageId}/blocks`, type: 'application/octet-stream' }, `Content-Length: ${String(question.length)}`);
    const answers = Array.from({ length: 64 }, () => begin(asked, question));
    // Two are served, 32 wait, and the rest is told to come again.
    const come = await firstOf(32, answers);
    expect(come.filter((answer) => answer.startsWith('HTTP/1.1 200 '))).toHaveLength(2);
    expect(come.filter((answer) => answer.startsWith('HTTP/1.1 503 '))).toHaveLength(30);
    expect((await sendHashes(server.url, { path: `images/${await storeRaw(server.url, ada, blocks)}/blocks`, account: ada }, blocks.map(({ tag }) => tag))).status).toBe(200);
    expect((await server.peakMemoryBytes()) - before).toBeLessThan(64 * mebibyte + restBytes);
  });

  it('holds no more for 64 readers of 4 MiB of manifests who stop, refuses most, and serves another', async () => {
    const [mallory, ada] = [await registerRaw(server.url, 'mallory'), await registerRaw(server.url, 'ada')];
    const uploadId = await beginRaw(server.url, mallory);
    const images = Array.from({ length: 4 }, () => ({ ...commitOf(randomBytes(16).toString('hex'), []), manifest: randomBytes(maxManifestBytes) }));
    expect((await sendCommits(server.url, { uploadId, account: mallory }, images)).status).toBe(200);
    const before = await server.peakMemoryBytes();
    const question = JSON.stringify({ images: images.map(({ imageId }) => imageId) });
    const answers = Array.from({ length: 64 }, () => begin(`${head(mallory, { path: 'images/records', type: 'application/json' }, `Content-Length: ${String(question.length)}`)}${question}`));
    // Two are served, 32 wait, and the rest is told to come again.
    const come = await firstOf(32, answers);
    expect(come.filter((answer) => answer.startsWith('HTTP/1.1 200 '))).toHaveLength(2);
    expect(come.filter((answer) => answer.startsWith('HTTP/1.1 503 '))).toHaveLength(30);
    await storeRaw(server.url, ada, [rawBlock(mebibyte), rawBlock()]);
    expect((await server.peakMemoryBytes()) - before).toBeLessThan(64 * mebibyte + restBytes);
  });

  it('holds a body in 400,000 pieces as what it is', async () => {
    const mallory = await registerRaw(server.url, 'mallory');
    const text = head(mallory, commitsTo(await beginRaw(server.url, mallory)), 'Transfer-Encoding: chunked');
    const before = await server.peakMemoryBytes();
    const socket = dial({ port: server.port });
    sockets.push(socket);
    const answered = once(socket, 'data');
    socket.write(text);
    socket.write(`${'1\r\na\r\n'.repeat(400_000)}0\r\n\r\n`);
    expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 400 [^]*"code":"request-invalid"/);
    expect((await server.peakMemoryBytes()) - before).toBeLessThan(40 * mebibyte);
  });
});

describe('eight accounts that upload side by side', () => {
  it('all find room where it is less than they send, one after the other', async () => {
    const roomy = await startServer({ bodyBytes: 64 * mebibyte });
    const { url } = roomy;
    try {
      const accounts: RawAccount[] = [];
      for (let i = 0; i < 8; i++) accounts.push(await registerRaw(url, `person-${String(i)}`));
      const blocks = Array.from({ length: 10 }, () => rawBlock(mebibyte));
      const statuses = await Promise.all(accounts.map(async (account, i) => {
        const uploadId = await beginRaw(url, account);
        const path = `/api/v1/uploads/${uploadId}/blocks`;
        const sent = await request(url).post(path).set('Authorization', account.bearer).set('Content-Type', 'application/octet-stream').send(streamOf(blocks));
        const committed = await sendCommits(url, { uploadId, account }, [commitOf(String(i).padStart(32, '0'), blocks)]);
        return [sent.status, (committed.body as { results: readonly { status: string }[] }).results[0]?.status];
      }));
      expect(statuses).toEqual(accounts.map(() => [200, 'stored']));
    } finally {
      await roomy.close();
    }
  });
});
