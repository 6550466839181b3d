/**
 * What the collector asks of the index: rows that nothing refers to, equal copies, sums. Each function runs inside a
 * transaction that its caller holds.
 */
import type { Rehash } from '../../../client-sdk/protocol/ids.js';
import type { Place } from '../../ports/block-store.js';
import type { Copy, FiledBlock, TagFigures, WaitingBlock } from '../../ports/tag-store.js';
import { byPack, isSamePlace, type CountAndBytes, placeColumns, rehashColumn, tagColumn, type PackSum, type PlaceColumns } from './columns.js';
import type { StoreDatabase } from './database.js';
import { byRank, filedBlock, rowsOfRehash, tagColumns, type TagColumns } from './tag-columns.js';
import { soleRow } from './twins.js';

/** The reference is asked for once more, though no referenced row stands in `unreferenced`: a wrong row there must not lose a block. */
const collectable = `FROM unreferenced x JOIN tag ON tag.id = x.tag WHERE x.touched_at < ?
  AND NOT EXISTS (SELECT 1 FROM referrer WHERE referrer.tag = x.tag) AND NOT EXISTS (SELECT 1 FROM pin WHERE pin.tag = x.tag)`;

/** Where the last look ended, tag id: what is too young, or pinned, is not passed over again with every call of a sweep. A hint alone. */
const lookedTo = new WeakMap<StoreDatabase, number>();
const nextSql = `SELECT ${tagColumns} ${collectable} AND x.tag > ? AND x.tag <= ? ORDER BY x.tag LIMIT ?`;

/** Removes at most `limit` collectable rows: those after the last look, then, where there are too few, those before it. */
export function collect(db: StoreDatabase, before: number, limit: number): readonly FiledBlock[] {
  const from = lookedTo.get(db) ?? 0;
  const next = db.query<TagColumns>(nextSql);
  const rows = next.all(before, from, Number.MAX_SAFE_INTEGER, limit);
  const around = rows.length === limit ? [] : next.all(before, 0, from, limit - rows.length);
  lookedTo.set(db, (around.at(-1) ?? rows.at(-1))?.id ?? 0);
  const found = [...rows, ...around];
  for (const row of found) db.query('DELETE FROM tag WHERE id = ?').run(row.id);
  return found.map(filedBlock);
}

type WaitingColumns = TagColumns & { readonly touchedAt: number | null; readonly pinnedUntil: number | null };
const waitingSql = `SELECT ${tagColumns}, CASE WHEN EXISTS (SELECT 1 FROM referrer WHERE referrer.tag = tag.id) THEN NULL ELSE x.touched_at END AS touchedAt,
    (SELECT MAX(upload.expires_at) FROM pin JOIN upload ON upload.id = pin.upload WHERE pin.tag = tag.id AND upload.expires_at > ?) AS pinnedUntil
  FROM (SELECT tag FROM (SELECT tag FROM unreferenced WHERE tag > ? ORDER BY tag LIMIT ?)
    UNION SELECT tag FROM (SELECT DISTINCT tag FROM copy WHERE tag > ? ORDER BY tag LIMIT ?)) w
  JOIN tag ON tag.id = w.tag LEFT JOIN unreferenced x ON x.tag = w.tag ORDER BY w.tag LIMIT ?`;
const copiesOfIdSql = 'SELECT copy.pack, copy.offset, tag.length FROM tag JOIN copy ON copy.tag = tag.id WHERE tag.id = ? ORDER BY copy.pack, copy.offset';

/** Rows that nothing refers to, or that have extra copies, in order of id. */
export function listWaiting(db: StoreDatabase, { after, limit, now }: { readonly after: string | undefined; readonly limit: number; readonly now: number }): { readonly blocks: readonly WaitingBlock[]; readonly next: string | undefined } {
  const from = Number(after ?? 0);
  const rows = db.query<WaitingColumns>(waitingSql).all(now, from, limit, from, limit, limit);
  const copies = db.query<PlaceColumns>(copiesOfIdSql);
  const blocks = rows.map((row) => ({
    ...filedBlock(row),
    copies: copies.all(row.id).map(placeColumns),
    unreferenced: row.touchedAt === null ? undefined : { touchedAt: row.touchedAt, pinnedUntil: row.pinnedUntil ?? undefined },
  }));
  const last = rows.at(-1);
  return { blocks, next: rows.length < limit || last === undefined ? undefined : String(last.id) };
}

type CopyColumns = TagColumns & { readonly copyPack: number; readonly copyOffset: number };
const copiesSql = `SELECT ${tagColumns}, copy.pack AS copyPack, copy.offset AS copyOffset FROM copy JOIN tag ON tag.id = copy.tag LIMIT ?`;

/** Rows with an extra copy. */
export function listCopies(db: StoreDatabase, limit: number): readonly Copy[] {
  return db.query<CopyColumns>(copiesSql).all(limit).map((row) => ({
    rehash: rehashColumn(row.t1),
    tag: tagColumn(row.t),
    kept: placeColumns(row),
    extra: { pack: row.copyPack, offset: row.copyOffset, length: row.length },
  }));
}

