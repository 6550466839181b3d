/**
 * Listings of images and of their records in packs, and the moves of those records. Each function runs inside a
 * transaction that its caller holds.
 */
import type { AccountId, ImageId, Rehash } from '../../../client-sdk/protocol/ids.js';
import type { Place } from '../../ports/block-store.js';
import type { ImageCursor, ImageRecordRow, ImageRow, NewImage, TrashedImage } from '../../ports/image-store.js';
import { byPack, idBlob, idColumn, placeColumns, rehashColumn, type PackSum, type PlaceColumns } from './columns.js';
import type { StoreDatabase } from './database.js';
import { imageOf, imageRow, storedHash, type ImageColumns } from './image-rows.js';
import { findOwner } from './owner-rows.js';
import { joinImages, joinTags, spotOf } from './reference-rows.js';
import { isRehash, rehashKey } from './tag-seek.js';

/** Which images of an account. */
export interface Page {
  readonly isTrash: boolean;
  readonly after: ImageCursor | undefined;
  readonly limit: number;
}

/** An image and its account. */
export interface ImageName {
  readonly accountId: AccountId;
  readonly imageId: ImageId;
}

interface NameColumns {
  readonly account_id: Uint8Array;
  readonly image_id: Uint8Array;
}

const listSql = (isTrash: boolean): string => `SELECT * FROM image WHERE owner = ? AND trashed_at IS ${isTrash ? 'NOT NULL' : 'NULL'}
  AND (created_at, image_id) < (?, ?) ORDER BY created_at DESC, image_id DESC LIMIT ?`;

/** Newest first; images of one moment in descending order of id. */
export function list(db: StoreDatabase, accountId: AccountId, page: Page): readonly ImageRow[] {
  const from = page.after === undefined ? [Number.MAX_SAFE_INTEGER, new Uint8Array(0)] : [page.after.createdAt, idBlob(page.after.imageId)];
  return db.query<ImageColumns>(listSql(page.isTrash)).all(findOwner(db, accountId) ?? 0, ...from, page.limit).map(imageRow);
}

const referencesSql = `SELECT tag.t1 FROM reference_run ${joinTags}
  CROSS JOIN referrer ON referrer.tag = tag.id AND referrer.owner = ? AND referrer.span = ? AND referrer.images & ?
  WHERE reference_run.image = ? ORDER BY tag.t1`;

/** The T1s that an image refers to, sorted. A reference counts where both ways of asking tell it, so that a check meets a broken one. */
export function referencesOf(db: StoreDatabase, accountId: AccountId, imageId: ImageId): readonly Rehash[] {
  const image = imageOf(db, accountId, imageId);
  if (image === undefined) return [];
  const { span, bit } = spotOf(image.id);
  return db.query<{ t1: Uint8Array }>(referencesSql).all(image.owner, span, bit, image.id).map((row) => rehashColumn(row.t1));
}

const namesOf = 'SELECT o.account_id, i.image_id FROM image i JOIN owner o ON o.id = i.owner';

/** Images that refer to T1. */
export function referrers(db: StoreDatabase, rehash: Rehash, limit: number): readonly ImageName[] {
  const sql = `SELECT o.account_id, i.image_id FROM tag JOIN referrer ON referrer.tag = tag.id ${joinImages}
    JOIN owner o ON o.id = i.owner WHERE ${isRehash} LIMIT ?`;
  return db.query<NameColumns>(sql).all(...rehashKey(rehash), limit).map(nameOf);
}

/** Images that were trashed before `before`, the longest trashed first. */
export function listExpired(db: StoreDatabase, before: number, limit: number): readonly ImageName[] {
  return db.query<NameColumns>(`${namesOf} WHERE i.trashed_at < ? ORDER BY i.trashed_at LIMIT ?`).all(before, limit).map(nameOf);
}

interface TrashColumns extends NameColumns {
  readonly trashed_at: number;
  readonly manifest_pack: number;
  readonly manifest_offset: number;
  readonly manifest_length: number;
  readonly preview_pack: number | null;
  readonly preview_offset: number | null;
  readonly preview_length: number | null;
}

const trashSql = `SELECT o.account_id, i.* FROM image i JOIN owner o ON o.id = i.owner WHERE i.trashed_at IS NOT NULL AND i.trashed_at >= ?
  AND (i.trashed_at, o.account_id, i.image_id) > (?, ?, ?) ORDER BY i.trashed_at, o.account_id, i.image_id LIMIT ?`;

