/**
 * A proxy on a loopback port between a client and a real server, through which a test changes answers: for what a client
 * does when the server or the network lies. Buffers whole bodies, so it is meant for small pictures.
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the client sent it. */
export interface Asked {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What the client gets. With `cutAfter` the connection is reset after so many bytes of the body. */
export interface Answered {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array;
  readonly cutAfter?: number;
}

/** Changes an answer. `ask` asks the real server anything else. */
export type Tamper = (answer: Answered, asked: Asked, ask: (path: string) => Promise<Answered>) => Answered | Promise<Answered>;

export class TamperingProxy {
  /** Undefined hands everything on as it is. */
  tamper: Tamper | undefined;

  private constructor(
    private readonly target: string,
    private readonly server: Server,
  ) {}

  /** A proxy in front of the server at `target`. */
  static async open(target: string): Promise<TamperingProxy> {
    const server = createServer();
    const proxy = new TamperingProxy(target, server);
    server.on('request', (request, response) => {
      proxy.#answer(request, response).catch(() => { response.destroy(); });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    // A server that listens on a TCP port has an AddressInfo.
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    const closed = once(this.server, 'close');
    this.server.close();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked: Asked = { method: request.method ?? 'GET', path: request.url ?? '/', headers: request.headers, body: await wholeOf(request) };
    const honest = await this.#ask(asked);
    const answer = this.tamper === undefined ? honest : await this.tamper(honest, asked, (path) => this.#ask({ ...asked, path }));
    response.writeHead(answer.status, { 'content-type': answer.type, 'content-length': answer.body.length });
    if (answer.cutAfter === undefined) {
      response.end(answer.body);
      return;
    }
    response.write(answer.body.subarray(0, answer.cutAfter), () => { request.socket.resetAndDestroy(); });
  }

  async #ask({ method, path, headers, body }: Asked): Promise<Answered> {
    const kept = ['authorization', 'content-type', 'accept'].flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]] as const] : []));
    const answer = await fetch(this.target + path, { method, headers: Object.fromEntries(kept), ...(body.length === 0 ? {} : { body: new Uint8Array(body) }) });
    return { status: answer.status, type: answer.headers.get('content-type') ?? 'application/octet-stream', body: new Uint8Array(await answer.arrayBuffer()) };
  }
}

async function wholeOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer); // a request without an encoding yields buffers
  return Buffer.concat(pieces);
}
