/**
 * A server that speaks in bytes: a test writes what it likes to the socket, be it HTTP or not. Counts connections, requests and what the
 * client took.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Writes an answer to a request that has come. */
export type Speak = (socket: Socket) => void | Promise<void>;

export class RawServer {
  requests = 0;
  speak: Speak = (socket) => { socket.destroy(); };
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async open(): Promise<RawServer> {
    const server = createServer();
    const raw = new RawServer(server);
    server.on('connection', (socket) => { raw.#serve(socket); });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return raw;
  }

  get url(): string {
    // A server that listens on a TCP port has an AddressInfo.
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.server, 'close');
    this.server.close();
    await closed;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (piece) => {
      if (!piece.toString('latin1').includes('\r\n\r\n')) return;
      this.requests++;
      Promise.resolve(this.speak(socket)).catch(() => { socket.destroy(); });
    });
  }
}

/** Status line and headers, then the body. */
export function answerOf(body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}, status = '200 OK'): Buffer {
  const lines = Object.entries({ 'content-type': 'application/json', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`, 'latin1'), Buffer.from(body)]);
}

/** The other side took something, or went. */
export function moved(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      socket.off('drain', end).off('close', end);
      resolve();
    };
    socket.on('drain', end).on('close', end);
    if (socket.destroyed) end();
  });
}

/** Writes for as long as anybody takes it; answers how many bytes that were. */
export async function writeForEver(socket: Socket, piece: Uint8Array, maxBytes: number): Promise<number> {
  let bytes = 0;
  for (; bytes < maxBytes && !socket.destroyed; bytes += piece.length) {
    if (!socket.write(piece)) await moved(socket);
  }
  return bytes;
}
