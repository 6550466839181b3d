/**
 * Copies the rows of an index, table by table, from where an earlier run got to. Packs are named by their new numbers on the way.
 */
import { cursorName, movedTables, type MovedTable } from '../../ports/index-move.js';
import type { MoveEnds, MoveOrder } from './move-ends.js';
import type { PackMap } from './pack-map.js';

/** In an order in which each needs only those before it. */
export const tablesInOrder = Object.keys(movedTables) as readonly MovedTable[]; // the keys of that very object

/** Rows of each table of the old index. */
export async function countRows({ source }: Pick<MoveEnds, 'source'>): Promise<Readonly<Record<MovedTable, number>>> {
  const counts: Partial<Record<MovedTable, number>> = {};
  for (const table of tablesInOrder) counts[table] = await source.index.count(table);
  return counts as Record<MovedTable, number>; // each table was counted
}

/** `map` undefined: packs keep their numbers. False where it was stopped. */
export async function copyRows({ source, target }: MoveEnds, map: PackMap | undefined, order: MoveOrder): Promise<boolean> {
  const counts = await countRows({ source });
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const journal = await target.index.journal();
  let done = 0;
  for (const table of tablesInOrder) {
    if (journal.has(doneName(table))) {
      done += counts[table];
      continue;
    }
    const cursor = journal.get(cursorName(table));
    if (cursor !== undefined) done += await target.index.count(table);
    for await (const { rows, cursor: next } of source.index.batches(table, cursor)) {
      if (order.stop.aborted) return false;
      await target.index.load(table, { rows: map === undefined ? rows : rows.map((row) => map.moved(table, row)), cursor: next });
      done += rows.length;
      order.onProgress({ phase: 'rows', done, total, doneBytes: 0, totalBytes: 0 });
    }
    await target.index.jot(doneName(table), '');
  }
  return !order.stop.aborted;
}

/** Forgotten together with the cursors. */
function doneName(table: MovedTable): string {
  return `${cursorName(table)}.done`;
}
