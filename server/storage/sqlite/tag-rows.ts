/**
 * Rows of the index: filing, finding, moving, quarantine and repair. Each function runs inside a transaction that
 * its caller holds. It verifies nothing: the caller has hashed what it files.
 */
import type { AccountId, Rehash } from '../../../client-sdk/protocol/ids.js';
import type { Place } from '../../ports/block-store.js';
import type { CorruptionError } from '../../ports/errors.js';
import type { Claimable, ExistenceScope, FiledBlock, TagRow } from '../../ports/tag-store.js';
import { bytesColumn, isSamePlace, placeColumns, rehashColumn, tagColumn, type PlaceColumns } from './columns.js';
import type { StoreDatabase } from './database.js';
import { decoyReader, likeFiling } from './decoys.js';
import { liveUpload, ownedTags } from './existence.js';
import { forgetHeld, noteHeld } from './holdings.js';
import { moveKeys } from './key-moving.js';
import { findOwner, recountOwner } from './owner-rows.js';
import { contradiction, isSameSum, keptSum, sumOf } from './pack-sums.js';
import { pinLost } from './pin-vectors.js';
import { redirect } from './reference-rows.js';
import { candidateSeeker, tagsAfter } from './tag-seek.js';
import { pinner } from './upload-rows.js';

/** A tag row as it stands in the table. */
export interface TagColumns extends PlaceColumns {
  readonly id: number;
  readonly t1: Uint8Array;
  readonly t: Uint8Array;
  readonly code: number;
  readonly state: number;
}

/** The columns of `TagColumns`, of a table called `tag`. */
export const tagColumns = 'tag.id, tag.t1, tag.t, tag.code, tag.length, tag.pack, tag.offset, tag.state';

const byIdSql = `SELECT ${tagColumns} FROM tag WHERE id = ?`;
const insertSql = 'INSERT INTO tag (t1, t, code, length, pack, offset, state) VALUES (?, ?, ?, ?, ?, ?, 0)';
const touchSql = 'INSERT INTO unreferenced (tag, touched_at) VALUES (?, ?)';
const retouchSql = 'UPDATE unreferenced SET touched_at = MAX(touched_at, ?) WHERE tag = ?';
const healSql = 'UPDATE tag SET t = ?, code = ?, length = ?, pack = ?, offset = ?, state = 0 WHERE id = ?';
const copySql = 'INSERT OR IGNORE INTO copy (tag, pack, offset) VALUES (?, ?, ?)';
const uncopySql = 'DELETE FROM copy WHERE tag = ? AND pack = ? AND offset = ?';

/** The row of T1 as it stands. */
export function tagOfRehash(db: StoreDatabase, rehash: Rehash): TagColumns | undefined {
  for (const id of candidateSeeker(db)(rehash)) {
    const row = db.query<TagColumns>(byIdSql).get(id);
    if (row !== undefined && Buffer.compare(row.t1, rehash) === 0) return row;
  }
  return undefined;
}

/** Files and pins blocks in one session; false where it is not live. */
export function file(db: StoreDatabase, scope: ExistenceScope, blocks: readonly FiledBlock[]): boolean {
  const upload = liveUpload(db, scope);
  if (upload === undefined) return false;
  const pin = pinner(db, upload);
  const readDecoy = decoyReader(db, scope.now);
  let [receivedBytes, keys] = [0, 0];
  for (const block of blocks) {
    noteHeld(db, upload.owner, block.rehash);
    const { id, isNew, isKeyed } = fileOne(db, block, scope.now);
    if (isNew) readDecoy();
    pin(id);
    receivedBytes += block.place.length;
    keys += isKeyed ? 1 : 0;
  }
  moveKeys(db, { keys, received: blocks.length });
  db.query('UPDATE upload SET received_bytes = received_bytes + ?, uncommitted_bytes = uncommitted_bytes + ? WHERE id = ?')
    .run(receivedBytes, receivedBytes, upload.id);
  return true;
}

/** Files blocks for nobody. */
export function reinstate(db: StoreDatabase, blocks: readonly FiledBlock[], now: number): void {
  const keys = blocks.filter((block) => fileOne(db, block, now).isKeyed).length;
  moveKeys(db, { keys, received: blocks.length });
}

