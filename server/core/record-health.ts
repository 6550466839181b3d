/**
 * Reads the records that rows of images and accounts name, and judges both: is the record what was stored, and does the row say what the record says?
 * Shared by check and scrub. It writes nothing.
 */
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import { manifestHashBytes } from '../../client-sdk/protocol/limits.js';
import type { AccountRow, SecondFactor } from '../ports/account-store.js';
import type { Place } from '../ports/block-store.js';
import { CorruptionError } from '../ports/errors.js';
import type { ImageRecordRow, ImageRow } from '../ports/image-store.js';
import type { Parts } from './contract.js';
import { decodeAccountRecord, encodeAccountRecord, type RecordedAccount } from './account-record.js';
import { decodeManifestRecord, decodePreviewRecord, type ManifestRecord } from './image-record.js';
import { isSamePlace, readOrRotten } from './stored-block.js';

type HealthParts = Pick<Parts, 'stores' | 'world'>;
type NamedImage = Pick<ImageRecordRow, 'accountId' | 'imageId'>;

/** `gone`: removed or moved since the row was listed. `isRowRight`: the row holds the same sealed objects as its record, and the hash of its manifest. */
export type ManifestHealth =
  | { readonly kind: 'sound'; readonly row: ImageRow; readonly record: ManifestRecord; readonly isRowRight: boolean }
  | { readonly kind: 'unreadable'; readonly row: ImageRow }
  | { readonly kind: 'gone' };

/** The manifest record of an image. */
export async function judgeManifest(parts: HealthParts, { accountId, imageId }: NamedImage): Promise<ManifestHealth> {
  for (let tries = 0; ; tries++) {
    const row = await parts.stores.images.find(accountId, imageId);
    if (row === undefined) return { kind: 'gone' };
    const record = decoded(decodeManifestRecord, await readOrRotten(parts, row.manifestPlace, 'manifest'));
    if (record !== undefined && record.accountId === accountId && record.imageId === imageId) {
      return { kind: 'sound', row, record, isRowRight: isToldBy(parts, record, row) };
    }
    // The record may have been moved between looking up the row and reading it.
    if (tries > 0) return { kind: 'unreadable', row };
  }
}

function isToldBy({ world }: HealthParts, { wrappedKey, entry, manifest }: ManifestRecord, row: ImageRow): boolean {
  const hash = world.hasher.sha256(manifest).subarray(0, manifestHashBytes);
  return isEqual(wrappedKey, row.wrappedKey) && isEqual(entry, row.entry) && isEqual(hash, row.manifestHash);
}

/** The preview record of an image, which its row names at `place`. */
export async function judgePreview(parts: HealthParts, { accountId, imageId }: NamedImage, place: Place): Promise<'sound' | 'unreadable' | 'gone'> {
  const isSound = async (at: Place): Promise<boolean> => {
    const record = decoded(decodePreviewRecord, await readOrRotten(parts, at, 'preview'));
    return record !== undefined && record.accountId === accountId && record.imageId === imageId;
  };
  if (await isSound(place)) return 'sound';
  const now = (await parts.stores.images.find(accountId, imageId))?.preview?.place;
  if (now === undefined) return 'gone';
  return !isSamePlace(now, place) && (await isSound(now)) ? 'sound' : 'unreadable';
}

/** `row-differs`: the record is what was stored, and the row says something else: of the same revisions, or other revisions and nothing else. */
export type AccountHealth =
  | { readonly kind: 'sound' | 'unreadable'; readonly row: AccountRow }
  | { readonly kind: 'row-differs'; readonly row: AccountRow; readonly recorded: RecordedAccount }
  | { readonly kind: 'gone' };

/** The record of an account, by its row as it is now. */
export async function judgeAccount(parts: HealthParts, accountId: AccountRow['accountId']): Promise<AccountHealth> {
  for (let tries = 0; ; tries++) {
    const row = await parts.stores.accounts.find(accountId);
    if (row === undefined) return { kind: 'gone' };
    const recorded = decoded(decodeAccountRecord, await readOrRotten(parts, row.place, 'account'));
    if (recorded?.account.accountId === accountId) {
      const { revision, keyringRevision } = recorded.account;
      const isOfSame = revision === row.revision && keyringRevision === row.keyringRevision;
      if (isOfSame && tellsSame(recorded, row)) return { kind: 'sound', row };
      // A record of other revisions may be an older one, by which nothing is put right; but where all else is the same, it is the revisions that rotted.
      if (tries > 0 && (isOfSame || tellsSame(recorded, { ...row, revision, keyringRevision }))) return { kind: 'row-differs', row, recorded };
    }
    if (tries > 0) return { kind: 'unreadable', row };
  }
}

/** Who is the operator is decided when the row is made, after the record; and a step that is used since makes no record. */
function tellsSame(recorded: RecordedAccount, row: AccountRow): boolean {
  const { isOperator } = row;
  const factor = laterStep(recorded.account.factor, row.factor);
  return isEqual(encodeAccountRecord({ ...recorded, account: row }), encodeAccountRecord({ ...recorded, account: { ...recorded.account, isOperator, factor } }));
}

/** The recorded factor, with the row's step where that is no earlier one. */
function laterStep(recorded: SecondFactor | undefined, now: SecondFactor | undefined): SecondFactor | undefined {
  return recorded === undefined || now === undefined ? recorded : { ...recorded, usedStep: Math.max(recorded.usedStep, now.usedStep) };
}

function decoded<T>(decode: (payload: Uint8Array) => T, payload: Uint8Array | undefined): T | undefined {
  if (payload === undefined) return undefined;
  try {
    return decode(payload);
  } catch (error) {
    if (error instanceof CorruptionError) return undefined;
    throw error;
  }
}
