/**
 * Work in place of what a block of somebody else's spares, or costs: its row is read, a row that is there already needs no key, and a block that
 * others refer to does not become unreferenced. Without it the time of sending and of removing would tell what existence hides. What is
 * written stands there already, so it changes nothing. DESIGN.md, *Looking up*.
 */
import type { StoreDatabase } from './database.js';
import { keyOf } from './tag-seek.js';

/** A young key beside the one that the row has: nothing else splits pages as filing a key does. It moves, and goes, as others do. */
const keySql = 'INSERT OR IGNORE INTO young_key (t1, tag) VALUES (?, ?)';
/** New rows count in the newest pack. */
const countSql = 'UPDATE pack_use SET records = records WHERE (pack, kind) = (SELECT pack, kind FROM pack_use WHERE kind = 0 ORDER BY pack DESC LIMIT 1)';
/** New rows lie at the end. */
const touchSql = 'UPDATE unreferenced SET touched_at = touched_at WHERE tag = (SELECT MAX(tag) FROM unreferenced)';

/** What a new row would be given: a key, what its triggers note of its pack, and a place among the unreferenced. Answers whether there is one young key more. */
export function likeFiling(db: StoreDatabase, rehash: Uint8Array, tag: number): boolean {
  db.query(countSql).run();
  likeUnreferencing(db);
  return db.query(keySql).run(keyOf(rehash), tag).changes > 0;
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
