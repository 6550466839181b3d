/**
 * A TCP relay on loopback that behaves as a slow and distant link: a rate for each direction, shared by all connections, and
 * a delay. It counts payload bytes of both directions. Slow start, loss and the headers of TCP are not modelled.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What a link can do; both directions alike. */
export interface LinkShape {
  readonly bitsPerSecond: number;
  /** Half of it is spent in each direction, the whole of it before the first byte of a connection arrives. */
  readonly roundTripMs: number;
}

/** Bytes of one connection that may wait beyond those under way, as buffers of a link hold them. */
const queueBytes = 128 * 1024;

export class ShapedRelay {
  #bytes = 0;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: number,
    private readonly lanes: { readonly up: Lane; readonly down: Lane } | undefined,
  ) {}

  /** Starts one in front of a loopback port. Without a shape it only passes on and counts. */
  static async before(target: number, shape?: LinkShape): Promise<ShapedRelay> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const lanes = shape === undefined ? undefined : { up: new Lane(shape), down: new Lane(shape) };
    const relay = new ShapedRelay(server, target, lanes);
    server.on('connection', (client) => { relay.#accept(client); });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return relay;
  }

  get port(): number {
    // A server that listens on a port has an address of this form.
    return (this.server.address() as AddressInfo).port;
  }

  /** Payload that came in from either side so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Ends all connections at once. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  #accept(client: Socket): void {
    const server = connect({ host: '127.0.0.1', port: this.target, allowHalfOpen: true, noDelay: true });
    for (const [socket, other] of [[client, server], [server, client]] as const) {
      this.#sockets.add(socket);
      socket.on('data', (piece: Buffer) => { this.#bytes += piece.length; });
      // The other side learns that it is an error, not an end.
      socket.on('error', () => { other.resetAndDestroy(); });
      socket.on('close', () => { this.#sockets.delete(socket); });
    }
    join({ from: client, to: server }, this.lanes?.up);
    join({ from: server, to: client }, this.lanes?.down);
  }
}

interface Way {
  readonly from: Socket;
  readonly to: Socket;
}

function join(way: Way, lane: Lane | undefined): void {
  if (lane === undefined) way.from.pipe(way.to);
  else new DelayedPipe(way, lane);
}

/** One direction of the link: a bucket without credit, emptied at the rate. */
class Lane {
  readonly delayMs: number;
  readonly handshakeMs: number;
  /** Bytes that one connection may have between its ends. */
  readonly windowBytes: number;
  readonly #bytesPerMs: number;
  #freeAt = 0;

  constructor({ bitsPerSecond, roundTripMs }: LinkShape) {
    this.#bytesPerMs = bitsPerSecond / 8_000;
    this.delayMs = roundTripMs / 2;
    this.handshakeMs = roundTripMs;
    this.windowBytes = queueBytes + this.#bytesPerMs * this.delayMs;
  }

  /** Time at which these bytes, which come now, are at the other end; milliseconds of `performance.now`. */
  arrivalOf(bytes: number): number {
    this.#freeAt = Math.max(performance.now(), this.#freeAt) + bytes / this.#bytesPerMs;
    return this.#freeAt + this.delayMs;
  }
}

interface Delayed {
  readonly at: number;
  /** Undefined: the end. */
  readonly piece: Buffer | undefined;
}

/** One direction of one connection, in order. */
class DelayedPipe {
  readonly #queue: Delayed[] = [];
  readonly #readyAt: number;
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly way: Way,
    private readonly lane: Lane,
  ) {
    this.#readyAt = performance.now() + lane.handshakeMs + lane.delayMs;
    way.from.on('data', (piece: Buffer) => { this.#take(piece); });
    way.from.on('end', () => { this.#take(undefined); });
    way.to.on('drain', () => { this.#deliver(); });
    way.to.on('close', () => {
      clearTimeout(this.#timer);
      // One that ended in order may have bytes of the other direction still under way.
      if (!way.to.writableFinished) way.from.destroy();
    });
  }

  #take(piece: Buffer | undefined): void {
    const bytes = piece?.length ?? 0;
    this.#queue.push({ at: Math.max(this.lane.arrivalOf(bytes), this.#readyAt), piece });
    this.#waitingBytes += bytes;
    if (this.#waitingBytes >= this.lane.windowBytes) this.way.from.pause();
    this.#await();
  }

  #deliver(): void {
    const { from, to } = this.way;
    while (!to.destroyed && !to.writableNeedDrain) {
      const [head] = this.#queue;
      if (head === undefined || head.at > performance.now()) break;
      this.#queue.shift();
      if (head.piece === undefined) to.end();
      else to.write(head.piece);
      this.#waitingBytes -= head.piece?.length ?? 0;
    }
    if (this.#waitingBytes < this.lane.windowBytes) from.resume();
    this.#await();
  }

  /** A pipe whose reader is slow goes on by `drain`. */
  #await(): void {
    const [head] = this.#queue;
    if (head === undefined || this.#timer !== undefined || this.way.to.destroyed || this.way.to.writableNeedDrain) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#deliver();
    }, Math.max(0, head.at - performance.now()));
  }
}
