/**
 * Several requests on one connection before the first is answered: they are served one after the other, in order, and those of a connection
 * that ended are not served at all.
 */
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { listen, type Listener } from '../../server/listener.js';
import { dial, sendRaw } from '../support/raw-socket.js';

/** More than what the system keeps for a connection. */
const large = Buffer.alloc(32 * 1_048_576);
let listener: Listener | undefined;
let socket: Socket | undefined;

afterEach(async () => {
  socket?.destroy();
  await listener?.drain(0);
  listener = undefined;
});

async function serve(app: RequestListener): Promise<number> {
  listener = await listen(app, { host: '127.0.0.1', port: 0 });
  return listener.port;
}

const get = (target: string, member = ''): string => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${member}\r\n`;
const last = 'Connection: close\r\n';

describe('requests on one connection', () => {
  it('are served one at a time, in order', async () => {
    let [now, most] = [0, 0];
    const port = await serve((request, response) => {
      most = Math.max(most, ++now);
      response.once('finish', () => { now--; });
      setImmediate(() => { response.end(`[${String(request.url)}]`); });
    });
    const { text, isEnded } = await sendRaw({ port, quietMs: 2_000 }, get('/a') + get('/b') + get('/c') + get('/d') + get('/e', last));
    expect([text.match(/\[\/.\]/g), most, isEnded]).toEqual([['[/a]', '[/b]', '[/c]', '[/d]', '[/e]'], 1, true]);
  });

  it('with large bodies are read as each comes to its turn, after 100 Continue where it is asked for', async () => {
    const port = await serve((request, response) => {
      let bytes = 0;
      request.on('data', (piece: Buffer) => { bytes += piece.length; });
      request.on('end', () => { response.end(`[${String(bytes)}]`); });
    });
    const body = 'x'.repeat(1_000_000);
    const post = (member: string): string => `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${String(body.length)}\r\n${member}\r\n${body}`;
    const { text, statuses } = await sendRaw({ port, quietMs: 2_000 }, post('') + post('Expect: 100-continue\r\n') + post(last));
    expect([text.match(/\[\d+\]/g), statuses]).toEqual([Array(3).fill('[1000000]'), [200, 100, 200, 200]]);
  });

  it.each([['whose first is answered when it has ended', false], ['that the server cuts while an answer is on its way', true]])('are not served where it is one %s', async (_, isAnswered) => {
    const served: string[] = [];
    let end = (): void => undefined;
    let tell = (): void => undefined;
    let tellOver = (): void => undefined;
    const called = new Promise<void>((resolve) => { tell = resolve; });
    const over = new Promise<void>((resolve) => { tellOver = resolve; });
    const port = await serve((request, response) => {
      served.push(request.url ?? '');
      response.once('close', tellOver);
      end = () => { response.end(large); };
      if (isAnswered) {
        end();
        setImmediate(() => { request.socket.destroy(); });
      }
      tell();
    });
    socket = dial({ port });
    socket.pause();
    socket.write(get('/a') + get('/b'));
    await called;
    if (!isAnswered) socket.destroy();
    await over;
    if (!isAnswered) end();
    await new Promise((resolve) => { setImmediate(resolve); });
    expect(served).toEqual(['/a']);
  });

  it('are fifty with small heads, or four with the largest', async () => {
    const port = await serve((_request, response) => { response.end('served'); });
    for (const [count, head] of [[50, ''], [4, `X: ${'a'.repeat(15_000)}\r\n`]] as const) {
      const { statuses } = await sendRaw({ port, quietMs: 2_000 }, get('/', head).repeat(count) + get('/', last));
      expect(statuses).toEqual(Array(count + 1).fill(200));
    }
  });

  it.each([['small ones', 80, ''], ['ones with the largest heads', 6, `X: ${'a'.repeat(15_000)}\r\n`]])('end it where too many %s wait, and nobody else’s', async (_, count, head) => {
    const served: string[] = [];
    const port = await serve((request, response) => {
      served.push(request.url ?? '');
      if (request.url === '/other') response.end('served');
    });
    socket = dial({ port });
    socket.resume().write(get('/a', head).repeat(count));
    await once(socket, 'close');
    expect((await sendRaw({ port, quietMs: 2_000 }, get('/other', last))).statuses).toEqual([200]);
    expect(served).toEqual(['/a', '/other']);
  });

  it('are all answered before the server stops', async () => {
    let tell = (): void => undefined;
    const called = new Promise<void>((resolve) => { tell = resolve; });
    let answer = (): void => undefined;
    const port = await serve((request, response) => {
      const end = (): void => { response.end(`[${String(request.url)}]`); };
      if (request.url === '/a') answer = end;
      else end();
      tell();
    });
    const sent = sendRaw({ port, quietMs: 5_000 }, get('/a') + get('/b'));
    await called;
    const drained = listener?.drain(60_000);
    answer();
    expect((await sent).text.match(/\[\/.\]/g)).toEqual(['[/a]', '[/b]']);
    await drained;
    listener = undefined;
  });
});
