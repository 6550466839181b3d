/**
 * Request ids, one log line and one note of the meter a request: method, route template, status, time, bytes. Never a body, a query, an id out of a
 * path, a cookie or a token, and never an account or an address. Makes no decision.
 */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { type Meter, type SeenRequest, silentMeter } from '../ports/meter.js';

/** What no route of this server took. */
const unknownRoute = 'unknown';

/** Routes that machines ask every few seconds. */
const probes: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** The id under which the log knows this request. */
export function requestIdOf(response: Response): string {
  return noteOf(response, 'requestId') ?? '';
}

/** Notes which route took the request: its template, which log and meter name in place of the path. */
export function nameRoute(response: Response, template: string): void {
  response.locals['route'] = template;
}

/** Notes with which code the request was refused. */
export function nameRefusal(response: Response, code: string): void {
  response.locals['refusal'] = code;
}

/** Gives every request an id, and logs and counts it when it is over. An id that a proxy gave is kept where it is one. */
export function logRequests(log: Logger, meter: Meter = silentMeter): RequestHandler {
  const tally = new ByteTally();
  return (request, response, next) => {
    const startedAt = performance.now();
    const requestId = givenId(request) ?? randomUUID();
    response.locals['requestId'] = requestId;
    response.setHeader('X-Request-Id', requestId);
    response.on('close', () => {
      const seen = seenOf(request, response, { ...tally.take(request.socket), seconds: (performance.now() - startedAt) / 1_000 });
      meter.request(seen);
      const { seconds, ...rest } = seen;
      log[probes.has(seen.route) ? 'debug' : 'info']({ requestId, ...rest, ms: Math.round(seconds * 10_000) / 10 }, 'request');
    });
    next();
  };
}

/** Letters, digits and a few signs: nothing that could end a line, mean something to a viewer of logs, or fill it. */
function givenId(request: Request): string | undefined {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{7,63}$/.test(given) ? given : undefined;
}

type Measured = Pick<SeenRequest, 'seconds' | 'receivedBytes' | 'sentBytes'>;

function seenOf(request: Request, response: Response, measured: Measured): SeenRequest {
  return {
    method: request.method,
    route: noteOf(response, 'route') ?? unknownRoute,
    status: response.statusCode,
    refusal: noteOf(response, 'refusal'),
    isCut: !response.writableFinished,
    ...measured,
  };
}

function noteOf(response: Response, name: 'requestId' | 'route' | 'refusal'): string | undefined {
  const note: unknown = response.locals[name];
  return typeof note === 'string' ? note : undefined;
}

/** Bytes of each connection since its request before: the sums are those of all requests, whatever a body announced. */
class ByteTally {
  private readonly known = new WeakMap<Socket, { received: number; sent: number }>();

  take(socket: Socket): Pick<SeenRequest, 'receivedBytes' | 'sentBytes'> {
    const before = this.known.get(socket) ?? { received: 0, sent: 0 };
    const now = { received: socket.bytesRead, sent: socket.bytesWritten };
    this.known.set(socket, now);
    return { receivedBytes: now.received - before.received, sentBytes: now.sent - before.sent };
  }
}
