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

/** Keys of an owner's own rows and of those that are everybody's. The plus keeps it one seek: others' keys are passed over where they lie. */
const own = 'AND +owner IN (0, ?)';
const ownCandidatesSql = `SELECT tag FROM young_key WHERE t1 = ? ${own} UNION ALL SELECT tag FROM old_key WHERE t1 = ? ${own}`;

/** As `candidateSeeker`, without the rows that other accounts alone may find. */
export function ownCandidateSeeker(db: StoreDatabase, owner: number): (rehash: Rehash) => readonly number[] {
  const candidates = db.query<number>(ownCandidatesSql).pluck();
  return (rehash) => {
    const key = keyOf(rehash);
    return candidates.all(key, owner, key, owner);
  };
}

/** Above every id. */
const ownFirst = 2 ** 44;
const firstOf = (table: string): string => `IFNULL((SELECT MAX((owner <> 0) * ${String(ownFirst)} + tag) FROM ${table} WHERE t1 = asked AND +owner IN (0, asker)), 0)`;
/** Answers a row either way, and always looks at both tables: less would be quicker. The key is bound once, which costs as much as a seek. */
const firstSql = `SELECT MAX(${firstOf('young_key')}, ${firstOf('old_key')}) FROM (SELECT ? AS asked, ? AS asker)`;

/** A function that answers one candidate of an owner for T1, its own before everybody's, or 0 where there is none, with the same work. */
export function firstSeeker(db: StoreDatabase, owner: number): (rehash: Rehash) => number {
  const first = db.query<number>(firstSql).pluck();
  return (rehash) => (first.get(keyOf(rehash), owner) ?? 0) % ownFirst;
}

/** Keys after one, in order: both tables are read in theirs, and neither is sorted. */
export const nextKeysSql = 'SELECT t1, tag FROM young_key WHERE t1 > ? UNION ALL SELECT t1, tag FROM old_key WHERE t1 > ? ORDER BY t1, tag LIMIT ?';

/**
 * Ids of the tags whose T1 may follow `after` in order of T1: at least `count` that do, where there are so many; all that share the first bytes of one of them. In no
 * order. `isEnd`: there are no others.
 */
export function tagsAfter(db: StoreDatabase, after: Rehash, count: number): { readonly ids: readonly number[]; readonly isEnd: boolean } {
  const key = keyOf(after);
  const candidates = candidateSeeker(db);
  const next = db.query<{ t1: Uint8Array; tag: number }>(nextKeysSql).all(key, key, count);
  // Those that share the first bytes of the last one may come before it in order of T1.
  const last = next.at(-1);
  const ids = [...new Set([...candidates(after), ...next.map(({ tag }) => tag), ...(last === undefined ? [] : candidates(last.t1))])];
  return { ids, isEnd: next.length < count };
}
