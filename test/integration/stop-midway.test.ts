/**
 * The server's process is told to stop in the middle of a large upload: what was begun is answered, what comes later is refused, it ends with status 0 without a write-ahead
 * log, and after the next start the upload goes on where it was.
 */
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { ServerProcess } from '../../bench/server-process.js';
import { beginRaw, commitOf, rawBlock, registerRaw, sendCommits, streamOf, type RawAccount } from '../support/raw-account.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
const agent = new Agent({ keepAlive: true, maxSockets: 8 });
const servers: ServerProcess[] = [];
afterAll(async () => {
  agent.destroy();
  for (const server of servers) await server.kill();
});

async function started(dataDirectory: string): Promise<ServerProcess> {
  const server = await ServerProcess.start({ dataDirectory });
  servers.push(server);
  return server;
}

/** A request of which the server has the head and half of the body. */
class HalfSent {
  private readonly answer: Promise<[IncomingMessage]>;

  private constructor(private readonly call: ClientRequest, private readonly rest: Buffer) {
    this.answer = once(call, 'response') as Promise<[IncomingMessage]>; // the event's one argument
  }

  static async begin(address: string, account: RawAccount, bytes: Buffer): Promise<HalfSent> {
    const headers = { authorization: account.bearer, 'content-type': 'application/octet-stream', 'content-length': bytes.length, expect: '100-continue' };
    const call = httpRequest(address, { method: 'POST', agent, headers });
    call.flushHeaders();
    await once(call, 'continue');
    call.write(bytes.subarray(0, bytes.length / 2));
    return new HalfSent(call, bytes.subarray(bytes.length / 2));
  }

  async end(): Promise<number> {
    this.call.end(this.rest);
    const [answer] = await this.answer;
    answer.resume();
    return answer.statusCode ?? 0;
  }
}

it('answers what was begun, and the upload goes on after the next start', async () => {
  const dataDirectory = path.join(await temporary(), 'data');
  const server = await started(dataDirectory);
  const account = await registerRaw(server.url, 'ada');
  const uploadId = await beginRaw(server.url, account);
  const groups = Array.from({ length: 6 }, () => Array.from({ length: 16 }, () => rawBlock(200_000)));
  const blocks = groups.flat();
  const address = (url: string): string => `${url}/api/v1/uploads/${uploadId}/blocks`;
  const underWay = await Promise.all(groups.slice(0, 4).map((group) => HalfSent.begin(address(server.url), account, streamOf(group))));
  const stopped = server.stop();
  while (!server.log.includes('finishes what is under way')) await new Promise(setImmediate);
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  expect(await Promise.all(underWay.map((call) => call.end()))).toEqual([200, 200, 200, 200]);
  await stopped;
  expect(server.exitStatus).toBe(0);
  expect((await readdir(dataDirectory)).filter((name) => /-wal$|-shm$|-journal$/.test(name))).toEqual([]);
  const next = await started(dataDirectory);
  // Of the four groups nothing has to be sent again.
  for (const group of groups.slice(4)) {
    const sent = await HalfSent.begin(address(next.url), account, streamOf(group));
    expect(await sent.end()).toBe(200);
  }
  const committed = await sendCommits(next.url, { uploadId, account }, [commitOf('0a'.repeat(16), blocks)]);
  expect(committed.body).toMatchObject({ results: [{ status: 'stored' }] });
}, 120_000);
