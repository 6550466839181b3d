/**
 * The times and bounds of the socket as the composed server has them, for the tests of slow clients give a listener shorter ones: they are those that
 * DESIGN.md names, read off the very server and socket that serve a request.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { dial, sendRaw } from '../support/raw-socket.js';
import { startServer, type TestServer } from '../support/running-server.js';

let server: TestServer | undefined;
let sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await server?.close();
  server = undefined;
});

const get = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/** The server and the socket of the next request, once it is being served. */
function nextServed(): Promise<{ readonly server: Server; readonly socket: Socket }> {
  const channel = 'http.server.request.start';
  return new Promise((resolve) => {
    const seen = (message: unknown): void => {
      unsubscribe(channel, seen);
      // What Node documents for this channel. It tells before the listener hears of the request.
      setImmediate(() => { resolve(message as { server: Server; socket: Socket }); });
    };
    subscribe(channel, seen);
  });
}

async function documented(): Promise<readonly number[]> {
  const design = await readFile('server/DESIGN.md', 'utf8');
  const [, ...numbers] = /has (\d+) s for a head, (\d+) s without a byte where one is due, and (\d+) minutes for a request; ([\d,]+) are taken at a time, of one network (\d+)/.exec(design) ?? [];
  return numbers.map((number) => Number(number.replace(',', '')));
}

describe('the composed server', () => {
  it('has the times and bounds that are documented', async () => {
    const { port } = (server = await startServer());
    const served = nextServed();
    const socket = dial({ port });
    sockets.push(socket);
    // A body that does not come: the socket waits for it.
    socket.write('POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n');
    const { server: found, socket: accepted } = await served;
    const [headSeconds = 0, idleSeconds = 0, requestMinutes = 0, connections] = await documented();
    expect([found.headersTimeout, accepted.timeout, found.requestTimeout, found.maxConnections]).toEqual([headSeconds * 1_000, idleSeconds * 1_000, requestMinutes * 60_000, connections]);
  });

  it.each([['0.0.0.0', true], ['127.0.0.1', false]] as const)('on %s gives one network its share alone: %s', async (host, isBounded) => {
    const [, , , , share = 0] = await documented();
    const { port } = (server = await startServer({ host }));
    const held = Array.from({ length: share }, () => dial({ port, from: '127.0.0.3' }));
    sockets.push(...held);
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    const { statuses } = await sendRaw({ port, from: '127.0.0.3', quietMs: 5_000 }, get);
    expect(statuses).toEqual(isBounded ? [] : [200]);
    expect((await sendRaw({ port, from: '127.0.0.2', quietMs: 5_000 }, get)).statuses).toEqual([200]);
  });
});
