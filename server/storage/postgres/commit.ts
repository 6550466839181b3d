/**
 * The commit of an image, and what stands in its way: session, ids, missing blocks, quota; and the removal of one. Each function runs
 * inside one transaction that its caller holds. Locks: owner and upload session, then tags. DESIGN.md, *Order is the whole secret*.
 */
import { rehashHex, type AccountId, type ImageId, type Rehash } from '../../../client-sdk/protocol/ids.js';
import type { CommitOutcome, NewImage } from '../../ports/image-store.js';
import type { ExistenceScope } from '../../ports/tag-store.js';
import { dayOf, idBlob, rehashColumn } from './columns.js';
import { heldOf, holdUploadAndOwner, liveUpload, type LiveUpload } from './existence.js';
import { buryId, insertImage, newSizes, removeImage, standing } from './image-rows.js';
import { ensureOwner, lockOwner, sessionBytes } from './owner-rows.js';
import type { Referent } from './reference-rows.js';
import type { Session } from './session.js';
import { lockTags } from './tag-locks.js';

const liveSql = 'SELECT t1 FROM tag WHERE t1 = ANY($1::bytea[]) AND state = 0';

/** The T1s that a commit in this session would find missing; all of them where the session is not live. */
export async function missing(session: Session, scope: ExistenceScope, rehashes: readonly Rehash[]): Promise<readonly Rehash[]> {
  const upload = await liveUpload(session, scope);
  if (upload === undefined) return rehashes;
  const held = await heldOf(session, { owner: upload.owner, pins: { kind: 'upload', upload: upload.id } }, rehashes);
  const rows = held.length === 0 ? [] : await session.all<{ t1: Uint8Array }>(liveSql, held.map(({ rehash }) => rehash));
  const live = new Set(rows.map((row) => rehashHex(rehashColumn(row.t1))));
  return rehashes.filter((rehash) => !live.has(rehashHex(rehash)));
}

/** Commits an image, or says why not. */
export async function commit(session: Session, scope: ExistenceScope, { image, quotaBytes }: { readonly image: NewImage; readonly quotaBytes: number | undefined }): Promise<CommitOutcome> {
  const upload = await holdUploadAndOwner(session, scope);
  if (upload === undefined) return { kind: 'upload-unknown' };
  const known = await standing(session, upload.owner, image);
  if (known !== undefined) return { kind: known };
  const sorted = await sortOut(session, upload, image.rehashes);
  if (sorted.missing.length > 0) return { kind: 'missing', missing: sorted.missing };
  if (quotaBytes !== undefined && (await usedAfter(session, { owner: upload.owner, image, now: scope.now })) > quotaBytes) return { kind: 'quota-exceeded' };
  await insertImage(session, { owner: upload.owner, image }, sorted.tags);
  await unpin(session, upload, sorted.tags);
  await attribute(session, upload, image);
  return { kind: 'stored' };
}

/** The tags are locked when this resolves: none of them goes, and who takes references to them away waits. */
async function sortOut(session: Session, upload: LiveUpload, rehashes: readonly Rehash[]): Promise<{ readonly tags: readonly Referent[]; readonly missing: readonly Rehash[] }> {
  const held = await heldOf(session, { owner: upload.owner, pins: { kind: 'upload', upload: upload.id } }, rehashes);
  const locked = await lockTags(session, held.map(({ rehash }) => rehash), 'refer');
  const owned = new Set(held.filter(({ hasReference }) => hasReference).map(({ rehash }) => rehashHex(rehash)));
  return {
    tags: [...locked].map(([key, row]) => ({ ...row, isNew: !owned.has(key) })),
    missing: rehashes.filter((rehash) => !locked.has(rehashHex(rehash))),
  };
}

const storedSql = 'SELECT cipher_bytes + manifest_bytes + entry_bytes + preview_bytes AS bytes FROM owner WHERE id = $1';

