/**
 * The process of bench:index that has an index open, so that its memory is the store's and little else: fills it to a number of
 * rows, or asks it for random vectors. Called as `index-process.js fill|ask FILE ROWS`; prints one line of JSON.
 */
import { randomInt } from 'node:crypto';
import type { AccountId } from '../client-sdk/protocol/ids.js';
import { absentNumber, blocksFrom, rehashesOf } from './index-blocks.js';
import { BenchIndex, holder, stranger } from './index-store.js';
import { peakMemoryOf } from './measured-process.js';

/** Seconds of the clock and of the processor that some operations took. */
export interface Timing {
  readonly operations: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** What filling gave: one timing for each run of 100,000 rows. */
export interface Filled {
  readonly timings: readonly Timing[];
  /** The longest single call, seconds of the clock and of the processor: what lies between them is the machine's. */
  readonly longestCall: number;
  readonly longestProcessor: number;
  readonly peakMemoryBytes: number;
}

/** What asking gave: for each kind of vector one timing a round. */
export interface Asked {
  readonly rounds: Readonly<Record<VectorKind, readonly Timing[]>>;
  /** Opening, until the first vector was answered. */
  readonly openSeconds: number;
  /** Questions of a whole vector, one after the other, until what is kept in memory is complete. */
  readonly warmUp: Timing;
  readonly memoryBytes: number;
  readonly peakMemoryBytes: number;
  readonly fileBytes: number;
  readonly tables: readonly { readonly name: string; readonly bytes: number }[];
}

export type VectorKind = 'hits' | 'misses' | 'half' | 'foreign';

const batch = 10_000;
const reportEvery = 10;
const rounds = 7;
const vectorsPerRound = 8;
const kinds: readonly VectorKind[] = ['hits', 'misses', 'half', 'foreign'];

const [verb, file = '', rowsText] = process.argv.slice(2);
const rows = Number(rowsText);
process.stdout.write(`${JSON.stringify(verb === 'fill' ? await fill() : await ask())}\n`);

async function fill(): Promise<Filled> {
  const index = BenchIndex.open(file);
  const timings: Timing[] = [];
  let [longestCall, longestProcessor] = [0, 0];
  while (index.rows() < rows) {
    const batches: Timing[] = [];
    for (let turn = 0; turn < reportEvery && index.rows() < rows; turn++) batches.push(await fillOnce(index));
    longestCall = Math.max(longestCall, ...batches.map(({ seconds }) => seconds));
    longestProcessor = Math.max(longestProcessor, ...batches.map(({ cpuSeconds }) => cpuSeconds));
    const timing = summed(batches);
    timings.push(timing);
    process.stderr.write(`${String(index.rows())} rows, ${String(Math.round(timing.operations / timing.seconds))} rows/s\n`);
  }
  index.close();
  return { timings, longestCall, longestProcessor, peakMemoryBytes: await peakMemoryOf(process.pid) };
}

/** One batch filed, and one image of it committed. */
async function fillOnce(index: BenchIndex): Promise<Timing> {
  const first = index.rows();
  const blocks = blocksFrom(first, Math.min(batch, rows - first));
  const rehashes = blocks.map(({ rehash }) => rehash).sort((a, b) => Buffer.compare(a, b));
  return index.inUpload(holder, String(first), (scope) => timed(blocks.length, () => index.store(scope, blocks, rehashes)));
}

async function ask(): Promise<Asked> {
  const from = performance.now();
  const index = BenchIndex.open(file);
  await askOnce(index, 'hits', 'first');
  const openSeconds = (performance.now() - from) / 1000;
  const warmUp = await repeated(index, 'misses', { name: 'warm-up', vectors: Math.ceil(rows / batch / 8) + 1 });
  const found: Record<VectorKind, Timing[]> = { hits: [], misses: [], half: [], foreign: [] };
  for (let round = -1; round < rounds; round++) {
    for (const kind of kinds) {
      const timing = await repeated(index, kind, { name: String(round), vectors: vectorsPerRound });
      if (round >= 0) found[kind].push(timing);
    }
    process.stderr.write(`asked ${String(round + 2)} of ${String(rounds + 1)} rounds\n`);
  }
  const memoryBytes = process.memoryUsage.rss();
  const peakMemoryBytes = await peakMemoryOf(process.pid);
  const asked = { rounds: found, openSeconds, warmUp, memoryBytes, peakMemoryBytes, fileBytes: index.fileBytes(), tables: index.bytesByTable() };
  index.close();
  return asked;
}

async function repeated(index: BenchIndex, kind: VectorKind, { name, vectors }: { readonly name: string; readonly vectors: number }): Promise<Timing> {
  const timings: Timing[] = [];
  for (let turn = 0; turn < vectors; turn++) timings.push(await askOnce(index, kind, `${kind} ${name} ${String(turn)}`));
  return summed(timings);
}

function summed(timings: readonly Timing[]): Timing {
  const sum = (key: keyof Timing): number => timings.reduce((total, timing) => total + timing[key], 0);
  return { operations: sum('operations'), seconds: sum('seconds'), cpuSeconds: sum('cpuSeconds') };
}

async function askOnce(index: BenchIndex, kind: VectorKind, name: string): Promise<Timing> {
  const vector = rehashesOf(Array.from({ length: batch }, (_, place) => numberFor(kind, place)));
  const account: AccountId = kind === 'foreign' ? stranger : holder;
  const expected = { hits: batch, misses: 0, half: batch / 2, foreign: 0 }[kind];
  return index.inUpload(account, name, async (scope) => {
    let answers: readonly boolean[] = [];
    const timing = await timed(batch, async () => {
      answers = await index.tags.pinOwned(scope, vector);
    });
    const present = answers.filter(Boolean).length;
    if (present !== expected) throw new Error(`a vector of ${kind} was answered with ${String(present)} present`);
    return timing;
  });
}

function numberFor(kind: VectorKind, place: number): number {
  const isAbsent = kind === 'misses' || (kind === 'half' && place % 2 === 0);
  return isAbsent ? absentNumber(randomInt(2 ** 40)) : randomInt(rows);
}

async function timed(operations: number, work: () => Promise<unknown>): Promise<Timing> {
  const cpu = process.cpuUsage();
  const from = performance.now();
  await work();
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { operations, seconds, cpuSeconds: (user + system) / 1e6 };
}
