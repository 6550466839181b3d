/**
 * The commit of an image, and what stands in its way: session, ids, missing blocks, quota. Runs inside one
 * transaction that its caller holds. DESIGN.md, *Order is the whole secret*.
 */
import type { AccountId, ImageId, Rehash } from '../../../client-sdk/protocol/ids.js';
import type { CommitOutcome, NewImage } from '../../ports/image-store.js';
import type { ExistenceScope } from '../../ports/tag-store.js';
import type { StoreDatabase } from './database.js';
import { liveSightings, liveUpload, type LiveUpload } from './existence.js';
import { learnHeld, noteHeld } from './holdings.js';
import { buryId, imageOf, insertImage, isBuried, newSizes, removeImage, standing } from './image-rows.js';
import { ensureOwner, sessionBytes } from './owner-rows.js';
import type { Referent } from './reference-rows.js';
import { openRow, soleRows } from './twins.js';

/** The T1s that a commit in this session would find missing; all of them where the session is not live. */
export function missing(db: StoreDatabase, scope: ExistenceScope, rehashes: readonly Rehash[]): readonly Rehash[] {
  const upload = liveUpload(db, scope);
  return upload === undefined ? rehashes : sortOut(db, upload, rehashes).missing;
}

/** Commits an image, or says why not. */
export function commit(db: StoreDatabase, scope: ExistenceScope, { image, quotaBytes }: { readonly image: NewImage; readonly quotaBytes: number | undefined }): CommitOutcome {
  const upload = liveUpload(db, scope);
  if (upload === undefined) return { kind: 'upload-unknown' };
  const known = standing(db, upload.owner, image);
  if (known !== undefined) return { kind: known };
  const sorted = sortOut(db, upload, image.rehashes);
  if (sorted.missing.length > 0) return { kind: 'missing', missing: sorted.missing };
  if (quotaBytes !== undefined && usedAfter(db, { owner: upload.owner, image, now: scope.now }) > quotaBytes) return { kind: 'quota-exceeded' };
  insertImage(db, { owner: upload.owner, image }, sorted.tags);
  learnHeld(db, upload.owner, image.rehashes);
  unpin(db, upload, sorted.tags);
  attribute(db, upload, image);
  return { kind: 'stored' };
}

function sortOut(db: StoreDatabase, upload: LiveUpload, rehashes: readonly Rehash[]): { readonly tags: readonly Referent[]; readonly missing: readonly Rehash[] } {
  const seen = liveSightings(db, { owner: upload.owner, pins: { kind: 'upload', upload: upload.id } }, rehashes);
  return {
    tags: seen.filter((row) => row !== undefined).map(({ id, length, hasReference }) => ({ id, length, isNew: !hasReference })),
    missing: rehashes.filter((_, index) => seen[index] === undefined),
  };
}

const storedSql = 'SELECT cipher_bytes + manifest_bytes + entry_bytes + preview_bytes AS bytes FROM owner WHERE id = ?';

/** Blocks of the image that are new to the account are pinned here, so the bytes of its sessions hold them already. */
function usedAfter(db: StoreDatabase, { owner, image, now }: { readonly owner: number; readonly image: NewImage; readonly now: number }): number {
  const stored = db.query<{ bytes: number }>(storedSql).get(owner)?.bytes ?? 0;
  const sizes = newSizes(image);
  return stored + sessionBytes(db, owner, now) + sizes.manifest + sizes.entry + (sizes.preview ?? 0);
}

function unpin(db: StoreDatabase, upload: LiveUpload, tags: readonly Referent[]): void {
  const drop = db.query('DELETE FROM pin WHERE upload = ? AND tag = ?');
  for (const { id } of tags) drop.run(upload.id, id);
}

const daySql = `INSERT INTO received_day (owner, day, bytes) VALUES (?, strftime('%Y-%m-%d', ? / 1000, 'unixepoch'), ?)
  ON CONFLICT (owner, day) DO UPDATE SET bytes = bytes + excluded.bytes`;

/** What the session received since its last commit counts for this image's day, with its sealed objects. */
function attribute(db: StoreDatabase, upload: LiveUpload, image: NewImage): void {
  const sizes = newSizes(image);
  const bytes = upload.uncommittedBytes + sizes.manifest + sizes.entry + (sizes.preview ?? 0);
  db.query(daySql).run(upload.owner, image.createdAt, bytes);
  db.query('UPDATE upload SET uncommitted_bytes = 0 WHERE id = ?').run(upload.id);
}

/** Inserts an image found in a pack with references to those of its T1s that have rows. Nothing where it is there already, or buried. */
export function reinstate(db: StoreDatabase, accountId: AccountId, image: NewImage): void {
  const owner = ensureOwner(db, accountId);
  if (isBuried(db, owner, image.imageId) || imageOf(db, accountId, image.imageId) !== undefined) return;
  const referenceOf = db.query('SELECT 1 FROM referrer WHERE tag = ? AND owner = ? LIMIT 1');
  const rows = soleRows(db, image.rehashes);
  const tags = image.rehashes.flatMap((rehash, index) => {
    const row = rows[index];
    if (row === undefined) return [];
    noteHeld(db, owner, rehash);
    if (row.owner !== owner) openRow(db, row);
    return [{ id: row.id, length: row.length, isNew: referenceOf.get(row.id, owner) === undefined }];
  });
  insertImage(db, { owner, image }, tags);
}

/** Removes an image that is in the trash and leaves a tombstone. */
export function purge(db: StoreDatabase, id: { readonly accountId: AccountId; readonly imageId: ImageId }, now: number): boolean {
  const row = imageOf(db, id.accountId, id.imageId);
  if (row === undefined || row.trashed_at === null) return false;
  removeImage(db, row, now);
  buryId(db, row.owner, id.imageId);
  return true;
}

/** Leaves a tombstone and removes the image if there is one. Its tags count as touched when it was created. */
export function bury(db: StoreDatabase, accountId: AccountId, imageId: ImageId): void {
  const row = imageOf(db, accountId, imageId);
  if (row !== undefined) removeImage(db, row, row.created_at);
  buryId(db, ensureOwner(db, accountId), imageId);
}