/** Places of extra copies of T1, in order: those that are noted, and those of other accounts' rows. */
export function copiesOf(db: StoreDatabase, rehash: Rehash): readonly Place[] {
  const [first, ...others] = rowsOfRehash(db, rehash).sort(byRank);
  if (first === undefined) return [];
  const copies = db.query<PlaceColumns>(copiesOfIdSql);
  const places = [...others, ...[first, ...others].flatMap(({ id }) => copies.all(id))].map(placeColumns);
  return places.sort((a, b) => a.pack - b.pack || a.offset - b.offset);
}

/** Keeps one noted place and forgets another. A row that was quarantined at another place is live at the kept one. */
export function merge(db: StoreDatabase, rehash: Rehash, { kept, extra }: { readonly kept: Place; readonly extra: Place }): boolean {
  const row = soleRow(db, rehash);
  if (row === undefined || isSamePlace(kept, extra)) return false;
  const copies = copiesOf(db, rehash);
  const isNoted = (place: Place): boolean => isSamePlace(row, place) || copies.some((copy) => isSamePlace(copy, place));
  if (!isNoted(kept) || !isNoted(extra)) return false;
  const forget = db.query('DELETE FROM copy WHERE tag = ? AND pack = ? AND offset = ?');
  forget.run(row.id, extra.pack, extra.offset);
  if (isSamePlace(row, kept)) return true;
  forget.run(row.id, kept.pack, kept.offset);
  if (!isSamePlace(row, extra) && row.state === 0) db.query('INSERT INTO copy (tag, pack, offset) VALUES (?, ?, ?)').run(row.id, row.pack, row.offset);
  db.query('UPDATE tag SET pack = ?, offset = ?, state = 0 WHERE id = ?').run(kept.pack, kept.offset, row.id);
  return true;
}

/** Copies wait for the next sweep only, so counting them is cheap. */
const packsSql = `SELECT pack, records, payload_bytes AS payloadBytes FROM pack_use WHERE kind = 0
  UNION ALL SELECT copy.pack, COUNT(*), SUM(tag.length) FROM copy JOIN tag ON tag.id = copy.tag GROUP BY copy.pack`;

/** What rows and copies occupy, per pack. */
export function liveByPack(db: StoreDatabase): ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }> {
  return byPack(db.query<PackSum>(packsSql).all());
}

const allSql = 'SELECT COALESCE(SUM(records), 0) AS count, COALESCE(SUM(payload_bytes), 0) AS bytes FROM pack_use WHERE kind = 0';

const other = (table: string): string => `SELECT 1 FROM ${table} k JOIN tag o ON o.id = k.tag WHERE k.t1 = substr(tag.t1, 1, 6) AND o.t1 = tag.t1
  AND (o.id < tag.id OR o.id > tag.id AND NOT EXISTS (SELECT 1 FROM unreferenced y WHERE y.tag = o.id))`;
/** Of several rows of one T1 the first counts, and none where images refer to one of them. */
const soleSql = `SELECT COUNT(*) AS count, COALESCE(SUM(tag.length), 0) AS bytes FROM unreferenced x JOIN tag ON tag.id = x.tag
  WHERE x.tag > ? AND x.tag <= ? AND NOT EXISTS (${other('young_key')}) AND NOT EXISTS (${other('old_key')})`;
const soleUpToSql = 'SELECT MAX(tag) FROM (SELECT tag FROM unreferenced WHERE tag > ? ORDER BY tag LIMIT 5000)';

/** Counts T1s that nothing refers to, of some whose rows have ids above `after`. `next` goes on, undefined at the end. */
export function countUnreferenced(db: StoreDatabase, after: number): CountAndBytes & { readonly next: number | undefined } {
  const next = db.query<number | null>(soleUpToSql).pluck().get(after) ?? undefined;
  if (next === undefined) return { count: 0, bytes: 0, next };
  return { ...(db.query<CountAndBytes>(soleSql).get(after, next) ?? { count: 0, bytes: 0 }), next };
}

/** Counts and sums over the index. `twins`: rows that count as copies of others; `unreferenced`: what was counted where there are such, else it is counted here. */
export function figures(db: StoreDatabase, { twins, unreferenced }: { readonly twins: CountAndBytes; readonly unreferenced: CountAndBytes | undefined }): TagFigures {
  const ask = (from: string): CountAndBytes =>
    db.query<CountAndBytes>(`SELECT COUNT(*) AS count, COALESCE(SUM(tag.length), 0) AS bytes FROM ${from}`).get() ?? { count: 0, bytes: 0 };
  const all = db.query<CountAndBytes>(allSql).get() ?? { count: 0, bytes: 0 };
  const waiting = unreferenced ?? ask('unreferenced x JOIN tag ON tag.id = x.tag');
  const copies = ask('copy JOIN tag ON tag.id = copy.tag');
  return {
    blocks: all.count - twins.count,
    cipherBytes: all.bytes - twins.bytes,
    unreferencedBlocks: waiting.count,
    unreferencedCipherBytes: waiting.bytes,
    pendingCopies: copies.count + twins.count,
    pendingCopyBytes: copies.bytes + twins.bytes,
    quarantinedBlocks: ask('tag WHERE state = 1').count,
  };
}
