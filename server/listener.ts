/**
 * The socket of the server: its bounds against slow and endless requests, and an orderly end. Knows no routes.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Header bytes of a request: a cookie and a bearer fit many times. */
const maxHeaderSize = 16_384;
const headersTimeoutMs = 15_000;
/** A whole request, however steadily it trickles: 32 MiB at half a megabit per second. */
const requestTimeoutMs = 10 * 60_000;
/** Without a single byte in either direction while one is due. */
const idleTimeoutMs = 60_000;
const keepAliveTimeoutMs = 30_000;
const maxConnections = 2_048;

/** A socket that listens. */
export interface Listener {
  readonly port: number;
  /** Takes no more connections and resolves when those under way have ended, or were cut after `withinMs`. */
  drain(withinMs: number): Promise<void>;
}

/** Listens on `host` and `port` (0: any free one). Rejects with the system's error. */
export async function listen(app: RequestListener, { host, port }: { readonly host: string; readonly port: number }): Promise<Listener> {
  const server = createServer({ maxHeaderSize, requestTimeout: requestTimeoutMs, headersTimeout: headersTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs });
  server.maxConnections = maxConnections;
  server.on('request', (request, response) => {
    cutWhenIdle(request, response);
    app(request, response);
  });
  server.listen(port, host);
  await once(server, 'listening');
  return { port: portOf(server), drain: (withinMs) => drain(server, withinMs) };
}

function cutWhenIdle(request: IncomingMessage, response: ServerResponse): void {
  request.setTimeout(idleTimeoutMs, () => {
    // A handler may think for longer than that; a body that stopped or a reader who left must not hold anything.
    if (!request.complete || response.writableLength > 0) request.destroy();
  });
}

async function drain(server: Server, withinMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => { server.closeAllConnections(); }, withinMs);
  await closed;
  clearTimeout(timer);
}

function portOf(server: Server): number {
  // A server that listens on a TCP port has an AddressInfo, never a path.
  return (server.address() as AddressInfo).port;
}
