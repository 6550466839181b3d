/**
 * Rows of the index: filing, finding, moving, quarantine and repair. Each function runs inside a transaction that
 * its caller holds. It verifies nothing: the caller has hashed what it files.
 */
import type { AccountId, Rehash } from '../../../client-sdk/protocol/ids.js';
import { hashBytes } from '../../../client-sdk/protocol/limits.js';
import type { Place } from '../../ports/block-store.js';
import type { CorruptionError } from '../../ports/errors.js';
import type { Claimable, ExistenceScope, FiledBlock, TagRow } from '../../ports/tag-store.js';
import { isSamePlace, placeColumns, rehashColumn, type PlaceColumns } from './columns.js';
import type { StoreDatabase } from './database.js';
import { liveSightings, liveUpload, ownedTags, sightings, type LiveUpload } from './existence.js';
import { forgetHeld, judge, noteHeld } from './holdings.js';
import { moveKeys } from './key-moving.js';
import { findOwner } from './owner-rows.js';
import { contradiction, isSameSum, keptSum, sumOf } from './pack-sums.js';
import { pinLost } from './pin-vectors.js';
import { byRank, rowReader, tagColumns, tagOfRehash, tagRow, type TagColumns } from './tag-columns.js';
import { referringOwners } from './reference-rows.js';
import { tagsAfter } from './tag-seek.js';
import { noteFiled, openRow, soleRow, soleRows, unite } from './twins.js';
import { pinner } from './upload-rows.js';

const insertSql = 'INSERT INTO tag (t1, t, code, length, pack, offset, state, owner) VALUES (?, ?, ?, ?, ?, ?, 0, ?)';
const touchSql = 'INSERT INTO unreferenced (tag, touched_at) VALUES (?, ?)';
const retouchSql = 'UPDATE unreferenced SET touched_at = MAX(touched_at, ?) WHERE tag = ?';
const healSql = 'UPDATE tag SET t = ?, code = ?, length = ?, pack = ?, offset = ?, state = 0 WHERE id = ?';
const copySql = 'INSERT OR IGNORE INTO copy (tag, pack, offset) VALUES (?, ?, ?)';
const uncopySql = 'DELETE FROM copy WHERE tag = ? AND pack = ? AND offset = ?';

/**
 * Files and pins blocks in one session; false where it is not live. What the account does not hold gets a row of its own, without a look at what others have: nothing that
 * is done for it depends on them.
 */
export function file(db: StoreDatabase, scope: ExistenceScope, blocks: readonly FiledBlock[]): boolean {
  const upload = liveUpload(db, scope);
  if (upload === undefined) return false;
  const rowOf = knownRows(db, { upload, now: scope.now }, blocks);
  const pin = pinner(db, upload);
  let [receivedBytes, first, keys] = [0, Infinity, 0];
  for (const [index, block] of blocks.entries()) {
    const known = rowOf(index);
    noteHeld(db, upload.owner, block.rehash);
    if (known === undefined) {
      const id = insert(db, block, { owner: upload.owner, now: scope.now });
      [first, keys] = [Math.min(first, id), keys + 1];
      pin(id);
    } else {
      meet(db, known, { block, now: scope.now });
      pin(known.id);
    }
    receivedBytes += block.place.length;
  }
  if (keys > 0) noteFiled(db, first);
  moveKeys(db, { keys, received: blocks.length });
  db.query('UPDATE upload SET received_bytes = received_bytes + ?, uncommitted_bytes = uncommitted_bytes + ? WHERE id = ?')
    .run(receivedBytes, receivedBytes, upload.id);
  return true;
}

interface Filing {
  readonly upload: LiveUpload;
  readonly now: number;
}

/** A function that answers, by the index of a block, the row that it is filed in: one that the account holds, or one that waits for its bytes, whoever holds it. */
function knownRows(db: StoreDatabase, { upload: { owner }, now }: Filing, blocks: readonly FiledBlock[]): (index: number) => TagColumns | undefined {
  const rehashes = blocks.map(({ rehash }) => rehash);
  const { held, unsure } = judge(db, owner, rehashes);
  const asked = [...held, ...unsure];
  const seen = sightings(db, { owner, pins: { kind: 'owner', now } }, asked.flatMap((index) => rehashes[index] ?? []));
  const ids = new Map(asked.map((index, place) => [index, seen[place]?.id]));
  const read = rowReader(db);
  const isAnyRotten = db.query('SELECT 1 FROM tag WHERE state = 1 LIMIT 1').get() !== undefined;
  return (index) => {
    const [id, rehash] = [ids.get(index), rehashes[index]];
    if (id !== undefined || rehash === undefined) return id === undefined ? undefined : read(id);
    return isAnyRotten ? rottenRow(db, rehash) : undefined;
  };
}

