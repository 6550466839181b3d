/**
 * Branded identifiers, parsed once where they enter. Ids of things are lower-case hex text;
 * tags and rehashes are bytes. SPEC.md section 2.
 */
import { hexOf } from './bytes.js';
import { hashBytes, idBytes } from './limits.js';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** 16 random bytes chosen by the client at registration, as 32 hex digits. */
export type AccountId = Branded<string, 'AccountId'>;
/** 16 random bytes chosen by the client, scoped to the account, as 32 hex digits. */
export type ImageId = Branded<string, 'ImageId'>;
/** 16 random bytes chosen by the server, as 32 hex digits. */
export type UploadId = Branded<string, 'UploadId'>;
/** 16 bytes that name a session in listings; not its token. */
export type SessionId = Branded<string, 'SessionId'>;
/** 16 bytes that name an invitation in listings; not its code. */
export type InvitationId = Branded<string, 'InvitationId'>;
/** T: SHA-256 of a cipher, 32 bytes. */
export type Tag = Branded<Uint8Array, 'Tag'>;
/** T1: SHA-256 of a tag, 32 bytes. */
export type Rehash = Branded<Uint8Array, 'Rehash'>;
/** A rehash as 64 hex digits, where a key of a Map is needed. */
export type RehashHex = Branded<string, 'RehashHex'>;

const idPattern = new RegExp(`^[0-9a-f]{${String(2 * idBytes)}}$`);

/** `text` has the form of an id. */
export function isId(text: string): boolean {
  return idPattern.test(text);
}

/** The id in `text`, or undefined where it has another form. The brand is the caller's word on what it names. */
export function idOf<Id extends AccountId | ImageId | UploadId | SessionId | InvitationId>(text: string): Id | undefined {
  return isId(text) ? (text as Id) : undefined;
}

/** The id that 16 `bytes` make. */
export function idOfBytes<Id extends AccountId | ImageId | UploadId | SessionId | InvitationId>(bytes: Uint8Array): Id {
  if (bytes.length !== idBytes) throw new RangeError(`an id has ${String(idBytes)} bytes, got ${String(bytes.length)}`);
  return hexOf(bytes) as Id;
}

/** Brands 32 bytes as a tag. */
export function asTag(bytes: Uint8Array): Tag {
  if (bytes.length !== hashBytes) throw new RangeError(`a tag has 32 bytes, got ${String(bytes.length)}`);
  return bytes as Tag;
}

/** Brands 32 bytes as a rehash. */
export function asRehash(bytes: Uint8Array): Rehash {
  if (bytes.length !== hashBytes) throw new RangeError(`a rehash has 32 bytes, got ${String(bytes.length)}`);
  return bytes as Rehash;
}

/** A rehash as text, for use as a key. */
export function rehashHex(rehash: Rehash): RehashHex {
  return hexOf(rehash) as RehashHex;
}
