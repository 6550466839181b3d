/**
 * Rows of blocks as they stand in the table, found by T1 whoever filed them, and as values of the port. It changes nothing.
 */
import type { Rehash } from '../../../client-sdk/protocol/ids.js';
import type { FiledBlock, TagRow } from '../../ports/tag-store.js';
import { bytesColumn, placeColumns, rehashColumn, tagColumn, type PlaceColumns } from './columns.js';
import type { StoreDatabase } from './database.js';
import { candidateSeeker } from './tag-seek.js';

/** A tag row. `owner`: the account that alone may refer to it, 0 where it is everybody's. */
export interface TagColumns extends PlaceColumns {
  readonly id: number;
  readonly t1: Uint8Array;
  readonly t: Uint8Array;
  readonly code: number;
  readonly state: number;
  readonly owner: number;
}

/** The columns of `TagColumns`, of a table called `tag`. */
export const tagColumns = 'tag.id, tag.t1, tag.t, tag.code, tag.length, tag.pack, tag.offset, tag.state, tag.owner';

const byIdSql = `SELECT ${tagColumns} FROM tag WHERE id = ?`;

/** A function that reads the row of an id. */
export function rowReader(db: StoreDatabase): (id: number) => TagColumns | undefined {
  const row = db.query<TagColumns>(byIdSql);
  return (id) => row.get(id);
}

/** All rows of T1, the oldest first. */
export function rowsOfRehash(db: StoreDatabase, rehash: Uint8Array): TagColumns[] {
  const read = rowReader(db);
  const rows = candidateSeeker(db)(rehash).flatMap((id) => read(id) ?? []).filter((row) => Buffer.compare(row.t1, rehash) === 0);
  return rows.length < 2 ? rows : distinct(rows);
}

/** A key that rotted may be there twice. */
function distinct(rows: readonly TagColumns[]): TagColumns[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()].sort((a, b) => a.id - b.id);
}

/** The row that stands for T1 as the index is now, where several accounts filed it: the oldest live one. */
export function tagOfRehash(db: StoreDatabase, rehash: Rehash): TagColumns | undefined {
  return rowsOfRehash(db, rehash).sort(byRank)[0];
}

/** Of rows of one T1, that which stands for it first. */
export function byRank(a: TagColumns, b: TagColumns): number {
  return a.state - b.state || a.id - b.id;
}

/** A row as a value of the port. */
export function tagRow(row: TagColumns): TagRow {
  return { ...filedBlock(row), state: row.state === 0 ? 'live' : 'quarantined' };
}

/** A row as the block that was filed in it. */
export function filedBlock(row: TagColumns): FiledBlock {
  return { rehash: rehashColumn(row.t1), tag: tagColumn(bytesColumn(row.t)), code: row.code, place: placeColumns(row) };
}
