/**
 * The server as a process under strace, which lets chosen system calls on its data directory fail, do nothing, or be the last thing that it does.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Injection, oneThread, spawnTraced, type Watching, writingCalls } from './strace.js';

const main = fileURLToPath(new URL('../../server/main.js', import.meta.url));
const startMs = 60_000;
/** Longer than a drain may take. */
const stopMs = 40_000;

export class TracedServer {
  log = '';
  url = '';

  private readonly closed: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    this.closed = once(child, 'close');
    const hear = (piece: Buffer): void => { this.log += piece.toString(); };
    child.stderr?.on('data', hear);
    child.stdout?.on('data', hear);
  }

  /** Starts a server that listens, or has ended by the fault. Without an injection all calls that write are written to the trace. */
  static start(dataDirectory: string, trace: string, injection?: Injection): Promise<TracedServer> {
    return TracedServer.watched(dataDirectory, { trace, calls: writingCalls, injection });
  }

  static async watched(dataDirectory: string, watching: Watching): Promise<TracedServer> {
    const settings = { ...oneThread, PORT: '0', HOST: '127.0.0.1', DICE_DATA_DIR: dataDirectory, DICE_GRACE_MINUTES: '0', DICE_SWEEP_MINUTES: '0', DICE_SCRUB_DAYS: '0', DICE_LOG_LEVEL: 'error' };
    // What bounds the test is nothing that a server knows, and it refuses such.
    const env = { ...process.env, ...settings };
    const server = new TracedServer(spawnTraced(watching, [process.execPath, main], env));
    await server.listening();
    return server;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Drains it, and waits for strace. Answers how it ended; 'hung' where it had to be killed. */
  async stop(): Promise<string> {
    this.child.kill('SIGTERM');
    const late = new AbortController();
    const isOver = await Promise.race([this.closed.then(() => true), setTimeout(stopMs, false, { signal: late.signal })]);
    if (!isOver) {
      this.child.kill('SIGKILL');
      await this.closed;
      return 'hung';
    }
    late.abort();
    return this.child.signalCode ?? `exit ${String(this.child.exitCode)}`;
  }

  private async listening(): Promise<void> {
    const until = Date.now() + startMs;
    while (!this.hasEnded) {
      this.url = /listens on (http:\/\/[0-9.:]+)/.exec(this.log)?.[1] ?? '';
      if (this.url !== '') return;
      if (Date.now() > until) {
        this.child.kill('SIGKILL');
        throw new Error(`the server neither listens nor ends:\n${this.log}`);
      }
      await setTimeout(20);
    }
  }
}
