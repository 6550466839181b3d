/**
 * Twins: rows of one T1 that several accounts filed, each without looking for the others'. They become one row with extra copies, which is everybody's, before anything is
 * asked of the index that goes beyond one account; no request of an account does it for blocks that it sent, so none takes longer for it. DESIGN.md, *Writing what
 * others have*. Functions run inside a transaction that their caller holds.
 */
import type { Rehash } from '../../../client-sdk/protocol/ids.js';
import { bytesColumn, isSamePlace, type CountAndBytes } from './columns.js';
import type { StoreDatabase } from './database.js';
import { notePassed } from './holdings.js';
import { recountOwner } from './owner-rows.js';
import { redirect, referringOwners } from './reference-rows.js';
import { rowsOfRehash, type TagColumns } from './tag-columns.js';
import { keyOf } from './tag-seek.js';

/** The row that stays, and those that it takes in. */
interface Twins {
  readonly kept: TagColumns;
  readonly others: readonly TagColumns[];
}

/** Rows to look at in one transaction, and those to take in, each of which takes some 100 µs. */
const rowsAtOnce = 5_000;
const twinsAtOnce = 300;
const unitedToSql = 'SELECT united_to FROM key_moving';
const upToSql = 'SELECT MAX(id) FROM (SELECT id FROM tag WHERE id > ? ORDER BY id LIMIT ?)';
const older = (table: string): string => `EXISTS (SELECT 1 FROM ${table} k JOIN tag o ON o.id = k.tag WHERE k.t1 = substr(tag.t1, 1, 6) AND k.tag < tag.id AND o.t1 = tag.t1)`;
const later = `FROM tag WHERE id > ? AND id <= ? AND (${older('young_key')} OR ${older('old_key')})`;

/** Counts rows that will be taken in, of some with ids above `after`. `next` goes on, undefined at the end. */
export function countTwins(db: StoreDatabase, after: number): CountAndBytes & { readonly next: number | undefined } {
  const next = upTo(db, after);
  if (next === undefined) return { count: 0, bytes: 0, next };
  const { count, bytes } = db.query<CountAndBytes>(`SELECT COUNT(*) AS count, COALESCE(SUM(length), 0) AS bytes ${later}`).get(after, next) ?? { count: 0, bytes: 0 };
  return { count, bytes, next };
}

/** Up to this id no row is to be taken in. */
export function unitedTo(db: StoreDatabase): number {
  return db.query<number>(unitedToSql).pluck().get() ?? 0;
}

/** The last of some rows with ids above `after`. */
function upTo(db: StoreDatabase, after: number): number | undefined {
  return db.query<number | null>(upToSql).pluck().get(after, rowsAtOnce) ?? undefined;
}

/** Whether rows are to be taken in among those with ids above `after`, up to `to`. */
export function hasTwins(db: StoreDatabase, after: number, to: number): boolean {
  return db.query(`SELECT 1 ${later} LIMIT 1`).get(after, to) !== undefined;
}

/** The newest row. */
export function newestRow(db: StoreDatabase): number {
  return db.query<number | null>('SELECT MAX(id) FROM tag').pluck().get() ?? 0;
}

interface Met {
  readonly id: number;
  readonly t1: Uint8Array;
}

/** Unites twins among some rows with ids above `after`, or above those up to which it is noted that there are none. Answers up to which id; undefined where there is none. */
export function uniteNext(db: StoreDatabase, from: number): number | undefined {
  const after = Math.min(from, unitedTo(db));
  const to = upTo(db, after);
  if (to === undefined) return undefined;
  const met = db.query<Met>(`SELECT id, t1 ${later} ORDER BY id LIMIT ?`).all(after, to, twinsAtOnce);
  const each = new Map(met.map(({ t1 }) => [Buffer.from(bytesColumn(t1)).toString('hex'), t1]));
  const united = met.length < twinsAtOnce ? to : (met.at(-1)?.id ?? to);
  unite(db, [...each.values()].flatMap((t1) => twinsOf(rowsOfRehash(db, t1).filter(({ id }) => id <= united)) ?? []));
  const isNoted = db.query('UPDATE key_moving SET united_to = ?').run(united).changes > 0;
  if (!isNoted) db.query("INSERT INTO key_moving (moved_to, young, united_to) VALUES (x'', 0, ?)").run(united);
  return united;
}

/** The row of T1, twins united. */
export function soleRow(db: StoreDatabase, rehash: Rehash): TagColumns | undefined {
  return soleRows(db, [rehash])[0];
}

/** Per T1 its row, twins united. */
export function soleRows(db: StoreDatabase, rehashes: readonly Rehash[]): readonly (TagColumns | undefined)[] {
  const rows = rehashes.map((rehash) => rowsOfRehash(db, rehash));
  const twins = rows.map(twinsOf);
  const distinct = new Map(twins.flatMap((one) => (one === undefined ? [] : [[one.kept.id, one]])));
  if (distinct.size > 0) unite(db, [...distinct.values()]);
  return rehashes.map((rehash, index) => (twins[index] === undefined ? rows[index]?.[0] : rowsOfRehash(db, rehash)[0]));
}

/** Notes that rows from `first` on were filed without a look for others. */
export function noteFiled(db: StoreDatabase, first: number): void {
  db.query('UPDATE key_moving SET united_to = MIN(IFNULL(united_to, 0), ?)').run(first - 1);
}

/** Makes a row everybody's, and its keys, whatever they say. */
export function openRow(db: StoreDatabase, { id, t1 }: Pick<TagColumns, 'id' | 't1'>): void {
  db.query('UPDATE tag SET owner = 0 WHERE id = ? AND owner IS NOT 0').run(id);
  for (const table of ['young_key', 'old_key']) db.query(`UPDATE ${table} SET owner = 0 WHERE t1 = ? AND tag = ? AND owner IS NOT 0`).run(keyOf(t1), id);
}

function twinsOf([kept, ...others]: readonly TagColumns[]): Twins | undefined {
  return kept === undefined || others.length === 0 ? undefined : { kept, others };
}

/** Everything that hung on the others hangs on the kept one, and their places are extra copies of it. */
export function unite(db: StoreDatabase, all: readonly Twins[]): void {
  for (const { others } of all) for (const other of others) for (const owner of holdersOf(db, other.id)) notePassed(db, owner, other.t1);
  const fewer = redirect(db, new Map(all.flatMap(({ kept, others }) => others.map(({ id }) => [id, kept.id]))));
  const changed = new Set(fewer);
  for (const { kept, others } of all) {
    openRow(db, kept);
    for (const other of others) takeIn(db, kept, other);
    db.query(selfCopySql).run(kept.id, kept.id);
    if (db.query('SELECT 1 FROM referrer WHERE tag = ? LIMIT 1').get(kept.id) !== undefined) db.query('DELETE FROM unreferenced WHERE tag = ?').run(kept.id);
    // Lengths of equal blocks differ where one rotted.
    if (others.some(({ length }) => length !== kept.length)) for (const owner of referringOwners(db, kept.id)) changed.add(owner);
  }
  for (const owner of changed) recountOwner(db, owner);
}

/** Owners whose images refer to a row, or whose sessions pin it. */
function holdersOf(db: StoreDatabase, id: number): readonly number[] {
  return db.query<number>('SELECT owner FROM referrer WHERE tag = ? UNION SELECT owner FROM pin WHERE tag = ?').pluck().all(id, id);
}

const selfCopySql = 'DELETE FROM copy WHERE tag = ? AND (pack, offset) = (SELECT pack, offset FROM tag WHERE id = ?)';
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
