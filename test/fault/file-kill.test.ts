/**
 * A server that is killed at steps of its work on packs: while it stores, removes, compacts and ends. The same trials with every system call of its data directory, as
 * strace makes them fail, are test/long/syscalls.test.ts; steps that fail in the process itself are tested beside this one.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { LastStep } from '../support/dying-server.js';
import { type FaultyServer, FaultTrials } from '../support/fault-trials.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const main = fileURLToPath(new URL('../support/dying-server.js', import.meta.url));
const temporary = temporaryDirectories();

async function dyingAt(step: LastStep, directory: string): Promise<FaultyServer> {
  const child = fork(main, [directory, '0'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [port] = (await once(child, 'message')) as [number]; // its first word
  const armed = once(child, 'message');
  child.send(step);
  await armed;
  return { url: `http://127.0.0.1:${String(port)}`, log: '', stop: () => endOf(child) };
}

async function endOf(child: ChildProcess): Promise<string> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  return child.signalCode ?? `exit ${String(child.exitCode)}`;
}

/** Packs are written to for images that come and for what is purged; the collector begins with a mark, and what is written to packs after that are copies. */
const lastSteps: Readonly<Record<string, LastStep>> = {
  'blocks are written and not synced': { calls: ['write pack-'], isTaken: true },
  'the collector has begun its mark': { calls: ['sync pack-', 'write mark.tmp'], isTaken: true },
  'live records are synced and their rows not moved': { calls: ['sync pack-', 'rename mark.tmp', 'sync pack-'], isTaken: true },
  'a pack is about to be dropped': { calls: ['sync pack-', 'rename mark.tmp', 'sync pack-', 'remove pack-'], isTaken: false },
};

describe('a server that is killed at a step of its work on packs', () => {
  let trials: FaultTrials;
  beforeAll(async () => {
    trials = await FaultTrials.prepare(await temporary());
  });

  it.each(Object.entries(lastSteps))('when %s, loses nothing that it acknowledged, and goes on after a start', async (_name, step) => {
    const { ended, defects } = await trials.run(() => dyingAt(step, trials.data));
    expect([ended, defects]).toEqual(['SIGKILL', []]);
  }, 120_000);

  it('does all of its work where the step is never reached', async () => {
    const { ended, defects, failures, collected } = await trials.run(() => dyingAt({ calls: ['no call'], isTaken: false }, trials.data));
    expect([ended, defects, failures]).toEqual(['exit 0', [], []]);
    expect(collected?.compactedPacks).toBeGreaterThan(0);
  }, 120_000);
});
