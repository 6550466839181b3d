/**
 * A server that is killed at steps of its work on packs: while it stores, removes, compacts and ends. The same trials with every system call of its data directory, as
 * strace makes them fail, are test/long/syscalls.test.ts; steps that fail in the process itself are tested beside this one.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { type FaultyServer, FaultTrials } from '../support/fault-trials.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const main = fileURLToPath(new URL('../support/dying-server.js', import.meta.url));
const temporary = temporaryDirectories();

async function dyingAt(step: number, directory: string): Promise<FaultyServer> {
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

describe('a server that is killed at a step of its work on packs', () => {
  it('loses nothing that it acknowledged, and goes on after a start', async () => {
    const trials = await FaultTrials.prepare(await temporary());
    const ends: string[] = [];
    // Blocks written and not synced, a mark begun, records copied and rows not moved, a pack about to be dropped; the last step is never reached, so the script runs to its end.
    for (const step of [15, 27, 42, 52, 1_000]) {
      const { ended, defects } = await trials.run(() => dyingAt(step, trials.data));
      expect([step, defects]).toEqual([step, []]);
      ends.push(ended);
    }
    expect(ends).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGKILL', 'exit 0']);
  }, 120_000);
});