/** Blocks of the image that are new to the account are pinned here, so the bytes of its sessions hold them already. */
async function usedAfter(session: Session, { owner, image, now }: { readonly owner: number; readonly image: NewImage; readonly now: number }): Promise<number> {
  const stored = (await session.get<{ bytes: number }>(storedSql, owner))?.bytes ?? 0;
  const sizes = newSizes(image);
  return stored + (await sessionBytes(session, owner, now)) + sizes.manifest + sizes.entry + (sizes.preview ?? 0);
}

const unpinSql = 'DELETE FROM pin WHERE t1 = ANY($1::bytea[]) AND owner = $2 AND upload = $3';

async function unpin(session: Session, upload: LiveUpload, tags: readonly Referent[]): Promise<void> {
  if (tags.length > 0) await session.run(unpinSql, tags.map(({ rehash }) => rehash), upload.owner, upload.id);
}

/** Read under the lock: a group of blocks may have been counted since this transaction began. */
const settleSql = `UPDATE upload SET uncommitted_bytes = 0 FROM (SELECT id, uncommitted_bytes FROM upload WHERE id = $1 FOR NO KEY UPDATE) was
  WHERE upload.id = was.id RETURNING was.uncommitted_bytes AS bytes`;
const daySql = 'INSERT INTO received_day (owner, day, bytes) VALUES ($1, $2, $3) ON CONFLICT (owner, day) DO UPDATE SET bytes = received_day.bytes + EXCLUDED.bytes';

/** What the session received since its last commit counts for this image's day, with its sealed objects. */
async function attribute(session: Session, upload: LiveUpload, image: NewImage): Promise<void> {
  const received = (await session.get<{ bytes: number }>(settleSql, upload.id))?.bytes ?? 0;
  const sizes = newSizes(image);
  await session.run(daySql, upload.owner, dayOf(image.createdAt), received + sizes.manifest + sizes.entry + (sizes.preview ?? 0));
}

/** Inserts an image found in a pack with references to those of its T1s that have rows. Nothing where it is there already, or buried. */
export async function reinstate(session: Session, accountId: AccountId, image: NewImage): Promise<void> {
  const owner = await ensureOwner(session, accountId);
  if ((await standing(session, owner, image)) !== undefined) return;
  // No upload is 0: only what the owner refers to is asked.
  const held = await heldOf(session, { owner, pins: { kind: 'upload', upload: 0 } }, image.rehashes);
  const owned = new Set(held.map(({ rehash }) => rehashHex(rehash)));
  const locked = await lockTags(session, image.rehashes, 'referAny');
  await insertImage(session, { owner, image }, [...locked].map(([key, row]) => ({ ...row, isNew: !owned.has(key) })));
}

/** An image as its owner names it. */
interface ImageName {
  readonly accountId: AccountId;
  readonly imageId: ImageId;
}

interface Removable {
  readonly id: number;
  readonly created_at: number;
  readonly trashed_at: number | null;
}

/** Locked, so that it is not restored meanwhile. */
const removableSql = 'SELECT id, created_at, trashed_at FROM image WHERE owner = $1 AND image_id = $2 FOR UPDATE';

/** Removes an image that is in the trash and leaves a tombstone. */
export async function purge(session: Session, { accountId, imageId }: ImageName, now: number): Promise<boolean> {
  const owner = await lockOwner(session, accountId);
  if (owner === undefined) return false;
  const row = await session.get<Removable>(removableSql, owner, idBlob(imageId));
  if (row === undefined || row.trashed_at === null) return false;
  await removeImage(session, row.id, now);
  await buryId(session, owner, imageId);
  return true;
}

/** Leaves a tombstone and removes the image if there is one. Its tags count as touched when it was created. */
export async function bury(session: Session, accountId: AccountId, imageId: ImageId): Promise<void> {
  const owner = await ensureOwner(session, accountId);
  const row = await session.get<Removable>(removableSql, owner, idBlob(imageId));
  if (row !== undefined) await removeImage(session, row.id, row.created_at);
  await buryId(session, owner, imageId);
}
