/**
 * The relay that plays a slow link: what it lets through, how fast at most, how late at least. Upper bounds on times would fail on a
 * busy machine and are not tested.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ShapedRelay, type LinkShape } from '../../bench/shaped-relay.js';

const open: { close(): unknown }[] = [];
const shape = { bitsPerSecond: 40e6, roundTripMs: 30 };
const payload = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * i) >> 7));

afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

/** A client's socket through a relay to a server that does `serve`. */
async function through(serve: (socket: Socket) => void, link?: LinkShape): Promise<{ readonly client: () => Socket; readonly relay: ShapedRelay }> {
  const server: Server = createServer({ allowHalfOpen: true }, serve);
  open.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on a port has an address of this form.
  const relay = await ShapedRelay.before((server.address() as AddressInfo).port, link);
  open.push(relay);
  return { client: () => connect({ port: relay.port, host: '127.0.0.1', allowHalfOpen: true }), relay };
}

/** Sends everything, ends, and waits for everything. */
async function echoed(client: Socket, sent: Buffer): Promise<{ readonly received: Buffer; readonly ms: number }> {
  const startedAt = performance.now();
  client.end(sent);
  return { received: await allOf(client), ms: performance.now() - startedAt };
}

/** Everything until the end. Iterating would destroy the socket with its other direction. */
function allOf(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  return new Promise((resolve) => socket.on('end', () => { resolve(Buffer.concat(pieces)); }));
}

describe('a link', () => {
  it.each([['without a shape', undefined], ['with a shape', shape]])('%s gives everything back in order, each direction ending by itself, and counts both', async (_, link) => {
    const { client, relay } = await through((socket) => { void allOf(socket).then((all) => socket.end(all)); }, link);
    const { received } = await echoed(client(), payload);
    expect(received.equals(payload)).toBe(true);
    expect(relay.bytes).toBe(2 * payload.length);
  });

  it('is no faster than its rate, for all connections together', async () => {
    const { client } = await through((socket) => { void allOf(socket).then(() => socket.end('.')); }, shape);
    const results = await Promise.all([client(), client()].map((socket) => echoed(socket, payload)));
    expect(Math.max(...results.map(({ ms }) => ms))).toBeGreaterThanOrEqual((2 * payload.length * 8_000) / shape.bitsPerSecond);
  });

  it('takes two round trips for the first answer: one of them is the handshake', async () => {
    const { client } = await through((socket) => { socket.pipe(socket); }, shape);
    const { ms } = await echoed(client(), Buffer.from('.'));
    expect(ms).toBeGreaterThanOrEqual(2 * shape.roundTripMs - 1);
  });

  it.each([['without a shape', undefined], ['with a shape', shape]])('%s passes on to the client that the server ended in an error', async (_, link) => {
    const { client } = await through((socket) => { socket.resetAndDestroy(); }, link);
    const socket = client();
    const failed = new Promise((resolve) => socket.on('error', resolve));
    socket.resume();
    expect(await failed).toMatchObject({ code: 'ECONNRESET' });
  });

  it('lets every connection go when it is closed', async () => {
    const { client, relay } = await through((socket) => { socket.resume().write('.'); }, shape);
    const socket = client();
    await once(socket, 'data');
    const ended = once(socket.resume(), 'end');
    await relay.close();
    open.pop();
    await ended;
    socket.destroy();
    expect(socket.readableEnded).toBe(true);
  });
});
