/**
 * Rebuilds the database from the packs: accounts, blocks, images, removals. What the packs cannot tell (sessions,
 * invitations, what is in the trash) is lost; trashed images come back. The store is held until the operator releases it.
 * Repeatable; over an old database, rows that name packs which are gone are led to the records that were found.
 */
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { hammingOf } from '../../client-sdk/protocol/hamming.js';
import { idOfBytes, type AccountId, type ImageId, type UploadId } from '../../client-sdk/protocol/ids.js';
import { idBytes, uploadLifetimeMs } from '../../client-sdk/protocol/limits.js';
import { rehashOf, tagOf } from '../../client-sdk/protocol/tag.js';
import type { Damage } from '../ports/block-store.js';
import { StorageError } from '../ports/errors.js';
import type { NewImage } from '../ports/image-store.js';
import type { HealedPack } from '../ports/pack-parity.js';
import type { FiledBlock } from '../ports/tag-store.js';
import type { StoreState } from '../ports/world.js';
import { accountRowAt, decodeAccountRecord } from './account-record.js';
import type { Parts } from './contract.js';
import { clearAccount } from './closing.js';
import { advanceGeneration } from './generation.js';
import { decodeManifestRecord, decodePreviewRecord } from './image-record.js';
import { rehashesOf } from './marked-blocks.js';
import { mergeCopies } from './merge-copies.js';
import { healPacks } from './parity.js';
import { raiseRestoreEpoch } from './restore-epoch.js';
import { readLedger, type FoundImage, type Ledger } from './ledger.js';
import { isSamePlace } from './stored-block.js';

const batchBlocks = 1_000;
/** A note in the state: what is there is not all. */
const underWay = 'rebuild';

/** What rebuilding needs. */
export type RebuildParts = Pick<Parts, 'stores' | 'world' | 'gate'>;

/** What came back. `incomplete`: images that refer to blocks which the packs no longer hold. `healed`: what parity put right before the packs were read. */
export interface RebuildAnswer {
  readonly accounts: number;
  readonly blocks: number;
  readonly images: number;
  readonly removals: number;
  /** Names of accounts that lost their user name to a later account of the same name. */
  readonly displaced: readonly AccountId[];
  readonly incomplete: readonly { readonly accountId: AccountId; readonly imageId: ImageId }[];
  readonly damage: readonly Damage[];
  readonly healed: readonly HealedPack[];
}

/** Rebuilds. The database is empty or old; nothing else writes meanwhile. */
export async function rebuildStore(parts: RebuildParts): Promise<RebuildAnswer> {
  await parts.stores.state.setHeld(true);
  await noteRebuild(parts.stores.state);
  const healed = await healPacks(parts.stores.blocks);
  const damage: Damage[] = [];
  const ledger = await readLedger(parts.stores.blocks, (stretch) => damage.push(stretch));
  for (const { accountId, at } of ledger.closed) await recloseAccount(parts, accountId, at);
  for (const account of ledger.accounts) await reinstateAccount(parts, account.place);
  const owner = ledger.accounts[0]?.accountId;
  const blocks = owner === undefined ? 0 : await fileBlocks(parts, owner);
  // A place that an old database names and that is gone gives way to the one that was found.
  await mergeCopies(parts, undefined);
  const incomplete: RebuildAnswer['incomplete'][number][] = [];
  for (const image of ledger.images) {
    if (!(await reinstateImage(parts, image))) incomplete.push({ accountId: image.accountId, imageId: image.imageId });
  }
  for (const { accountId, imageId } of ledger.removed) await parts.stores.images.bury(accountId, imageId);
  await raiseRestoreEpoch(parts.stores.state, parts.world.clock.now());
  await advanceGeneration(parts.gate, parts.stores);
  await parts.stores.state.write(underWay, '');
  return { ...countsOf(ledger), blocks, incomplete, damage, healed };
}

/** Notes that what is there is not all. Written into an index that is new before it is a store's: however soon a rebuild dies, nobody takes that for an empty store. */
export async function noteRebuild(state: Pick<StoreState, 'write'>): Promise<void> {
  await state.write(underWay, 'yes');
}

/** A rebuild began and has not ended. */
export async function isHalfRebuilt(state: Pick<StoreState, 'read'>): Promise<boolean> {
  return (await state.read(underWay)) === 'yes';
}

