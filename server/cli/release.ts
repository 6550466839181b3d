/**
 * `dice-admin release`: after a rebuild, or after a database turned out to be older than its packs, allows collection again.
 * Checks first: what is not whole is not released.
 */
import { checkStore } from '../core/check.js';
import { releaseStore } from '../core/generation.js';
import { exitStatus, printResult, type Verb } from './verb.js';

/** Status 4, and the store stays held, where the check finds anything. */
export const release: Verb = async (bench) => {
  const { findings } = await checkStore(bench.store.parts, { stop: bench.stop, onFinding: () => undefined });
  if (bench.stop.aborted) return exitStatus.failed;
  if (findings > 0) {
    printResult(bench, { isReleased: false, findings }, [`Not released: the check has ${findings} finding(s). Run dice-admin check to see them, dice-admin scrub to heal what can be healed.`]);
    return exitStatus.damaged;
  }
  await releaseStore(bench.store.parts.stores);
  printResult(bench, { isReleased: true, findings: 0 }, ['Released: the collector may run again.']);
  return exitStatus.done;
};
