/**
 * Columns to values of the ports and back: ids, hashes, places. No SQL.
 */
import { asRehash, asTag, idOfBytes, type AccountId, type ImageId, type InvitationId, type Rehash, type SessionId, type Tag, type UploadId } from '../../../client-sdk/protocol/ids.js';
import { hashBytes, idBytes } from '../../../client-sdk/protocol/limits.js';
import type { Place } from '../../ports/block-store.js';

type Id = AccountId | ImageId | UploadId | SessionId | InvitationId;

/** Columns of a place. */
export interface PlaceColumns {
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
}

/** The 16 bytes of an id. */
export function idBlob(id: Id): Uint8Array {
  return Buffer.from(id, 'hex');
}

/** A row holds what its schema does not let in: it rotted on the disk. */
export class MalformedRow extends Error {
  override readonly name = 'MalformedRow';
}

/** The id in a column. */
export function idColumn<T extends Id>(blob: Uint8Array): T {
  return idOfBytes<T>(bytesColumn(blob, idBytes));
}

/** A blob as plain bytes: the driver gives Buffers. Of `length`, where one is given. */
export function bytesColumn(blob: unknown, length?: number): Uint8Array {
  if (!(blob instanceof Uint8Array) || (length !== undefined && blob.length !== length)) throw new MalformedRow('a row holds no bytes, or not so many, where they should be');
  return new Uint8Array(blob.buffer, blob.byteOffset, blob.length);
}

export function rehashColumn(blob: Uint8Array): Rehash {
  return asRehash(bytesColumn(blob, hashBytes));
}

export function tagColumn(blob: Uint8Array): Tag {
  return asTag(bytesColumn(blob, hashBytes));
}

export function placeColumns({ pack, offset, length }: PlaceColumns): Place {
  if (![pack, offset, length].every((number) => Number.isSafeInteger(number) && number >= 0)) throw new MalformedRow('a row names no place');
  return { pack, offset, length };
}

/** The two places are one. */
export function isSamePlace(a: PlaceColumns, b: PlaceColumns): boolean {
  return a.pack === b.pack && a.offset === b.offset;
}

/** Rows of (pack, records, payloadBytes) summed into a map. */
export function byPack(rows: Iterable<PackSum>): ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }> {
  const sums = new Map<number, { readonly records: number; readonly payloadBytes: number }>();
  for (const { pack, records, payloadBytes } of rows) {
    const sum = sums.get(pack) ?? { records: 0, payloadBytes: 0 };
    sums.set(pack, { records: sum.records + records, payloadBytes: sum.payloadBytes + payloadBytes });
  }
  return sums;
}

/** Rows, and bytes of what they name. */
export interface CountAndBytes {
  readonly count: number;
  readonly bytes: number;
}

export interface PackSum {
  readonly pack: number;
  readonly records: number;
  readonly payloadBytes: number;
}
