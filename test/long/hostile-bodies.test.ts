/**
 * A server that lies about the answer's length, coding and end, or never ends it: the client stops in time, holds little, and goes
 * nowhere else. Bytes on real sockets; a wait of a minute takes a moment here. SPEC.md section 12.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { connectWith } from '../../client-sdk/client.js';
import { nodePlatform } from '../../client-sdk/node/platform.js';
import { answerOf, moved, RawServer, type Speak, writeForEver } from '../support/raw-server.js';
import { codeOf } from '../support/sdk-client.js';

const card = JSON.stringify({
  serverId: '00112233445566778899aabbccddeeff', realm: 'localhost', version: '1', protocol: 1, existence: 'own', signup: 'open', defaultDomain: 'personal',
  hasAccounts: true, needsSetupToken: false, maxImageBytes: 1, trashDays: 1,
});
const length = String(card.length);
const megabyte = 1_048_576;
/** A minute, and what is one on the clock of a client that is made to wait. */
const minuteMs = 60_000;
const fastMinuteMs = 200;

let server: RawServer;
let elsewhere: RawServer;

beforeAll(async () => {
  server = await RawServer.open();
  elsewhere = await RawServer.open();
});

afterEach(() => {
  expect(elsewhere.requests).toBe(0);
  server.requests = 0;
});

afterAll(async () => {
  await server.close();
  await elsewhere.close();
});

/** What a client makes of it that dials the server. */
async function dialled(speak: Speak, oneMinuteMs = minuteMs, signal?: AbortSignal): Promise<string> {
  server.speak = speak;
  const platform = nodePlatform(undefined, 0);
  const sleep = (ms: number, ended: AbortSignal | undefined): Promise<void> => platform.sleep(ms > minuteMs ? (ms * oneMinuteMs) / minuteMs : 0, ended);
  const code = await codeOf(connectWith({ ...platform, sleep, now: () => (Date.now() * minuteMs) / oneMinuteMs }, { server: server.url, signal }));
  expect(server.requests).toBeLessThanOrEqual(6);
  return code;
}

setFlagsFromString('--expose_gc');
// A function that takes nothing, by Node's own flag.
const collectGarbage = runInNewContext('gc') as () => void;

const say = (answer: Uint8Array): Speak => (socket) => { socket.end(answer); };
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

