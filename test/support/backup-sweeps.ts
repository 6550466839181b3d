/**
 * Backups and restores with each call to the file system and to SQLite failing in turn, before it took effect and after: points of before stay whole, the next backup
 * succeeds and has everything, what is restored is whole, the store is what it was, and the failure is told as what it is. `failing` stands in the place of both modules
 * already when this is loaded.
 */
import path from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { StorageError } from '../../server/ports/errors.js';
import { BackupBench, type TriedBackup } from './backup-bench.js';
import { failInTurn } from './call-stride.js';
import type { ArmedCall, FailingSystem } from './failing-system.js';
import { temporaryDirectories } from './temp-directory.js';

/** An operation that is swept. `judge` answers what is wrong afterwards. */
interface Swept {
  readonly name: string;
  readonly reset: () => Promise<void>;
  readonly act: () => Promise<unknown>;
  readonly judge: (isDone: boolean) => Promise<readonly string[]>;
}

/** The tests, with about `most` calls of each operation failing each way. */
export function backupSweeps(failing: FailingSystem, most: number): void {
  const temporary = temporaryDirectories();
  let bench: BackupBench;
  beforeAll(async () => {
    bench = await BackupBench.prepare(path.join(await temporary(), 'bench'));
  });

  /** One attempt; answers whether a call of it failed. */
  async function attempt({ name, reset, act, judge }: Swept, call: ArmedCall): Promise<boolean> {
    await reset();
    failing.arm(call);
    const outcome = await act().then(() => 'done', (error: unknown) => error);
    const failed = failing.disarm();
    const wrong = await judge(outcome === 'done').catch((error: unknown) => [`afterwards: ${String(error)}`]);
    const trial = `${name}, call ${call.at} of ${failing.made.length} (${failed ?? 'none'}), ${call.takesEffect ? 'after' : 'before'} it took effect, ended as ${String(outcome)}`;
    expect([trial, ...wrong]).toEqual([trial]);
    if (failed === undefined) expect([trial, outcome]).toEqual([trial, 'done']);
    else expect([trial, isTold(outcome)]).toEqual([trial, true]);
    return failed !== undefined;
  }

  async function sweep(swept: Swept): Promise<void> {
    const before = await bench.digests();
    await attempt(swept, { at: Infinity, takesEffect: false });
    const calls = failing.made.length;
    // Where the failing modules did not take the place of the real ones, nothing is called.
    expect(calls).toBeGreaterThan(fewestCalls);
    const injected = await failInTurn({ calls, most }, (call) => attempt(swept, call));
    process.stdout.write(`${swept.name}: ${calls} calls, ${injected} faults injected\n`);
    expect(await bench.digests()).toEqual(before);
  }

  it.each<TriedBackup>(['first', 'later'])('a backup of which a call fails leaves points whole, and the next one has everything: the %s', async (tried) => {
    await sweep({ name: `backup, the ${tried}`, reset: () => bench.reset(tried), act: () => bench.backUp(), judge: (isDone) => bench.afterBackup(tried, isDone) });
  }, sweepMs);

  it('a restore of which a call fails makes a whole store when it is tried again', async () => {
    await sweep({ name: 'restore', reset: () => bench.reset('restore'), act: () => bench.restore(), judge: (isDone) => bench.afterRestore(isDone) });
  }, sweepMs);
}

const sweepMs = 3_600_000;
/** Of any of these operations. */
const fewestCalls = 30;

/** The operator is told of a disk that failed: neither of damage nor of another store. */
function isTold(outcome: unknown): boolean {
  return outcome instanceof StorageError || (outcome instanceof Error && 'code' in outcome && outcome.code === 'EIO');
}