const rottenSql = `SELECT ${tagColumns} FROM tag WHERE t1 = ? AND state = 1`;

/** A quarantined row is healed by whoever sends the block, and is everybody's then. An index of such rows alone finds it: no other row of T1 is met. */
function rottenRow(db: StoreDatabase, rehash: Rehash): TagColumns | undefined {
  const row = db.query<TagColumns>(rottenSql).get(rehash);
  if (row !== undefined) openRow(db, row);
  return row;
}

/** Files blocks for nobody: each T1 has one row after it. */
export function reinstate(db: StoreDatabase, blocks: readonly FiledBlock[], now: number): void {
  let keys = 0;
  soleRows(db, blocks.map(({ rehash }) => rehash));
  for (const block of blocks) {
    const row = soleRow(db, block.rehash);
    if (row !== undefined) meet(db, row, { block, now });
    else {
      insert(db, block, { owner: 0, now });
      keys++;
    }
  }
  moveKeys(db, { keys, received: blocks.length });
}

function insert(db: StoreDatabase, { rehash, tag, code, place }: FiledBlock, { owner, now }: { readonly owner: number; readonly now: number }): number {
  const id = Number(db.query(insertSql).run(rehash, tag, code, place.length, place.pack, place.offset, owner).lastInsertRowid);
  db.query(touchSql).run(id, now);
  return id;
}

/** A block that has a row already. */
function meet(db: StoreDatabase, row: TagColumns, { block, now }: { readonly block: FiledBlock; readonly now: number }): void {
  if (row.state !== 0) heal(db, row.id, block);
  else if (!isSamePlace(row, block.place)) db.query(copySql).run(row.id, block.place.pack, block.place.offset);
  db.query(retouchSql).run(now, row.id);
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
  const read = rowReader(db);
  return ownedTags(db, owner, rehashes).map((id) => {
    const row = id === undefined ? undefined : read(id);
    return row === undefined ? undefined : tagRow(row);
  });
}

/** The live row of T1 that the account of a session holds. */
export function findHeld(db: StoreDatabase, { accountId, now }: ExistenceScope, rehash: Rehash): TagRow | undefined {
  const owner = findOwner(db, accountId) ?? 0;
  const [seen] = liveSightings(db, { owner, pins: { kind: 'owner', now } }, [rehash]);
  const row = seen === undefined ? undefined : rowReader(db)(seen.id);
  return row === undefined ? undefined : tagRow(row);
}

/** The row of T1. */
export function find(db: StoreDatabase, rehash: Rehash): TagRow | undefined {
  const row = tagOfRehash(db, rehash);
  return row === undefined ? undefined : tagRow(row);
}

/** Rows in order of T1, one for each. */
export function list(db: StoreDatabase, after: Rehash | undefined, limit: number): readonly TagRow[] {
  const from = after ?? rehashColumn(new Uint8Array(hashBytes));
  const read = rowReader(db);
  for (let count = limit; ; count *= 2) {
    const { ids, isEnd } = tagsAfter(db, from, count);
    const rows = ids.flatMap((id) => read(id) ?? []).filter((row) => after === undefined || Buffer.compare(row.t1, from) > 0);
    const sorted = rows.sort((a, b) => Buffer.compare(a.t1, b.t1) || byRank(a, b));
    const each = sorted.filter((row, index) => index === 0 || Buffer.compare(row.t1, sorted[index - 1]?.t1 ?? from) !== 0);
    if (isEnd || each.length >= limit) return each.slice(0, limit).map(tagRow);
  }
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
  const row = soleRow(db, rehash);
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
  const row = soleRow(db, rehash);
  if (row === undefined || !isSamePlace(row, place)) return;
  db.query('UPDATE tag SET state = 1 WHERE id = ?').run(row.id);
  for (const owner of referringOwners(db, row.id)) forgetHeld(db, owner, [rehash]);
}

/** Puts T1, T and code right. Where a block was filed anew under the right T1 meanwhile, the two rows become one. */
export function repair(db: StoreDatabase, was: Rehash, block: FiledBlock): void {
  const row = soleRow(db, was);
  if (row === undefined) return;
  const kept = soleRow(db, block.rehash) ?? row;
  if (Buffer.compare(was, block.rehash) !== 0) leaveRehash(db, row, kept.id);
  if (kept.id !== row.id) unite(db, [{ kept, others: [row] }]);
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

/** Who holds a tag holds it under another T1 from now on. */
function noteHolders(db: StoreDatabase, tag: number, rehash: Rehash): void {
  const owners = db.query<number>('SELECT owner FROM referrer WHERE tag = ? UNION SELECT owner FROM pin WHERE tag = ?').pluck().all(tag, tag);
  for (const owner of owners) noteHeld(db, owner, rehash);
}
