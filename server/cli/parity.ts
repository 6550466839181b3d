/**
 * `dice-admin parity`: makes the parity of packs that have none, checks what there is, or removes all of it.
 */
import { checkParity, makeParity, parityFigures, usualParityPercent } from '../core/parity.js';
import { columns, exitStatus, printResult, type Bench, type ExitStatus } from './verb.js';

/** `what`: make, check or remove. `percent`: of what is made; 0: the usual. Status 4 where a check finds damage. */
export async function parity(bench: Bench, what: string, percent: number): Promise<ExitStatus> {
  const { stores } = bench.store.parts;
  if (stores.blocks.parity === undefined) {
    bench.say('Parity lies beside packs in the data directory; blocks in an object store have the redundancy of that.');
    return exitStatus.usage;
  }
  switch (what) {
    case 'make': return make(bench, percent === 0 ? usualParityPercent : percent);
    case 'check': return check(bench);
    case 'remove': return remove(bench);
    default:
      bench.say(`Say what to do with parity: make, check or remove, not ${what}.`);
      return exitStatus.usage;
  }
}

async function make(bench: Bench, percent: number): Promise<ExitStatus> {
  const made = await makeParity(bench.store.parts, { percent, onRead: () => Promise.resolve(), onMade: (pack) => { bench.say(`pack ${pack}`); }, stop: bench.stop });
  await tell(bench, { made });
  return bench.stop.aborted ? exitStatus.failed : exitStatus.done;
}

async function check(bench: Bench): Promise<ExitStatus> {
  const faults = await checkParity(bench.store.parts.stores, bench.stop);
  if (bench.form === 'text') for (const { pack, what } of faults) bench.print(`pack ${pack}: ${what}`);
  await tell(bench, { faults: faults.length }, faults.map((fault) => ({ ...fault })));
  if (bench.stop.aborted) return exitStatus.failed;
  return faults.length > 0 ? exitStatus.damaged : exitStatus.done;
}

async function remove(bench: Bench): Promise<ExitStatus> {
  const { parity: files } = bench.store.parts.stores.blocks;
  let removed = 0;
  for (const { pack } of (await files?.list()) ?? []) {
    if (bench.stop.aborted) break;
    await files?.remove(pack);
    removed++;
  }
  await files?.tidy();
  await tell(bench, { removed });
  return bench.stop.aborted ? exitStatus.failed : exitStatus.done;
}

async function tell(bench: Bench, done: Readonly<Record<string, number>>, list?: readonly { readonly pack: number; readonly what: string }[]): Promise<void> {
  const figures = { ...done, ...(await parityFigures(bench.store.parts.stores)) };
  printResult(bench, { ...figures, ...(list === undefined ? {} : { list }) }, columns(figures));
}
