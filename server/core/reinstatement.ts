/**
 * Rows out of records: what the packs tell of an account, an image or a block becomes the row that an index has lost. For a rebuild, which finds all records, and for the
 * reconciliation of the tail, which finds the last ones. RECORDS.md says which record wins.
 */
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { hammingOf } from '../../client-sdk/protocol/hamming.js';
import { rehashOf, tagOf } from '../../client-sdk/protocol/tag.js';
import type { AccountRow } from '../ports/account-store.js';
import type { Place, RecordType } from '../ports/block-store.js';
import { StorageError } from '../ports/errors.js';
import type { NewImage } from '../ports/image-store.js';
import type { FiledBlock } from '../ports/tag-store.js';
import { accountRowAt, decodeAccountRecord } from './account-record.js';
import type { Parts } from './contract.js';
import { decodeManifestRecord, decodePreviewRecord } from './image-record.js';
import type { FoundImage, ImageWord } from './ledger.js';
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

/** Files blocks without references, for nobody: no account is told of them before an image of it refers to them. Answers how many. */
export async function fileFound({ stores, world }: ReinstatingParts, found: AsyncIterable<FiledBlock>): Promise<number> {
  let filed = 0;
  let batch: FiledBlock[] = [];
  const flush = async () => {
    if (batch.length > 0) await stores.tags.reinstate(batch, world.clock.now());
    filed += batch.length;
    batch = [];
  };
  for await (const block of found) {
    batch.push(block);
    if (batch.length >= batchBlocks) await flush();
  }
  await flush();
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

/** Takes an image out of the trash, unless it is not there or was put there later than it was restored. Answers whether it did. */
export async function restoreAsTold(parts: Pick<Parts, 'stores'>, word: ImageWord): Promise<boolean> {
  return (await isTrashedUntil(parts, word)) && parts.stores.images.restore(word.accountId, word.imageId);
}

/** It is in the trash, and was when the word was written. */
export async function isTrashedUntil({ stores }: Pick<Parts, 'stores'>, { accountId, imageId, at }: ImageWord): Promise<boolean> {
  const row = await stores.images.find(accountId, imageId);
  return row?.trashedAt !== undefined && row.trashedAt <= at;
}

async function previewOf({ stores }: ReinstatingParts, { previews }: FoundImage, manifestHash: Uint8Array): Promise<NewImage['preview']> {
  const place = previews.get(hexOf(manifestHash));
  const payload = place === undefined ? undefined : await stores.blocks.read(place, 'preview');
  return place === undefined || payload === undefined ? undefined : { place, bytes: decodePreviewRecord(payload).preview.length };
}

function vanished(): StorageError {
  return new StorageError('the store changed while rows were made of its records', { retryable: true });
}
