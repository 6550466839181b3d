/**
 * Rows of images: inserting one with its references, removing one, and how columns become values of the port. Each
 * function runs inside a transaction that its caller holds.
 */
import type { AccountId, ImageId } from '../../../client-sdk/protocol/ids.js';
import { manifestHashBytes } from '../../../client-sdk/protocol/limits.js';
import type { ImageRow, NewImage } from '../../ports/image-store.js';
import { bytesColumn, idBlob, idColumn } from './columns.js';
import type { StoreDatabase } from './database.js';
import { findOwner, growOwner, type OwnerSums } from './owner-rows.js';
import { link, unlink, type Distinct, type Lost, type Referent } from './reference-rows.js';
import { growDay } from './usage-days.js';

/** An image as it stands in the table. */
export interface ImageColumns {
  readonly id: number;
  readonly owner: number;
  readonly image_id: Uint8Array;
  readonly wrapped_key: Uint8Array;
  readonly entry: Uint8Array;
  readonly manifest_hash: Uint8Array;
  readonly manifest_bytes: number;
  readonly manifest_pack: number;
  readonly manifest_offset: number;
  readonly manifest_length: number;
  readonly preview_bytes: number | null;
  readonly preview_pack: number | null;
  readonly preview_offset: number | null;
  readonly preview_length: number | null;
  readonly blocks: number;
  readonly created_at: number;
  readonly trashed_at: number | null;
}

/** The row of an image of an account. */
export function imageOf(db: StoreDatabase, accountId: AccountId, imageId: ImageId): ImageColumns | undefined {
  return db.query<ImageColumns>('SELECT * FROM image WHERE owner = ? AND image_id = ?').get(findOwner(db, accountId) ?? 0, idBlob(imageId));
}

/** What a commit of this id and manifest meets: undefined where the id is new. */
export function standing(db: StoreDatabase, owner: number, image: Pick<NewImage, 'imageId' | 'manifestHash'>): 'known' | 'conflict' | undefined {
  const sql = 'SELECT manifest_hash AS hash FROM image WHERE owner = ? AND image_id = ?';
  const row = db.query<{ hash: Uint8Array }>(sql).get(owner, idBlob(image.imageId));
  if (row !== undefined) return Buffer.compare(row.hash, storedHash(image.manifestHash)) === 0 ? 'known' : 'conflict';
  return isBuried(db, owner, image.imageId) ? 'conflict' : undefined;
}

/** What the row keeps of a manifest's hash: who makes two manifests that share it deceives nobody but itself. */
export function storedHash(manifestHash: Uint8Array): Uint8Array {
  return manifestHash.subarray(0, manifestHashBytes);
}

/** The id was removed. */
export function isBuried(db: StoreDatabase, owner: number, imageId: ImageId): boolean {
  return db.query('SELECT 1 FROM tombstone WHERE owner = ? AND image_id = ?').get(owner, idBlob(imageId)) !== undefined;
}

const insertSql = `INSERT INTO image (owner, image_id, wrapped_key, entry, manifest_hash, manifest_bytes, manifest_pack, manifest_offset,
  manifest_length, preview_bytes, preview_pack, preview_offset, preview_length, blocks, created_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Inserts an image with its references and adds it to the owner's sums. */
export function insertImage(db: StoreDatabase, { owner, image }: { readonly owner: number; readonly image: NewImage }, tags: readonly Referent[]): void {
  const { manifestPlace: at, preview } = image;
  const columns = [
    owner, idBlob(image.imageId), image.wrappedKey, image.entry, storedHash(image.manifestHash), image.manifestBytes, at.pack, at.offset, at.length,
    preview?.bytes ?? null, preview?.place.pack ?? null, preview?.place.offset ?? null, preview?.place.length ?? null,
    image.rehashes.length, image.createdAt,
  ];
  const id = Number(db.query(insertSql).run(...columns).lastInsertRowid);
  const gained = link(db, { image: id, owner }, tags);
  growOwner(db, owner, { growth: growthOf(newSizes(image), gained), sign: 1 });
  growDay(db, { owner, moment: image.createdAt }, { images: 1, ...gained });
}

/** Removes an image with its references, from the owner's sums too. Its tags count as touched at `now`. */
export function removeImage(db: StoreDatabase, row: ImageColumns, now: number): void {
  const { passed, ...lost } = unlink(db, { image: row.id, owner: row.owner }, now);
  db.query('DELETE FROM image WHERE id = ?').run(row.id);
  const sizes = { manifest: row.manifest_bytes, entry: row.entry.length + row.wrapped_key.length, preview: row.preview_bytes ?? undefined };
  growOwner(db, row.owner, { growth: growthOf(sizes, lost), sign: -1 });
  leaveDay(db, row, { lost, passed });
}

/** The blocks of which this image was the first go, or count on the day of the image that is the first now. */
function leaveDay(db: StoreDatabase, { owner, created_at }: ImageColumns, { lost, passed }: { readonly lost: Distinct; readonly passed: Lost['passed'] }): void {
  growDay(db, { owner, moment: created_at }, { images: -1, blocks: -lost.blocks, cipherBytes: -lost.cipherBytes });
  const momentOf = db.query<number>('SELECT created_at FROM image WHERE id = ?').pluck();
  for (const [heir, { blocks, cipherBytes }] of passed) {
    growDay(db, { owner, moment: created_at }, { images: 0, blocks: -blocks, cipherBytes: -cipherBytes });
    growDay(db, { owner, moment: momentOf.get(heir) ?? created_at }, { images: 0, blocks, cipherBytes });
  }
}

/** Leaves a tombstone: the id is never taken again. */
export function buryId(db: StoreDatabase, owner: number, imageId: ImageId): void {
  db.query('INSERT OR IGNORE INTO tombstone (owner, image_id) VALUES (?, ?)').run(owner, idBlob(imageId));
}

/** Bytes of the sealed objects of an image. The entry counts with the wrapped key. */
export interface Sizes {
  readonly manifest: number;
  readonly entry: number;
  readonly preview: number | undefined;
}

/** The sizes of an image before it has a row. */
export function newSizes(image: NewImage): Sizes {
  return { manifest: image.manifestBytes, entry: image.entry.length + image.wrappedKey.length, preview: image.preview?.bytes };
}

function growthOf(sizes: Sizes, distinct: Distinct): OwnerSums {
  return {
    images: 1,
    ...distinct,
    manifestBytes: sizes.manifest,
    entryBytes: sizes.entry,
    previews: sizes.preview === undefined ? 0 : 1,
    previewBytes: sizes.preview ?? 0,
  };
}

/** Columns as the listing of the owner needs them. */
export function imageRow(row: ImageColumns): ImageRow {
  return {
    imageId: idColumn<ImageId>(row.image_id),
    wrappedKey: bytesColumn(row.wrapped_key),
    entry: bytesColumn(row.entry),
    manifestHash: bytesColumn(row.manifest_hash),
    manifestBytes: row.manifest_bytes,
    manifestPlace: { pack: row.manifest_pack, offset: row.manifest_offset, length: row.manifest_length },
    preview: previewOf(row),
    blocks: row.blocks,
    createdAt: row.created_at,
    trashedAt: row.trashed_at ?? undefined,
  };
}

function previewOf(row: ImageColumns): ImageRow['preview'] {
  const { preview_pack: pack, preview_offset: offset, preview_length: length, preview_bytes: bytes } = row;
  if (pack === null || offset === null || length === null || bytes === null) return undefined;
  return { place: { pack, offset, length }, bytes };
}
