/**
 * What each day added to an owner: images by the day of their commit, distinct blocks by that of the first image that refers to them. Kept as
 * sums, because counting a large account takes seconds. Each function runs inside a transaction that its caller holds.
 */
import type { UsageDay } from '../../ports/image-store.js';
import type { StoreDatabase } from './database.js';

/** A change of one day. */
export interface DayGrowth {
  readonly images: number;
  readonly blocks: number;
  readonly cipherBytes: number;
}

const dayOf = (moment: string): string => `strftime('%Y-%m-%d', ${moment} / 1000, 'unixepoch')`;
const growSql = `INSERT INTO usage_day (owner, day, images, blocks, cipher_bytes) VALUES (?, ${dayOf('?')}, ?, ?, ?)
  ON CONFLICT (owner, day) DO UPDATE SET images = images + excluded.images, blocks = blocks + excluded.blocks, cipher_bytes = cipher_bytes + excluded.cipher_bytes`;

/** Adds to the day of `moment` (milliseconds since the epoch). */
export function growDay(db: StoreDatabase, { owner, moment }: { readonly owner: number; readonly moment: number }, growth: DayGrowth): void {
  if (growth.images === 0 && growth.blocks === 0) return;
  db.query(growSql).run(owner, moment, growth.images, growth.blocks, growth.cipherBytes);
}

const daysSql = `SELECT day, SUM(images) AS images, SUM(blocks) AS newBlocks, SUM(cipher_bytes) AS newCipherBytes, SUM(received) AS receivedBytes FROM (
    SELECT day, images, blocks, cipher_bytes, 0 AS received FROM usage_day WHERE owner = ? AND (images <> 0 OR blocks <> 0)
    UNION ALL SELECT day, 0, 0, 0, bytes FROM received_day WHERE owner = ?
  ) GROUP BY day ORDER BY day`;

/** All days on which something came, in order. */
export function usageDays(db: StoreDatabase, owner: number): readonly UsageDay[] {
  return db.query<UsageDay>(daysSql).all(owner, owner);
}

const firstSql = 'SELECT span, images FROM referrer WHERE tag = ? AND owner = ? ORDER BY span LIMIT 1';
const imagesSql = 'SELECT id, created_at AS moment FROM image WHERE owner = ?';
const tagsSql = 'SELECT DISTINCT r.tag AS id, tag.length FROM referrer r JOIN tag ON tag.id = r.tag WHERE r.owner = ?';

/** A function that answers the first image of `owner` that refers to a tag: the one of the lowest id. */
export function firstImageSeeker(db: StoreDatabase, owner: number): (tag: number) => number | undefined {
  const first = db.query<{ span: number; images: number }>(firstSql);
  return (tag) => {
    const row = first.get(tag, owner);
    return row === undefined ? undefined : 16 * row.span + lowestBit(row.images);
  };
}

/** Counts all days of `owner` anew. Slow: only for repairs. */
export function recountDays(db: StoreDatabase, owner: number): void {
  const firstOf = firstImageSeeker(db, owner);
  const moments = new Map(db.query<{ id: number; moment: number }>(imagesSql).all(owner).map(({ id, moment }) => [id, moment]));
  db.query('DELETE FROM usage_day WHERE owner = ?').run(owner);
  for (const moment of moments.values()) growDay(db, { owner, moment }, { images: 1, blocks: 0, cipherBytes: 0 });
  for (const { id, length } of db.query<{ id: number; length: number }>(tagsSql).all(owner)) {
    const moment = moments.get(firstOf(id) ?? 0);
    if (moment !== undefined) growDay(db, { owner, moment }, { images: 0, blocks: 1, cipherBytes: length });
  }
}

function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}
