/**
 * Columns to values of the ports and back: ids, hashes, places. No SQL.
 */
import { asRehash, asTag, idOfBytes, type AccountId, type ImageId, type InvitationId, type Rehash, type SessionId, type Tag, type UploadId } from '../../../client-sdk/protocol/ids.js';
import type { Place } from '../../ports/block-store.js';

export const dayMs = 86_400_000;

type Id = AccountId | ImageId | UploadId | SessionId | InvitationId;

/** Columns of a place. */
export interface PlaceColumns {
  readonly pack: number;
  /** The place's offset: that word is SQL's own. */
  readonly start: number;
  readonly length: number;
}

/** The 16 bytes of an id. */
export function idBlob(id: Id): Uint8Array {
  return Buffer.from(id, 'hex');
}

/** The id in a column. */
export function idColumn<T extends Id>(blob: Uint8Array): T {
  return idOfBytes<T>(blob);
}

/** A blob as plain bytes: the driver gives Buffers. */
export function bytesColumn(blob: Uint8Array): Uint8Array {
  return new Uint8Array(blob.buffer, blob.byteOffset, blob.length);
}

export function rehashColumn(blob: Uint8Array): Rehash {
  return asRehash(bytesColumn(blob));
}

export function tagColumn(blob: Uint8Array): Tag {
  return asTag(bytesColumn(blob));
}

export function placeColumns(row: PlaceColumns): Place {
  return { pack: row.pack, offset: row.start, length: row.length };
}

/** The two places are one. */
export function isSamePlace(a: Place, b: Place): boolean {
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

/** The day of a moment, in days since the epoch (UTC). */
export function dayOf(ms: number): number {
  return Math.floor(ms / dayMs);
}

/** A day as YYYY-MM-DD. */
export function dayText(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

export interface PackSum {
  readonly pack: number;
  readonly records: number;
  readonly payloadBytes: number;
}
