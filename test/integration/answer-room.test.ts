/**
 * What answers hold while their readers have not taken them: routes of the table over handlers of the test, with the real room and the real socket.
 * All of it comes back when a reader leaves, whether his answer had begun, waits behind another on its connection, or was never made.
 */
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import pino from 'pino';
import { encodeCommits } from '../../client-sdk/protocol/commit-body.js';
import type { Frame } from '../../client-sdk/protocol/frames.js';
import { maxManifestBytes } from '../../client-sdk/protocol/limits.js';
import { recordsAnswer } from '../../client-sdk/protocol/messages.js';
import type { Caller } from '../../server/core/contract.js';
import { BodyRoom } from '../../server/http/body-room.js';
import type { Handlers } from '../../server/http/call.js';
import { answerErrors } from '../../server/http/errors.js';
import { mountRoutes, type RouteWorld } from '../../server/http/routing.js';
import { listen, type Listener } from '../../server/listener.js';
import { commitOf, randomId } from '../support/core-store.js';
import { rawBlock } from '../support/raw-account.js';
import { dial } from '../support/raw-socket.js';
import { refusalCode } from '../support/refusal.js';

const mebibyte = 1_048_576;
const roomBytes = 64 * mebibyte;
/** More than what the system keeps for a connection. */
const large = new Uint8Array(32 * mebibyte);

let listener: Listener | undefined;
let room: BodyRoom;
let sockets: Socket[] = [];
let logged: Record<string, unknown>[] = [];
/** Told of each answer of this test's server that is over. */
let watcher: { onClose: (isSent: boolean) => void };

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  logged = [];
  await listener?.drain(0);
});

async function serve(handlers: Partial<Handlers>, waitMs = 20_000): Promise<void> {
  room = new BodyRoom({ maxBytes: roomBytes, waitMs });
  const cookie = { mustComeFromPage: () => undefined, set: () => undefined, clear: () => undefined };
  const world: RouteWorld = {
    handlers: handlers as Handlers, // those that the test calls
    door: {
      authenticate: (request, _response, next) => {
        Object.assign(request, { user: { account: { accountId: 'ada' } } as Caller });
        next();
      },
      cookieOf: () => cookie,
    },
    reach: { publicUrl: undefined, hasProxy: false },
    limit: () => (_request, _response, next) => { next(); },
    room,
    hasNetworks: false,
  };
  const router = express.Router({ caseSensitive: true, strict: true });
  mountRoutes(router, world);
  const answerError = answerErrors(pino({}, { write: (line: string) => { logged.push(JSON.parse(line) as Record<string, unknown>); } }));
  const app = express();
  // Answers of the test before may end a moment after its server did.
  const own: typeof watcher = (watcher = { onClose: () => undefined });
  app.use((request, response) => {
    response.once('close', () => { own.onClose(response.writableFinished); });
    router(request, response, (error?: unknown) => { answerError(error, request, response); });
  });
  listener = await listen(app, { host: '127.0.0.1', port: 0 });
}

/** A connection that sends this and reads nothing. */
function ask(...requests: readonly (string | Uint8Array)[]): Socket {
  const socket = dial({ port: listener?.port ?? 0 });
  sockets.push(socket);
  socket.pause();
  for (const bytes of requests) socket.write(bytes);
  return socket;
}

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const post = (target: string, type: string, body: Uint8Array | string): string => `POST ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${String(body.length)}\r\n\r\n`;

const imageId = 'ab'.repeat(16);
const preview = get(`/images/${imageId}/preview`);
const fetching = post(`/images/${imageId}/blocks`, 'application/octet-stream', '');
const asking = JSON.stringify({ images: [imageId] });
const records = post('/images/records', 'application/json', asking) + asking;

const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

/** Whether so many bytes would be let in now. */
async function fits(bytes: number): Promise<boolean> {
  let [isIn, leave] = [false, (): void => undefined];
  const over = refusalCode(() => room.around({ bytes, holders: [], onGone: (listener) => { leave = listener; } }, () => {
    isIn = true;
    return Promise.resolve();
  }));
  await settled();
  leave();
  await over;
  return isIn;
}

/** Resolves when nobody holds anything. */
const empty = (): Promise<void> => room.around({ bytes: roomBytes, holders: [], onGone: () => undefined }, () => Promise.resolve());

/** Takes so much of the room until the returned function is called. */
function occupy(bytes: number): () => void {
  let leave = (): void => undefined;
  const left = new Promise<void>((resolve) => { leave = resolve; });
  void room.around({ bytes, holders: [], onGone: () => undefined }, () => left);
  return leave;
}

/** A handler that answers this, and when it was called first. */
function handler<T>(value: T): { readonly handle: () => Promise<T>; readonly called: Promise<void>; readonly calls: () => number } {
  let [calls, tell] = [0, (): void => undefined];
  const called = new Promise<void>((resolve) => { tell = resolve; });
  return { handle: () => { calls++; tell(); return Promise.resolve(value); }, called, calls: () => calls };
}

const card = { imageId: randomId<never>(), wrappedKey: large.subarray(0, 60), entry: large.subarray(0, 200), manifestBytes: maxManifestBytes, manifestHash: large.subarray(0, 16), hasPreview: false, blocks: 0, createdAt: 0 };
const fourRecords = { records: Array.from({ length: 4 }, () => ({ card, manifest: large.subarray(0, maxManifestBytes) })) };
const recordBytes = JSON.stringify(recordsAnswer.format(fourRecords)).length;

