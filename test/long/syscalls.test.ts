/**
 * Each system call by which a server writes into its data directory, and each by which a backup beside it or a restore reads or writes, fails in turn, once or from then on, does nothing, or is
 * the last thing that the process does. One of each kind comes first, then all others in an order drawn from SYSCALLS_SEED, which is printed: for as long as there is time (support/long-time.ts),
 * or to the last one. Prints what was tried, what of it was reached, how the process ended, and what is left. A write that takes a part of what it was given is nothing that strace can do:
 * test/fault/unsynced.test.ts and file-sweeps.test.ts do it to packs.
 */
import path from 'node:path';
import { realpath, rm } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { packPath } from '../../server/storage/packs/pack-folder.js';
import { type BackupKind, BackupTrials } from '../support/backup-trials.js';
import { FaultTrials, type Trial } from '../support/fault-trials.js';
import { type Injection, injectionsOf, kindOf, readTrace, requireStrace, type Traced, wasReached } from '../support/strace.js';
import { secondsFor } from '../support/long-time.js';
import { temporaryDirectories } from '../support/temp-directory.js';
import { TracedServer } from '../support/traced-server.js';

/** Where nothing is said, more than all of it takes. */
const seconds = secondsFor('syscalls', 1_000_000);
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
  /** Lines that the trace of the whole run must have, or it did less than it is meant to. */
  readonly mustHave: readonly RegExp[];
  /** The collector is part of it. */
  readonly collects?: boolean;
}

async function traced({ attempt, place, further, mustHave, collects = false }: Sweep): Promise<Traced> {
  const trial = await attempt();
  expect(trial).toMatchObject({ ended: 'exit 0', failures: [], defects: [] });
  if (collects) expect([trial.collected?.collectedBlocks, trial.collected?.compactedPacks]).toEqual([expect.any(Number), expect.any(Number)]);
  if (collects) expect(Math.min(trial.collected?.collectedBlocks ?? 0, trial.collected?.compactedPacks ?? 0)).toBeGreaterThan(0);
  const whole = await readTrace(trace, place);
  expect(mustHave.filter((line) => !whole.lines.some((found) => line.test(found)))).toEqual([]);
  return { ...whole, paths: [...whole.paths, ...(further?.(whole.paths) ?? [])] };
}

async function sweep(order: Sweep): Promise<void> {
  const until = Date.now() + order.share * seconds * 1_000;
  const injections = injectionsOf(await traced(order), seed);
  const tally = new Map<string, number>();
  const defects: string[] = [];
  let [tried, reached] = [0, 0];
  for (const injection of injections) {
    if (Date.now() >= until) break;
    await rm(trace, { force: true });
    const { ended, failures, defects: found } = await order.attempt(injection);
    const isReached = await wasReached(injection, trace, ended);
    tried++;
    if (isReached) reached++;
    const name = kindOf(injection);
    const outcome = `${name}: ${isReached ? 'reached' : 'not reached'}, ${ended}${failures.length === 0 ? ', nothing was noticed' : ''}`;
    tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
    for (const defect of found) process.stdout.write(`${order.name}: ${name} ${String(injection.nth)}: ${defect}\n`);
    defects.push(...found.map((defect) => `${name} ${String(injection.nth)}: ${defect}`));
  }
  const kinds = new Set(injections.map(kindOf));
  const left = [...kinds].filter((kind) => !injections.slice(0, tried).some((injection) => kindOf(injection) === kind));
  const counts = `${String(tried)} of ${String(injections.length)} tried, ${String(reached)} reached, ${String(tried - reached)} not; ${String(kinds.size - left.length)} of ${String(kinds.size)} kinds`;
  process.stdout.write(`${order.name}: ${counts}${left.length === 0 ? '' : `, left: ${left.join(', ')}`}\n${[...tally].sort().map(([outcome, count]) => `  ${outcome}: ${String(count)}`).join('\n')}\n`);
  expect(defects).toEqual([]);
  // Some calls are not reached where the order of threads is another; a fault that never comes would be a test of nothing.
  expect(reached).toBeGreaterThan(0.75 * tried);
}

describe('a server whose system calls fail', () => {
  let trials: FaultTrials;
  beforeAll(async () => {
    trials = await FaultTrials.prepare(path.join(folder, 'server'));
  });

  function withMorePacks(paths: readonly string[]): readonly string[] {
    const last = Math.max(...paths.map((name) => Number(/pack-(\d{10})/.exec(name)?.[1] ?? 0)));
    return Array.from({ length: morePacks }, (_, i) => packPath({ directory: path.join(trials.data, 'packs') }, last + i + 1));
  }

  const droppedPack = /unlink.*pack-\d{10}\.dice"/;
  const madeStore = /rename.*dice-store\.json"/;
  it.each([['at work', 'run', 0.5, [droppedPack]], ['at its first start', 'runFirst', 0.2, [droppedPack, madeStore]]] as const)('%s loses nothing that it acknowledged, and goes on after a start', async (...row) => {
    const [, kind, share, mustHave] = row;
    const attempt = (injection?: Injection): Promise<Trial> => trials[kind](() => TracedServer.start(trials.data, trace, injection));
    await sweep({ name: kind, share, mustHave, collects: true, place: trials.data, further: withMorePacks, attempt });
  }, (seconds + 600) * 1_000);
});

describe('a backup whose system calls fail', () => {
  let trials: BackupTrials;
  beforeAll(async () => {
    trials = await BackupTrials.prepare(path.join(folder, 'backup'));
  });

  const [madePoint, copiedPack] = [/rename.*\/points\/[^/]+\/list"/, /rename.*\/repository\/packs\/pack-\d{10}\.dice\.[0-9a-f]{64}"/];
  const forgotPoint = /unlink.*\/points\/[^/]+\/list"/;
  const restoredStore = /rename.*\/restored\/dice-store\.json"/;
  it.each<[string, BackupKind, readonly RegExp[]]>([
    ['beside a server, the first', 'first', [madePoint, copiedPack]],
    ['beside a server, beside older points', 'later', [madePoint, copiedPack, forgotPoint]],
    ['that is restored', 'restore', [restoredStore]],
  ])(
    '%s leaves points whole, and the next one has all that was acknowledged',
    async (...row) => {
      const [, kind, mustHave] = row;
      await sweep({ name: kind, share: 0.1, mustHave, place: trials.place, attempt: (injection) => trials.run(kind, trace, injection) });
    },
    (seconds + 600) * 1_000,
  );
});
