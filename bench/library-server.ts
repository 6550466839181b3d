/**
 * The server process of bench:library, as its parent sees it: begin and end it, and measure it while something is done to it.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ServerFigures, ServerOrder, ServerWord } from './library-server-process.js';

const program = fileURLToPath(new URL('./library-server-process.js', import.meta.url));

export class LibraryServer {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    /** Seconds from the first line of the program to the open socket. */
    readonly openSeconds: number,
  ) {}

  /** Starts it on the store at `directory`. Removed images are gone at once, and their blocks are garbage at once, when the collector runs. */
  static async start(directory: string): Promise<LibraryServer> {
    const environment = { DICE_DATA_DIR: directory, PORT: '0', DICE_LOG_LEVEL: 'error', DICE_SWEEP_MINUTES: '0', DICE_SCRUB_DAYS: '0', DICE_TRASH_DAYS: '0', DICE_GRACE_MINUTES: '0' };
    const child = fork(program, { env: { PATH: process.env['PATH'], ...environment }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const word = await wordOf(child);
    if (word.kind !== 'listens') throw new Error('the server of the bench spoke out of turn');
    return new LibraryServer(child, word.url, word.openSeconds);
  }

  /** Does `work` and answers what it gave, and what the server took for it. */
  async during<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly server: ServerFigures }> {
    await this.#ask('begin');
    const result = await work();
    return { result, server: await this.#ask('end') };
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null || !this.child.connected) return;
    const ended = once(this.child, 'exit');
    this.#say('stop');
    await ended;
  }

  async #ask(order: ServerOrder): Promise<ServerFigures> {
    this.#say(order);
    const word = await wordOf(this.child);
    if (word.kind !== 'figures') throw new Error('the server of the bench spoke out of turn');
    return word;
  }

  #say(order: ServerOrder): void {
    this.child.send(order);
  }
}

/** The next word. Rejects where the process ends instead. */
function wordOf(child: ChildProcess): Promise<ServerWord> {
  return new Promise((resolve, reject) => {
    const onEnd = (status: number | null, signal: string | null): void => { reject(new Error(`the server of the bench ended with ${String(status ?? signal)}`)); };
    child.once('exit', onEnd);
    child.once('message', (word) => {
      child.off('exit', onEnd);
      resolve(word as ServerWord); // that very program sent it
    });
  });
}
