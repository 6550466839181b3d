/**
 * Filing of verified blocks: rows, touches, extra copies and pins, in a number of statements that depends neither on how many blocks there are nor on
 * whether others have them. It verifies nothing: the caller has hashed what it files. Runs inside a transaction that its caller holds.
 */
import { rehashHex, type Rehash, type RehashHex } from '../../../client-sdk/protocol/ids.js';
import { StorageError } from '../../ports/errors.js';
import type { ExistenceScope, FiledBlock } from '../../ports/tag-store.js';
import { isSamePlace, placeColumns, rehashColumn, type PlaceColumns } from './columns.js';
import { payAlike } from './decoys.js';
import { holdUpload } from './existence.js';
import type { Session } from './session.js';
import { pin } from './upload-rows.js';

const countSql = 'UPDATE upload SET received_bytes = received_bytes + $2, uncommitted_bytes = uncommitted_bytes + $2 WHERE id = $1';

/** Files and pins blocks in one session; false where it is not live. */
export async function file(session: Session, scope: ExistenceScope, blocks: readonly FiledBlock[]): Promise<boolean> {
  const upload = await holdUpload(session, scope);
  if (upload === undefined) return false;
  if (blocks.length === 0) return true;
  const { all, isCopy } = await fileRows(session, blocks, scope.now);
  await pin(session, upload, all.map(({ rehash }) => rehash));
  await session.run(countSql, upload.id, blocks.reduce((sum, { place }) => sum + place.length, 0));
  await payAlike(session, scope.uploadId, { met: all.filter(isCopy), unmet: blocks.filter((block) => !isCopy(block)) });
  return true;
}

/** Files blocks for nobody. */
export async function reinstate(session: Session, blocks: readonly FiledBlock[], now: number): Promise<void> {
  if (blocks.length > 0) await fileRows(session, blocks, now);
}

/** `all`: one of each T1. */
interface FiledRows {
  readonly all: readonly FiledBlock[];
  readonly isCopy: (block: FiledBlock) => boolean;
}

async function fileRows(session: Session, blocks: readonly FiledBlock[], now: number): Promise<FiledRows> {
  const distinct = new Map<RehashHex, FiledBlock>();
  for (const block of blocks) if (!distinct.has(rehashHex(block.rehash))) distinct.set(rehashHex(block.rehash), block);
  const places = await fileAll(session, distinct);
  const all = [...distinct.values()];
  await session.run(touchSql, all.map(({ rehash }) => rehash), now);
  const isCopy = ({ rehash, place }: FiledBlock): boolean => !isSamePlace(places.get(rehashHex(rehash)) ?? place, place);
  await noteCopies(session, blocks.filter(isCopy));
  return { all, isCopy };
}

/** Where the row of each T1 lies. */
type Places = ReadonlyMap<RehashHex, FiledBlock['place']>;

const maxLooks = 4;

/**
 * Sees to it that every T1 has a live row that this transaction holds. Inserting comes first: of many that file the same T1 at once one
 * inserts and the others wait for it and look. A row may be collected between the two: then it is done once more. Which rows are new is not asked:
 * they are looked at as others are, and lie where their blocks do.
 */
async function fileAll(session: Session, blocks: ReadonlyMap<RehashHex, FiledBlock>): Promise<Places> {
  const places = new Map<RehashHex, FiledBlock['place']>();
  let left = [...blocks.values()].sort((a, b) => Buffer.compare(a.rehash, b.rehash));
  for (let look = 0; look < maxLooks; look++) {
    await insertNew(session, left);
    for (const [key, place] of await hold(session, left)) places.set(key, place);
    left = left.filter((block) => !places.has(rehashHex(block.rehash)));
    if (left.length === 0) return places;
  }
  throw new StorageError('rows were collected again and again while they were being filed', { retryable: true });
}

const insertSql = `INSERT INTO tag (t1, t, code, length, pack, start, state)
  SELECT k.t1, k.t, k.code, k.length, k.pack, k.start, 0
  FROM unnest($1::bytea[], $2::bytea[], $3::smallint[], $4::integer[], $5::bigint[], $6::bigint[]) AS k(t1, t, code, length, pack, start) ORDER BY k.t1
  ON CONFLICT (t1) DO NOTHING`;

/** Inserts those that have no row. */
async function insertNew(session: Session, blocks: readonly FiledBlock[]): Promise<void> {
  const column = <T>(of: (block: FiledBlock) => T): readonly T[] => blocks.map(of);
  await session.run(
    insertSql, column(({ rehash }) => rehash), column(({ tag }) => tag), column(({ code }) => code), column(({ place }) => place.length),
    column(({ place }) => place.pack), column(({ place }) => place.offset),
  );
}

interface HeldRow extends PlaceColumns {
  readonly t1: Uint8Array;
  readonly state: number;
}

const holdSql = 'SELECT t1, state, pack, start, length FROM tag WHERE t1 = ANY($1::bytea[]) ORDER BY t1 FOR KEY SHARE';

/** Locks the rows of those that have one and heals the quarantined ones. Answers where they lie. */
async function hold(session: Session, blocks: readonly FiledBlock[]): Promise<Places> {
  const rows = await session.all<HeldRow>(holdSql, blocks.map(({ rehash }) => rehash));
  const places = new Map(rows.map((row) => [rehashHex(rehashColumn(row.t1)), placeColumns(row)]));
  const ill = new Set(rows.filter(({ state }) => state !== 0).map((row) => rehashHex(rehashColumn(row.t1))));
  for (const block of blocks) {
    const key = rehashHex(block.rehash);
    if (ill.has(key) && (await heal(session, block))) places.set(key, block.place);
  }
  return places;
}

/** All that are filed stand among the unreferenced until their commit, those too that others refer to: the commit takes a row away for each. */
const touchSql = `INSERT INTO unreferenced (t1, touched_at) SELECT k.t1, $2::bigint FROM unnest($1::bytea[]) AS k(t1) ORDER BY k.t1
  ON CONFLICT (t1) DO UPDATE SET touched_at = GREATEST(unreferenced.touched_at, EXCLUDED.touched_at)`;

const healSql = 'UPDATE tag SET t = $2, code = $3, length = $4, pack = $5, start = $6, state = 0 WHERE t1 = $1 AND state <> 0';

/** The bytes at the old place are not what they should be: it is forgotten. False where somebody else healed the row first. */
async function heal(session: Session, { rehash, tag, code, place }: FiledBlock): Promise<boolean> {
  if ((await session.run(healSql, rehash, tag, code, place.length, place.pack, place.offset)) === 0) return false;
  await session.run('DELETE FROM copy WHERE t1 = $1 AND pack = $2 AND start = $3', rehash, place.pack, place.offset);
  return true;
}

const copySql = `INSERT INTO copy (t1, pack, start) SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS k(t1, pack, start)
  ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING`;

/** Notes further places of rows that this transaction holds. Asked of none too: that there are some is nobody's business. */
export async function noteCopies(session: Session, copies: readonly { readonly rehash: Rehash; readonly place: FiledBlock['place'] }[]): Promise<void> {
  await session.run(copySql, copies.map(({ rehash }) => rehash), copies.map(({ place }) => place.pack), copies.map(({ place }) => place.offset));
}
