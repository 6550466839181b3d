/**
 * The socket's patience: bodies and readers that stop are cut off, handlers that think are not.
 */
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { listen, type Listener } from '../../server/listener.js';

const patience = { headersMs: 200, requestMs: 60_000, idleMs: 200, keepAliveMs: 60_000, answerMs: 60_000, leastBytesPerMs: 4 };
let listener: Listener | undefined;

afterEach(() => listener?.drain(0));

async function dial(app: RequestListener, text: string): Promise<Socket> {
  listener = await listen(app, { host: '127.0.0.1', port: 0, patience });
  const socket = connect(listener.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(text);
  return socket;
}

async function textUntilClosed(socket: Socket): Promise<string> {
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(pieces).toString();
}

describe('the socket', () => {
  it('cuts a body that stops', async () => {
    const cut = new Promise<boolean>((resolve) => {
      void dial((request) => { request.resume().on('close', () => { resolve(!request.complete); }); }, 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc');
    });
    expect(await cut).toBe(true);
  });

  it('cuts headers that do not end', async () => {
    expect(await textUntilClosed(await dial(() => undefined, 'GET / HTTP/1.1\r\nHost: local'))).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('cuts a reader who stopped reading', async () => {
    let isCut: Promise<unknown> | undefined;
    const socket = await dial((_request, response) => {
      isCut = once(response, 'close');
      response.end(Buffer.alloc(64 * 1_048_576));
    }, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'readable');
    await isCut;
    socket.destroy();
    expect(socket.bytesRead).toBeLessThan(64 * 1_048_576);
  });

  it('lets a handler think for longer than that', async () => {
    const socket = await dial((_request, response) => {
      setTimeout(() => response.setHeader('Connection', 'close').end('thought'), 500);
    }, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await textUntilClosed(socket)).toMatch(/thought$/);
  });

  it('ends connections that are kept alive when it drains', async () => {
    const socket = await dial((_request, response) => response.end('x'), 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'readable');
    const closed = textUntilClosed(socket);
    await listener?.drain(60_000);
    listener = undefined;
    expect(await closed).toMatch(/^HTTP\/1\.1 200 /);
  });
});
