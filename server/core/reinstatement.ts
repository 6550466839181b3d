/**
 * Rows out of records: what the packs tell of an account, an image or a block becomes the row that an index has lost. For a rebuild, which finds all records, and for the
 * reconciliation of the tail, which finds the last ones. RECORDS.md says which record wins.
 */
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { hammingOf } from '../../client-sdk/protocol/hamming.js';
import { idOfBytes, type AccountId, type UploadId } from '../../client-sdk/protocol/ids.js';
import { idBytes, uploadLifetimeMs } from '../../client-sdk/protocol/limits.js';
import { rehashOf, tagOf } from '../../client-sdk/protocol/tag.js';
import type { AccountRow } from '../ports/account-store.js';
import type { Place, RecordType } from '../ports/block-store.js';
import { StorageError } from '../ports/errors.js';
import type { NewImage } from '../ports/image-store.js';
import type { FiledBlock } from '../ports/tag-store.js';
import { accountRowAt, decodeAccountRecord } from './account-record.js';
import type { Parts } from './contract.js';
import { decodeManifestRecord, decodePreviewRecord } from './image-record.js';
import type { FoundImage } from './ledger.js';
import { rehashesOf } from './marked-blocks.js';

const batchBlocks = 1_000;

/** What making rows needs. */
export type ReinstatingParts = Pick<Parts, 'stores' | 'world'>;

/** What became of the record of an image. `isComplete`: each of its blocks has a row. */
export interface ReinstatedImage {
  readonly row: NewImage;
  readonly isComplete: boolean;
}

/** The payload of a record that was just met. StorageError where its pack has gone. */
export async function readFound({ stores }: ReinstatingParts, place: Place, type: RecordType): Promise<Uint8Array> {
  const payload = await stores.blocks.read(place, type);
  if (payload === undefined) throw vanished();
  return payload;
}

/** The account that a record tells of. */
export async function accountAt(parts: ReinstatingParts, place: Place): Promise<AccountRow> {
  return accountRowAt(decodeAccountRecord(await readFound(parts, place, 'account')), place);
}

/** A block as its cipher says, hashed anew. */
export function filedAt(parts: ReinstatingParts, { payload, place }: { readonly payload: Uint8Array; readonly place: Place }): FiledBlock {
  const sha256 = (bytes: Uint8Array) => parts.world.hasher.sha256(bytes);
  const tag = tagOf(sha256, payload);
  return { tag, rehash: rehashOf(sha256, tag), code: hammingOf(tag), place };
}

/** Files blocks without references, through a session of the account that is ended at once. Answers how many. */
export async function fileFound(parts: ReinstatingParts, accountId: AccountId, found: AsyncIterable<FiledBlock>): Promise<number> {
  const { tags } = parts.stores;
  const now = parts.world.clock.now();
  const uploadId = idOfBytes<UploadId>(parts.world.random(idBytes));
  const upload = { uploadId, accountId, expiresAt: now + uploadLifetimeMs, receivedBytes: 0 };
  await tags.beginUpload(upload, now, Number.MAX_SAFE_INTEGER);
  let filed = 0;
  let batch: FiledBlock[] = [];
  const flush = async () => {
    if (batch.length > 0 && !(await tags.file({ uploadId, accountId, now }, batch))) throw vanished();
    filed += batch.length;
    batch = [];
  };
  for await (const block of found) {
    batch.push(block);
    if (batch.length >= batchBlocks) await flush();
  }
  await flush();
  await tags.endUpload(uploadId, accountId);
  return filed;
}

/** Gives an image its row, unless it has one or was removed. */
export async function reinstateImage(parts: ReinstatingParts, found: FoundImage): Promise<ReinstatedImage> {
  const record = decodeManifestRecord(await readFound(parts, found.place, 'manifest'));
  const { rehashes, isComplete } = await rehashesOf(parts, record);
  const manifestHash = parts.world.hasher.sha256(record.manifest);
  const row: NewImage = {
    imageId: record.imageId,
    wrappedKey: record.wrappedKey,
    entry: record.entry,
    manifestHash,
    manifestBytes: record.manifest.length,
    manifestPlace: found.place,
    preview: await previewOf(parts, found, manifestHash),
    rehashes,
    createdAt: record.createdAt,
  };
  await parts.stores.images.reinstate(record.accountId, row);
  return { row, isComplete };
}

async function previewOf({ stores }: ReinstatingParts, { previews }: FoundImage, manifestHash: Uint8Array): Promise<NewImage['preview']> {
  const place = previews.get(hexOf(manifestHash));
  const payload = place === undefined ? undefined : await stores.blocks.read(place, 'preview');
  return place === undefined || payload === undefined ? undefined : { place, bytes: decodePreviewRecord(payload).preview.length };
}

function vanished(): StorageError {
  return new StorageError('the store changed while rows were made of its records', { retryable: true });
}
