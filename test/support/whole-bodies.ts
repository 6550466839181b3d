/**
 * A relay in front of an HTTP service that takes a request on only when all of its body has come: so an upload that is cut off leaves
 * nothing behind, as S3 promises and s3rver does not.
 */
import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface WholeBodies {
  readonly port: number;
  close(): Promise<void>;
}

/** In front of the service on a loopback port. */
export async function startWholeBodies(servicePort: number): Promise<WholeBodies> {
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    relay(request, response, { agent, servicePort }).catch(() => { response.destroy(); });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port, // it listens on a port, not on a pipe
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      agent.destroy();
    },
  };
}

async function relay(request: http.IncomingMessage, response: http.ServerResponse, { agent, servicePort }: { readonly agent: http.Agent; readonly servicePort: number }): Promise<void> {
  const pieces: Buffer[] = [];
  // Throws where the client goes before it has sent all.
  for await (const piece of request) pieces.push(piece as Buffer); // no encoding was set
  const { method, url, headers } = request;
  const asked = http.request({ host: '127.0.0.1', port: servicePort, agent, method, path: url, headers });
  asked.end(Buffer.concat(pieces));
  const [answer] = (await once(asked, 'response')) as [http.IncomingMessage]; // what this event gives
  response.writeHead(answer.statusCode ?? 500, answer.headers);
  answer.pipe(response);
}
