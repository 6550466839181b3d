/**
 * Requests of one connection are served one after the other. Node hands out a request that follows another at once, and of its answer, which has no
 * connection yet, nothing is told when the connection ends: what it holds would be held for ever. Whose turn never comes was never begun.
 */
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Socket } from 'node:net';

/** What the requests of a connection that wait for the answer of another may hold: who sends more at once is cut off. */
const maxWaitingBytes = 65_536;
/** Of a request beside its head. */
const objectBytes = 1_024;

/** Calls `serve` when the connection is the answer's. */
export function inTurn(serve: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    if (response.socket !== null) {
      serve(request, response);
      return;
    }
    const bytes = waitingBytesOf(request);
    const allBytes = (waiting.get(socket) ?? 0) + bytes;
    if (allBytes > maxWaitingBytes) {
      socket.destroy();
      return;
    }
    waiting.set(socket, allBytes);
    response.once('socket', () => {
      waiting.set(socket, (waiting.get(socket) ?? 0) - bytes);
      // Node is still about to send what it wrote by itself, as 100 Continue.
      process.nextTick(() => { if (!socket.destroyed) serve(request, response); });
    });
  };
}

function waitingBytesOf({ url, rawHeaders }: IncomingMessage): number {
  return rawHeaders.reduce((sum, text) => sum + text.length, objectBytes + (url ?? '').length);
}
