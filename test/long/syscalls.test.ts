/**
 * Each system call by which a server writes into its data directory fails in turn, does nothing, or is the last thing that the server does: for as long as DICE_TEST_SECONDS
 * says (two hours where nothing is said), in an order drawn from DICE_TEST_SEED, which is printed. Prints what was tried and how the server ended.
 */
import path from 'node:path';
import { realpath } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { FaultTrials } from '../support/fault-trials.js';
import { temporaryDirectories } from '../support/temp-directory.js';
import { injectionsOf, readTrace, requireStrace } from '../support/strace.js';
import { TracedServer } from '../support/traced-server.js';

const seconds = Number(process.env['DICE_TEST_SECONDS'] ?? 7_200);
const seed = process.env['DICE_TEST_SEED'] ?? String(Date.now());
/** Packs that a faulty run may begin and the whole one did not. */
const morePacks = 6;
const temporary = temporaryDirectories();

/** At work on a store, or making one. */
type Kind = 'run' | 'runFirst';

let trials: FaultTrials;
let trace: string;

beforeAll(async () => {
  process.stdout.write(`${requireStrace()}, seed ${seed}\n`);
  const folder = await realpath(await temporary());
  trials = await FaultTrials.prepare(folder);
  trace = path.join(folder, 'trace');
});

async function traced(kind: Kind): Promise<Awaited<ReturnType<typeof readTrace>>> {
  const whole = await trials[kind](() => TracedServer.start(trials.data, trace));
  expect(whole).toMatchObject({ ended: 'exit 0', failures: [], defects: [] });
  await setTimeout(500); // strace writes its last lines after the server has ended
  return readTrace(trace, trials.data);
}

function sum(counted: readonly (readonly [string, number])[]): number {
  return counted.reduce((total, [, count]) => total + count, 0);
}

function withMorePacks(paths: readonly string[]): readonly string[] {
  const last = Math.max(...paths.map((name) => Number(/pack-(\d{10})/.exec(name)?.[1] ?? 0)));
  const more = Array.from({ length: morePacks }, (_, i) => path.join(trials.data, 'packs', `pack-${String(last + i + 1).padStart(10, '0')}.dice`));
  return [...paths, ...more];
}

describe('a server whose system calls fail', () => {
  it.each([['at work', 'run', 0.7], ['at its first start', 'runFirst', 0.3]] as const)('%s loses nothing that it acknowledged, and goes on after a start', async (...row) => {
    const [, kind, share] = row;
    const until = Date.now() + share * seconds * 1_000;
    const { counts, paths } = await traced(kind);
    const injections = injectionsOf({ counts, paths: withMorePacks(paths) }, seed);
    const tally = new Map<string, number>();
    const defects: string[] = [];
    let tried = 0;
    for (; tried < injections.length && Date.now() < until; tried++) {
      const injection = injections[tried];
      if (injection === undefined) break;
      const { ended, failures, defects: found } = await trials[kind](() => TracedServer.start(trials.data, trace, injection));
      const name = `${injection.call} ${injection.fault}`;
      const outcome = `${name}: ${ended}${failures.length === 0 ? ', nothing was noticed' : ''}`;
      tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
      for (const defect of found) process.stdout.write(`${name} ${String(injection.nth)}: ${defect}\n`);
      defects.push(...found.map((defect) => `${name} ${String(injection.nth)}: ${defect}`));
    }
    process.stdout.write(`${kind}: ${String(tried)} of ${String(injections.length)} tried\n${[...tally].sort().map(([outcome, count]) => `  ${outcome}: ${String(count)}`).join('\n')}\n`);
    expect(tried).toBeGreaterThan(0);
    // Some calls are not reached where the order of threads is another; a kill that never comes would be a test of nothing.
    const kills = [...tally].filter(([outcome]) => outcome.includes('SIGKILL:'));
    const came = kills.filter(([outcome]) => outcome.includes(': SIGKILL'));
    expect(sum(came)).toBeGreaterThanOrEqual(sum(kills) / 2);
    expect(defects).toEqual([]);
  }, (seconds + 600) * 1_000);
});