function countsOf(ledger: Ledger): Pick<RebuildAnswer, 'accounts' | 'images' | 'removals' | 'displaced'> {
  return { accounts: ledger.accounts.length, images: ledger.images.length, removals: ledger.removed.length, displaced: ledger.displaced };
}

/** Over an old database the account may still have all its rows. */
async function recloseAccount(parts: RebuildParts, accountId: AccountId, at: number): Promise<void> {
  await parts.stores.accounts.reclose(accountId, at);
  await clearAccount(parts, accountId);
}

async function reinstateAccount({ stores }: RebuildParts, place: Ledger['accounts'][number]['place']): Promise<void> {
  const payload = await stores.blocks.read(place, 'account');
  if (payload === undefined) throw vanished();
  const row = accountRowAt(decodeAccountRecord(payload), place);
  await stores.accounts.reinstate(row);
  const now = await stores.accounts.find(row.accountId);
  if (now !== undefined && !isSamePlace(now.place, place)) await stores.accounts.move(row.accountId, now.place, place);
}

/** Files every block that the packs hold, hashed anew, through a session that is ended at once. */
async function fileBlocks(parts: RebuildParts, accountId: AccountId): Promise<number> {
  const { tags, blocks } = parts.stores;
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
  for (const { pack } of await blocks.packs()) {
    for await (const record of blocks.scan(pack, () => undefined)) {
      if (record.type !== 'block') continue;
      batch.push(filedAt(parts, record));
      if (batch.length >= batchBlocks) await flush();
    }
  }
  await flush();
  await tags.endUpload(uploadId, accountId);
  return filed;
}

function filedAt(parts: RebuildParts, { payload, place }: { readonly payload: Uint8Array; readonly place: FiledBlock['place'] }): FiledBlock {
  const sha256 = (bytes: Uint8Array) => parts.world.hasher.sha256(bytes);
  const tag = tagOf(sha256, payload);
  return { tag, rehash: rehashOf(sha256, tag), code: hammingOf(tag), place };
}

/** False where blocks are missing. */
async function reinstateImage(parts: RebuildParts, found: FoundImage): Promise<boolean> {
  const { blocks, images } = parts.stores;
  const payload = await blocks.read(found.place, 'manifest');
  if (payload === undefined) throw vanished();
  const record = decodeManifestRecord(payload);
  const { rehashes, isComplete } = await rehashesOf(parts, record);
  const image: NewImage = {
    imageId: record.imageId,
    wrappedKey: record.wrappedKey,
    entry: record.entry,
    manifestHash: parts.world.hasher.sha256(record.manifest),
    manifestBytes: record.manifest.length,
    manifestPlace: found.place,
    preview: await previewOf(parts, found, parts.world.hasher.sha256(record.manifest)),
    rehashes,
    createdAt: record.createdAt,
  };
  await images.reinstate(record.accountId, image);
  await leadToRecords(parts, record.accountId, image);
  return isComplete;
}

/** An image that an old database knew already keeps its row; its records lie where they were found. */
async function leadToRecords({ stores: { images } }: RebuildParts, accountId: AccountId, { imageId, manifestPlace, preview }: NewImage): Promise<void> {
  const row = await images.find(accountId, imageId);
  if (row !== undefined && !isSamePlace(row.manifestPlace, manifestPlace)) {
    await images.move({ accountId, imageId, type: 'manifest', place: row.manifestPlace }, manifestPlace);
  }
  if (row?.preview !== undefined && preview !== undefined && !isSamePlace(row.preview.place, preview.place)) {
    await images.move({ accountId, imageId, type: 'preview', place: row.preview.place }, preview.place);
  }
}

async function previewOf(parts: RebuildParts, { previews }: FoundImage, manifestHash: Uint8Array): ReturnType<typeof readPreviewSize> {
  const place = previews.get(hexOf(manifestHash));
  return place === undefined ? undefined : readPreviewSize(parts, place);
}

async function readPreviewSize({ stores }: RebuildParts, place: FoundImage['place']): Promise<{ readonly place: FoundImage['place']; readonly bytes: number } | undefined> {
  const payload = await stores.blocks.read(place, 'preview');
  return payload === undefined ? undefined : { place, bytes: decodePreviewRecord(payload).preview.length };
}

function vanished(): StorageError {
  return new StorageError('the store changed while it was rebuilt', { retryable: true });
}
