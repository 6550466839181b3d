/**
 * Many clients that hold their connections: silent, with a head or a body that trickles, or that read nothing. Their sockets are ended in
 * the time that the listener gives them, others are served meanwhile, and no network takes all connections that there are.
 */
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { listen, type Listener, type Place } from '../../server/listener.js';
import { dial, sendRaw } from '../support/raw-socket.js';

const patience = { headersMs: 300, requestMs: 900, idleMs: 300, keepAliveMs: 300, answerMs: 60_000, leastBytesPerMs: 4 };
/** More than what the system keeps for a connection. */
const large = Buffer.alloc(32 * 1_048_576);
let listener: Listener | undefined;
let sockets: Socket[] = [];
/** Told of each large answer that is over, whether it was sent or cut. */
let onOver: () => void = () => undefined;

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  onOver = () => undefined;
  await listener?.drain(0);
});

/** Answers once the whole body has come: `/large` with much, all else with little. */
const app: RequestListener = (request, response) => {
  if (request.url === '/large') response.on('close', () => { onOver(); });
  request.resume().on('end', () => { response.end(request.url === '/large' ? large : 'served'); });
};

async function open(place: Partial<Place> = {}): Promise<number> {
  listener = await listen(app, { host: '127.0.0.1', port: 0, patience, ...place });
  return listener.port;
}

interface Held {
  readonly socket: Socket;
  readonly isEnded: Promise<void>;
}

/** A connection that says `first`, then `drop` every 50 ms, and reads only where it is told to. */
function hold(port: number, { first, drop, isReading = true, from }: { readonly first: string; readonly drop: string; readonly isReading?: boolean; readonly from?: string }): Held {
  const socket = dial({ port, ...(from === undefined ? {} : { from }) });
  sockets.push(socket);
  const isEnded = new Promise<void>((resolve) => { socket.once('close', () => { resolve(); }); });
  if (isReading) socket.resume();
  socket.write(first);
  const dropping = setInterval(() => { if (drop !== '' && socket.writable) socket.write(drop); }, 50);
  void isEnded.then(() => { clearInterval(dropping); });
  return { socket, isEnded };
}

const head = 'POST / HTTP/1.1\r\nHost: localhost\r\n';
const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

