/**
 * Finding tag rows by T1: an index on its first bytes gives candidates, and T1 is compared whole. Two different T1 with
 * equal first bytes are two rows. It judges nobody's right to a row. DESIGN.md section 6.
 */
import type { Rehash } from '../../../client-sdk/protocol/ids.js';
import type { StoreDatabase } from './database.js';

/** As in the index of the migration: the planner compares the expressions. */
const indexed = 'substr(tag.t1, 1, 6)';
const indexedBytes = 6;

/** A condition on a table called `tag`; its parameters are `rehashKey`. */
export const isRehash = `${indexed} = ? AND tag.t1 = ?`;

/** Rows after T1 in order of T1; its parameters are `rehashKey`, or two empty blobs for all. */
export const isAfterRehash = `${indexed} >= ? AND tag.t1 > ?`;
export const inOrderOfRehash = `${indexed}, tag.t1`;

/** What `isRehash` binds. */
export function rehashKey(rehash: Uint8Array): readonly [Uint8Array, Uint8Array] {
  return [rehash.subarray(0, indexedBytes), rehash];
}

/** A tag row that was asked for, or another one that was looked at in its place. */
export interface Seen {
  /** The row that was looked at. */
  readonly asked: number;
  /** Undefined where T1 has no row. */
  readonly row: { readonly length: number; readonly state: number } | undefined;
}

/** Answers a row either way: making none would be quicker. */
const candidatesSql = `SELECT MIN(id) AS id, COUNT(*) AS count FROM tag WHERE ${indexed} = ?`;
const rowSql = 'SELECT t1 = ? AS isSame, length, state FROM tag WHERE id = ?';
const idSql = `SELECT id FROM tag WHERE ${isRehash}`;

/**
 * A function that looks one row up by T1, in the same two seeks whether T1 is there, is not, or another T1 has its first bytes: then
 * that row is looked at, and else `decoy`. Only where two stored T1 have the same first bytes there are two seeks more.
 */
export function tagSeeker(db: StoreDatabase): (rehash: Rehash, decoy: number) => Seen {
  const candidates = db.query<{ id: number | null; count: number }>(candidatesSql);
  const byId = db.query<{ isSame: number; length: number; state: number }>(rowSql);
  const look = (rehash: Rehash, asked: number): Seen => {
    const row = byId.get(rehash, asked);
    return { asked, row: row?.isSame === 1 ? row : undefined };
  };
  return (rehash, decoy) => {
    const found = candidates.get(rehash.subarray(0, indexedBytes));
    const seen = look(rehash, found?.id ?? decoy);
    if (seen.row !== undefined || found === undefined || found.count < 2) return seen;
    const id = db.query<{ id: number }>(idSql).get(...rehashKey(rehash))?.id;
    return id === undefined ? seen : look(rehash, id);
  };
}
