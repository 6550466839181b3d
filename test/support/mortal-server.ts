/**
 * A server that comes back whenever it was killed, and changes of secrets that are asked of it while it dies at a chosen step: afterwards either the
 * old secrets hold or the new ones, and the client that lost the answer has come to the end that was asked for.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { DiceClient } from '../../client-sdk/api.js';
import { type ClientOptions, clientOf, codeOf, testPassword } from './sdk-client.js';

const nextPassword = 'nine purple whales';
/** Every step of a change is one of the first forty; a bound for a test that would never come to the end. */
const maxSteps = 40;
const maxStarts = 20;

/** A server that comes back on its port whenever it was killed. */
export class MortalServer {
  #child: ChildProcess | undefined;
  #isOver = false;
  #up: Promise<void> = Promise.resolve();
  port = 0;
  deaths = 0;

  private constructor(private readonly directory: string) {}

  static async open(directory: string): Promise<MortalServer> {
    const server = new MortalServer(directory);
    await (server.#up = server.#start());
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}`;
  }

  /** Dies at the step with this number from now on. Answers once the process knows. */
  async arm(step: number): Promise<void> {
    await this.#up;
    const armed = once(this.#child ?? process, 'message');
    this.#child?.send(step);
    await armed;
  }

  /** Waits until it listens again, where it was killed. */
  async back(): Promise<void> {
    for (let deaths = -1; deaths !== this.deaths;) {
      deaths = this.deaths;
      await this.#up;
    }
  }

  async close(): Promise<void> {
    this.#isOver = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async #start(): Promise<void> {
    for (let tries = 0; tries < maxStarts; tries++) {
      const child = fork(path.resolve('dist/test/support/dying-server.js'), [this.directory, String(this.port)], { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
      this.#child = child;
      const ended = once(child, 'exit');
      const said = await Promise.race([once(child, 'message'), ended.then(() => undefined)]);
      if (said !== undefined) {
        this.port = Number(said[0]);
        void ended.then(() => { this.#restart(); });
        return;
      }
      // Another process may have taken the port for a connection of its own, for a moment.
      await setTimeout(300);
    }
    throw new Error('the server does not start again');
  }

  #restart(): void {
    if (this.#isOver) return;
    this.deaths++;
    this.#up = this.#start();
    // Whoever waits for it hears of it; until then it is nobody's error.
    this.#up.catch(() => undefined);
  }
}

/** Between two tries a client waits until the server is there again, however slow the machine is. */
function patientOf(server: MortalServer): ClientOptions {
  const sleep = async (ms: number, signal: AbortSignal | undefined): Promise<void> => {
    await setTimeout(ms > 20_000 ? ms : 100, undefined, signal === undefined ? {} : { signal });
    await server.back();
  };
  return { platform: { sleep } };
}

interface Secrets {
  readonly password: string;
  readonly words: string;
}

interface Person extends Secrets {
  readonly username: string;
}

async function mayLogIn(url: string, { username }: Person, password: string): Promise<boolean> {
  const code = await codeOf((await clientOf(url)).login({ username, password }));
  if (code !== 'none' && code !== 'credentials-wrong') throw new Error(`a login ended with ${code}`);
  return code === 'none';
}

/** Words hold where the client that is logged in says so. */
async function areWords(client: DiceClient, words: string): Promise<boolean> {
  const code = await codeOf(client.checkRecoveryWords(words));
  if (code !== 'none' && code !== 'recovery-words-invalid') throw new Error(`a check of words ended with ${code}`);
  return code === 'none';
}

/** What is asked of a server that dies. */
export interface Change {
  readonly name: string;
  /** Does it, and answers the secrets that hold then. */
  readonly act: (client: DiceClient, person: Person) => Promise<Secrets>;
}

async function changePassword(client: DiceClient, { password, words }: Person): Promise<Secrets> {
  await client.changePassword({ current: password, next: nextPassword });
  return { password: nextPassword, words };
}

async function changeWords(client: DiceClient, { password }: Person): Promise<Secrets> {
  return { password, words: (await client.changeRecoveryWords({ password })).recoveryWords };
}

async function recover(client: DiceClient, { username, words }: Person): Promise<Secrets> {
  await client.recover({ username, recoveryWords: words, newPassword: nextPassword });
  return { password: nextPassword, words };
}

export const changes: readonly Change[] = [
  { name: 'a change of password', act: changePassword },
  { name: 'a change of words', act: changeWords },
  { name: 'a recovery', act: recover },
];

let names = 0;
async function newPerson(server: MortalServer): Promise<{ readonly client: DiceClient; readonly person: Person }> {
  const client = await clientOf(server.url, patientOf(server));
  const username = `person-${String(names++)}`;
  return { client, person: { username, password: testPassword, words: (await client.register({ username, password: testPassword })).recoveryWords } };
}

/** Every one of the new secrets holds, and of the old ones those alone that were not replaced. */
async function expectHold(url: string, person: Person, secrets: Secrets): Promise<void> {
  expect(await mayLogIn(url, person, secrets.password)).toBe(true);
  if (secrets.password !== person.password) expect(await mayLogIn(url, person, person.password)).toBe(false);
  const client = await clientOf(url);
  await client.login({ username: person.username, password: secrets.password });
  expect(await areWords(client, secrets.words)).toBe(true);
  if (secrets.words !== person.words) expect(await areWords(client, person.words)).toBe(false);
}

/** Does the change with a new person for every `stride`-th step from `first` on, until none is killed any more. Answers how many were. */
export async function killAtSteps(server: MortalServer, { act }: Change, { first, stride }: { readonly first: number; readonly stride: number }): Promise<number> {
  let kills = 0;
  for (let step = first; step <= maxSteps; step += stride) {
    const { client, person } = await newPerson(server);
    const deaths = server.deaths;
    await server.arm(step);
    const secrets = await act(client, person);
    const wasKilled = server.deaths > deaths;
    await server.back();
    await expectHold(server.url, person, secrets);
    if (!wasKilled) return kills;
    expect(server.deaths).toBe(deaths + 1);
    kills++;
  }
  throw new Error('the change never came to its end');
}
