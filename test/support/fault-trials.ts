/**
 * Trials of a server with one fault: each on a copy of one small prepared store, through the scripted work and a stop. Then a server without faults must have all
 * that was acknowledged and do the same work again, and `dice-admin check` must find nothing.
 */
import { cp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { CollectAnswer } from '../../client-sdk/protocol/messages.js';
import { run } from './dice-command.js';
import { registerRaw } from './raw-account.js';
import { startServer } from './running-server.js';
import { ScriptedWork } from './scripted-work.js';

/** A server with a fault in it; `stop` answers how it ended. */
export interface FaultyServer {
  readonly url: string;
  readonly log: string;
  stop(): Promise<string>;
}

/** How a trial went. */
export interface Trial {
  readonly ended: string;
  /** Steps of the script that did not succeed while the fault was there. */
  readonly failures: readonly string[];
  /** What must not be. */
  readonly defects: readonly string[];
  readonly acknowledged: number;
  /** What the collector did while the fault was there; undefined where it was not asked, or did not answer. */
  readonly collected?: CollectAnswer | undefined;
}

export class FaultTrials {
  private constructor(private readonly folder: string, private readonly work: ScriptedWork) {}

  /** Prepares the store below `folder`: several packs, of which some are partly dead. */
  static async prepare(folder: string): Promise<FaultTrials> {
    const dataDirectory = path.join(folder, 'prepared');
    const first = await startServer({ dataDirectory, graceMs: 0 });
    const work = new ScriptedWork(await registerRaw(first.url, 'ada'));
    for (let i = 0; i < 2; i++) await work.upload(first.url);
    await first.close();
    const second = await startServer({ dataDirectory, graceMs: 0 });
    for (let i = 0; i < 2; i++) await work.upload(second.url);
    await second.close();
    return new FaultTrials(folder, work);
  }

  /** The data directory of every trial: one name, so that names in it can be told beforehand. */
  get data(): string {
    return path.join(this.folder, 'data');
  }

  async run(start: () => Promise<FaultyServer>): Promise<Trial> {
    await rm(this.data, { recursive: true, force: true });
    await cp(path.join(this.folder, 'prepared'), this.data, { recursive: true, preserveTimestamps: true });
    return this.tried(await start(), this.work.copy());
  }

  /** The same where there is no store yet: the faulty server makes it, and its first account. */
  async runFirst(start: () => Promise<FaultyServer>): Promise<Trial> {
    await rm(this.data, { recursive: true, force: true });
    const server = await start();
    const owner = server.url === '' ? undefined : await registerRaw(server.url, 'ada').catch(() => undefined);
    if (owner !== undefined) return this.tried(server, new ScriptedWork(owner));
    const ended = await server.stop();
    return { ended, failures: ['start'], defects: [...hangs(ended, []), ...crashes(ended, server.log), ...(await this.begunAnew().catch(told))], acknowledged: 0 };
  }

  private async tried(server: FaultyServer, work: ScriptedWork): Promise<Trial> {
    // One that did not come up has answered nothing.
    const failures = server.url === '' ? ['start'] : await work.run(server.url);
    const { collected } = work;
    const ended = await server.stop();
    const defects = [...hangs(ended, failures), ...crashes(ended, server.log), ...(await this.judged(work).catch(told))];
    return { ended, failures, defects, acknowledged: work.acknowledged, collected };
  }

  /** What is wrong with what a fault left behind. */
  private async judged(work: ScriptedWork): Promise<readonly string[]> {
    const server = await startServer({ dataDirectory: this.data, graceMs: 0 });
    try {
      const missing = await work.missingFrom(server);
      const failures = (await work.run(server.url)).map((failure) => `the same work failed afterwards: ${failure}`);
      const later = (await work.missingFrom(server)).map((sentence) => `after more work: ${sentence}`);
      await server.close();
      return [...missing, ...failures, ...later, ...(await this.checked())];
    } finally {
      await server.close();
    }
  }

  /** A first start was cut off, and nobody was answered: the next one makes the store. */
  private async begunAnew(): Promise<readonly string[]> {
    const server = await startServer({ dataDirectory: this.data, graceMs: 0 });
    try {
      // The name of the one whose registration was not answered may be taken.
      await new ScriptedWork(await registerRaw(server.url, 'bea')).upload(server.url);
    } finally {
      await server.close();
    }
    return this.checked();
  }

  /** What `dice-admin check` finds, and what is left over. */
  private async checked(): Promise<readonly string[]> {
    const check = await run('dice-admin', ['check', '--data-dir', this.data]);
    const found = check.status === 0 ? [] : [`check ended with ${String(check.status)}: ${check.stdout}${check.stderr}`];
    return [...found, ...(await readdir(this.data)).filter((name) => name.endsWith('-wal') || name.endsWith('.tmp')).map((name) => `${name} is left`)];
  }
}

function told(error: unknown): readonly string[] {
  return [`afterwards: ${String(error)}`];
}

/** What of it hung. */
export function hangs(ended: string, failures: readonly string[]): readonly string[] {
  return [...(ended === 'hung' ? ['it hung'] : []), ...failures.filter((failure) => failure.includes('TimeoutError')).map((failure) => `hung: ${failure}`)];
}

/** A fault of the disk is refused, or ends the process with a sentence: never by an error that nobody caught, after which Node tells its version. */
export function crashes(ended: string, log: string): readonly string[] {
  const isCrash = /^SIG(ABRT|SEGV|BUS|ILL|TRAP)$/.test(ended) || /^Node\.js v\d|Assertion/m.test(log);
  return isCrash ? [`it crashed (${ended}): ${log.slice(-2_000)}`] : [];
}