describe('an answer whose reader stops', () => {
  it('of octets is held as long as he stays', async () => {
    const { handle, called } = handler(large);
    await serve({ readPreview: handle });
    const reader = ask(preview);
    await called;
    await settled();
    expect([await fits(roomBytes - large.length), await fits(roomBytes - large.length + 1)]).toEqual([true, false]);
    reader.destroy();
    await empty();
  });

  it('of records is held as what it is', async () => {
    const { handle, called } = handler(fourRecords);
    await serve({ readImages: handle });
    const reader = ask(records);
    await called;
    await settled();
    expect([await fits(roomBytes - recordBytes), await fits(roomBytes - recordBytes + 1)]).toEqual([true, false]);
    reader.destroy();
    await empty();
  });

  it('that names all blocks of a commit as missing is held', async () => {
    const tags = new Uint8Array(4 * mebibyte);
    for (let i = 0; i < tags.length / 32; i++) new DataView(tags.buffer).setUint32(32 * i, i);
    const body = encodeCommits([{ ...commitOf(randomId(), []), tags }]);
    const { handle, called } = handler({ results: [{ imageId: randomId<never>(), status: 'blocks-missing' as const, missing: tags }] });
    await serve({ commitImages: handle });
    const reader = ask(post(`/uploads/${imageId}/commits`, 'application/vnd.dice.commits', body), body);
    await called;
    await settled();
    expect([await fits(roomBytes - 6 * mebibyte), await fits(roomBytes - 5 * mebibyte)]).toEqual([true, false]);
    reader.destroy();
    await empty();
  });

  it('does not pass for sent when it was cut', async () => {
    const { handle, called } = handler(large);
    await serve({ readPreview: handle });
    const over = new Promise<boolean>((resolve) => { watcher.onClose = resolve; });
    ask(preview);
    await called;
    await settled();
    await listener?.drain(0);
    listener = undefined;
    expect(await over).toBe(false);
    await empty();
  });

  it('gives all back when it was taken, and the stop of the server waits for that', async () => {
    const { handle, called } = handler(large);
    await serve({ readPreview: handle });
    const reader = ask(preview);
    await called;
    await settled();
    let bytes = 0;
    const taken = new Promise<void>((resolve) => {
      reader.on('data', (piece: Buffer) => { bytes += piece.length; });
      reader.once('close', resolve);
    });
    reader.pause();
    const drained = listener?.drain(60_000);
    await settled();
    reader.resume();
    await Promise.all([taken, drained]);
    listener = undefined;
    expect(bytes).toBeGreaterThan(large.length);
    await empty();
  });
});

describe('where the room is full', () => {
  it('records are not read before there is room for them, and small answers are served', async () => {
    const reading = handler(fourRecords);
    const small = handler({ sessions: [] });
    await serve({ readImages: reading.handle, listSessions: small.handle });
    const leave = occupy(roomBytes - mebibyte);
    ask(records).resume();
    ask(get('/sessions')).resume();
    await small.called;
    await settled();
    expect(reading.calls()).toBe(0);
    leave();
    await reading.called;
  });

  it('a reader who left before his answer was made does not stand in the way of others', async () => {
    let tellLeft = (): void => undefined;
    const left = new Promise<void>((resolve) => { tellLeft = resolve; });
    const { handle, called } = handler(large);
    let [isMade, tell] = [false, (): void => undefined];
    const made = new Promise<void>((resolve) => { tell = resolve; });
    await serve({ readPreview: async () => {
      void handle();
      await left;
      isMade = true;
      tell();
      return large;
    } });
    watcher.onClose = () => { tellLeft(); };
    const leave = occupy(40 * mebibyte);
    const reader = ask(preview);
    await called;
    reader.destroy();
    await made;
    await settled();
    expect([isMade, await fits(mebibyte)]).toEqual([true, true]);
    leave();
    await empty();
  });

  it('a refusal is a warning in the log, without a trace', async () => {
    await serve({ readImages: handler(fourRecords).handle }, 20);
    const leave = occupy(roomBytes);
    const over = new Promise<boolean>((resolve) => { watcher.onClose = resolve; });
    ask(records).resume();
    await over;
    leave();
    expect(logged).toEqual([expect.objectContaining({ level: 40, msg: 'unavailable', detail: 'It has too much to hold at once.' })]);
    expect(JSON.stringify(logged)).not.toContain('stack');
  });
});

describe('two fetches of blocks on one connection', () => {
  it('hold what one holds, and nothing when it ends', async () => {
    const block: Frame = { kind: 'block', ...rawBlock(mebibyte) };
    async function* endless(): AsyncGenerator<Frame> {
      for (;;) yield await Promise.resolve(block);
    }
    let calls = 0;
    let onCall = (): void => undefined;
    await serve({ fetchBlocks: () => {
      calls++;
      onCall();
      return Promise.resolve(Object.assign(endless(), { heldBytes: 8 * mebibyte }));
    } });
    for (let i = 0; i < 4; i++) {
      const called = new Promise<void>((resolve) => { onCall = resolve; });
      const reader = ask(fetching + fetching);
      await called;
      await settled();
      expect([await fits(roomBytes - 8 * mebibyte), await fits(roomBytes - 8 * mebibyte + 1)]).toEqual([true, false]);
      const over = new Promise<boolean>((resolve) => { watcher.onClose = resolve; });
      reader.destroy();
      await over;
      await empty();
      expect(calls).toBe(i + 1);
    }
  });
});
