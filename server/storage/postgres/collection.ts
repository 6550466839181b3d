/**
 * What the collector asks of the index: rows that nothing refers to, equal copies, sums. Each function runs inside a
 * transaction that its caller holds.
 */
import type { Rehash } from '../../../client-sdk/protocol/ids.js';
import type { Place } from '../../ports/block-store.js';
import type { Copy, FiledBlock, TagFigures, WaitingBlock } from '../../ports/tag-store.js';
import { byPack, isSamePlace, placeColumns, rehashColumn, tagColumn, type PackSum, type PlaceColumns } from './columns.js';
import type { Session } from './session.js';
import { lockTags } from './tag-locks.js';
import { filedBlock, tagColumns, type TagColumns } from './tag-rows.js';

const isPinned = 'EXISTS (SELECT 1 FROM pin p WHERE p.t1 = x.t1)';
const isReferenced = 'EXISTS (SELECT 1 FROM reference r WHERE r.t1 = x.t1)';

/** Rows that somebody is about to pin or refer to are locked by them, and passed over. A row of `unreferenced` may be one too many: it is looked at, and goes. */
const lockSql = `SELECT tag.t1 FROM unreferenced x JOIN tag ON tag.t1 = x.t1 WHERE x.touched_at < $1 AND NOT ${isPinned}
  ORDER BY tag.t1 LIMIT $2 FOR UPDATE OF tag SKIP LOCKED`;

/** Asked again under the lock, of what is committed by now: a pin may have come between the first look and the lock. */
const removeSql = `WITH gone AS (
    DELETE FROM tag USING unreferenced x WHERE tag.t1 = ANY($2::bytea[]) AND x.t1 = tag.t1 AND x.touched_at < $1 AND NOT ${isReferenced} AND NOT ${isPinned}
    RETURNING ${tagColumns}
  ), forgotten AS (DELETE FROM unreferenced x WHERE x.t1 = ANY($2::bytea[]) AND x.touched_at < $1 AND NOT ${isPinned})
  SELECT * FROM gone`;

/** Looks at no more than `limit` rows and removes those that may go. `isLast`: there was no more to look at. */
export async function collect(session: Session, before: number, limit: number): Promise<{ readonly removed: readonly FiledBlock[]; readonly isLast: boolean }> {
  const locked = await session.all<{ t1: Uint8Array }>(lockSql, before, limit);
  const removed = locked.length === 0 ? [] : await session.all<TagColumns>(removeSql, before, locked.map(({ t1 }) => t1));
  return { removed: removed.map(filedBlock), isLast: locked.length < limit };
}

type WaitingColumns = TagColumns & { readonly touchedAt: number | null; readonly pinnedUntil: number | null };
const waitingSql = `SELECT ${tagColumns}, CASE WHEN EXISTS (SELECT 1 FROM reference r WHERE r.t1 = tag.t1) THEN NULL ELSE x.touched_at END AS "touchedAt",
    (SELECT MAX(u.expires_at) FROM pin p JOIN upload u ON u.id = p.upload WHERE p.t1 = tag.t1 AND u.expires_at > $1) AS "pinnedUntil"
  FROM (SELECT t1 FROM (SELECT t1 FROM unreferenced WHERE t1 > $2 ORDER BY t1 LIMIT $3) a
    UNION SELECT t1 FROM (SELECT DISTINCT t1 FROM copy WHERE t1 > $2 ORDER BY t1 LIMIT $3) b) w
  JOIN tag ON tag.t1 = w.t1 LEFT JOIN unreferenced x ON x.t1 = w.t1 ORDER BY tag.t1 LIMIT $3`;

/** Rows that nothing refers to, or that have extra copies, in order of T1. */
export async function listWaiting(session: Session, { after, limit, now }: { readonly after: string | undefined; readonly limit: number; readonly now: number }): Promise<{ readonly blocks: readonly WaitingBlock[]; readonly next: string | undefined }> {
  const rows = await session.all<WaitingColumns>(waitingSql, now, Buffer.from(after ?? '', 'hex'), limit);
  const blocks: WaitingBlock[] = [];
  for (const row of rows) {
    const unreferenced = row.touchedAt === null ? undefined : { touchedAt: row.touchedAt, pinnedUntil: row.pinnedUntil ?? undefined };
    const copies = await copiesOf(session, rehashColumn(row.t1));
    if (unreferenced !== undefined || copies.length > 0) blocks.push({ ...filedBlock(row), copies, unreferenced });
  }
  const last = rows.at(-1);
  return { blocks, next: rows.length < limit || last === undefined ? undefined : Buffer.from(last.t1).toString('hex') };
}

