/**
 * One temporary folder with a real server process in it, and people who use it by command line. Everything is ended and
 * removed at the end.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServerProcess } from '../../bench/server-process.js';
import { Person, run, type CommandResult } from './dice-command.js';

export class Workbench {
  #server: ServerProcess | undefined;
  #port = 0;

  private constructor(
    readonly folder: string,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  /** A folder with a running server. */
  static async open(environment: Readonly<Record<string, string>> = {}): Promise<Workbench> {
    const bench = new Workbench(await mkdtemp(path.join(tmpdir(), 'dice-bench-')), { DICE_GRACE_MINUTES: '0', DICE_SWEEP_MINUTES: '0', DICE_SCRUB_DAYS: '0', ...environment });
    await bench.start();
    return bench;
  }

  get data(): string {
    return this.path('data');
  }

  get server(): ServerProcess {
    if (this.#server === undefined) throw new Error('the server does not run');
    return this.#server;
  }

  path(...parts: readonly string[]): string {
    return path.join(this.folder, ...parts);
  }

  /** Starts the server, on the port that it had before. */
  async start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#server = await ServerProcess.start({ dataDirectory: this.data, port: this.#port, environment: { ...this.environment, ...environment } });
    this.#port = this.#server.port;
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  /** Runs `work` while the server is stopped. */
  async whileStopped(work: () => unknown): Promise<void> {
    await this.stop();
    await work();
    await this.start();
  }

  /** A registered person with a profile of their own. */
  async person(username: string, options: readonly string[] = []): Promise<Person> {
    const person = new Person({ url: this.server.url, profileDir: this.path('profiles', username), username });
    await person.must(['register', '--recovery-file', this.path(`${username}-words.txt`), ...options]);
    return person;
  }

  admin(args: readonly string[]): Promise<CommandResult> {
    return run('dice-admin', [...args, '--data-dir', this.data], { environment: this.environment });
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