/** What became of a block that was filed: `isKeyed` says that there is one young key more. */
interface Filed {
  readonly id: number;
  readonly isNew: boolean;
  readonly isKeyed: boolean;
}

function fileOne(db: StoreDatabase, block: FiledBlock, now: number): Filed {
  const { place } = block;
  const row = tagOfRehash(db, block.rehash);
  if (row === undefined) {
    const id = Number(db.query(insertSql).run(block.rehash, block.tag, block.code, place.length, place.pack, place.offset).lastInsertRowid);
    db.query(touchSql).run(id, now);
    return { id, isNew: true, isKeyed: true };
  }
  if (row.state !== 0) heal(db, row.id, block);
  else if (!isSamePlace(row, place)) db.query(copySql).run(row.id, place.pack, place.offset);
  db.query(retouchSql).run(now, row.id);
  return { id: row.id, isNew: false, isKeyed: likeFiling(db, block.rehash, row.id) };
}

/** The bytes at the old place are not what they should be: it is forgotten. */
function heal(db: StoreDatabase, id: number, { tag, code, place }: FiledBlock): void {
  db.query(healSql).run(tag, code, place.length, place.pack, place.offset, id);
  db.query(uncopySql).run(id, place.pack, place.offset);
}

/** The live rows among `rehashes`. */
export function findLive(db: StoreDatabase, rehashes: readonly Rehash[]): readonly Claimable[] {
  return rehashes.flatMap((rehash) => {
    const row = tagOfRehash(db, rehash);
    return row?.state === 0 ? [{ rehash, place: placeColumns(row) }] : [];
  });
}

/** Per T1 its row, if an image of the account refers to it. */
export function findAllOwned(db: StoreDatabase, accountId: AccountId, rehashes: readonly Rehash[]): readonly (TagRow | undefined)[] {
  const owner = findOwner(db, accountId) ?? 0; // no owner is 0: the seeks are made all the same
  const byId = db.query<TagColumns>(byIdSql);
  return ownedTags(db, owner, rehashes).map((id) => {
    const row = id === undefined ? undefined : byId.get(id);
    return row === undefined ? undefined : tagRow(row);
  });
}

/** The row of T1. */
export function find(db: StoreDatabase, rehash: Rehash): TagRow | undefined {
  const row = tagOfRehash(db, rehash);
  return row === undefined ? undefined : tagRow(row);
}

/** Rows in order of T1. */
export function list(db: StoreDatabase, after: Rehash | undefined, limit: number): readonly TagRow[] {
  const from = after ?? new Uint8Array(0);
  const byId = db.query<TagColumns>(byIdSql);
  const rows = tagsAfter(db, from, limit).flatMap((id) => byId.get(id) ?? []).filter((row) => Buffer.compare(row.t1, from) > 0);
  return rows.sort((a, b) => Buffer.compare(a.t1, b.t1)).slice(0, limit).map(tagRow);
}

const packSql = `SELECT tag.t1, tag.pack, tag.offset, tag.length, 0 AS isCopy
    FROM tag_span CROSS JOIN tag ON tag.id BETWEEN 64 * tag_span.span AND 64 * tag_span.span + 63 WHERE tag_span.pack = ? AND tag.pack = tag_span.pack
  UNION ALL SELECT tag.t1, copy.pack, copy.offset, tag.length, 1 FROM copy JOIN tag ON tag.id = copy.tag WHERE copy.pack = ?`;

/** Rows and copies in one pack; the error to throw where the rows are not those that were counted. Spans of a pack without rows are forgotten. */
export function listPack(db: StoreDatabase, pack: number): readonly { readonly rehash: Rehash; readonly place: Place }[] | CorruptionError {
  const rows = db.query<PlaceColumns & { t1: Uint8Array; isCopy: number }>(packSql).all(pack, pack);
  const [found, kept] = [sumOf(rows.filter(({ isCopy }) => isCopy === 0)), keptSum(db, pack, 'block')];
  if (!isSameSum(found, kept)) return contradiction('block', { found, kept });
  if (found.records === 0) db.query('DELETE FROM tag_span WHERE pack = ?').run(pack);
  return rows.map((row) => ({ rehash: rehashColumn(row.t1), place: placeColumns(row) }));
}

