/**
 * A store of a bench's own: a fresh server process with one account that is used by the `dice` command. Its bytes are
 * taken from the data directory while the server is stopped (drained, write-ahead log truncated).
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, type DiceClient } from '../client-sdk/node/index.js';
import type { OperatorReport } from '../client-sdk/protocol/messages.js';
import { measureDice } from './client-process.js';
import type { UploadRow } from './file-groups.js';
import { measureProcess, type MeasuredRun } from './measured-process.js';
import { folderBytes, ServerProcess } from './server-process.js';

const admin = fileURLToPath(new URL('../server/cli/main.js', import.meta.url));
const credentials = { username: 'bench', password: 'seven swans over the weir' };

/** How to make one. */
export interface StoreStart {
  /** A folder that is there; data directory and profile are made in it. */
  readonly folder: string;
  readonly domain: 'open' | 'personal';
  readonly signal: AbortSignal;
}

/** What lies on disk while the server is stopped. */
export interface StoreState {
  readonly bytes: number;
  /** `dice-admin report`: its rows add up to `bytes`. */
  readonly report: OperatorReport;
}

export interface MeasuredUpload {
  readonly rows: readonly UploadRow[];
  readonly sentBytes: number;
  readonly run: MeasuredRun;
}

/** Begin with `open`, end with `close`. */
export class BenchStore {
  #server: ServerProcess | undefined;
  #port = 0;

  private constructor(
    private readonly start: StoreStart,
    readonly dataDirectory: string,
  ) {}

  /** A running server with one registered account. */
  static async open(start: StoreStart): Promise<BenchStore> {
    const store = new BenchStore(start, path.join(start.folder, 'data'));
    try {
      await store.resume();
      await store.#dice(['register', '--recovery-file', path.join(start.folder, 'words.txt')]);
    } catch (cause) {
      await store.close();
      throw cause;
    }
    return store;
  }

  /** Stops the server; bytes of the data directory after that. */
  async pause(): Promise<number> {
    await this.close();
    return folderBytes(this.dataDirectory);
  }

  /** Stops the server and measures in full. */
  async pauseForReport(): Promise<StoreState> {
    await this.close();
    // The report comes first: opening the store removes the token of its setup, which is no part of what was uploaded.
    const report = await this.#report();
    return { bytes: await folderBytes(this.dataDirectory), report };
  }

  /** Starts the server, where it was before. */
  async resume(): Promise<void> {
    this.start.signal.throwIfAborted();
    const environment = { DICE_LOG_LEVEL: 'error', DICE_DEFAULT_DOMAIN: this.start.domain };
    this.#server = await ServerProcess.start({ dataDirectory: this.dataDirectory, port: this.#port, environment });
    this.#port = this.#server.port;
  }

  /** Stores a folder; previews are no part of stored bytes and are not made. Throws where a file fails. */
  async upload(folder: string, tilePixels: number | undefined): Promise<MeasuredUpload> {
    const tile = tilePixels === undefined ? [] : ['--tile', String(tilePixels)];
    const run = await this.#dice(['upload', '--json', '--no-preview', '--domain', this.start.domain, ...tile, folder]);
    // The command's own document, whose shape its tests fix.
    const { files, totals } = JSON.parse(run.stdout) as { readonly files: readonly UploadRow[]; readonly totals: { readonly sentBytes: number } };
    return { rows: files, sentBytes: totals.sentBytes, run };
  }

  /** Fetches everything into a folder. */
  download(folder: string): Promise<MeasuredRun> {
    return this.#dice(['download', '--all', '--json', '-o', folder]);
  }

  /** Lets `work` use the account by the SDK. */
  async withClient<T>(work: (client: DiceClient) => Promise<T>): Promise<T> {
    const client = await connect(this.#url);
    try {
      await client.login(credentials, { signal: this.start.signal });
      return await work(client);
    } finally {
      await client.close();
    }
  }

  /** Stops the server; the folder is the caller's to remove. */
  async close(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }

  get #url(): string {
    if (this.#server === undefined) throw new Error('the server does not run');
    return this.#server.url;
  }

  async #dice(args: readonly string[]): Promise<MeasuredRun> {
    const { username, password } = credentials;
    const environment = { DICE_SERVER: this.#url, DICE_HOME: path.join(this.start.folder, 'profile'), DICE_USERNAME: username, DICE_PASSWORD: password };
    return succeeded(`dice ${args.join(' ')}`, await measureDice(args, environment, this.start.signal));
  }

  async #report(): Promise<OperatorReport> {
    const args = [admin, 'report', '--json', '--data-dir', this.dataDirectory];
    const run = await measureProcess({ command: process.execPath, args, environment: process.env, signal: this.start.signal });
    // The command's own document, whose shape its tests fix.
    return JSON.parse(succeeded('dice-admin report', run).stdout) as OperatorReport;
  }
}

/** The run, where its status is 0. Throws with the end of its words. */
function succeeded(what: string, run: MeasuredRun): MeasuredRun {
  if (run.status !== 0) throw new Error(`${what} ended with ${String(run.status)}:\n${run.stderr.slice(-4_000)}`);
  return run;
}
