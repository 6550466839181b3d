/**
 * A balancer of connections in front of several servers, as people put one before theirs: each connection goes to the next server that
 * takes it. Knows nothing of HTTP.
 */
import { once } from 'node:events';
import net from 'node:net';

/** A balancer that listens on the loopback. */
export interface Balancer {
  readonly url: string;
  /** Connections that each server took, by its port. */
  readonly taken: ReadonlyMap<number, number>;
  close(): Promise<void>;
}

/** Listens; `ports` are those of the servers. */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const taken = new Map<number, number>();
  const sockets = new Set<net.Socket>();
  let turn = 0;
  const server = net.createServer((client) => {
    sockets.add(client);
    client.on('error', () => { client.destroy(); });
    client.once('close', () => { sockets.delete(client); });
    const first = turn++;
    void joined(client, ports.map((_, i) => ports[(first + i) % ports.length] ?? 0), taken);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${String(typeof address === 'object' && address !== null ? address.port : 0)}`,
    taken,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function joined(client: net.Socket, ports: readonly number[], taken: Map<number, number>): Promise<void> {
  for (const port of ports) {
    const server = await connected(port);
    if (server === undefined) continue;
    taken.set(port, (taken.get(port) ?? 0) + 1);
    server.on('error', () => { client.destroy(); });
    server.once('close', () => { client.destroy(); });
    client.once('close', () => { server.destroy(); });
    client.pipe(server);
    server.pipe(client);
    return;
  }
  client.destroy();
}

/** Undefined where nobody listens. */
function connected(port: number): Promise<net.Socket | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => { resolve(socket); });
    socket.once('error', () => { resolve(undefined); });
  });
}
