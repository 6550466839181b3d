/**
 * A proxy on loopback that counts the request bodies of uploads on their way to a server: what travelled, measured by
 * neither side of it.
 */
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

const counted = /^\/api\/v1\/uploads\/[0-9a-f]+\/(existence|claims|blocks|commits)$/;
/** Of a body of commits: what comes before the first one, its last byte their count. */
const envelopeBytes = 5;

export class CountingProxy {
  #bytes = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {}

  /** Starts one in front of the server at `url`. */
  static async before(url: string): Promise<CountingProxy> {
    const server = createServer();
    const proxy = new CountingProxy(server, new URL(url));
    server.on('request', (from, to) => { proxy.#pass(from, to); });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    // A server that listens on a port has an address of this form.
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  /** Bodies of questions, proofs and blocks, and of commits as if each had travelled alone. */
  get uploadBodyBytes(): number {
    return this.#bytes;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  #pass(from: IncomingMessage, to: ServerResponse): void {
    const onward = request({ host: this.target.hostname, port: this.target.port, method: from.method, path: from.url, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
    });
    const pieces: Buffer[] = [];
    from.on('data', (piece: Buffer) => pieces.push(piece));
    from.on('end', () => { this.#count(from.url ?? '', Buffer.concat(pieces)); });
    onward.on('error', () => { to.destroy(); });
    from.pipe(onward);
  }

  #count(url: string, body: Buffer): void {
    const kind = counted.exec(url)?.[1];
    if (kind === undefined) return;
    this.#bytes += body.length;
    if (kind !== 'commits') return;
    this.#bytes += (body.readUInt8(envelopeBytes - 1) - 1) * envelopeBytes;
  }
}
