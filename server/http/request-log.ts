/**
 * Request ids and one log line a request: method, route pattern, status, time; refusals at info, all else at debug. Never a
 * body, a query, an id out of a path, a cookie or a token, and never an account. Makes no decision.
 */
import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import type { Logger } from 'pino';

/** The id under which the log knows this request. */
export function requestIdOf(response: Response): string {
  const { requestId } = response.locals as { readonly requestId?: unknown };
  return typeof requestId === 'string' ? requestId : '';
}

/** Notes which route took the request, so that the log names the pattern and not the path. */
export function nameRoute(response: Response, name: string): void {
  response.locals['route'] = name;
}

/** Gives every request an id and logs it when it is over. */
export function logRequests(log: Logger): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    const requestId = randomUUID();
    response.locals['requestId'] = requestId;
    response.setHeader('X-Request-Id', requestId);
    response.on('close', () => {
      const { route } = response.locals as { readonly route?: unknown };
      const isCut = !response.writableFinished;
      const level = response.statusCode >= 400 ? 'info' : 'debug';
      log[level]({ requestId, method: request.method, route: route ?? 'other', status: response.statusCode, ms: Math.round(performance.now() - startedAt), isCut }, 'request');
    });
    next();
  };
}
