/**
 * Each system call by which a server writes into its data directory, and each by which a backup beside it or a restore reads or writes, fails in turn, does nothing, or is the
 * last thing that the process does: for as long as there is time (support/long-time.ts; three hours where nothing is said), in an order drawn from SYSCALLS_SEED, which is printed. Prints what
 * was tried and how the process ended.
 */
import path from 'node:path';
import { realpath } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { type BackupKind, BackupTrials } from '../support/backup-trials.js';
import { FaultTrials, type Trial } from '../support/fault-trials.js';
import { type Injection, injectionsOf, readTrace, requireStrace, type Traced } from '../support/strace.js';
import { secondsFor } from '../support/long-time.js';
import { temporaryDirectories } from '../support/temp-directory.js';
import { TracedServer } from '../support/traced-server.js';

const seconds = secondsFor('syscalls', 10_800);
const seed = process.env['SYSCALLS_SEED'] ?? String(Date.now());
/** Packs that a faulty run may begin and the whole one did not. */
const morePacks = 6;
const temporary = temporaryDirectories();
let folder: string;
let trace: string;

beforeAll(async () => {
  process.stdout.write(`${requireStrace()}, seed ${seed}\n`);
  folder = await realpath(await temporary());
  trace = path.join(folder, 'trace');
});

/** What is tried again and again, and for which share of the time. */
interface Sweep {
  readonly name: string;
  readonly share: number;
  readonly attempt: (injection?: Injection) => Promise<Trial>;
  /** All names of what is tried lie below it. */
  readonly place: string;
  /** Names that a faulty run may meet, from those that the whole one met. */
  readonly further?: (paths: readonly string[]) => readonly string[];
}

async function traced({ attempt, place, further }: Sweep): Promise<Traced> {
  expect(await attempt()).toMatchObject({ ended: 'exit 0', failures: [], defects: [] });
  await setTimeout(500); // strace writes its last lines after the process has ended
  const { counts, paths } = await readTrace(trace, place);
  return { counts, paths: [...paths, ...(further?.(paths) ?? [])] };
}

async function sweep(order: Sweep): Promise<void> {
  const until = Date.now() + order.share * seconds * 1_000;
  const injections = injectionsOf(await traced(order), seed);
  const tally = new Map<string, number>();
  const defects: string[] = [];
  let tried = 0;
  for (const injection of injections) {
    if (Date.now() >= until) break;
    const { ended, failures, defects: found } = await order.attempt(injection);
    tried++;
    const name = `${injection.call} ${injection.fault}`;
    const outcome = `${name}: ${ended}${failures.length === 0 ? ', nothing was noticed' : ''}`;
    tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
    for (const defect of found) process.stdout.write(`${order.name}: ${name} ${String(injection.nth)}: ${defect}\n`);
    defects.push(...found.map((defect) => `${name} ${String(injection.nth)}: ${defect}`));
  }
  process.stdout.write(`${order.name}: ${String(tried)} of ${String(injections.length)} tried\n${[...tally].sort().map(([outcome, count]) => `  ${outcome}: ${String(count)}`).join('\n')}\n`);
  expect(tried).toBeGreaterThan(0);
  // Some calls are not reached where the order of threads is another; a kill that never comes would be a test of nothing.
  const kills = [...tally].filter(([outcome]) => outcome.includes('SIGKILL:'));
  const came = kills.filter(([outcome]) => outcome.includes(': SIGKILL'));
  expect(sum(came)).toBeGreaterThanOrEqual(sum(kills) / 2);
  expect(defects).toEqual([]);
}

function sum(counted: readonly (readonly [string, number])[]): number {
  return counted.reduce((total, [, count]) => total + count, 0);
}

describe('a server whose system calls fail', () => {
  let trials: FaultTrials;
  beforeAll(async () => {
    trials = await FaultTrials.prepare(path.join(folder, 'server'));
  });

  function withMorePacks(paths: readonly string[]): readonly string[] {
    const last = Math.max(...paths.map((name) => Number(/pack-(\d{10})/.exec(name)?.[1] ?? 0)));
    return Array.from({ length: morePacks }, (_, i) => path.join(trials.data, 'packs', `pack-${String(last + i + 1).padStart(10, '0')}.dice`));
  }

  it.each([['at work', 'run', 0.5], ['at its first start', 'runFirst', 0.2]] as const)('%s loses nothing that it acknowledged, and goes on after a start', async (...row) => {
    const [, kind, share] = row;
    await sweep({ name: kind, share, place: trials.data, further: withMorePacks, attempt: (injection) => trials[kind](() => TracedServer.start(trials.data, trace, injection)) });
  }, (seconds + 600) * 1_000);
});

describe('a backup whose system calls fail', () => {
  let trials: BackupTrials;
  beforeAll(async () => {
    trials = await BackupTrials.prepare(path.join(folder, 'backup'));
  });

  it.each<[string, BackupKind, number]>([['beside a server, the first', 'first', 0.1], ['beside a server, beside older points', 'later', 0.1], ['that is restored', 'restore', 0.1]])(
    '%s leaves points whole, and the next one has all that was acknowledged',
    async (...row) => {
      const [, kind, share] = row;
      await sweep({ name: kind, share, place: trials.place, attempt: (injection) => trials.run(kind, trace, injection) });
    },
    (seconds + 600) * 1_000,
  );
});
