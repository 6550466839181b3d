/**
 * What becomes of a request body that nobody will read: a little of it is taken so that the client gets to see
 * the refusal, then the connection ends. Not a body parser. SPEC.md section 9.
 */
import type { Request, Response } from 'express';

/** A client that has sent so much after a refusal does not listen. */
const maxDiscardedBytes = 64 * 1_048_576;

/** Discards the unread rest of the body of `request`, bounded, and lets the connection end after the answer. */
export function discardRest(request: Request, response: Response): void {
  if (request.complete || request.destroyed || isBodyless(request)) return;
  response.setHeader('Connection', 'close');
  let discardedBytes = 0;
  request.on('data', (piece: Uint8Array) => {
    discardedBytes += piece.length;
    if (discardedBytes > maxDiscardedBytes) request.destroy();
  });
  request.on('error', () => undefined);
  request.resume();
}

/** Its head says so: nothing will come that could stand in the way of the next request on this connection. */
function isBodyless({ headers }: Request): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}
