/**
 * Filing of verified blocks: rows, touches, extra copies and pins, in a number of statements that does not grow with the blocks. It
 * verifies nothing: the caller has hashed what it files. Runs inside a transaction that its caller holds.
 */
import { rehashHex, type Rehash, type RehashHex } from '../../../client-sdk/protocol/ids.js';
import { StorageError } from '../../ports/errors.js';
import type { ExistenceScope, FiledBlock } from '../../ports/tag-store.js';
import { isSamePlace, placeColumns, rehashColumn, type PlaceColumns } from './columns.js';
import { holdUpload } from './existence.js';
import type { Session } from './session.js';
import { pin } from './upload-rows.js';

const countSql = 'UPDATE upload SET received_bytes = received_bytes + $2, uncommitted_bytes = uncommitted_bytes + $2 WHERE id = $1';

/** Files and pins blocks in one session; false where it is not live. */
export async function file(session: Session, scope: ExistenceScope, blocks: readonly FiledBlock[]): Promise<boolean> {
  const upload = await holdUpload(session, scope);
  if (upload === undefined) return false;
  if (blocks.length === 0) return true;
  const distinct = new Map<RehashHex, FiledBlock>();
  for (const block of blocks) if (!distinct.has(rehashHex(block.rehash))) distinct.set(rehashHex(block.rehash), block);
  const fresh = await fileAll(session, distinct, scope.now);
  await noteCopies(session, blocks.filter((block) => isElsewhere(block, distinct, fresh)));
  await pin(session, upload, [...distinct.values()].map(({ rehash }) => rehash));
  await session.run(countSql, upload.id, blocks.reduce((sum, { place }) => sum + place.length, 0));
  return true;
}

/** Where the row of each T1 lies after filing. */
type Places = ReadonlyMap<RehashHex, FiledBlock['place']>;

/** A block of the same list, or one of before, has the row: this one is a copy. */
function isElsewhere({ rehash, place }: FiledBlock, distinct: ReadonlyMap<RehashHex, FiledBlock>, places: Places): boolean {
  const at = places.get(rehashHex(rehash)) ?? distinct.get(rehashHex(rehash))?.place;
  return at !== undefined && !isSamePlace(at, place);
}

const maxLooks = 4;

/**
 * Sees to it that every T1 has a live row that this transaction holds. Inserting comes first: of many that file the same T1 at once one
 * inserts and the others wait for it and look. A row may be collected between the two: then all is done once more. Answers places.
 */
async function fileAll(session: Session, blocks: ReadonlyMap<RehashHex, FiledBlock>, now: number): Promise<Places> {
  const places = new Map<RehashHex, FiledBlock['place']>();
  let left = [...blocks.values()].sort((a, b) => Buffer.compare(a.rehash, b.rehash));
  for (let look = 0; look < maxLooks; look++) {
    const fresh = await insertNew(session, left, now);
    for (const block of left) if (fresh.has(rehashHex(block.rehash))) places.set(rehashHex(block.rehash), block.place);
    left = left.filter((block) => !fresh.has(rehashHex(block.rehash)));
    if (left.length === 0) return places;
    for (const [key, place] of await holdOld(session, left, now)) places.set(key, place);
    left = left.filter((block) => !places.has(rehashHex(block.rehash)));
    if (left.length === 0) return places;
  }
  throw new StorageError('rows were collected again and again while they were being filed', { retryable: true });
}

const insertSql = `WITH fresh AS (
    INSERT INTO tag (t1, t, code, length, pack, start, state)
    SELECT k.t1, k.t, k.code, k.length, k.pack, k.start, 0
    FROM unnest($1::bytea[], $2::bytea[], $3::smallint[], $4::integer[], $5::bigint[], $6::bigint[]) AS k(t1, t, code, length, pack, start) ORDER BY k.t1
    ON CONFLICT (t1) DO NOTHING RETURNING t1
  ), touched AS (
    INSERT INTO unreferenced (t1, touched_at) SELECT t1, $7::bigint FROM fresh
    ON CONFLICT (t1) DO UPDATE SET touched_at = EXCLUDED.touched_at
  ) SELECT t1 FROM fresh`;

/** Inserts those that have no row. Answers which these were. */
async function insertNew(session: Session, blocks: readonly FiledBlock[], now: number): Promise<ReadonlySet<RehashHex>> {
  const column = <T>(of: (block: FiledBlock) => T): readonly T[] => blocks.map(of);
  const rows = await session.all<{ t1: Uint8Array }>(
    insertSql, column(({ rehash }) => rehash), column(({ tag }) => tag), column(({ code }) => code), column(({ place }) => place.length),
    column(({ place }) => place.pack), column(({ place }) => place.offset), now,
  );
  return new Set(rows.map((row) => rehashHex(rehashColumn(row.t1))));
}

interface OldRow extends PlaceColumns {
  readonly t1: Uint8Array;
  readonly state: number;
}

const oldSql = 'SELECT t1, state, pack, start, length FROM tag WHERE t1 = ANY($1::bytea[]) ORDER BY t1 FOR KEY SHARE';
const retouchSql = `UPDATE unreferenced SET touched_at = $2 FROM (
    SELECT t1 FROM unreferenced WHERE t1 = ANY($1::bytea[]) AND touched_at < $2 ORDER BY t1 FOR UPDATE
  ) k WHERE unreferenced.t1 = k.t1`;

/** Locks the rows of those that have one, heals the quarantined ones, touches all. Answers where they lie. */
async function holdOld(session: Session, blocks: readonly FiledBlock[], now: number): Promise<Places> {
  const rows = await session.all<OldRow>(oldSql, blocks.map(({ rehash }) => rehash));
  const places = new Map(rows.map((row) => [rehashHex(rehashColumn(row.t1)), placeColumns(row)]));
  const ill = new Set(rows.filter(({ state }) => state !== 0).map((row) => rehashHex(rehashColumn(row.t1))));
  for (const block of blocks) {
    const key = rehashHex(block.rehash);
    if (ill.has(key) && (await heal(session, block))) places.set(key, block.place);
  }
  if (rows.length > 0) await session.run(retouchSql, rows.map(({ t1 }) => t1), now);
  return places;
}

const healSql = 'UPDATE tag SET t = $2, code = $3, length = $4, pack = $5, start = $6, state = 0 WHERE t1 = $1 AND state <> 0';

/** The bytes at the old place are not what they should be: it is forgotten. False where somebody else healed the row first. */
async function heal(session: Session, { rehash, tag, code, place }: FiledBlock): Promise<boolean> {
  if ((await session.run(healSql, rehash, tag, code, place.length, place.pack, place.offset)) === 0) return false;
  await session.run('DELETE FROM copy WHERE t1 = $1 AND pack = $2 AND start = $3', rehash, place.pack, place.offset);
  return true;
}

const copySql = `INSERT INTO copy (t1, pack, start) SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS k(t1, pack, start)
  ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING`;

/** Notes further places of rows that this transaction holds. */
export async function noteCopies(session: Session, copies: readonly { readonly rehash: Rehash; readonly place: FiledBlock['place'] }[]): Promise<void> {
  if (copies.length === 0) return;
  await session.run(copySql, copies.map(({ rehash }) => rehash), copies.map(({ place }) => place.pack), copies.map(({ place }) => place.offset));
}
