/**
 * Payloads of the pack records of types 'manifest', 'preview' and 'removal': what the database is rebuilt from.
 * Sealed bytes stay opaque. Decoding bounds every length before it reads. RECORDS.md gives the bytes.
 */
import { bytesOfHex, concat, u16, u32 } from '../../client-sdk/protocol/bytes.js';
import { idOfBytes, type AccountId, type ImageId, type Rehash } from '../../client-sdk/protocol/ids.js';
import { hashBytes, idBytes, maxBlocksPerImage, maxEntryBytes, maxManifestBytes, maxPreviewBytes, maxWrappedKeyBytes } from '../../client-sdk/protocol/limits.js';
import type { Sha256 } from '../../client-sdk/protocol/tag.js';
import { CorruptionError } from '../ports/errors.js';

/** What a manifest record keeps of each T1: its first bytes, and others that depend on the record too. */
const markBytes = 8;
/** The first bytes of a mark, which are those of its T1. */
export const markPrefixBytes = 3;
const formatVersion = 1;

/** A committed image. `recordId`: 16 random bytes that name this very record. `marks`: 8 bytes for each T1, sorted. */
export interface ManifestRecord {
  readonly recordId: Uint8Array;
  readonly accountId: AccountId;
  readonly imageId: ImageId;
  readonly createdAt: number;
  readonly wrappedKey: Uint8Array;
  readonly entry: Uint8Array;
  readonly manifest: Uint8Array;
  readonly marks: readonly Uint8Array[];
}

/** The preview that was committed with the manifest of this hash. */
export interface PreviewRecord {
  readonly accountId: AccountId;
  readonly imageId: ImageId;
  readonly manifestHash: Uint8Array;
  readonly preview: Uint8Array;
}

/**
 * `removed`: the image was purged. `restored`: removals of it up to this time did not happen. `withdrawn`: the record
 * of this id never got its row. `closed`: the account is gone, with all that it had.
 */
export type RemovalRecord =
  | { readonly kind: 'removed' | 'restored'; readonly accountId: AccountId; readonly imageId: ImageId; readonly at: number }
  | { readonly kind: 'withdrawn'; readonly recordId: Uint8Array }
  | { readonly kind: 'closed'; readonly accountId: AccountId; readonly at: number };

const removalKinds = { removed: 1, restored: 2, withdrawn: 3, closed: 4 } as const;

/**
 * How a manifest record marks a block: 3 bytes of T1, which find it in the index, and 5 bytes of SHA-256(record id || T1). The record id is
 * drawn after the client has named its blocks and is never told, so that no client can make a block whose mark is another's.
 */
export function markOf(sha256: Sha256, recordId: Uint8Array, rehash: Rehash): Uint8Array {
  const salted = sha256(concat(recordId, rehash));
  return concat(rehash.subarray(0, markPrefixBytes), salted.subarray(0, markBytes - markPrefixBytes));
}

export function encodeManifestRecord(record: ManifestRecord): Uint8Array {
  return concat(
    Uint8Array.of(formatVersion), record.recordId, idField(record.accountId), idField(record.imageId), u64(record.createdAt),
    u16(record.wrappedKey.length), record.wrappedKey, u16(record.entry.length), record.entry,
    u32(record.manifest.length), record.manifest, u32(record.marks.length), ...record.marks,
  );
}

/** Throws CorruptionError where the payload has another form or version. Sealed parts are views of the payload. */
export function decodeManifestRecord(payload: Uint8Array): ManifestRecord {
  const reader = new Reader(payload);
  const head = { recordId: reader.bytes(idBytes), accountId: reader.id<AccountId>(), imageId: reader.id<ImageId>(), createdAt: reader.u64() };
  const sealed = {
    wrappedKey: reader.sized(2, maxWrappedKeyBytes),
    entry: reader.sized(2, maxEntryBytes),
    manifest: reader.sized(4, maxManifestBytes),
  };
  const count = reader.number(4);
  if (count > maxBlocksPerImage) throw malformed();
  const packed = reader.bytes(count * markBytes);
  reader.end();
  return { ...head, ...sealed, marks: Array.from({ length: count }, (_, i) => packed.subarray(i * markBytes, (i + 1) * markBytes)) };
}

export function encodePreviewRecord(record: PreviewRecord): Uint8Array {
  const ids = [idField(record.accountId), idField(record.imageId)];
  return concat(Uint8Array.of(formatVersion), ...ids, record.manifestHash, u32(record.preview.length), record.preview);
}

/** Throws CorruptionError where the payload has another form or version. */
export function decodePreviewRecord(payload: Uint8Array): PreviewRecord {
  const reader = new Reader(payload);
  const ids = { accountId: reader.id<AccountId>(), imageId: reader.id<ImageId>() };
  const rest = { manifestHash: reader.bytes(hashBytes), preview: reader.sized(4, maxPreviewBytes) };
  reader.end();
  return { ...ids, ...rest };
}

export function encodeRemovalRecord(record: RemovalRecord): Uint8Array {
  const head = Uint8Array.of(formatVersion, removalKinds[record.kind]);
  if (record.kind === 'withdrawn') return concat(head, record.recordId);
  if (record.kind === 'closed') return concat(head, idField(record.accountId), u64(record.at));
  return concat(head, idField(record.accountId), idField(record.imageId), u64(record.at));
}

/** Throws CorruptionError where the payload has another form or version. */
export function decodeRemovalRecord(payload: Uint8Array): RemovalRecord {
  const reader = new Reader(payload);
  const record = readRemoval(reader);
  reader.end();
  return record;
}

function readRemoval(reader: Reader): RemovalRecord {
  const code = reader.number(1);
  if (code === removalKinds.withdrawn) return { kind: 'withdrawn', recordId: reader.bytes(idBytes) };
  if (code === removalKinds.closed) return { kind: 'closed', accountId: reader.id<AccountId>(), at: reader.u64() };
  if (code !== removalKinds.removed && code !== removalKinds.restored) throw malformed();
  const kind = code === removalKinds.removed ? 'removed' : 'restored';
  return { kind, accountId: reader.id<AccountId>(), imageId: reader.id<ImageId>(), at: reader.u64() };
}

/** Reads fields in order; refuses to go past the end. */
class Reader {
  #at = 1;

  constructor(private readonly payload: Uint8Array) {
    if (payload[0] !== formatVersion) throw malformed();
  }

  bytes(length: number): Uint8Array {
    if (length > this.payload.length - this.#at) throw malformed();
    this.#at += length;
    return this.payload.subarray(this.#at - length, this.#at);
  }

  number(size: 1 | 2 | 4): number {
    return this.bytes(size).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  u64(): number {
    const value = this.number(4) * 2 ** 32 + this.number(4);
    if (!Number.isSafeInteger(value)) throw malformed();
    return value;
  }

  sized(size: 2 | 4, max: number): Uint8Array {
    const length = this.number(size);
    if (length > max) throw malformed();
    return this.bytes(length);
  }

  id<Id extends AccountId | ImageId>(): Id {
    return idOfBytes<Id>(this.bytes(idBytes));
  }

  end(): void {
    if (this.#at !== this.payload.length) throw malformed();
  }
}

function idField(text: AccountId | ImageId): Uint8Array {
  const bytes = bytesOfHex(text);
  if (bytes?.length !== idBytes) throw new RangeError('an id must have 32 hex digits');
  return bytes;
}

function u64(value: number): Uint8Array {
  return concat(u32(Math.floor(value / 2 ** 32)), u32(value % 2 ** 32));
}

function malformed(): CorruptionError {
  return new CorruptionError('an image record has an unknown form');
}
