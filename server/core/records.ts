/**
 * Writes records that stand before a row: the account, manifest, preview and removal records of the packs. Durable when
 * it resolves; the row is the caller's next step. Callers run it within the gate. RECORDS.md says what is in them.
 */
import { idBytes } from '../../client-sdk/protocol/limits.js';
import { StorageError } from '../ports/errors.js';
import type { AccountRow } from '../ports/account-store.js';
import type { NewRecord, Place, RecordType } from '../ports/block-store.js';
import { accountRowAt, encodeAccountRecord } from './account-record.js';
import type { Parts } from './contract.js';
import { encodeRemovalRecord, type RemovalRecord } from './image-record.js';

/** What the record writers need. */
export type RecordParts = Pick<Parts, 'stores' | 'world' | 'gate'>;

/** A fresh name for a record. */
export function newRecordId(parts: RecordParts): Uint8Array {
  return parts.world.random(idBytes);
}

/** A record to append, with its digest. */
export function recordOf(parts: RecordParts, type: RecordType, payload: Uint8Array): NewRecord {
  return { type, payload, digest: parts.world.hasher.sha256(payload) };
}

/** Appends one record. */
export async function appendOne(parts: RecordParts, type: RecordType, payload: Uint8Array): Promise<Place> {
  const [place] = await parts.gate.run(() => parts.stores.blocks.append([recordOf(parts, type, payload)]));
  if (place === undefined) throw new StorageError('the block store named no place for a record', { retryable: false });
  return place;
}

/** Appends a removal record of any kind. */
export async function appendRemoval(parts: RecordParts, removal: RemovalRecord): Promise<void> {
  await appendOne(parts, 'removal', encodeRemovalRecord(removal));
}

/** Appends the record of an account. Answers the row that may now be written, and the record's name. */
export async function appendAccount(
  parts: RecordParts,
  account: Omit<AccountRow, 'place'>,
): Promise<{ readonly row: AccountRow; readonly recordId: Uint8Array }> {
  const recorded = { recordId: newRecordId(parts), writtenAt: parts.world.clock.now(), account };
  const place = await appendOne(parts, 'account', encodeAccountRecord(recorded));
  return { row: accountRowAt(recorded, place), recordId: recorded.recordId };
}
