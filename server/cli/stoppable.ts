/**
 * Work on a backup as a verb does it: its progress on stderr, and an end that the operator wants is no error.
 */
import type { BackupProgress } from '../backup/backup-order.js';
import { Stopped } from '../backup/stopping.js';
import type { MoveBench } from './migrate-storage.js';
import { progressOnStderr } from './move-progress.js';
import { exitStatus, type ExitStatus } from './verb.js';

/** Runs `work`; status 1 where it was stopped, which is said. */
export async function stoppable(bench: Pick<MoveBench, 'say'>, work: (tell: (progress: BackupProgress) => void) => Promise<ExitStatus>): Promise<ExitStatus> {
  const progress = progressOnStderr();
  try {
    return await work(progress.tell);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    progress.end();
    bench.say('Stopped. Run the same command again to go on.');
    return exitStatus.failed;
  } finally {
    progress.end();
  }
}
