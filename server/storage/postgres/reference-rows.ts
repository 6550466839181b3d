/**
 * References of images to tags: adding and removing them together with the table of unreferenced tags. The owner and the tag rows are
 * locked by then, so what is counted here stays true. Each function runs inside a transaction that its caller holds.
 */
import type { Rehash } from '../../../client-sdk/protocol/ids.js';
import type { Session } from './session.js';
import { lockTags } from './tag-locks.js';

/** A tag to refer to; `isNew`: no image of the owner referred to it before. */
export interface Referent {
  readonly rehash: Rehash;
  readonly length: number;
  readonly isNew: boolean;
}

/** Distinct blocks, and their cipher bytes, that an owner gained or lost. */
export interface Distinct {
  readonly blocks: number;
  readonly cipherBytes: number;
}

/** An image row, and whose it is. */
export interface Referring {
  readonly image: number;
  readonly owner: number;
}

const linkSql = 'INSERT INTO reference (t1, owner, image) SELECT k.t1, $2, $3 FROM unnest($1::bytea[]) AS k(t1) ORDER BY k.t1';
/** As an array, not as a join: the table is small at one time and large at another, and what was planned for the one would be slow for the other. */
const referencedSql = `DELETE FROM unreferenced WHERE t1 = ANY(ARRAY(
    SELECT t1 FROM unreferenced WHERE t1 = ANY($1::bytea[]) ORDER BY t1 FOR UPDATE
  ))`;

/** Refers from `image` to every tag; their rows are locked to `refer`. Answers what was new to the owner. */
export async function link(session: Session, { image, owner }: Referring, tags: readonly Referent[]): Promise<Distinct> {
  if (tags.length === 0) return { blocks: 0, cipherBytes: 0 };
  await session.run(linkSql, tags.map(({ rehash }) => rehash), owner, image);
  const fresh = tags.filter(({ isNew }) => isNew);
  if (fresh.length > 0) await session.run(referencedSql, fresh.map(({ rehash }) => rehash));
  return { blocks: fresh.length, cipherBytes: fresh.reduce((sum, { length }) => sum + length, 0) };
}

const unlinkSql = 'DELETE FROM reference WHERE t1 = ANY($1::bytea[]) AND owner = $2 AND image = $3';
const lostSql = `SELECT COUNT(*) AS blocks, COALESCE(SUM(length), 0) AS "cipherBytes" FROM tag
  WHERE t1 = ANY($1::bytea[]) AND NOT EXISTS (SELECT 1 FROM reference r WHERE r.t1 = tag.t1 AND r.owner = $2)`;
/** Whether others refer to it must not be told by the time that this takes: of what they do refer to, the collector drops the row again. */
const looseSql = `INSERT INTO unreferenced (t1, touched_at)
  SELECT tag.t1, $3::bigint FROM tag WHERE tag.t1 = ANY($1::bytea[]) AND NOT EXISTS (SELECT 1 FROM reference r WHERE r.t1 = tag.t1 AND r.owner = $2) ORDER BY tag.t1
  ON CONFLICT (t1) DO UPDATE SET touched_at = EXCLUDED.touched_at`;

/**
 * Drops the references of `image` to `rehashes`, the list in its row. Tags that the owner lost count as touched at `now`.
 * Answers what these are.
 */
export async function unlink(session: Session, { image, owner, rehashes }: Referring & { readonly rehashes: readonly Rehash[] }, now: number): Promise<Distinct> {
  const none = { blocks: 0, cipherBytes: 0 };
  if (rehashes.length === 0) return none;
  // So that the collector, which holds the same rows, sees either the references or the touch.
  await lockTags(session, rehashes, 'release');
  await session.run(unlinkSql, rehashes, owner, image);
  const lost = await session.get<Distinct>(lostSql, rehashes, owner);
  await session.run(looseSql, rehashes, owner, now);
  return lost ?? none;
}
