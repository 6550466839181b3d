/**
 * Puts right the tables by which rows are found, where they rotted: keys (a row without one is never found, and one under a wrong key disturbs every listing), the account that alone may find a row,
 * spans (a run of rows that nobody knows of lies in a pack that compaction would take for empty), and the sums by pack that listings are held against. Runs inside a
 * transaction that its caller holds.
 */
import type { StoreDatabase } from './database.js';
import { nextPack, recount } from './pack-sums.js';
import { hasTwins, newestRow, noteFiled } from './twins.js';

/** Some are looked at after one of them; `next` goes on. */
interface Mended {
  readonly mended: number;
  readonly next: string | undefined;
}

interface KeyColumns {
  readonly t1: Uint8Array;
  readonly tag: number;
  readonly isRight: number;
}

type KeyTable = 'young_key' | 'old_key';

const keysSql = (table: KeyTable): string => `SELECT k.t1, k.tag, IFNULL(substr(tag.t1, 1, 6) = k.t1, 0) AS isRight FROM ${table} k LEFT JOIN tag ON tag.id = k.tag
  WHERE (k.t1, k.tag) > (?, ?) ORDER BY k.t1, k.tag LIMIT ?`;
const lastSql = 'SELECT MAX(id) FROM (SELECT id FROM tag WHERE id > ? ORDER BY id LIMIT ?)';
const missingKeysSql = `INSERT INTO young_key (t1, tag, owner) SELECT substr(t1, 1, 6), id, owner FROM tag WHERE id > ? AND id <= ?
  AND NOT EXISTS (SELECT 1 FROM young_key k WHERE k.t1 = substr(tag.t1, 1, 6) AND k.tag = tag.id)
  AND NOT EXISTS (SELECT 1 FROM old_key k WHERE k.t1 = substr(tag.t1, 1, 6) AND k.tag = tag.id)`;
/** Whoever refers to a row, or pins it, must find it. */
const closed = `id > ? AND id <= ? AND owner IS NOT 0 AND (owner IS NULL
  OR EXISTS (SELECT 1 FROM referrer WHERE referrer.tag = tag.id AND referrer.owner <> tag.owner) OR EXISTS (SELECT 1 FROM pin WHERE pin.tag = tag.id AND pin.owner <> tag.owner))`;
const keyOwnersSql = (table: KeyTable): string => `UPDATE ${table} SET owner = tag.owner FROM tag
  WHERE tag.id > ? AND tag.id <= ? AND ${table}.t1 = substr(tag.t1, 1, 6) AND ${table}.tag = tag.id AND ${table}.owner IS NOT tag.owner`;
const missingSpansSql = 'INSERT OR IGNORE INTO tag_span (pack, span) SELECT DISTINCT pack, id / 64 FROM tag WHERE id > ? AND id <= ?';

/** Rows whose spans are looked at in one transaction where nothing else is. */
const spanRows = 20_000;

/** Young keys, then old ones, then rows, then the sums of one pack after the other: `after` names the table and where to go on in it. */
export function mendKeys(db: StoreDatabase, after: string | undefined, limit: number): Mended {
  const [table = 'young_key', key = '', tag = '0'] = after?.split(' ') ?? [];
  if (table === 'row') return mendRows(db, Number(tag), limit);
  if (table === 'pack') return mendSums(db, Number(tag));
  return table === 'old_key' ? removeWrong(db, { table, key, tag, limit }) : removeWrong(db, { table: 'young_key', key, tag, limit });
}

function removeWrong(db: StoreDatabase, { table, key, tag, limit }: { readonly table: KeyTable; readonly key: string; readonly tag: string; readonly limit: number }): Mended {
  const keys = db.query<KeyColumns>(keysSql(table)).all(Buffer.from(key, 'hex'), Number(tag), limit);
  const wrong = keys.filter(({ isRight }) => isRight === 0);
  for (const one of wrong) db.query(`DELETE FROM ${table} WHERE t1 = ? AND tag = ?`).run(one.t1, one.tag);
  const last = keys.at(-1);
  if (keys.length === limit && last !== undefined) return { mended: wrong.length, next: `${table} ${Buffer.from(last.t1).toString('hex')} ${String(last.tag)}` };
  return { mended: wrong.length, next: table === 'young_key' ? 'old_key' : 'row' };
}

function mendRows(db: StoreDatabase, from: number, limit: number): Mended {
  const last = db.query<number | null>(lastSql).pluck().get(from, limit) ?? undefined;
  if (last === undefined) {
    noteFiled(db, newestRow(db) + 1);
    return { mended: 0, next: 'pack - 0' };
  }
  const opened = db.query(`UPDATE tag SET owner = 0 WHERE ${closed}`).run(from, last).changes;
  const owners = db.query(keyOwnersSql('young_key')).run(from, last).changes + db.query(keyOwnersSql('old_key')).run(from, last).changes;
  const keys = db.query(missingKeysSql).run(from, last).changes;
  // What could not be found may have twins, and what says how far they are united may have rotted.
  if (opened + owners + keys > 0 || hasTwins(db, from, last)) noteFiled(db, from + 1);
  const spans = db.query(missingSpansSql).run(from, last).changes;
  return { mended: opened + owners + keys + spans, next: `row - ${String(last)}` };
}

function mendSums(db: StoreDatabase, after: number): Mended {
  const pack = nextPack(db, after);
  return pack === undefined ? { mended: 0, next: undefined } : { mended: recount(db, pack), next: `pack - ${String(pack)}` };
}

/** Adds the spans that lack, of some rows with ids above `from`. Answers where to go on; undefined at the end. */
export function mendSpans(db: StoreDatabase, from: number): number | undefined {
  const last = db.query<number | null>(lastSql).pluck().get(from, spanRows) ?? undefined;
  if (last !== undefined) db.query(missingSpansSql).run(from, last);
  return last;
}
