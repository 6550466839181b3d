/**
 * The server as the process that people start, on a loopback port and a data directory of the test's, with what the environment says. For what only a
 * process of its own can tell: its memory.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** A server that listens. */
export interface SpawnedServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  close(): Promise<void>;
}

/** Starts it; rejects where it ends before it listens. */
export async function spawnServer(dataDirectory: string, environment: Readonly<Record<string, string>> = {}): Promise<SpawnedServer> {
  const env = { ...process.env, PORT: '0', HOST: '127.0.0.1', DICE_DATA_DIR: dataDirectory, DICE_LOG_LEVEL: 'fatal', ...environment };
  const child = spawn(process.execPath, [path.resolve('dist/server/main.js')], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const url = await urlOf(child);
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid ?? 0,
    async close() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function urlOf(child: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (piece: Buffer) => {
      said += piece.toString();
      const url = /listens on (\S+)/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', () => { reject(new Error(`the server ended: ${said}`)); });
  });
}
