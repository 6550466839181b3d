/**
 * `dice-admin rebuild-index`: makes the database anew from the packs. The store is held afterwards, until it is released.
 */
import { rebuildStore, type RebuildAnswer } from '../core/rebuild.js';
import { DataDirectoryError } from '../data-directory.js';
import { lockDirectory } from '../storage/sqlite/directory-lock.js';
import { columns, exitStatus, printResult, type Bench, type Verb } from './verb.js';

/** Status 4 where images came back without all of their blocks. */
export const rebuildIndex: Verb = async (bench) => {
  const { incomplete, displaced, damage, ...counts } = await rebuildUnseen(bench);
  const document = {
    ...counts,
    incomplete: incomplete.map((image) => ({ ...image })),
    displaced: [...displaced],
    damage: damage.map((stretch) => ({ ...stretch })),
    aside: bench.store.aside ?? null,
  };
  printResult(bench, document, [
    ...columns({ ...counts, incomplete: incomplete.length, displaced: displaced.length }),
    ...incomplete.map(({ accountId, imageId }) => `incomplete: image ${imageId} of account ${accountId}`),
  ]);
  if (bench.store.aside !== undefined) bench.say(`The old database is kept as ${bench.store.aside}`);
  bench.say('The store is held: nothing is collected until you run: dice-admin release');
  return incomplete.length > 0 ? exitStatus.damaged : exitStatus.done;
};

/** A backup copies a whole index or none: while one runs nothing is rebuilt, and meanwhile none begins. */
async function rebuildUnseen({ store: { data, parts } }: Bench): Promise<RebuildAnswer> {
  const lock = lockDirectory(data.directory, 'backup');
  if (lock === undefined) throw new DataDirectoryError(`A backup of ${data.directory} is being made. Wait for its end, or stop it.`);
  try {
    return await rebuildStore(parts);
  } finally {
    lock.release();
  }
}
