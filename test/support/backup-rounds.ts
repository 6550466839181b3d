/**
 * Rounds of backups beside a real server whose people upload, remove and have the collector run thoroughly all the while. In each round some backups are killed, the first
 * at its first words and others later, one is made whole, and what is restored from it must have every image that was acknowledged before that backup began.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import { checkStore, type CheckAnswer } from '../../server/core/check.js';
import { opened, restoreTo } from './backed-up.js';
import { beginRaw, commitOf, rawBlock, registerRaw, sendCommits, streamOf, type RawAccount } from './raw-account.js';
import type { Workbench } from './workbench.js';

const main = fileURLToPath(new URL('../../server/cli/main.js', import.meta.url));
/** Images that come and go; one in four stays for good. */
const mostPassing = 8;
/** From the first line that a backup writes on: it takes about so long to copy a small store. */
const longestMs = 120;

/** What a round found. */
export interface Round {
  readonly killed: number;
  /** Images that were acknowledged before the backup began, and not removed before it ended. */
  readonly expected: number;
  readonly missing: readonly string[];
  readonly collections: number;
  /** Of the restored store. */
  readonly check: CheckAnswer;
}

/** Who uploads and removes. */
class Busy {
  /** Acknowledged, and nobody has begun to remove it. */
  readonly images = new Set<string>();
  collections = 0;
  private readonly passing: string[] = [];
  private readonly stop = new AbortController();
  private work: Promise<void> = Promise.resolve();

  constructor(private readonly url: string, private readonly account: RawAccount, images: Iterable<string>) {
    for (const id of images) this.images.add(id);
  }

  begin(): void {
    this.work = this.go();
  }

  async end(): Promise<void> {
    this.stop.abort();
    await this.work;
  }

  private async go(): Promise<void> {
    for (let step = 0; !this.stop.signal.aborted; step++) {
      const imageId = await this.store();
      if (step % 4 !== 0) this.passing.push(imageId);
      const oldest = this.passing.length > mostPassing ? this.passing.shift() : undefined;
      if (oldest !== undefined) await this.remove(oldest);
      if (step % 4 === 3) await this.collect();
    }
  }

  /** In a session that is ended, so that it holds nothing. */
  private async store(): Promise<string> {
    const uploadId = await beginRaw(this.url, this.account);
    const [imageId, blocks] = [randomBytes(16).toString('hex'), [rawBlock(20_000), rawBlock(3_000)]];
    await this.call('POST', `uploads/${uploadId}/blocks`, new Uint8Array(streamOf(blocks)));
    const { text } = await sendCommits(this.url, { uploadId, account: this.account }, [commitOf(imageId, blocks)]);
    if (!text.includes('"stored"')) throw new Error(`the commit answered ${text}`);
    this.images.add(imageId);
    await this.call('DELETE', `uploads/${uploadId}`);
    return imageId;
  }

  private async remove(imageId: string): Promise<void> {
    this.images.delete(imageId);
    for (const route of [`images/${imageId}`, `trash/${imageId}`]) await this.call('DELETE', route);
  }

  private async collect(): Promise<void> {
    await this.call('POST', 'operator/collect');
    this.collections++;
  }

  private async call(method: string, route: string, bytes?: Uint8Array<ArrayBuffer>): Promise<void> {
    const headers = { authorization: this.account.bearer, ...(bytes === undefined ? {} : { 'content-type': 'application/octet-stream' }) };
    const answer = await fetch(`${this.url}/api/v1/${route}`, { method, headers, ...(bytes === undefined ? {} : { body: bytes }) });
    if (!answer.ok) throw new Error(`${method} ${route} answered ${String(answer.status)}`);
    await answer.arrayBuffer();
  }
}

/** Runs `count` rounds with `kills` killed backups each, and one more after the server was killed. It is another process in each round, so packs are many. */
export async function backupRounds(bench: Workbench, { count, kills }: { readonly count: number; readonly kills: number }): Promise<readonly Round[]> {
  const account = await registerRaw(bench.server.url, 'busy');
  const rounds: Round[] = [];
  let images: readonly string[] = [];
  for (let round = 0; round < count; round++) {
    await bench.stop();
    await bench.start();
    const busy = new Busy(bench.server.url, account, images);
    busy.begin();
    try {
      rounds.push(await oneRound(bench, busy, { account, kills }));
    } finally {
      await busy.end();
    }
    images = [...busy.images];
  }
  // What a killed server leaves is a log that nobody took in.
  await bench.server.kill();
  rounds.push(await oneRound(bench, new Busy(bench.server.url, account, images), { account, kills: 0 }));
  return rounds;
}

async function oneRound(bench: Workbench, busy: Busy, { account, kills }: { readonly account: RawAccount; readonly kills: number }): Promise<Round> {
  const repository = bench.path('repository');
  let killed = 0;
  for (let kill = 0; kill < kills; kill++) if ((await runBackup(bench, repository, Math.floor((longestMs * kill) / kills))) === 'killed') killed++;
  const before = [...busy.images];
  await runBackup(bench, repository, undefined);
  const expected = before.filter((id) => busy.images.has(id));
  const directory = bench.path('restored');
  await restoreTo(repository, directory);
  const check = await opened(directory, async ({ parts }) => ({
    answer: await checkStore(parts, { onFinding: () => undefined }),
    // Ids of the test's own making.
    missing: await missingOf(expected, async (id) => (await parts.stores.images.find(account.accountId as AccountId, id as ImageId)) !== undefined),
  }));
  await rm(directory, { recursive: true });
  return { killed, expected: expected.length, missing: check.missing, collections: busy.collections, check: check.answer };
}

async function missingOf(ids: readonly string[], has: (id: string) => Promise<boolean>): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const id of ids) if (!(await has(id))) missing.push(id);
  return missing;
}

/** Runs `dice-admin backup`, killed `afterMs` after its first words; to its end without. */
async function runBackup(bench: Workbench, repository: string, afterMs: number | undefined): Promise<'done' | 'killed'> {
  const child = spawn(process.execPath, [main, 'backup', repository, '--keep', '2', '--data-dir', bench.data], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said: Buffer[] = [];
  child.stderr.on('data', (piece: Buffer) => said.push(piece));
  const ended = once(child, 'close') as Promise<[number | null, string | null]>; // what a process ends with
  if (afterMs !== undefined) {
    await Promise.race([once(child.stderr, 'data'), ended]);
    await setTimeout(afterMs);
    child.kill('SIGKILL');
  }
  const [status, signal] = await ended;
  if (signal === 'SIGKILL') return 'killed';
  if (status !== 0) throw new Error(`the backup ended with ${String(status)}: ${Buffer.concat(said).toString()}`);
  return 'done';
}
