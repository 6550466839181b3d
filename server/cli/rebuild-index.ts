/**
 * `dice-admin rebuild-index`: makes the database anew from the packs. The store is held afterwards, until it is released.
 */
import { rebuildStore } from '../core/rebuild.js';
import { columns, exitStatus, healedLines, printResult, type Verb } from './verb.js';

/** Status 4 where images came back without all of their blocks. */
export const rebuildIndex: Verb = async (bench) => {
  const { incomplete, displaced, damage, healed, ...counts } = await rebuildStore(bench.store.parts);
  const document = {
    ...counts,
    incomplete: incomplete.map((image) => ({ ...image })),
    displaced: [...displaced],
    damage: damage.map((stretch) => ({ ...stretch })),
    healed: healed.map((pack) => ({ pack: pack.pack, healed: pack.healed.map((stretch) => ({ ...stretch })) })),
    aside: bench.store.aside ?? null,
  };
  printResult(bench, document, [
    ...columns({ ...counts, incomplete: incomplete.length, displaced: displaced.length }),
    ...healed.flatMap(healedLines),
    ...incomplete.map(({ accountId, imageId }) => `incomplete: image ${imageId} of account ${accountId}`),
  ]);
  if (bench.store.aside !== undefined) bench.say(`The old database is kept as ${bench.store.aside}`);
  bench.say('The store is held: nothing is collected until you run: dice-admin release');
  return incomplete.length > 0 ? exitStatus.damaged : exitStatus.done;
};
