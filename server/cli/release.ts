/**
 * `dice-admin release`: after a rebuild, or after a database turned out to be older than its packs, allows collection again.
 * Checks first: what is not whole is not released.
 */
import { checkStore } from '../core/check.js';
import { releaseStore } from '../core/generation.js';
import { exitStatus, printResult, type Bench, type ExitStatus } from './verb.js';

/** `forget`: what the packs hold and the index does not know may be collected. */
export interface ReleaseOptions {
  readonly forget?: boolean;
}

/** Status 4, and the store stays held, where the check finds anything, or the packs hold images that the index does not know: a collection would take their blocks. */
export async function release(bench: Bench, { forget }: ReleaseOptions): Promise<ExitStatus> {
  const { findings, unknown } = await checkStore(bench.store.parts, { stop: bench.stop, onFinding: () => undefined });
  if (bench.stop.aborted) return exitStatus.failed;
  if (findings > 0) {
    printResult(bench, { isReleased: false, findings }, [`Not released: the check has ${findings} finding(s). Run dice-admin check to see them, dice-admin scrub to heal what can be healed.`]);
    return exitStatus.damaged;
  }
  if (unknown.length > 0 && forget !== true) {
    const sentence = `Not released: the packs hold ${String(unknown.length)} account(s) and image(s) that the index does not know, and a collection would take their blocks. Run dice-admin rebuild-index, which brings them back, or release with --forget.`;
    printResult(bench, { isReleased: false, findings, unknown: unknown.map((one) => ({ ...one })) }, [sentence]);
    return exitStatus.damaged;
  }
  await releaseStore(bench.store.parts.gate, bench.store.parts.stores);
  printResult(bench, { isReleased: true, findings: 0 }, ['Released: the collector may run again.']);
  return exitStatus.done;
}
