/**
 * What every verb needs: options and environment read once, the console, the connection, the profile. A verb asks
 * for a client that is logged in, or for one that is not.
 */
import { homedir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import type { DiceClient } from '../api.js';
import { fault } from '../core/errors.js';
import { connect } from '../node/index.js';
import { eraseProfile, loadProfile, saveProfile } from '../node/profile.js';
import { nameText } from './amounts.js';
import { Console, type Streams } from './console.js';

/** Options that stand before or after any verb. */
export interface GlobalOptions {
  readonly server?: string;
  readonly username?: string;
  readonly profileDir?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** What the process gives: a test can give its own. */
export interface Surroundings {
  readonly streams: Streams;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  now(): number;
}

const defaultServer = 'http://localhost:3000';

export class Context {
  readonly console: Console;
  readonly signal: AbortSignal;
  readonly profileDir: string;
  readonly #environment: Surroundings['environment'];
  #client: DiceClient | undefined;

  constructor(
    readonly surroundings: Surroundings,
    readonly options: GlobalOptions,
  ) {
    this.#environment = surroundings.environment;
    this.signal = surroundings.signal;
    this.console = new Console(surroundings.streams, { isJson: options.json === true, isQuiet: options.quiet === true });
    this.profileDir = options.profileDir ?? this.#environment['DICE_HOME'] ?? path.join(homedir(), '.config', 'dice');
  }

  /** The context of the verb that `command` runs. */
  static of(surroundings: Surroundings, command: Command): Context {
    return new Context(surroundings, command.optsWithGlobals<GlobalOptions>());
  }

  /** A client without an account. */
  async guest(): Promise<DiceClient> {
    const server = this.options.server ?? this.#environment['DICE_SERVER'] ?? (await loadProfile(this.profileDir))?.server ?? defaultServer;
    return this.#connected(server);
  }

  /** A client whose account is logged in by the profile. Throws DiceError `not-logged-in`. */
  async member(): Promise<DiceClient> {
    const session = await loadProfile(this.profileDir);
    if (session === undefined) throw fault('not-logged-in', 'Run "dice login", or "dice register" for a new account.');
    const asked = this.options.server ?? this.#environment['DICE_SERVER'];
    if (asked !== undefined && new URL(asked).origin !== new URL(session.server).origin) {
      throw fault('not-logged-in', `The profile belongs to ${session.server}, not to ${asked}. Log in there, or use another --profile-dir.`);
    }
    const client = await this.#connected(session.server);
    await client.resumeSession(session, { signal: this.signal });
    return client;
  }

  /** Keeps the client's session in the profile. */
  async keep(client: DiceClient): Promise<void> {
    await saveProfile(this.profileDir, await client.saveSession());
  }

  async forget(): Promise<void> {
    await eraseProfile(this.profileDir);
  }

  async username(): Promise<string> {
    return this.options.username ?? this.#environment['DICE_USERNAME'] ?? (await this.console.ask('User name', 'give --username or set DICE_USERNAME'));
  }

  /** The password of the environment, else typed. */
  async password(question = 'Password'): Promise<string> {
    return this.#environment['DICE_PASSWORD'] ?? (await this.console.askHidden(question, 'set DICE_PASSWORD'));
  }

  /** Somebody sits at a terminal and can be asked. */
  get isAttended(): boolean {
    return this.surroundings.streams.stdin.isTTY === true;
  }

  /** The code of a second factor: `given` as an option, else typed. */
  async code(given: string | undefined): Promise<string> {
    return given ?? (await this.console.ask('Code of the authenticator app, or a backup code', 'give --code'));
  }

  /** A new password: of the environment, else typed twice. */
  async newPassword(): Promise<string> {
    return this.#environment['DICE_PASSWORD'] ?? (await this.typedTwice('set DICE_PASSWORD'));
  }

  async typedTwice(instead: string): Promise<string> {
    for (;;) {
      const first = await this.console.askHidden('New password', instead);
      if (first === (await this.console.askHidden('The same again', instead))) return first;
      this.console.complain('the two passwords differ; once more');
    }
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }

  async #connected(server: string): Promise<DiceClient> {
    this.#client = await connect(server, {
      profileDir: this.profileDir,
      signal: this.signal,
      onWarning: (message) => { this.console.note(message); },
      confirmRealm: (said, dialled) => this.#confirmRealm(said, dialled),
    });
    return this.#client;
  }

  async #confirmRealm(said: string, dialled: string): Promise<boolean> {
    if (!this.isAttended) return false;
    this.console.note(`The server calls itself ${nameText(said)}, but you dialled ${dialled}. A password given now can be used at ${nameText(said)}.`);
    return (await this.console.ask('Go on? (yes/no)', 'dial the name that the server gives')) === 'yes';
  }
}