type CopyColumns = TagColumns & { readonly copyPack: number; readonly copyStart: number };
const copiesSql = `SELECT ${tagColumns}, copy.pack AS "copyPack", copy.start AS "copyStart" FROM copy JOIN tag ON tag.t1 = copy.t1 LIMIT $1`;

/** Rows with an extra copy. */
export async function listCopies(session: Session, limit: number): Promise<readonly Copy[]> {
  return (await session.all<CopyColumns>(copiesSql, limit)).map((row) => ({
    rehash: rehashColumn(row.t1),
    tag: tagColumn(row.t),
    kept: placeColumns(row),
    extra: { pack: row.copyPack, offset: row.copyStart, length: row.length },
  }));
}

/** Places of extra copies of T1. */
export async function copiesOf(session: Session, rehash: Rehash): Promise<readonly Place[]> {
  const sql = 'SELECT copy.pack, copy.start, tag.length FROM copy JOIN tag ON tag.t1 = copy.t1 WHERE copy.t1 = $1 ORDER BY copy.pack, copy.start';
  return (await session.all<PlaceColumns>(sql, rehash)).map(placeColumns);
}

const forgetSql = 'DELETE FROM copy WHERE t1 = $1 AND pack = $2 AND start = $3';

/** Keeps one noted place and forgets another. A row that was quarantined at another place is live at the kept one. */
export async function merge(session: Session, rehash: Rehash, { kept, extra }: { readonly kept: Place; readonly extra: Place }): Promise<boolean> {
  if (isSamePlace(kept, extra)) return false;
  await lockTags(session, [rehash], 'release');
  const row = await session.get<PlaceColumns & { state: number }>('SELECT pack, start, length, state FROM tag WHERE t1 = $1', rehash);
  if (row === undefined) return false;
  const at = placeColumns(row);
  const noted = [at, ...(await copiesOf(session, rehash))];
  if (!noted.some((place) => isSamePlace(place, kept)) || !noted.some((place) => isSamePlace(place, extra))) return false;
  await session.run(forgetSql, rehash, extra.pack, extra.offset);
  if (isSamePlace(at, kept)) return true;
  await session.run(forgetSql, rehash, kept.pack, kept.offset);
  if (!isSamePlace(at, extra) && row.state === 0) {
    await session.run('INSERT INTO copy (t1, pack, start) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', rehash, at.pack, at.offset);
  }
  await session.run('UPDATE tag SET pack = $2, start = $3, state = 0 WHERE t1 = $1', rehash, kept.pack, kept.offset);
  return true;
}

const packsSql = `SELECT pack, COUNT(*) AS records, SUM(length) AS "payloadBytes" FROM tag GROUP BY pack
  UNION ALL SELECT copy.pack, COUNT(*), SUM(tag.length) FROM copy JOIN tag ON tag.t1 = copy.t1 GROUP BY copy.pack`;

/** What rows and copies occupy, per pack. */
export async function liveByPack(session: Session): Promise<ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }>> {
  return byPack(await session.all<PackSum>(packsSql));
}

const figuresSql = `SELECT a.blocks, a."cipherBytes", a."quarantinedBlocks", u.blocks AS "unreferencedBlocks", u.bytes AS "unreferencedCipherBytes",
    c.copies AS "pendingCopies", c.bytes AS "pendingCopyBytes"
  FROM (SELECT COUNT(*) AS blocks, COALESCE(SUM(length), 0) AS "cipherBytes", COUNT(*) FILTER (WHERE state = 1) AS "quarantinedBlocks" FROM tag) a,
    (SELECT COUNT(*) AS blocks, COALESCE(SUM(tag.length), 0) AS bytes FROM unreferenced x JOIN tag ON tag.t1 = x.t1 WHERE NOT ${isReferenced}) u,
    (SELECT COUNT(*) AS copies, COALESCE(SUM(tag.length), 0) AS bytes FROM copy JOIN tag ON tag.t1 = copy.t1) c`;
const noFigures: TagFigures = {
  blocks: 0, cipherBytes: 0, unreferencedBlocks: 0, unreferencedCipherBytes: 0, pendingCopies: 0, pendingCopyBytes: 0, quarantinedBlocks: 0,
};

/** Counts and sums over the index. */
export async function figures(session: Session): Promise<TagFigures> {
  return (await session.get<TagFigures>(figuresSql)) ?? noFigures;
}