async function isServed(port: number, from: string): Promise<boolean> {
  const { text } = await sendRaw({ port, from, quietMs: 2_000 }, get('/').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
  return text.endsWith('served');
}

describe('two hundred connections', () => {
  it.each<[string, { readonly first: string; readonly drop: string }]>([
    ['that say nothing', { first: '', drop: '' }],
    ['whose head stops', { first: 'POST / HTTP/1.1\r\nHost: loc', drop: '' }],
    ['whose head trickles', { first: head, drop: 'X: a\r\n' }],
    ['whose body stops', { first: `${head}Content-Length: 100000\r\n\r\nabc`, drop: '' }],
    ['whose body trickles', { first: `${head}Content-Length: 100000\r\n\r\n`, drop: 'a' }],
    ['whose chunks trickle', { first: `${head}Transfer-Encoding: chunked\r\n\r\n`, drop: '1\r\na\r\n' }],
    ['that are kept after an answer', { first: get('/'), drop: '' }],
  ])('%s are ended, and another is served meanwhile', async (...row) => {
    const port = await open();
    const held = Array.from({ length: 200 }, () => hold(port, row[1]));
    await Promise.all(held.map(({ socket }) => once(socket, 'connect')));
    for (let i = 0; i < 3; i++) expect(await isServed(port, '127.0.0.2')).toBe(true);
    // It would be the test's own time limit that ends them else.
    await Promise.all(held.map(({ isEnded }) => isEnded));
    expect(await isServed(port, '127.0.0.2')).toBe(true);
  });

  it('that read nothing of what they asked for are ended', async () => {
    const port = await open();
    let over = 0;
    const allOver = new Promise<void>((resolve) => { onOver = () => { if (++over === 20) resolve(); }; });
    const held = Array.from({ length: 20 }, () => hold(port, { first: get('/large'), drop: '', isReading: false }));
    for (const { socket } of held) socket.pause();
    await Promise.all(held.map(({ socket }) => once(socket, 'connect')));
    expect(await isServed(port, '127.0.0.2')).toBe(true);
    await allOver;
    expect(await isServed(port, '127.0.0.2')).toBe(true);
    for (const { socket } of held) socket.resume();
    await Promise.all(held.map(({ isEnded }) => isEnded));
    expect(Math.max(...held.map(({ socket }) => socket.bytesRead))).toBeLessThan(large.length);
  });
});

describe('a reader', () => {
  /** Only the rate can end it: 32 MiB have half a second, and a third more. */
  const rated = { patience: { ...patience, idleMs: 60_000, answerMs: 500, leastBytesPerMs: 100_000 } };

  /** Reads `bytes` every 10 ms. */
  function sip(socket: Socket, bytes: number): void {
    socket.pause();
    const sipping = setInterval(() => { socket.read(Math.min(bytes, socket.readableLength)); }, 10);
    socket.once('close', () => { clearInterval(sipping); });
  }

  it('who takes a little all the time is ended, and one who takes it as it comes is not', async () => {
    const port = await open(rated);
    const { socket, isEnded } = hold(port, { first: get('/large'), drop: '', isReading: false });
    const over = new Promise<void>((resolve) => { onOver = resolve; });
    sip(socket, 65_536);
    await over;
    socket.resume();
    await isEnded;
    expect(socket.bytesRead).toBeLessThan(large.length);
    const quick = hold(port, { first: get('/large').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'), drop: '' });
    await quick.isEnded;
    expect(quick.socket.bytesRead).toBeGreaterThan(large.length);
  });

  it('who waits for a server that thinks is not', async () => {
    const thinking: RequestListener = (_request, response) => {
      response.setHeader('Connection', 'close').write('so far');
      setTimeout(() => { response.end(', and on'); }, 1_500);
    };
    listener = await listen(thinking, { host: '127.0.0.1', port: 0, patience: { ...rated.patience, answerMs: 100 } });
    const { text } = await sendRaw({ port: listener.port, quietMs: 5_000 }, get('/'));
    expect(text).toMatch(/so far[^]*, and on/);
  });
});

describe('connections of one network', () => {
  const keep = { first: 'GET / HTTP/1.1\r\n', drop: '' };

  it('are as many as its share; another network is served, and so is it when some have ended', async () => {
    const port = await open({ maxPerNetwork: 100, patience: { ...patience, headersMs: 60_000, requestMs: 60_000 } });
    const held = Array.from({ length: 100 }, () => hold(port, { ...keep, from: '127.0.0.3' }));
    await Promise.all(held.map(({ socket }) => once(socket, 'connect')));
    expect(await isServed(port, '127.0.0.3')).toBe(false);
    for (const from of ['127.0.0.2', '127.0.0.4']) expect(await isServed(port, from)).toBe(true);
    for (const { socket } of held.slice(0, 10)) socket.destroy();
    await Promise.all(held.slice(0, 10).map(({ isEnded }) => isEnded));
    await expect(Promise.race([once(held[50]?.socket ?? process, 'close'), isServed(port, '127.0.0.3')])).resolves.toBe(true);
  });

  it('beyond all that there are, three thousand, harm nobody once they are gone', async () => {
    const port = await open({ patience: { ...patience, headersMs: 1_500, requestMs: 1_500 } });
    const held = Array.from({ length: 3_000 }, (_, i) => hold(port, { ...keep, from: `127.0.1.${String(i % 250)}` }));
    await Promise.all(held.map(({ isEnded }) => isEnded));
    expect(await isServed(port, '127.0.0.2')).toBe(true);
  });
});
