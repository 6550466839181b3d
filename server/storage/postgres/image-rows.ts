/**
 * Rows of images: inserting one with its references, removing one, and how columns become values of the port. Each
 * function runs inside a transaction that its caller holds.
 */
import type { ImageId, Rehash } from '../../../client-sdk/protocol/ids.js';
import { manifestHashBytes } from '../../../client-sdk/protocol/limits.js';
import type { ImageRow, NewImage } from '../../ports/image-store.js';
import { bytesColumn, idBlob, idColumn, rehashColumn } from './columns.js';
import { growOwner, type OwnerSums } from './owner-rows.js';
import { link, unlink, type Distinct, type Referent } from './reference-rows.js';
import type { Session } from './session.js';
import { dayOf, growDay, inherited, type DayGrowth } from './usage-days.js';

/** An image as it stands in the table, but for its list of T1s and its manifest's hash. */
export interface ImageColumns {
  readonly id: number;
  readonly owner: number;
  readonly image_id: Uint8Array;
  readonly wrapped_key: Uint8Array;
  readonly entry: Uint8Array;
  readonly manifest_hash: Uint8Array;
  readonly manifest_bytes: number;
  readonly manifest_pack: number;
  readonly manifest_start: number;
  readonly manifest_length: number;
  readonly preview_bytes: number | null;
  readonly preview_pack: number | null;
  readonly preview_start: number | null;
  readonly preview_length: number | null;
  readonly blocks: number;
  readonly created_at: number;
  readonly trashed_at: number | null;
}

/** The columns of `ImageColumns`. A listing does not read the list of T1s, which lies elsewhere where it is long. */
export const imageColumns = `id, owner, image_id, wrapped_key, entry, manifest_hash, manifest_bytes, manifest_pack, manifest_start, manifest_length,
  preview_bytes, preview_pack, preview_start, preview_length, blocks, created_at, trashed_at`;

const standingSql = `SELECT (SELECT manifest_hash FROM image WHERE owner = $1 AND image_id = $2) AS hash,
  EXISTS (SELECT 1 FROM tombstone WHERE owner = $1 AND image_id = $2) AS "isBuried"`;

/** What a commit of this id and manifest meets: undefined where the id is new. */
export async function standing(session: Session, owner: number, image: Pick<NewImage, 'imageId' | 'manifestHash'>): Promise<'known' | 'conflict' | undefined> {
  const row = await session.get<{ hash: Uint8Array | null; isBuried: boolean }>(standingSql, owner, idBlob(image.imageId));
  if (row === undefined) return undefined;
  if (row.hash !== null) return Buffer.compare(row.hash, storedHash(image.manifestHash)) === 0 ? 'known' : 'conflict';
  return row.isBuried ? 'conflict' : undefined;
}

/** What the row keeps of a manifest's hash: who makes two manifests that share it deceives nobody but itself. */
export function storedHash(manifestHash: Uint8Array): Uint8Array {
  return manifestHash.subarray(0, manifestHashBytes);
}

const insertSql = `INSERT INTO image (owner, image_id, wrapped_key, entry, manifest_hash, manifest_bytes, manifest_pack, manifest_start,
  manifest_length, preview_bytes, preview_pack, preview_start, preview_length, blocks, created_at, rehashes)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) RETURNING id`;

/** Inserts an image with its references, in the order of T1, and adds it to the owner's sums. */
export async function insertImage(session: Session, { owner, image }: { readonly owner: number; readonly image: NewImage }, tags: readonly Referent[]): Promise<void> {
  const { manifestPlace: at, preview } = image;
  const row = await session.get<{ id: number }>(
    insertSql, owner, idBlob(image.imageId), image.wrappedKey, image.entry, storedHash(image.manifestHash), image.manifestBytes, at.pack, at.offset, at.length,
    preview?.bytes ?? null, preview?.place.pack ?? null, preview?.place.offset ?? null, preview?.place.length ?? null,
    image.rehashes.length, image.createdAt, tags.map(({ rehash }) => rehash),
  );
  const gained = await link(session, { image: row?.id ?? 0, owner }, tags);
  const day = { day: dayOf(image.createdAt), images: 1, ...gained };
  await growOwner(session, owner, { growth: growthOf(newSizes(image), gained), sign: 1, day });
}

type RemovedColumns = Pick<ImageColumns, 'id' | 'owner' | 'manifest_bytes' | 'preview_bytes' | 'created_at'> & { readonly entry_bytes: number; readonly rehashes: readonly Uint8Array[] };
const removeSql = `DELETE FROM image WHERE id = $1
  RETURNING id, owner, manifest_bytes, preview_bytes, created_at, octet_length(entry) + octet_length(wrapped_key) AS entry_bytes, rehashes`;

/** Removes an image whose owner is locked, with its references, from the owner's sums too. Its tags count as touched at `now`. */
export async function removeImage(session: Session, image: number, now: number): Promise<void> {
  const row = await session.get<RemovedColumns>(removeSql, image);
  if (row === undefined) return;
  const rehashes: readonly Rehash[] = row.rehashes.map(rehashColumn);
  const lost = await unlink(session, { image: row.id, owner: row.owner, rehashes }, now);
  const sizes = { manifest: row.manifest_bytes, entry: row.entry_bytes, preview: row.preview_bytes ?? undefined };
  const day = await leftDay(session, { ...row, rehashes }, lost);
  await growOwner(session, row.owner, { growth: growthOf(sizes, lost), sign: -1, day });
}

/** What its day loses with an image. Blocks of which it was the first, and that stay, count on the day of the image that is the first now. */
async function leftDay(session: Session, { id, owner, created_at, rehashes }: Omit<RemovedColumns, 'rehashes'> & { readonly rehashes: readonly Rehash[] }, lost: Distinct): Promise<DayGrowth> {
  let { blocks, cipherBytes } = lost;
  for (const heir of await inherited(session, { owner, image: id }, rehashes)) {
    await growDay(session, owner, heir);
    blocks += heir.blocks;
    cipherBytes += heir.cipherBytes;
  }
  return { day: dayOf(created_at), images: -1, blocks: -blocks, cipherBytes: -cipherBytes };
}

/** Leaves a tombstone: the id is never taken again. */
export async function buryId(session: Session, owner: number, imageId: ImageId): Promise<void> {
  await session.run('INSERT INTO tombstone (owner, image_id) VALUES ($1, $2) ON CONFLICT DO NOTHING', owner, idBlob(imageId));
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
    manifestPlace: { pack: row.manifest_pack, offset: row.manifest_start, length: row.manifest_length },
    preview: previewOf(row),
    blocks: row.blocks,
    createdAt: row.created_at,
    trashedAt: row.trashed_at ?? undefined,
  };
}

function previewOf(row: ImageColumns): ImageRow['preview'] {
  const { preview_pack: pack, preview_start: offset, preview_length: length, preview_bytes: bytes } = row;
  if (pack === null || offset === null || length === null || bytes === null) return undefined;
  return { place: { pack, offset, length }, bytes };
}
