/**
 * Work in place of what a block of somebody else's spares, or costs: its row is read, a row that is there already needs no key, and a block that
 * others refer to does not become unreferenced. Without it the time of sending and of removing would tell what existence hides. What is
 * written stands there already, so it changes nothing. DESIGN.md, *Looking up*.
 */
import type { StoreDatabase } from './database.js';
import { keyOf } from './tag-seek.js';

/** The young key that follows is written anew: a page at the place of this T1, as filing its key would. */
const keySql = 'UPDATE young_key SET tag = tag WHERE (t1, tag) = (SELECT t1, tag FROM young_key WHERE t1 >= ? ORDER BY t1, tag LIMIT 1)';
/** New rows count in the newest pack. */
const countSql = 'UPDATE pack_use SET records = records WHERE (pack, kind) = (SELECT pack, kind FROM pack_use WHERE kind = 0 ORDER BY pack DESC LIMIT 1)';
/** Their run of 64 ids is known there already, as a rule. */
const spanSql = 'INSERT OR IGNORE INTO tag_span SELECT pack, id / 64 FROM tag WHERE id = (SELECT MAX(id) FROM tag)';
/** New rows lie at the end. */
const touchSql = 'UPDATE unreferenced SET touched_at = touched_at WHERE tag = (SELECT MAX(tag) FROM unreferenced)';

/** In place of a new row's key, what its triggers note of its pack, and its place among the unreferenced. */
export function likeFiling(db: StoreDatabase, rehash: Uint8Array): void {
  db.query(keySql).run(keyOf(rehash));
  db.query(countSql).run();
  db.query(spanSql).run();
  likeUnreferencing(db);
}

/** A function that reads some row, in place of one that is not there: neighbours one after the other, as the rows of somebody's image are. */
export function decoyReader(db: StoreDatabase, from: number): () => void {
  const highest = Math.max(1, db.query<number | null>('SELECT MAX(id) FROM tag').pluck().get() ?? 0);
  const row = db.query('SELECT t1, t FROM tag WHERE id = ?');
  let next = from;
  return () => { row.get(1 + (next++ % highest)); };
}

/** In place of a row of `unreferenced`. */
export function likeUnreferencing(db: StoreDatabase): void {
  db.query(touchSql).run();
}
