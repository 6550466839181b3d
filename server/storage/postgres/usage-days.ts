/**
 * What each day added to an owner: images by the day of their commit, distinct blocks by that of the first image that refers to them. Kept as
 * sums, because counting a large account takes long. The owner is locked by then. Each function runs inside a transaction that its caller holds.
 */
import type { Rehash } from '../../../client-sdk/protocol/ids.js';
import type { UsageDay } from '../../ports/image-store.js';
import { dayMs, dayText } from './columns.js';
import type { Session } from './session.js';

/** A change of one day. */
export interface DayGrowth {
  /** Days since the epoch. */
  readonly day: number;
  readonly images: number;
  readonly blocks: number;
  readonly cipherBytes: number;
}

/** Adds to one day. `values`: owner, day, images, blocks and cipher bytes, in this order. */
export function growDaySql(values: string): string {
  return `INSERT INTO usage_day (owner, day, images, blocks, cipher_bytes) VALUES (${values})
  ON CONFLICT (owner, day) DO UPDATE SET images = usage_day.images + EXCLUDED.images, blocks = usage_day.blocks + EXCLUDED.blocks,
    cipher_bytes = usage_day.cipher_bytes + EXCLUDED.cipher_bytes`;
}

const growSql = growDaySql('$1, $2, $3, $4, $5');

/** Adds to one day. */
export async function growDay(session: Session, owner: number, { day, images, blocks, cipherBytes }: DayGrowth): Promise<void> {
  if (images !== 0 || blocks !== 0) await session.run(growSql, owner, day, images, blocks, cipherBytes);
}

/** The day of a moment (milliseconds since the epoch). */
export function dayOf(moment: number): number {
  return Math.floor(moment / dayMs);
}

const daysSql = `SELECT day, SUM(images)::bigint AS images, SUM(blocks)::bigint AS "newBlocks", SUM(cipher_bytes)::bigint AS "newCipherBytes",
    SUM(received)::bigint AS "receivedBytes" FROM (
    SELECT day, images, blocks, cipher_bytes, 0 AS received FROM usage_day WHERE owner = $1 AND (images <> 0 OR blocks <> 0)
    UNION ALL SELECT day, 0, 0, 0, bytes FROM received_day WHERE owner = $1
  ) d GROUP BY day ORDER BY day`;

/** All days on which something came, in order. */
export async function usageDays(session: Session, owner: number): Promise<readonly UsageDay[]> {
  const rows = await session.all<Omit<UsageDay, 'day'> & { readonly day: number }>(daysSql, owner);
  return rows.map((row) => ({ ...row, day: dayText(row.day) }));
}

/** One seek for each T1, however many images refer to it. */
const heirsSql = `SELECT i.created_at / ${dayMs} AS day, COUNT(*) AS blocks, SUM(tag.length)::bigint AS "cipherBytes"
  FROM unnest($1::bytea[]) AS k(t1)
  CROSS JOIN LATERAL (SELECT r.image FROM reference r WHERE r.t1 = k.t1 AND r.owner = $2 ORDER BY r.image LIMIT 1) f
  JOIN image i ON i.id = f.image JOIN tag ON tag.t1 = k.t1 WHERE f.image > $3 GROUP BY 1`;

/** Of blocks that `image`, whose references are gone, was the first for: on which days they count now. Those that `owner` lost are not among them. */
export async function inherited(session: Session, { owner, image }: { readonly owner: number; readonly image: number }, rehashes: readonly Rehash[]): Promise<readonly DayGrowth[]> {
  const rows = await session.all<Omit<DayGrowth, 'images'>>(heirsSql, rehashes, owner, image);
  return rows.map((row) => ({ ...row, images: 0 }));
}

const imagesSql = `INSERT INTO usage_day SELECT owner, created_at / ${dayMs}, COUNT(*), 0, 0 FROM image WHERE owner = $1 GROUP BY 1, 2`;
const blocksSql = `INSERT INTO usage_day
  SELECT f.owner, i.created_at / ${dayMs}, 0, COUNT(*), SUM(tag.length)
  FROM (SELECT t1, owner, MIN(image) AS image FROM reference WHERE owner = $1 GROUP BY t1, owner) f JOIN image i ON i.id = f.image JOIN tag ON tag.t1 = f.t1
  GROUP BY 1, 2
  ON CONFLICT (owner, day) DO UPDATE SET blocks = EXCLUDED.blocks, cipher_bytes = EXCLUDED.cipher_bytes`;

/** Counts all days of `owner` anew. Slow: only for repairs. */
export async function recountDays(session: Session, owner: number): Promise<void> {
  for (const sql of ['DELETE FROM usage_day WHERE owner = $1', imagesSql, blocksSql]) await session.run(sql, owner);
}
