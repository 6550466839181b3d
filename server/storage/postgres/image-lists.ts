/**
 * Listings of images and of their records in packs, and the moves of those records. Each function is one statement, or runs inside a
 * transaction that its caller holds.
 */
import type { AccountId, ImageId, Rehash } from '../../../client-sdk/protocol/ids.js';
import type { Place } from '../../ports/block-store.js';
import type { ImageCursor, ImageRecordRow, ImageRow, NewImage, TrashedImage } from '../../ports/image-store.js';
import { byPack, idBlob, idColumn, placeColumns, rehashColumn, type PackSum, type PlaceColumns } from './columns.js';
import { imageColumns, imageRow, storedHash, type ImageColumns } from './image-rows.js';
import type { Session } from './session.js';

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

/** The owner of an account id; no row where nothing was ever written for it. */
const ownerOf = (parameter: string): string => `(SELECT id FROM owner WHERE account_id = ${parameter})`;
const findSql = `SELECT ${imageColumns} FROM image WHERE owner = ${ownerOf('$1')} AND image_id = $2`;

/** An image of an account. */
export async function find(session: Session, accountId: AccountId, imageId: ImageId): Promise<ImageRow | undefined> {
  const row = await session.get<ImageColumns>(findSql, idBlob(accountId), idBlob(imageId));
  return row === undefined ? undefined : imageRow(row);
}

const listSql = (isTrash: boolean): string => `SELECT ${imageColumns} FROM image WHERE owner = ${ownerOf('$1')} AND trashed_at IS ${isTrash ? 'NOT NULL' : 'NULL'}
  AND (created_at, image_id) < ($2, $3) ORDER BY created_at DESC, image_id DESC LIMIT $4`;

/** Newest first; images of one moment in descending order of id. */
export async function list(session: Session, accountId: AccountId, page: Page): Promise<readonly ImageRow[]> {
  const from = page.after === undefined ? [Number.MAX_SAFE_INTEGER, new Uint8Array(0)] : [page.after.createdAt, idBlob(page.after.imageId)];
  return (await session.all<ImageColumns>(listSql(page.isTrash), idBlob(accountId), ...from, page.limit)).map(imageRow);
}

const referencesSql = `SELECT k.t1 FROM (SELECT id, owner, unnest(rehashes) AS t1 FROM image WHERE owner = ${ownerOf('$1')} AND image_id = $2) k
  JOIN reference r ON r.t1 = k.t1 AND r.owner = k.owner AND r.image = k.id ORDER BY k.t1`;

/** The T1s that an image refers to, sorted. A reference counts where both ways of asking tell it, so that a check meets a broken one. */
export async function referencesOf(session: Session, accountId: AccountId, imageId: ImageId): Promise<readonly Rehash[]> {
  return (await session.all<{ t1: Uint8Array }>(referencesSql, idBlob(accountId), idBlob(imageId))).map((row) => rehashColumn(row.t1));
}

const referrersSql = `SELECT o.account_id, i.image_id FROM reference r JOIN image i ON i.id = r.image JOIN owner o ON o.id = i.owner
  WHERE r.t1 = $1 ORDER BY r.owner, r.image LIMIT $2`;

/** Images that refer to T1. */
export async function referrers(session: Session, rehash: Rehash, limit: number): Promise<readonly ImageName[]> {
  return (await session.all<NameColumns>(referrersSql, rehash, limit)).map(nameOf);
}

const expiredSql = `SELECT o.account_id, i.image_id FROM image i JOIN owner o ON o.id = i.owner
  WHERE i.trashed_at < $1 ORDER BY i.trashed_at LIMIT $2`;

/** Images that were trashed before `before`, the longest trashed first. */
export async function listExpired(session: Session, before: number, limit: number): Promise<readonly ImageName[]> {
  return (await session.all<NameColumns>(expiredSql, before, limit)).map(nameOf);
}

interface TrashColumns extends NameColumns {
  readonly trashed_at: number;
  readonly manifest_pack: number;
  readonly manifest_start: number;
  readonly manifest_length: number;
  readonly preview_pack: number | null;
  readonly preview_start: number | null;
  readonly preview_length: number | null;
}

const wholeTrashSql = `SELECT o.account_id, i.image_id, i.trashed_at, i.manifest_pack, i.manifest_start, i.manifest_length, i.preview_pack, i.preview_start, i.preview_length
  FROM image i JOIN owner o ON o.id = i.owner WHERE i.trashed_at IS NOT NULL AND i.trashed_at >= $1
  AND (i.trashed_at, o.account_id, i.image_id) > ($1, $2, $3) ORDER BY i.trashed_at, o.account_id, i.image_id LIMIT $4`;

/** The trash of all accounts, the longest trashed first. */
export async function listTrash(session: Session, after: Pick<TrashedImage, 'trashedAt' | 'accountId' | 'imageId'> | undefined, limit: number): Promise<readonly TrashedImage[]> {
  const ids = after === undefined ? [new Uint8Array(0), new Uint8Array(0)] : [idBlob(after.accountId), idBlob(after.imageId)];
  const rows = await session.all<TrashColumns>(wholeTrashSql, after?.trashedAt ?? Number.MIN_SAFE_INTEGER, ...ids, limit);
  return rows.map((row) => ({
    ...nameOf(row),
    trashedAt: row.trashed_at,
    manifestPlace: { pack: row.manifest_pack, offset: row.manifest_start, length: row.manifest_length },
    previewPlace: row.preview_pack === null ? undefined : { pack: row.preview_pack, offset: row.preview_start ?? 0, length: row.preview_length ?? 0 },
  }));
}

