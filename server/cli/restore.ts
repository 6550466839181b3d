/**
 * `dice-admin restore`: makes the data directory out of a point of a backup, then checks the store that came to be.
 */
import path from 'node:path';
import { choosePoint, passedOver, restorePoint } from '../backup/restore-point.js';
import { openRepository, refuseNested } from '../backup/repository.js';
import type { Point } from '../backup/point.js';
import type { Config } from '../config.js';
import { checkStore, type CheckAnswer } from '../core/check.js';
import { restoreEpoch } from '../core/restore-epoch.js';
import { openStore } from '../open-store.js';
import { policyOf } from '../policy.js';
import { nodeWorld } from '../world.js';
import { refuseOtherEngines } from './backup.js';
import type { MoveBench } from './migrate-storage.js';
import { stoppable } from './stoppable.js';
import { columns, exitStatus, printResult, type ExitStatus } from './verb.js';

/** Status 4 where a file of the backup is damaged, or the restored store is; 1 where it was stopped. */
export async function restore(bench: MoveBench, { folder, at }: { readonly folder: string; readonly at: string | undefined }, settings: { readonly config: Config; readonly directory: string }): Promise<ExitStatus> {
  refuseOtherEngines(settings);
  const { directory } = settings;
  const { repository, owner } = await openRepository(path.resolve(folder));
  await refuseNested(repository.directory, directory);
  const points = await repository.points();
  const point = choosePoint(points, owner, at);
  bench.say(`Restores point ${point.id} into ${directory}`);
  const passed = passedOver(points, point, at);
  if (passed.length > 0) bench.say(`A newer one cannot be restored, for its list is damaged: ${passed.join(', ')}`);
  const status = await stoppable(bench, async (tell) => {
    await restorePoint({ repository, point, directory, now: nodeWorld.clock.now(), stop: bench.stop, onProgress: tell });
    return exitStatus.done;
  });
  if (status !== exitStatus.done) return status;
  return checkRestored(bench, point, settings);
}

async function checkRestored(bench: MoveBench, { id, isHeld }: Point, { config, directory }: { readonly config: Config; readonly directory: string }): Promise<ExitStatus> {
  bench.say('Everything is there. Checks the restored store; Ctrl-C leaves that for later.');
  const store = await openStore({ directory, policy: policyOf(config), purpose: { kind: 'administer' } });
  try {
    const { damage, ...counts } = await checkStore(store.parts, { stop: bench.stop, onFinding: () => undefined });
    const { epoch } = await restoreEpoch(store.parts.stores.state);
    tell(bench, { id, isHeld, epoch }, { ...counts, damage });
    return counts.findings > 0 ? exitStatus.damaged : exitStatus.done;
  } finally {
    await store.close();
  }
}

function tell(bench: MoveBench, restored: { readonly id: string; readonly isHeld: boolean; readonly epoch: number }, { damage, unknown, parity, ...counts }: CheckAnswer): void {
  const isChecked = !bench.stop.aborted;
  printResult(bench, { ...restored, isChecked, ...counts, damage: damage.map((stretch) => ({ ...stretch })), unknown: unknown.map((one) => ({ ...one })), parity: parity.map((one) => ({ ...one })) }, [`restored point ${restored.id}`, ...columns(counts)]);
  if (!isChecked) bench.say('The check was stopped, the store is whole. To check it, run: dice-admin check');
  if (counts.findings > 0) bench.say('To see what is wrong, run: dice-admin check');
  if (restored.isHeld) bench.say('The store was held when the backup was made: nothing is collected until you run: dice-admin release');
}
