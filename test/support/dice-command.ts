/**
 * The `dice` and `dice-admin` commands as processes of their own, with a profile folder of their own.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const mains = {
  dice: fileURLToPath(new URL('../../dice/main.js', import.meta.url)),
  'dice-admin': fileURLToPath(new URL('../../server/cli/main.js', import.meta.url)),
};

/** What a command left behind. */
export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as the one JSON document; throws where it is none. */
  json<T>(): T;
}

/** How a command runs. `signal` ends it when aborted, with SIGINT or with `endedBy`. */
export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly endedBy?: NodeJS.Signals;
  readonly cwd?: string;
}

/** Runs a command to its end. */
export function run(command: 'dice' | 'dice-admin', args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [mains[command], ...args], {
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    options.signal?.addEventListener('abort', () => child.kill(options.endedBy ?? 'SIGINT'));
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
    child.stderr.on('data', (piece: Buffer) => stderr.push(piece));
    child.once('error', reject);
    child.once('close', (status) => {
      const text = Buffer.concat(stdout).toString();
      // The caller names the document's type; a wrong one fails the test that reads it.
      resolve({ status, stdout: text, stderr: Buffer.concat(stderr).toString(), json: <T>() => JSON.parse(text) as T });
    });
  });
}

/** One person at one machine: every call goes to the same server with the same profile. */
export class Person {
  readonly url: string;
  readonly profileDir: string;
  readonly username: string;
  readonly password: string;

  constructor(person: { readonly url: string; readonly profileDir: string; readonly username: string; readonly password?: string }) {
    this.url = person.url;
    this.profileDir = person.profileDir;
    this.username = person.username;
    this.password = person.password ?? `${person.username} keeps bees on the roof`;
  }

  dice(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const environment = {
      DICE_SERVER: this.url,
      DICE_HOME: this.profileDir,
      DICE_USERNAME: this.username,
      DICE_PASSWORD: this.password,
      ...options.environment,
    };
    return run('dice', args, { ...options, environment });
  }

  /** Runs and throws unless it ended with `status`. */
  async must(args: readonly string[], status = 0): Promise<CommandResult> {
    const result = await this.dice(args);
    if (result.status !== status) throw new Error(`dice ${args.join(' ')} ended with ${String(result.status)}, not ${String(status)}:\n${result.stderr}\n${result.stdout}`);
    return result;
  }
}