const amendSql = `UPDATE image SET wrapped_key = $3::bytea, entry = $4::bytea, manifest_hash = $5 WHERE owner = ${ownerOf('$1')} AND image_id = $2
  AND octet_length(wrapped_key) = octet_length($3::bytea) AND octet_length(entry) = octet_length($4::bytea)`;

/** Puts sealed objects of the same lengths, and the hash of the manifest, in the place of a row's. */
export async function amend(session: Session, { accountId, imageId }: ImageName, { wrappedKey, entry, manifestHash }: Pick<NewImage, 'wrappedKey' | 'entry' | 'manifestHash'>): Promise<boolean> {
  return (await session.run(amendSql, idBlob(accountId), idBlob(imageId), wrappedKey, entry, storedHash(manifestHash))) === 1;
}

const trashSql = `UPDATE image SET trashed_at = COALESCE(trashed_at, $3) WHERE owner = ${ownerOf('$1')} AND image_id = $2`;
const restoreSql = `UPDATE image SET trashed_at = NULL WHERE owner = ${ownerOf('$1')} AND image_id = $2`;

/** Moves an image to the trash at a moment, or out of it. */
export async function setTrashed(session: Session, { accountId, imageId }: ImageName, at: number | undefined): Promise<boolean> {
  const name = [idBlob(accountId), idBlob(imageId)];
  return (await (at === undefined ? session.run(restoreSql, ...name) : session.run(trashSql, ...name, at))) === 1;
}

type RecordColumns = NameColumns & PlaceColumns & { readonly type: 'manifest' | 'preview' };
const records = (type: 'manifest' | 'preview'): string => `SELECT o.account_id, i.image_id, '${type}' AS type,
  i.${type}_pack AS pack, i.${type}_start AS start, i.${type}_length AS length FROM image i JOIN owner o ON o.id = i.owner`;
const packSql = `${records('manifest')} WHERE i.manifest_pack = $1 UNION ALL ${records('preview')} WHERE i.preview_pack = $1`;

/** Manifests and previews in `pack`. */
export async function listPack(session: Session, pack: number): Promise<readonly ImageRecordRow[]> {
  return (await session.all<RecordColumns>(packSql, pack)).map(recordRow);
}

/** Each reads on in the order of an index from where the page before ended. */
const restOfAccountSql = `${records('manifest')} WHERE i.owner = ${ownerOf('$1')} AND i.image_id > $2 ORDER BY i.image_id LIMIT $3`;
const laterAccountsSql = `SELECT k.account_id, i.image_id, 'manifest' AS type, i.manifest_pack AS pack, i.manifest_start AS start, i.manifest_length AS length
  FROM (SELECT id, account_id FROM owner WHERE account_id > $1 AND EXISTS (SELECT 1 FROM image WHERE image.owner = owner.id) ORDER BY account_id LIMIT $2) k
  CROSS JOIN LATERAL (SELECT * FROM image WHERE image.owner = k.id ORDER BY image_id LIMIT $2) i ORDER BY k.account_id, i.image_id LIMIT $2`;

/** The manifest of every image, in order of account id and image id. */
export async function listAll(session: Session, after: ImageName | undefined, limit: number): Promise<readonly ImageRecordRow[]> {
  const account = after === undefined ? new Uint8Array(0) : idBlob(after.accountId);
  const rest = after === undefined ? [] : await session.all<RecordColumns>(restOfAccountSql, account, idBlob(after.imageId), limit);
  const later = rest.length === limit ? [] : await session.all<RecordColumns>(laterAccountsSql, account, limit - rest.length);
  return [...rest, ...later].map(recordRow);
}

const sums = (type: string): string => `SELECT ${type}_pack AS pack, COUNT(*) AS records, SUM(${type}_length) AS "payloadBytes"
  FROM image WHERE ${type}_pack IS NOT NULL GROUP BY ${type}_pack`;

/** What manifests and previews occupy, per pack. */
export async function liveByPack(session: Session): Promise<ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }>> {
  return byPack(await session.all<PackSum>(`${sums('manifest')} UNION ALL ${sums('preview')}`));
}

const moveSql = (type: string): string => `UPDATE image SET ${type}_pack = $3, ${type}_start = $4
  WHERE owner = ${ownerOf('$1')} AND image_id = $2 AND ${type}_pack = $5 AND ${type}_start = $6`;

/** Moves a record that is still at its place. */
export async function move(session: Session, row: ImageRecordRow, to: Place): Promise<boolean> {
  const { type, place } = row;
  return (await session.run(moveSql(type), idBlob(row.accountId), idBlob(row.imageId), to.pack, to.offset, place.pack, place.offset)) === 1;
}

function nameOf(row: NameColumns): ImageName {
  return { accountId: idColumn<AccountId>(row.account_id), imageId: idColumn<ImageId>(row.image_id) };
}

function recordRow(row: RecordColumns): ImageRecordRow {
  return { ...nameOf(row), type: row.type, place: placeColumns(row) };
}
