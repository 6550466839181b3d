/**
 * Whose a record is of which no listing of its pack knows. An index that rotted may leave live rows out of a listing, or say of a row that its record lies elsewhere; a
 * record holds what its row is found by, so its row is asked before it counts as dead. It costs a look at the index for each dead record.
 */
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import { hammingOf } from '../../client-sdk/protocol/hamming.js';
import { asTag } from '../../client-sdk/protocol/ids.js';
import { manifestHashBytes } from '../../client-sdk/protocol/limits.js';
import { rehashOf } from '../../client-sdk/protocol/tag.js';
import type { Place, ScannedRecord } from '../ports/block-store.js';
import { CorruptionError } from '../ports/errors.js';
import type { ImageRecordRow, ImageRow } from '../ports/image-store.js';
import { decodeAccountRecord } from './account-record.js';
import { decodeManifestRecord, decodePreviewRecord } from './image-record.js';
import { judgeManifest, judgePreview } from './record-health.js';
import { revive } from './revive.js';
import { isSamePlace, readSound, type ReadParts } from './stored-block.js';

/** How a row is told that its record moved. */
export type Mover = (to: Place) => Promise<boolean>;

/** A row that a record is of: whether it names this very record, and how it is told where it lies. */
interface Claim {
  readonly isNamed: boolean;
  readonly move: Mover;
}

/**
 * For the row that names this very record, or whose own record cannot be read and was the same as this one. Undefined where the record is dead. CorruptionError where that
 * cannot be told: then the record must stay. A block whose own record cannot be read is quarantined.
 */
export async function claimOf(parts: ReadParts, record: ScannedRecord): Promise<Mover | undefined> {
  return (await claim(parts, record))?.move;
}

/** As `claimOf`, of rows alone that name another place. */
export async function strayOf(parts: ReadParts, record: ScannedRecord): Promise<Mover | undefined> {
  const found = await claim(parts, record);
  return found?.isNamed === false ? found.move : undefined;
}

async function claim(parts: ReadParts, record: ScannedRecord): Promise<Claim | undefined> {
  switch (record.type) {
    case 'block': return claimOfBlock(parts, record);
    case 'manifest': {
      const { accountId, imageId, manifest } = decodeManifestRecord(record.payload);
      return claimOfImage(parts, { accountId, imageId, type: 'manifest', place: record.place }, parts.world.hasher.sha256(manifest));
    }
    case 'preview': {
      const { accountId, imageId, manifestHash } = decodePreviewRecord(record.payload);
      return claimOfImage(parts, { accountId, imageId, type: 'preview', place: record.place }, manifestHash);
    }
    case 'account': return claimOfAccount(parts, record);
    case 'removal': return undefined;
  }
}

async function claimOfBlock(parts: ReadParts, { digest, place }: ScannedRecord): Promise<Claim | undefined> {
  const { tags, images } = parts.stores;
  const tag = asTag(digest);
  const rehash = rehashOf((bytes) => parts.world.hasher.sha256(bytes), tag);
  const row = await tags.find(rehash);
  if (row === undefined) return undefined;
  if (isSamePlace(row.place, place)) return { isNamed: true, move: (to) => tags.move(rehash, place, to) };
  // Where no image wants it back it is not made live again: then its record need not be kept either.
  if ((await readSound(parts, row)) !== undefined || (await images.referrers(rehash, 1)).length === 0) return undefined;
  return { isNamed: false, move: (to) => revive(parts, { rehash, tag, code: hammingOf(tag) }, to) };
}

async function claimOfImage(parts: ReadParts, record: ImageRecordRow, manifestHash: Uint8Array): Promise<Claim | undefined> {
  const { images } = parts.stores;
  const row = await images.find(record.accountId, record.imageId);
  const named = record.type === 'manifest' ? row?.manifestPlace : row?.preview?.place;
  if (row === undefined || named === undefined) return undefined;
  if (isSamePlace(named, record.place)) return { isNamed: true, move: (to) => images.move(record, to) };
  if (!(await isUnreadable(parts, record, named))) return undefined;
  if (isOf(row, manifestHash) && named.length === record.place.length) return { isNamed: false, move: (to) => images.move({ ...record, place: named }, to) };
  throw new CorruptionError(`the row of image ${record.imageId} of account ${record.accountId} leads to no ${record.type}, and what lies at offset ${String(record.place.offset)} may be it. dice-admin rebuild-index --anew brings such an image back.`);
}

async function isUnreadable(parts: ReadParts, record: ImageRecordRow, named: Place): Promise<boolean> {
  if (record.type === 'preview') return (await judgePreview(parts, record, named)) === 'unreadable';
  return (await judgeManifest(parts, record)).kind === 'unreadable';
}

function isOf(row: ImageRow, manifestHash: Uint8Array): boolean {
  return isEqual(row.manifestHash, manifestHash.subarray(0, manifestHashBytes));
}

/** An account whose own record cannot be read loses nothing: its row says all, and a scrub writes the record anew. */
async function claimOfAccount({ stores: { accounts } }: ReadParts, { payload, place }: ScannedRecord): Promise<Claim | undefined> {
  const { accountId } = decodeAccountRecord(payload).account;
  const row = await accounts.find(accountId);
  return row !== undefined && isSamePlace(row.place, place) ? { isNamed: true, move: (to) => accounts.move(accountId, place, to) } : undefined;
}
