/**
 * Pairs of probes against a server process of its own: of vectors that another account has (*foreign*) and of vectors that nobody has (*absent*). Each
 * question is put to both, one right after the other, in random order.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { type Answer, type Probe, probeOf, Prober, type Question, questions, wholeLife } from './oracle-prober.js';
import type { Planting } from './oracle-server.js';
import { medianOf, type PairedFigures } from './oracle-statistics.js';
import { rawBlock, type RawBlock, registerRaw, storeRaw } from './raw-account.js';

/** How many pairs, of vectors of how many blocks. `each` are asked; the rest of a life is left out. */
export interface Trial {
  readonly pairs: number;
  readonly vector: number;
  readonly each?: readonly Question[];
  /** The quickest of so many tries counts, where a question may be repeated. 1 without it. */
  readonly tries?: number;
  /** Of the median of the first question, how much longer foreign vectors take. */
  readonly planted?: number;
}

/** Times of a question in milliseconds. */
export interface Times {
  readonly firstByte: PairedFigures;
  readonly total: PairedFigures;
}

/** A foreign and an absent one. */
export interface Pair<Of> {
  readonly foreign: Of;
  readonly absent: Of;
}

const blockBytes = 160;
/** Pairs before those that count. */
const warmUp = 10;
/** Pairs after which a planted delay is measured anew. */
const plantEvery = 10;
/** Vectors to an image when they are prepared. */
const blocksPerImage = 1_024;
const kinds = ['foreign', 'absent'] as const;
/** What a client may do about blocks of an image that it stored. */
const laterLife: readonly Question[] = ['askAgain', 'fetchOwn', 'trash', 'purge', 'askAfter'];

