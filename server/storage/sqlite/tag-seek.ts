/**
 * Finding tag rows by T1: keys, which are its first bytes, give candidates, and T1 is compared whole. Two different T1 with
 * equal first bytes are two rows. Young and old keys are both looked at. It judges nobody's right to a row.
 */
import type { Rehash } from '../../../client-sdk/protocol/ids.js';
import type { StoreDatabase } from './database.js';

/** As in the triggers of the migration. */
const keyBytes = 6;

const candidatesSql = 'SELECT tag FROM young_key WHERE t1 = ? UNION ALL SELECT tag FROM old_key WHERE t1 = ?';

/** A condition on a table called `tag`; its parameters are `rehashKey`. */
export const isRehash = `tag.id IN (${candidatesSql}) AND tag.t1 = ?`;

/** What `isRehash` binds. */
export function rehashKey(rehash: Uint8Array): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const key = keyOf(rehash);
  return [key, key, rehash];
}

/** The bytes that T1 is found by. */
export function keyOf(rehash: Uint8Array): Uint8Array {
  return rehash.subarray(0, keyBytes);
}

/** A function that answers the ids of all tags whose T1 begins as the given one does. */
export function candidateSeeker(db: StoreDatabase): (rehash: Uint8Array) => readonly number[] {
  const candidates = db.query<number>(candidatesSql).pluck();
  return (rehash) => {
    const key = keyOf(rehash);
    return candidates.all(key, key);
  };
}

/** Answers a row either way, and always looks at both tables: less would be quicker. The key is bound once, which costs as much as a seek. */
const firstSql = `SELECT MAX(IFNULL((SELECT tag FROM young_key WHERE t1 = asked), 0), IFNULL((SELECT tag FROM old_key WHERE t1 = asked), 0))
  FROM (SELECT ? AS asked)`;

/** A function that answers one candidate for T1, or 0 where there is none, with the same work. */
export function firstSeeker(db: StoreDatabase): (rehash: Rehash) => number {
  const first = db.query<number>(firstSql).pluck();
  return (rehash) => first.get(keyOf(rehash)) ?? 0;
}

/** Keys after one, in order: both tables are read in theirs, and neither is sorted. */
export const nextKeysSql = 'SELECT t1, tag FROM young_key WHERE t1 > ? UNION SELECT t1, tag FROM old_key WHERE t1 > ? ORDER BY t1, tag LIMIT ?';

/** Ids of the tags whose T1 may follow `after` in order of T1: at least `limit` that do, where there are so many. In no order. */
export function tagsAfter(db: StoreDatabase, after: Uint8Array, limit: number): readonly number[] {
  const key = keyOf(after);
  const candidates = candidateSeeker(db);
  const next = db.query<{ t1: Uint8Array; tag: number }>(nextKeysSql).all(key, key, limit);
  // Those that share the first bytes of the last one may come before it in order of T1.
  const last = next.at(-1);
  return [...new Set([...candidates(after), ...next.map(({ tag }) => tag), ...(last === undefined ? [] : candidates(last.t1))])];
}
