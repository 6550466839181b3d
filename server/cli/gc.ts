/**
 * `dice-admin gc`: runs the collector thoroughly, or with --dry-run says what it would do.
 */
import { columns, exitStatus, printResult, type Verb } from './verb.js';

/** Collects, merges and compacts. */
export const gc: Verb = async (bench) => {
  const answer = await bench.store.services.sweep.sweep({ isThorough: true, stop: bench.stop });
  printResult(bench, { ...answer }, columns({ ...answer }));
  return bench.stop.aborted ? exitStatus.failed : exitStatus.done;
};

/** Changes nothing. */
export const gcForecast: Verb = async (bench) => {
  const { isHeld, ...counts } = await bench.store.services.sweep.forecast();
  printResult(bench, { ...counts, isHeld }, columns(counts));
  if (isHeld) bench.say('The store is held: nothing is collected until you run: dice-admin check, then dice-admin release');
  return exitStatus.done;
};