/** The trash of all accounts, the longest trashed first. */
export function listTrash(db: StoreDatabase, after: Pick<TrashedImage, 'trashedAt' | 'accountId' | 'imageId'> | undefined, limit: number): readonly TrashedImage[] {
  const ids = after === undefined ? [new Uint8Array(0), new Uint8Array(0)] : [idBlob(after.accountId), idBlob(after.imageId)];
  const from = after?.trashedAt ?? Number.MIN_SAFE_INTEGER;
  return db.query<TrashColumns>(trashSql).all(from, from, ...ids, limit).map((row) => ({
    ...nameOf(row),
    trashedAt: row.trashed_at,
    manifestPlace: { pack: row.manifest_pack, offset: row.manifest_offset, length: row.manifest_length },
    previewPlace: row.preview_pack === null ? undefined : { pack: row.preview_pack, offset: row.preview_offset ?? 0, length: row.preview_length ?? 0 },
  }));
}

const amendSql = 'UPDATE image SET wrapped_key = ?, entry = ?, manifest_hash = ? WHERE owner = ? AND image_id = ? AND length(wrapped_key) = ? AND length(entry) = ?';

/** Puts sealed objects of the same lengths, and the hash of the manifest, in the place of a row's. */
export function amend(db: StoreDatabase, { accountId, imageId }: ImageName, { wrappedKey, entry, manifestHash }: Pick<NewImage, 'wrappedKey' | 'entry' | 'manifestHash'>): boolean {
  const owner = findOwner(db, accountId) ?? 0;
  return db.query(amendSql).run(wrappedKey, entry, storedHash(manifestHash), owner, idBlob(imageId), wrappedKey.length, entry.length).changes === 1;
}

/** Records of a pack that are listed at once: others are answered in between. */
const packSlice = 2_000;

type RecordColumns = NameColumns & PlaceColumns & { readonly type: 'manifest' | 'preview' };
/** Owners are read first, as they are written here. */
const manifests = `SELECT o.account_id, i.image_id, 'manifest' AS type, i.manifest_pack AS pack, i.manifest_offset AS offset, i.manifest_length AS length
  FROM owner o CROSS JOIN image i ON i.owner = o.id`;

/** A row of the table, to go on after. */
interface PackRow extends RecordColumns {
  readonly id: number;
}

/** Some records of one type in `pack`, of images whose row has an id above `after`, in order of it, and where to go on; undefined at the end. */
export function listPack(db: StoreDatabase, { pack, type }: Pick<ImageRecordRow, 'type'> & { readonly pack: number }, after: number): { readonly rows: readonly ImageRecordRow[]; readonly next: number | undefined } {
  const sql = `SELECT i.id, o.account_id, i.image_id, '${type}' AS type, i.${type}_pack AS pack, i.${type}_offset AS offset, i.${type}_length AS length
    FROM image i CROSS JOIN owner o ON o.id = i.owner WHERE i.${type}_pack = ? AND i.id > ? ORDER BY i.id LIMIT ${String(packSlice)}`;
  const found = db.query<PackRow>(sql).all(pack, after);
  return { rows: found.map(recordRow), next: found.length < packSlice ? undefined : found.at(-1)?.id };
}

/** Both read on in the order of an index from where the page before ended: a comparison of the pair would read all of the account again. */
const restOfAccountSql = `${manifests} WHERE o.account_id = ? AND i.image_id > ? ORDER BY i.image_id LIMIT ?`;
const laterAccountsSql = `${manifests} WHERE o.account_id > ? ORDER BY o.account_id, i.image_id LIMIT ?`;

/** The manifest of every image, in order of account id and image id. */
export function listAll(db: StoreDatabase, after: ImageName | undefined, limit: number): readonly ImageRecordRow[] {
  const account = after === undefined ? new Uint8Array(0) : idBlob(after.accountId);
  const rest = after === undefined ? [] : db.query<RecordColumns>(restOfAccountSql).all(account, idBlob(after.imageId), limit);
  const later = rest.length === limit ? [] : db.query<RecordColumns>(laterAccountsSql).all(account, limit - rest.length);
  return [...rest, ...later].map(recordRow);
}

/** What manifests and previews occupy, per pack. */
export function liveByPack(db: StoreDatabase): ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }> {
  return byPack(db.query<PackSum>('SELECT pack, records, payload_bytes AS payloadBytes FROM pack_use WHERE kind IN (1, 2)').all());
}

/** Moves a record that is still at its place. */
export function move(db: StoreDatabase, row: ImageRecordRow, to: Place): boolean {
  const { type, place } = row;
  const sql = `UPDATE image SET ${type}_pack = ?, ${type}_offset = ? WHERE owner = ? AND image_id = ? AND ${type}_pack = ? AND ${type}_offset = ?`;
  const owner = findOwner(db, row.accountId) ?? 0;
  return db.query(sql).run(to.pack, to.offset, owner, idBlob(row.imageId), place.pack, place.offset).changes === 1;
}

function nameOf(row: NameColumns): ImageName {
  return { accountId: idColumn<AccountId>(row.account_id), imageId: idColumn<ImageId>(row.image_id) };
}

function recordRow(row: RecordColumns): ImageRecordRow {
  return { ...nameOf(row), type: row.type, place: placeColumns(row) };
}
