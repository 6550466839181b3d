/**
 * Compares the index with what the packs hold since the last sweep, beside the service and as soon as it has started, and once more where the index's engine was started anew. What it does
 * is the rules' business; what was brought back is logged, by whomever, and so is what fails, which is tried again; nothing is collected before.
 */
import type { Logger } from 'pino';
import type { ReconcileService } from './core/contract.js';
import { loggable } from './http/loggable.js';
import { regularly, type Regular } from './regularly.js';

/** After a failure, and while the store is held or another process sweeps; so often the engine is looked at, too. */
const usualAgainMs = 60_000;

/** Begins at once. */
export function startReconciler(reconcile: ReconcileService, log: Logger, againMs: number = usualAgainMs): Regular {
  return regularly(againMs, async (stop) => {
    try {
      if (!(await reconcile.isDone())) await reconcile.run(stop);
    } catch (error) {
      log.error({ error: loggable(error) }, 'comparing the index with the packs failed');
    }
    // A sweep may have been first.
    const found = reconcile.takeUntold();
    if (found !== undefined) log.warn(found, 'the packs held what the index had no rows for: it has them now');
  }, true);
}