/** Moves a row, or a copy, that is still at `from`. */
export function move(db: StoreDatabase, rehash: Rehash, { from, to }: { readonly from: Place; readonly to: Place }): boolean {
  const row = tagOfRehash(db, rehash);
  if (row === undefined) return false;
  if (isSamePlace(row, from)) {
    db.query('UPDATE tag SET pack = ?, offset = ? WHERE id = ?').run(to.pack, to.offset, row.id);
    return true;
  }
  return db.query('UPDATE OR REPLACE copy SET pack = ?, offset = ? WHERE tag = ? AND pack = ? AND offset = ?')
    .run(to.pack, to.offset, row.id, from.pack, from.offset).changes === 1;
}

/** Quarantines the row of T1 if it is at `place`. */
export function quarantine(db: StoreDatabase, rehash: Rehash, place: Place): void {
  const row = tagOfRehash(db, rehash);
  if (row === undefined || !isSamePlace(row, place)) return;
  db.query('UPDATE tag SET state = 1 WHERE id = ?').run(row.id);
  for (const owner of referringOwners(db, row.id)) forgetHeld(db, owner, [rehash]);
}

/** Puts T1, T and code right. Where a block was filed anew under the right T1 meanwhile, the two rows become one. */
export function repair(db: StoreDatabase, was: Rehash, block: FiledBlock): void {
  const row = tagOfRehash(db, was);
  if (row === undefined) return;
  const other = tagOfRehash(db, block.rehash);
  const kept = other ?? row;
  if (Buffer.compare(was, block.rehash) !== 0) leaveRehash(db, row, kept.id);
  if (kept.id !== row.id) unite(db, row, kept.id);
  noteHolders(db, kept.id, block.rehash);
  if (kept.id === row.id) db.query('UPDATE tag SET t1 = ?, t = ?, code = ? WHERE id = ?').run(block.rehash, block.tag, block.code, row.id);
}

/** A row is found by its T1 no longer: what is known by that T1 is so no more, and who asked for it holds the row `kept`. */
function leaveRehash(db: StoreDatabase, row: TagColumns, kept: number): void {
  for (const owner of referringOwners(db, row.id)) {
    forgetHeld(db, owner, [row.t1]);
    pinLost(db, owner, [{ rehash: row.t1, tag: row.id, pinned: kept }]);
  }
}

function referringOwners(db: StoreDatabase, tag: number): readonly number[] {
  return db.query<number>('SELECT DISTINCT owner FROM referrer WHERE tag = ?').pluck().all(tag);
}

/** Who holds a tag holds it under another T1 from now on. */
function noteHolders(db: StoreDatabase, tag: number, rehash: Rehash): void {
  const owners = db.query<number>('SELECT owner FROM referrer WHERE tag = ? UNION SELECT owner FROM pin WHERE tag = ?').pluck().all(tag, tag);
  for (const owner of owners) noteHeld(db, owner, rehash);
}

/** Everything that hung on `row` hangs on `kept`, and the bytes of `row` are an extra copy of it. */
function unite(db: StoreDatabase, row: TagColumns, kept: number): void {
  const owners = redirect(db, row.id, kept);
  for (const table of ['pin', 'copy']) {
    db.query(`UPDATE OR IGNORE ${table} SET tag = ? WHERE tag = ?`).run(kept, row.id);
    db.query(`DELETE FROM ${table} WHERE tag = ?`).run(row.id);
  }
  db.query(copySql).run(kept, row.pack, row.offset);
  db.query('DELETE FROM tag WHERE id = ?').run(row.id);
  if (owners.size > 0) db.query('DELETE FROM unreferenced WHERE tag = ?').run(kept);
  for (const owner of owners) recountOwner(db, owner);
}

function tagRow(row: TagColumns): TagRow {
  return { ...filedBlock(row), state: row.state === 0 ? 'live' : 'quarantined' };
}

/** A row as the block that was filed in it. */
export function filedBlock(row: TagColumns): FiledBlock {
  return { rehash: rehashColumn(row.t1), tag: tagColumn(bytesColumn(row.t)), code: row.code, place: placeColumns(row) };
}
