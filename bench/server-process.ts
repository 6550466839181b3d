/**
 * The server as a process of its own on a free loopback port and a data directory of its own, for benches and for tests
 * that kill it. Stored bytes are the data directory after a drained stop, less that of an empty store.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { peakMemoryOf } from './measured-process.js';

const main = fileURLToPath(new URL('../server/main.js', import.meta.url));
const startTimeoutMs = 30_000;

/** How to start it. */
export interface ServerStart {
  readonly dataDirectory: string;
  /** A port to come back on; a free one without it. */
  readonly port?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

export class ServerProcess {
  #log = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly dataDirectory: string,
    private address: string,
  ) {}

  /** Starts it and waits until it listens. Rejects with its log where it does not. */
  static async start({ dataDirectory, port = 0, environment = {} }: ServerStart): Promise<ServerProcess> {
    const env = { DICE_SCRUB_DAYS: '0', ...process.env, ...environment, PORT: String(port), HOST: '127.0.0.1', DICE_DATA_DIR: dataDirectory };
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const started = new ServerProcess(child, dataDirectory, '');
    started.address = await started.#listening();
    return started;
  }

  get url(): string {
    return this.address;
  }

  get port(): number {
    return Number(new URL(this.address).port);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Undefined while it runs, null where a signal ended it. */
  get exitStatus(): number | null | undefined {
    return this.child.exitCode ?? (this.child.signalCode === null ? undefined : null);
  }

  /** Everything that it wrote to stdout and stderr. */
  get log(): string {
    return this.#log;
  }

  /** Largest resident memory so far, in bytes (Linux). */
  peakMemoryBytes(): Promise<number> {
    return peakMemoryOf(this.pid);
  }

  /** Drains and ends it. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Ends it at once, as a power failure of the process. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }

  #listening(): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (what: string): void => {
        this.child.kill('SIGKILL');
        reject(new Error(`the server ${what}:\n${this.#log}`));
      };
      const timer = setTimeout(() => {
        fail('did not start in time');
      }, startTimeoutMs);
      const onPiece = (piece: Buffer): void => {
        this.#log += piece.toString();
        const url = /listens on (http:\/\/\S+)/.exec(this.#log)?.[1];
        if (url === undefined) return;
        clearTimeout(timer);
        resolve(url.replace(/[.,"}]+$/, ''));
      };
      this.child.stdout?.on('data', onPiece);
      this.child.stderr?.on('data', onPiece);
      this.child.once('exit', () => {
        clearTimeout(timer);
        fail('ended before it listened');
      });
    });
  }
}

/** Bytes of all files below `folder`. */
export async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(path.join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}
