/**
 * A server that lies about the answer's length, coding and end, or never ends it: the client stops in time and goes nowhere else. Bytes on real sockets; a wait
 * of a minute takes a moment here. How much it holds meanwhile: test/long. SPEC.md section 12.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { card, cardLength, chunk, dialledServer, fastMinuteMs, halfOfBody, minuteMs, say } from '../support/dialled-server.js';
import { answerOf, moved, type Speak } from '../support/raw-server.js';

const server = dialledServer();

setFlagsFromString('--expose_gc');
// A function that takes nothing, by Node's own flag.
const collectGarbage = runInNewContext('gc') as () => void;

describe('an answer', () => {
  it.each<[string, string, Uint8Array]>([
    ['as it should be', 'none', answerOf(card, { 'content-length': cardLength })],
    ['in chunks', 'none', answerOf(`${chunk(card.slice(0, 30))}${chunk(card.slice(30))}0\r\n\r\n`, { 'transfer-encoding': 'chunked' })],
    ['without a length', 'none', answerOf(card, { connection: 'close' })],
    ['in gzip', 'none', answerOf(gzipSync(card), { 'content-encoding': 'gzip', connection: 'close' })],
    ['shorter than it says', 'server-unreachable', answerOf(card, { 'content-length': '5000' })],
    ['longer than it says', 'answer-invalid', answerOf(card, { 'content-length': '20' })],
    ['of no length', 'server-unreachable', answerOf(card, { 'content-length': 'many' })],
    ['of a negative length', 'server-unreachable', answerOf(card, { 'content-length': '-1' })],
    ['of two lengths', 'server-unreachable', answerOf(card, { 'content-length': cardLength, 'Content-Length': '3' })],
    ['of a length and in chunks', 'server-unreachable', answerOf(`${chunk(card)}0\r\n\r\n`, { 'content-length': cardLength, 'transfer-encoding': 'chunked' })],
    ['in chunks of no length', 'server-unreachable', answerOf(`zz\r\n${card}\r\n0\r\n\r\n`, { 'transfer-encoding': 'chunked' })],
    ['in chunks that stop', 'server-unreachable', answerOf(chunk(card), { 'transfer-encoding': 'chunked' })],
    ['in gzip that is none', 'server-unreachable', answerOf(card, { 'content-encoding': 'gzip', 'content-length': cardLength })],
    ['in gzip that stops', 'answer-invalid', answerOf(gzipSync(card).subarray(0, 60), { 'content-encoding': 'gzip', connection: 'close' })],
    ['that is no HTTP', 'server-unreachable', Buffer.from('220 mail.example ESMTP\r\n')],
    ['of nothing', 'server-unreachable', Buffer.alloc(0)],
    ['with a huge header', 'server-unreachable', answerOf(card, { 'x-huge': 'x'.repeat(1_048_576), 'content-length': cardLength })],
    ['with other protocols', 'server-unreachable', answerOf('', { upgrade: 'websocket', connection: 'upgrade' }, '101 Switching Protocols')],
    ['without a body', 'answer-invalid', answerOf('', {}, '204 No Content')],
  ])('%s ends in %s', async (...[, code, answer]) => {
    expect(await server().dial(say(answer))).toBe(code);
  });

  it.each(['301 Moved', '302 Found', '303 See Other', '307 Temporary Redirect', '308 Permanent Redirect'])('that is %s is not followed', async (status) => {
    expect(await server().dial(say(answerOf(card, { location: `${server().elsewhereUrl}/api/v1/server`, 'content-length': cardLength }, status)))).toBe('server-unreachable');
  });

  it.each<[string, Speak]>([
    ['no answer', () => undefined],
    ['half of the headers', (socket) => { socket.write('HTTP/1.1 200 OK\r\nx-half: '); }],
    ['headers alone', (socket) => { socket.write(answerOf('', { 'content-length': cardLength })); }],
    ['half of the body', halfOfBody],
    ['hints without end', async (socket) => {
      while (!socket.destroyed) {
        socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n');
        await new Promise((resolve) => { setTimeout(resolve, fastMinuteMs / 5); });
      }
    }],
  ])('of %s is waited for two minutes', async (...[, speak]) => {
    expect(await server().dial(speak, { oneMinuteMs: fastMinuteMs })).toBe('server-unreachable');
  });

  it.each([['time limit', 'server-unreachable'], ['caller', 'cancelled']] as const)('that stops is given up by the %s also after a garbage collection, and its connection with it', async (by, code) => {
    const controller = new AbortController();
    const closed: Promise<unknown>[] = [];
    let collections = 0;
    const collecting = setInterval(() => {
      collectGarbage();
      if (closed.length > 0 && ++collections === 5 && by === 'caller') controller.abort();
    }, 50);
    const speak: Speak = (socket) => {
      // A reset closes it too.
      closed.push(new Promise((resolve) => { socket.once('close', resolve); }));
      return halfOfBody(socket);
    };
    expect(await server().dial(speak, { oneMinuteMs: by === 'caller' ? minuteMs : fastMinuteMs, signal: controller.signal })).toBe(code);
    clearInterval(collecting);
    expect(closed).toHaveLength(server().requests);
    // It would be the test's own time limit that ends one that stays open.
    await Promise.all(closed);
  });

  it('that comes byte by byte, one a minute, is given up after a few', async () => {
    let sent = 0;
    const speak: Speak = async (socket) => {
      socket.write(answerOf('', { 'content-length': cardLength }));
      for (const byte of Buffer.from(card)) {
        if (socket.destroyed) return;
        socket.write(Buffer.of(byte));
        sent++;
        await Promise.race([moved(socket), new Promise((resolve) => { setTimeout(resolve, fastMinuteMs); })]);
      }
    };
    expect(await server().dial(speak, { oneMinuteMs: fastMinuteMs })).toBe('server-unreachable');
    expect(sent).toBeLessThan(6 * 8);
  });
});
