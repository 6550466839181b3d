/**
 * Twins: rows of one T1 that several accounts filed, each without looking for the others'. They become one row with extra copies, which is everybody's, before anything is
 * asked of the index that goes beyond one account; no request of an account does it for blocks that it sent, so none takes longer for it. DESIGN.md, *Writing what
 * others have*. Functions run inside a transaction that their caller holds.
 */
import type { Rehash } from '../../../client-sdk/protocol/ids.js';
import { bytesColumn, isSamePlace } from './columns.js';
import type { StoreDatabase } from './database.js';
import { recountOwner } from './owner-rows.js';
import { redirect, referringOwners } from './reference-rows.js';
import { rowsOfRehash, type TagColumns } from './tag-columns.js';

/** The row that stays, and those that it takes in. */
interface Twins {
  readonly kept: TagColumns;
  readonly others: readonly TagColumns[];
}

/** Rows to look at in one transaction. */
const rowsAtOnce = 2_000;
const unitedToSql = 'SELECT united_to FROM key_moving';
const upToSql = 'SELECT MAX(id) FROM (SELECT id FROM tag WHERE id > ? ORDER BY id LIMIT ?)';
const older = (table: string): string => `EXISTS (SELECT 1 FROM ${table} k JOIN tag o ON o.id = k.tag WHERE k.t1 = substr(tag.t1, 1, 6) AND k.tag < tag.id AND o.t1 = tag.t1)`;
/** Rows that are everybody's came to be with a look for others. */
const later = `FROM tag WHERE id > ? AND id <= ? AND owner <> 0 AND (${older('young_key')} OR ${older('old_key')})`;

/** Rows that are to be taken in, and their bytes. */
export interface TwinFigures {
  readonly count: number;
  readonly bytes: number;
}

/** Counts rows that will be taken in, of some with ids above `from`: of those that were filed since the last look, without one. `next` goes on, undefined at the end. */
export function countTwins(db: StoreDatabase, from?: number): TwinFigures & { readonly next: number | undefined } {
  const after = from ?? unitedTo(db);
  const next = upTo(db, after);
  if (next === undefined) return { count: 0, bytes: 0, next };
  const { count, bytes } = db.query<TwinFigures>(`SELECT COUNT(*) AS count, COALESCE(SUM(length), 0) AS bytes ${later}`).get(after, next) ?? { count: 0, bytes: 0 };
  return { count, bytes, next };
}

function unitedTo(db: StoreDatabase): number {
  return db.query<number>(unitedToSql).pluck().get() ?? 0;
}

/** The last of some rows with ids above `after`. */
function upTo(db: StoreDatabase, after: number): number | undefined {
  return db.query<number | null>(upToSql).pluck().get(after, rowsAtOnce) ?? undefined;
}

/** Whether rows were filed since the last look. */
export function isAnyNew(db: StoreDatabase): boolean {
  return upTo(db, unitedTo(db)) !== undefined;
}

/** Unites twins among the rows that were filed since the last look, some at a time. */
export function uniteNext(db: StoreDatabase): void {
  const after = unitedTo(db);
  const to = upTo(db, after);
  if (to === undefined) return;
  const met = db.query<Uint8Array>(`SELECT t1 ${later}`).pluck().all(after, to);
  const each = new Map(met.map((t1) => [Buffer.from(bytesColumn(t1)).toString('hex'), t1]));
  unite(db, [...each.values()].flatMap((t1) => twinsOf(rowsOfRehash(db, t1)) ?? []));
  db.query('UPDATE key_moving SET united_to = ?').run(to);
}

/** The row of T1, twins united. */
export function soleRow(db: StoreDatabase, rehash: Rehash): TagColumns | undefined {
  const rows = rowsOfRehash(db, rehash);
  const twins = twinsOf(rows);
  if (twins === undefined) return rows[0];
  unite(db, [twins]);
  return rowsOfRehash(db, rehash)[0];
}

/** Notes that rows from `first` on were filed without a look for others. */
export function noteFiled(db: StoreDatabase, first: number): void {
  db.query('UPDATE key_moving SET united_to = MIN(united_to, ?)').run(first - 1);
}

/** Makes a row everybody's. */
export function openRow(db: StoreDatabase, id: number): void {
  db.query('UPDATE tag SET owner = 0 WHERE id = ? AND owner <> 0').run(id);
}

function twinsOf([kept, ...others]: readonly TagColumns[]): Twins | undefined {
  return kept === undefined || others.length === 0 ? undefined : { kept, others };
}

/** Everything that hung on the others hangs on the kept one, and their places are extra copies of it. */
export function unite(db: StoreDatabase, all: readonly Twins[]): void {
  const fewer = redirect(db, new Map(all.flatMap(({ kept, others }) => others.map(({ id }) => [id, kept.id]))));
  const changed = new Set(fewer);
  for (const { kept, others } of all) {
    openRow(db, kept.id);
    for (const other of others) takeIn(db, kept, other);
    if (db.query('SELECT 1 FROM referrer WHERE tag = ? LIMIT 1').get(kept.id) !== undefined) db.query('DELETE FROM unreferenced WHERE tag = ?').run(kept.id);
    // Lengths of equal blocks differ where one rotted.
    if (others.some(({ length }) => length !== kept.length)) for (const owner of referringOwners(db, kept.id)) changed.add(owner);
  }
  for (const owner of changed) recountOwner(db, owner);
}

const copySql = 'INSERT OR IGNORE INTO copy (tag, pack, offset) VALUES (?, ?, ?)';
const touchSql = 'UPDATE unreferenced SET touched_at = MAX(touched_at, IFNULL((SELECT touched_at FROM unreferenced WHERE tag = ?), 0)) WHERE tag = ?';
const healSql = 'UPDATE tag SET t = ?, code = ?, length = ?, pack = ?, offset = ?, state = 0 WHERE id = ? AND state <> 0';

function takeIn(db: StoreDatabase, kept: TagColumns, other: TagColumns): void {
  db.query(touchSql).run(other.id, kept.id);
  for (const table of ['pin', 'copy']) {
    db.query(`UPDATE OR IGNORE ${table} SET tag = ? WHERE tag = ?`).run(kept.id, other.id);
    db.query(`DELETE FROM ${table} WHERE tag = ?`).run(other.id);
  }
  db.query('DELETE FROM tag WHERE id = ?').run(other.id);
  const isHealed = other.state === 0 && db.query(healSql).run(other.t, other.code, other.length, other.pack, other.offset, kept.id).changes > 0;
  if (!isHealed && !isSamePlace(kept, other)) db.query(copySql).run(kept.id, other.pack, other.offset);
}
