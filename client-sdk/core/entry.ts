/**
 * The entry: all of an image that a listing reads, under 1 KiB sealed. Positions instead of names, so that long file
 * names fit. Sealing: keys/hierarchy.ts. SPEC.md section 10.
 */
import { textOf, utf8 } from '../protocol/bytes.js';
import { hashBytes, maxEntryBytes, maxNameBytes } from '../protocol/limits.js';
import { type CborValue, decodeCbor, encodeCbor } from './cbor.js';
import { fault } from './errors.js';
import { maxPictureSide } from './image/image-limits.js';
import type { SplitterId } from './image/splitter.js';
import { splitterCodes, splitterOf } from './manifest.js';
import { isBytes, isInteger } from './record.js';

/** An image as a listing shows it. Times are milliseconds since the epoch. */
export interface Entry {
  /** As it was given: any characters but NUL; never a path to write to unchecked. */
  readonly name: string;
  readonly size: number;
  /** Media type; `mediaTypeOf` makes it fit. */
  readonly type: string;
  readonly fileHash: Uint8Array;
  readonly picture: { readonly width: number; readonly height: number } | undefined;
  readonly modifiedAt: number | undefined;
  readonly addedAt: number;
  readonly splitter: SplitterId;
  /** Cipher bytes of all references to blocks, segments included; a block that is referred to twice counts twice. */
  readonly codedBytes: number;
  /** Request body bytes that the upload cost: questions, proofs and blocks, each try counted, and the commit as it would travel alone. */
  readonly sentBytes: number;
}

/** Bytes of a media type: with the longest name the sealed entry still fits `maxEntryBytes`. */
export const maxTypeBytes = 27;
/** The media type of what is not recognised. */
export const unknownType = 'application/octet-stream';

const version = 1;

/** The canonical bytes. Throws DiceError `name-invalid`. */
export function encodeEntry(entry: Entry): Uint8Array<ArrayBuffer> {
  const { name, size, fileHash, picture, modifiedAt, addedAt, splitter, codedBytes, sentBytes } = entry;
  checkName(name);
  const type = mediaTypeOf(entry.type);
  const bytes = encodeCbor([
    version, name, size, type, fileHash, picture?.width ?? null, picture?.height ?? null, modifiedAt ?? null, addedAt, splitterCodes[splitter], codedBytes, sentBytes,
  ]);
  decodeEntry(bytes);
  return bytes;
}

/** The entry in `bytes`. Throws DiceError `recipe-invalid`, `sealed-invalid` or `name-invalid`. */
export function decodeEntry(bytes: Uint8Array): Entry {
  if (bytes.length > maxEntryBytes) throw malformed('it is too long');
  const [encoded, name, size, type, fileHash, ...further] = itemsOf(decodeCbor(bytes));
  const [width, height, modifiedAt, addedAt, splitter, codedBytes, sentBytes, ...rest] = further;
  if (encoded !== version || sentBytes === undefined || splitter === undefined || rest.length > 0) throw malformed('it has other members');
  if (typeof name !== 'string' || typeof type !== 'string' || mediaTypeOf(type) !== type) throw malformed('its name or type is none');
  checkName(name);
  if (!isCount(size) || !isBytes(fileHash, hashBytes)) throw malformed('its size or hash is none');
  if (!isInteger(addedAt, -maxTime, maxTime) || !isCount(codedBytes) || !isCount(sentBytes)) throw malformed('a number is out of bounds');
  const picture = pictureOf(width, height);
  return { name, size, type, fileHash, picture, modifiedAt: timeOf(modifiedAt), addedAt, splitter: splitterOf(splitter), codedBytes, sentBytes };
}

/** Throws DiceError `name-invalid` unless the name can be kept: 1 to `maxNameBytes` of UTF-8, valid Unicode, no NUL. */
export function checkName(name: string): void {
  const bytes = name.length > maxNameBytes ? undefined : utf8(name);
  const isKept = bytes !== undefined && bytes.length > 0 && bytes.length <= maxNameBytes && !name.includes('\0') && textOf(bytes) === name;
  if (!isKept) throw fault('name-invalid', `It has 1 to ${String(maxNameBytes)} bytes of valid UTF-8 without NUL.`);
}

/** `type` in lower case, or `application/octet-stream` where it is no media type or longer than `maxTypeBytes`. */
export function mediaTypeOf(type: string): string {
  const lower = type.toLowerCase();
  return lower.length <= maxTypeBytes && /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/.test(lower) ? lower : unknownType;
}

/** The times that a JavaScript Date can hold (ECMA-262 section 21.4.1.1). */
const maxTime = 8_640_000_000_000_000;

function isCount(value: CborValue | undefined): value is number {
  return isInteger(value, 0, Number.MAX_SAFE_INTEGER);
}

function timeOf(value: CborValue | undefined): number | undefined {
  if (value === null) return undefined;
  if (isInteger(value, -maxTime, maxTime)) return value;
  throw malformed('a time is out of bounds');
}

function pictureOf(width: CborValue | undefined, height: CborValue | undefined): Entry['picture'] {
  if (width === null && height === null) return undefined;
  if (isInteger(width, 1, maxPictureSide) && isInteger(height, 1, maxPictureSide)) return { width, height };
  throw malformed('its picture has no size');
}

function itemsOf(value: CborValue): readonly CborValue[] {
  if (Array.isArray(value)) return value as readonly CborValue[]; // Array.isArray narrows a readonly array to any[].
  throw malformed('it is no list');
}

function malformed(what: string): Error {
  return fault('recipe-invalid', `An entry is refused: ${what}.`);
}