export class OracleBench {
  private constructor(
    private readonly folder: string,
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  /** A server with an operator and one who has many blocks. `databaseUrl`: of an empty database, where its index is on PostgreSQL; `place`: where its data lies. */
  static async open(existence: 'own' | 'shared' = 'own', { databaseUrl, place = tmpdir() }: { readonly databaseUrl?: string | undefined; readonly place?: string } = {}): Promise<OracleBench> {
    const folder = await mkdtemp(path.join(place, 'dice-oracle-'));
    const child = fork(path.resolve('dist/test/support/oracle-server.js'), [path.join(folder, 'data'), existence, ...(databaseUrl === undefined ? [] : [databaseUrl])], { execArgv: [] });
    const [port] = (await once(child, 'message')) as [number]; // its first word
    const bench = new OracleBench(folder, child, port);
    await registerRaw(bench.url, 'operator');
    return bench;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}`;
  }

  /** A new account that asks. */
  async prober(): Promise<Prober> {
    return new Prober(this.port, await registerRaw(this.url, `p${randomBytes(8).toString('hex')}`));
  }

  /** As many vectors as asked for of blocks that another account stored, and as many that nobody did. */
  async vectors(count: number, vector: number): Promise<readonly Pair<readonly RawBlock[]>[]> {
    const holder = await this.prober();
    const uploadId = await holder.begin();
    const made = Array.from({ length: count }, () => ({ foreign: vectorOf(vector), absent: vectorOf(vector) }));
    const foreign = made.flatMap((pair) => pair.foreign);
    for (let from = 0; from < foreign.length; from += blocksPerImage) {
      const probe = probeOf(foreign.slice(from, from + blocksPerImage), { uploadId, ownImageId: '' });
      for (const step of ['send', 'commit'] as const) mustBeDone(await holder.call(questions[step](probe)));
    }
    holder.close();
    return made;
  }

  /** Slows foreign vectors down. */
  async plant(planting: Planting): Promise<void> {
    const planted = once(this.child, 'message');
    this.child.send(planting);
    await planted;
  }

  /** Runs a trial with a prober of its own, and answers the times of each question. */
  async run(trial: Trial): Promise<ReadonlyMap<Question, Times>> {
    const prober = await this.prober();
    const vectors = await this.vectors(trial.pairs + warmUp, trial.vector);
    const ownImageId = await storeRaw(this.url, prober.account, [rawBlock(blockBytes)]);
    const each = trial.each ?? wholeLife;
    const times = new Map(each.map((question) => [question, emptyTimes()]));
    // What is sent is pinned, and pins are counted with each sending: so a session must not gather them.
    const shared = each.includes('send') ? undefined : await prober.begin();
    const firsts = vectors.map(({ foreign }) => hexOf(foreign[0]?.rehash ?? new Uint8Array(0)));
    for (const [i, pair] of vectors.entries()) {
      const probes = await probesOf(pair, ownImageId, () => shared ?? prober.begin());
      if (trial.planted !== undefined && i % plantEvery === 0) await this.plant({ delayMs: trial.planted * recentMedian(times), firsts });
      for (const question of each) {
        for (let tried = 0; tried < (question === 'ask' ? trial.tries ?? 1 : 1); tried++) note(times.get(question), { pair: i, answers: await inRandomOrder(prober, question, probes) });
      }
      if (shared === undefined) for (const kind of kinds) await prober.end(probes[kind].uploadId);
    }
    await this.plant({ delayMs: 0, firsts: [] });
    prober.close();
    return new Map([...times].map(([question, noted]) => [question, withoutWarmUp(noted)]));
  }

  /** The later half of a life, after a sweep that made one row of what two accounts sent: times of each question about blocks that the other account has too, and about those that it has not. */
  async runAfterSweep({ pairs, vector }: Pick<Trial, 'pairs' | 'vector'>): Promise<ReadonlyMap<Question, Times>> {
    const prober = await this.prober();
    const vectors = await this.vectors(pairs + warmUp, vector);
    const images: Pair<string>[] = [];
    for (const pair of vectors) {
      const uploadId = await prober.begin();
      const probes = await probesOf(pair, '', () => uploadId);
      for (const question of ['send', 'commit'] as const) {
        const answers = await inRandomOrder(prober, question, probes);
        for (const kind of kinds) mustBeDone(answers[kind]);
      }
      images.push({ foreign: probes.foreign.imageId, absent: probes.absent.imageId });
      await prober.end(uploadId);
    }
    await this.sweep();
    const times = new Map(laterLife.map((question) => [question, emptyTimes()]));
    for (const [i, pair] of vectors.entries()) {
      const probes = await probesOf(pair, '', () => prober.begin());
      const named = { foreign: { ...probes.foreign, imageId: images[i]?.foreign ?? '' }, absent: { ...probes.absent, imageId: images[i]?.absent ?? '' } };
      for (const question of laterLife) note(times.get(question), { pair: i, answers: await inRandomOrder(prober, question, named) });
      for (const kind of kinds) await prober.end(probes[kind].uploadId);
    }
    prober.close();
    return new Map([...times].map(([question, noted]) => [question, withoutWarmUp(noted)]));
  }

  private async sweep(): Promise<void> {
    const swept = once(this.child, 'message');
    this.child.send('sweep');
    const [told] = (await swept) as [string]; // as oracle-server.ts says it
    if (told !== 'swept') throw new Error(`the sweep failed: ${told}`);
  }

  async close(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function probesOf({ foreign, absent }: Pair<readonly RawBlock[]>, ownImageId: string, session: () => string | Promise<string>): Promise<Pair<Probe>> {
  return { foreign: probeOf(foreign, { uploadId: await session(), ownImageId }), absent: probeOf(absent, { uploadId: await session(), ownImageId }) };
}

function mustBeDone({ status, body }: Answer): void {
  if (status !== 200) throw new Error(`it answered ${String(status)}: ${body.toString()}`);
}

function vectorOf(blocks: number): readonly RawBlock[] {
  return Array.from({ length: blocks }, () => rawBlock(blockBytes));
}

/** Puts one question to both. */
export async function inRandomOrder(prober: Prober, question: Question, probes: Pair<Probe>): Promise<Pair<Answer>> {
  const isForeignFirst = (randomBytes(1)[0] ?? 0) < 128;
  const calls = { foreign: questions[question](probes.foreign), absent: questions[question](probes.absent) };
  const first = await prober.call(isForeignFirst ? calls.foreign : calls.absent);
  const second = await prober.call(isForeignFirst ? calls.absent : calls.foreign);
  return isForeignFirst ? { foreign: first, absent: second } : { foreign: second, absent: first };
}

interface Noted {
  readonly foreign: number[];
  readonly absent: number[];
}

function emptyTimes(): { readonly firstByte: Noted; readonly total: Noted } {
  return { firstByte: { foreign: [], absent: [] }, total: { foreign: [], absent: [] } };
}

/** The quickest try of a pair counts. */
function note(times: ReturnType<typeof emptyTimes> | undefined, { pair, answers }: { readonly pair: number; readonly answers: Pair<Answer> }): void {
  if (times === undefined) return;
  if (answers.foreign.status !== answers.absent.status || answers.foreign.body.length !== answers.absent.body.length) throw new Error('the answers differ in status or size');
  for (const kind of kinds) {
    times.firstByte[kind][pair] = Math.min(times.firstByte[kind][pair] ?? Infinity, answers[kind].firstByteMs);
    times.total[kind][pair] = Math.min(times.total[kind][pair] ?? Infinity, answers[kind].totalMs);
  }
}

function withoutWarmUp({ firstByte, total }: Times): Times {
  const rest = ({ foreign, absent }: PairedFigures): PairedFigures => ({ foreign: foreign.slice(warmUp), absent: absent.slice(warmUp) });
  return { firstByte: rest(firstByte), total: rest(total) };
}

/** Of the first question, over the absent ones of late: a machine is not as fast all the time. */
function recentMedian(times: ReadonlyMap<Question, Times>): number {
  const [first] = times.values();
  return first === undefined || first.total.absent.length === 0 ? 0 : medianOf(first.total.absent.slice(-2 * plantEvery));
}
