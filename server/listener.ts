/**
 * The socket of the server: its bounds against slow and endless requests, and an orderly end. Knows no routes.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { networkOf } from './core/network.js';
import { SlowReaders, type AnswerPatience } from './slow-readers.js';
import { inTurn } from './turns.js';

/** Header bytes of a request: a cookie and a bearer fit many times. */
const maxHeaderSize = 16_384;
const maxConnections = 2_048;
/** What a network with many people and browsers needs. */
export const usualPerNetwork = 512;
const idleSweepMs = 50;

/** How long a client may take. */
export interface Patience extends AnswerPatience {
  readonly headersMs: number;
  /** A whole request, however steadily it trickles. */
  readonly requestMs: number;
  /** Without a single byte in either direction while one is due. */
  readonly idleMs: number;
  readonly keepAliveMs: number;
}

/** 32 MiB at half a megabit per second are a request of ten minutes. Answers have the time and the rate at which our clients give up themselves. */
const usualPatience: Patience = { headersMs: 15_000, requestMs: 600_000, idleMs: 60_000, keepAliveMs: 30_000, answerMs: 120_000, leastBytesPerMs: 4 };

/** Where to listen. */
export interface Place {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly patience?: Patience;
  /** Connections of one network at a time; undefined where all come from one, as those of a proxy do. */
  readonly maxPerNetwork?: number | undefined;
}

/** A socket that listens. */
export interface Listener {
  readonly port: number;
  /** Takes no more connections and resolves when those under way have ended, or were cut after `withinMs`. */
  drain(withinMs: number): Promise<void>;
}

/** Listens at `place`. Rejects with the system's error. */
export async function listen(app: RequestListener, { host, port, patience = usualPatience, maxPerNetwork }: Place): Promise<Listener> {
  const server = createServer({
    maxHeaderSize,
    headersTimeout: patience.headersMs,
    requestTimeout: patience.requestMs,
    keepAliveTimeout: patience.keepAliveMs,
    connectionsCheckingInterval: Math.min(10_000, patience.headersMs),
  });
  server.maxConnections = maxConnections;
  if (maxPerNetwork !== undefined) server.on('connection', boundedPerNetwork(maxPerNetwork));
  const slowReaders = new SlowReaders(patience);
  server.once('close', () => { slowReaders.close(); });
  server.on('request', inTurn((request, response) => {
    cutWhenIdle(request, response, patience.idleMs);
    slowReaders.watch(response, request.socket);
    app(request, response);
  }));
  server.listen(port, host);
  await once(server, 'listening');
  return { port: portOf(server), drain: (withinMs) => drain(server, withinMs) };
}

/** Ends what one network opens beyond its share: nobody alone takes all connections that there are. */
function boundedPerNetwork(max: number): (socket: Socket) => void {
  const open = new Map<string, number>();
  return (socket) => {
    const network = networkOf(socket.remoteAddress ?? '');
    const count = (open.get(network) ?? 0) + 1;
    open.set(network, count);
    socket.once('close', () => {
      const left = (open.get(network) ?? 0) - 1;
      if (left > 0) open.set(network, left);
      else open.delete(network);
    });
    if (count > max) socket.destroy();
  };
}

function cutWhenIdle(request: IncomingMessage, response: ServerResponse, idleMs: number): void {
  response.setTimeout(idleMs, () => {
    // A handler may think for longer than that; a body that stopped or a reader who left must not hold anything.
    // The socket itself: a request that was read to its end takes nothing along when it is destroyed.
    if (!request.complete || response.writableLength > 0) request.socket.destroy();
  });
}

async function drain(server: Server, withinMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // A connection whose last answer ends now would else stay open for its keep-alive time.
  const sweeping = setInterval(() => { server.closeIdleConnections(); }, idleSweepMs);
  const cutting = setTimeout(() => { server.closeAllConnections(); }, withinMs);
  await closed;
  clearInterval(sweeping);
  clearTimeout(cutting);
}

function portOf(server: Server): number {
  // A server that listens on a TCP port has an AddressInfo, never a path.
  return (server.address() as AddressInfo).port;
}