describe('an answer', () => {
  it.each<[string, string, Uint8Array]>([
    ['as it should be', 'none', answerOf(card, { 'content-length': length })],
    ['in chunks', 'none', answerOf(`${chunk(card.slice(0, 30))}${chunk(card.slice(30))}0\r\n\r\n`, { 'transfer-encoding': 'chunked' })],
    ['without a length', 'none', answerOf(card, { connection: 'close' })],
    ['in gzip', 'none', answerOf(gzipSync(card), { 'content-encoding': 'gzip', connection: 'close' })],
    ['shorter than it says', 'server-unreachable', answerOf(card, { 'content-length': '5000' })],
    ['longer than it says', 'answer-invalid', answerOf(card, { 'content-length': '20' })],
    ['of no length', 'server-unreachable', answerOf(card, { 'content-length': 'many' })],
    ['of a negative length', 'server-unreachable', answerOf(card, { 'content-length': '-1' })],
    ['of two lengths', 'server-unreachable', answerOf(card, { 'content-length': length, 'Content-Length': '3' })],
    ['of a length and in chunks', 'server-unreachable', answerOf(`${chunk(card)}0\r\n\r\n`, { 'content-length': length, 'transfer-encoding': 'chunked' })],
    ['in chunks of no length', 'server-unreachable', answerOf(`zz\r\n${card}\r\n0\r\n\r\n`, { 'transfer-encoding': 'chunked' })],
    ['in chunks that stop', 'server-unreachable', answerOf(chunk(card), { 'transfer-encoding': 'chunked' })],
    ['in gzip that is none', 'server-unreachable', answerOf(card, { 'content-encoding': 'gzip', 'content-length': length })],
    ['in gzip that stops', 'answer-invalid', answerOf(gzipSync(card).subarray(0, 60), { 'content-encoding': 'gzip', connection: 'close' })],
    ['that is no HTTP', 'server-unreachable', Buffer.from('220 mail.example ESMTP\r\n')],
    ['of nothing', 'server-unreachable', Buffer.alloc(0)],
    ['with a huge header', 'server-unreachable', answerOf(card, { 'x-huge': 'x'.repeat(megabyte), 'content-length': length })],
    ['with other protocols', 'server-unreachable', answerOf('', { upgrade: 'websocket', connection: 'upgrade' }, '101 Switching Protocols')],
    ['without a body', 'answer-invalid', answerOf('', {}, '204 No Content')],
  ])('%s ends in %s', async (...[, code, answer]) => {
    expect(await dialled(say(answer))).toBe(code);
  });

  it.each(['301 Moved', '302 Found', '303 See Other', '307 Temporary Redirect', '308 Permanent Redirect'])('that is %s is not followed', async (status) => {
    expect(await dialled(say(answerOf(card, { location: `${elsewhere.url}/api/v1/server`, 'content-length': length }, status)))).toBe('server-unreachable');
  });

  it('that inflates to 256 MB is given up at 16 MB', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * megabyte, 0x20));
    const before = process.memoryUsage().rss;
    expect(await dialled(say(answerOf(Buffer.concat([bomb, bomb, bomb, bomb]), { 'content-encoding': 'gzip', connection: 'close' })))).toBe('answer-invalid');
    expect(process.memoryUsage().rss - before).toBeLessThan(120 * megabyte);
  });

  it('that never ends is given up at 16 MB', async () => {
    let written = Promise.resolve(0);
    const speak: Speak = (socket) => {
      socket.write(answerOf('', { connection: 'close' }));
      written = writeForEver(socket, Buffer.alloc(65_536, 0x20), 512 * megabyte);
    };
    expect(await dialled(speak)).toBe('answer-invalid');
    expect(await written).toBeLessThan(64 * megabyte);
  });

  it('in a million chunks of one byte costs no more than its bytes', async () => {
    const chunks = Buffer.from('1\r\n \r\n'.repeat(10_000));
    let taken = Promise.resolve(0);
    const before = process.memoryUsage().heapUsed;
    const speak: Speak = (socket) => {
      socket.write(answerOf('', { 'transfer-encoding': 'chunked' }));
      taken = writeForEver(socket, chunks, 100 * chunks.length).then((bytes) => {
        socket.end(`${chunk(card)}0\r\n\r\n`);
        return bytes;
      });
    };
    expect(await dialled(speak)).toBe('none');
    expect(await taken).toBe(100 * chunks.length);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(160 * megabyte);
  });

  it.each<[string, Speak]>([
    ['no answer', () => undefined],
    ['half of the headers', (socket) => { socket.write('HTTP/1.1 200 OK\r\nx-half: '); }],
    ['headers alone', (socket) => { socket.write(answerOf('', { 'content-length': length })); }],
    ['half of the body', (socket) => { socket.write(answerOf(card.slice(0, 50), { 'content-length': length })); }],
    ['hints without end', async (socket) => {
      while (!socket.destroyed) {
        socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n');
        await new Promise((resolve) => { setTimeout(resolve, fastMinuteMs / 5); });
      }
    }],
  ])('of %s is waited for two minutes', async (...[, speak]) => {
    expect(await dialled(speak, fastMinuteMs)).toBe('server-unreachable');
  });

  it.each<[string, (signal: AbortController) => number]>([
    ['time limit', () => fastMinuteMs],
    ['caller', (controller) => {
      setTimeout(() => { controller.abort(); }, 200);
      return minuteMs;
    }],
  ])('that stops is given up by the %s also after a garbage collection, and its connection with it', async (...[, begin]) => {
    const controller = new AbortController();
    const oneMinuteMs = begin(controller);
    let closed = 0;
    const speak: Speak = (socket) => {
      socket.on('close', () => closed++);
      socket.write(answerOf(card.slice(0, 50), { 'content-length': length }));
    };
    const collecting = setInterval(collectGarbage, 20);
    expect(await dialled(speak, oneMinuteMs, controller.signal)).toBe(oneMinuteMs === minuteMs ? 'cancelled' : 'server-unreachable');
    clearInterval(collecting);
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    expect(closed).toBe(server.requests);
  });

  it('that comes byte by byte, one a minute, is given up after a few', async () => {
    let sent = 0;
    const speak: Speak = async (socket) => {
      socket.write(answerOf('', { 'content-length': length }));
      for (const byte of Buffer.from(card)) {
        if (socket.destroyed) return;
        socket.write(Buffer.of(byte));
        sent++;
        await Promise.race([moved(socket), new Promise((resolve) => { setTimeout(resolve, fastMinuteMs); })]);
      }
    };
    expect(await dialled(speak, fastMinuteMs)).toBe('server-unreachable');
    expect(sent).toBeLessThan(6 * 8);
  });
});
