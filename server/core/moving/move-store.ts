/**
 * Moves a store to other engines: packs, then rows, then both sides are compared, and only then may servers open what came to be. The source is only
 * read. A run that is broken off anywhere, by a crash too, is gone on with by the next one.
 */
import { StorageError } from '../../ports/errors.js';
import { beginMove, finishing } from './begin-move.js';
import { compareStores } from './compare-stores.js';
import { copyPacks } from './copy-packs.js';
import { copyRows, countRows } from './copy-rows.js';
import type { MoveAnswer, MoveEnds, MoveFigures, MoveOrder } from './move-ends.js';
import { PackMap } from './pack-map.js';

/** What a move would copy. `blocksStay`: the packs stay where they are. */
export async function forecastMove(source: MoveEnds['source'], blocksStay: boolean): Promise<MoveFigures> {
  const packs = blocksStay ? [] : await source.blocks.packs();
  return { packs: packs.length, packBytes: packs.reduce((sum, { bytes }) => sum + bytes, 0), rows: await countRows({ source }) };
}

/** Moves. Rejects with StorageError or CorruptionError; what was copied by then stays for the next run. */
export async function moveStore(ends: MoveEnds, order: MoveOrder): Promise<MoveAnswer> {
  if ((await ends.source.index.readState('named.store-id')) !== order.storeId) {
    throw new StorageError('the index belongs to another store than the data directory', { retryable: false });
  }
  await beginMove(ends, order);
  const { packs, index } = ends.target;
  const map = packs === undefined ? undefined : await PackMap.read(index);
  if (map !== undefined && !(await copyPacks(ends, map, order))) return answerOf('stopped', map);
  if (!(await copyRows(ends, map, order))) return answerOf('stopped', map);
  const { isStopped, different, rows, lost } = await compareStores(ends, map, order);
  if (isStopped) return answerOf('stopped', map);
  if (different.length > 0) {
    await index.clear();
    return { ...answerOf('differs', map), rows, different, lost };
  }
  await index.jot(finishing, '');
  await packs?.finish(await ends.source.blocks.generation());
  await ends.complete();
  await index.finish();
  return { ...answerOf('moved', map), rows, lost };
}

function answerOf(outcome: MoveAnswer['outcome'], map: PackMap | undefined): MoveAnswer {
  const copied = map?.entries() ?? [];
  return {
    outcome,
    packs: copied.length,
    packBytes: copied.reduce((sum, [, { bytes }]) => sum + bytes, 0),
    records: copied.reduce((sum, [, { records }]) => sum + records, 0),
    rows: {},
    different: [],
    damage: copied.flatMap(([pack, { damage }]) => damage.map(([offset, length]) => ({ pack, offset, length }))),
    lost: [],
  };
}
