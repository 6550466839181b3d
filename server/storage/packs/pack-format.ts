/**
 * The bytes of packs: pack header and record header, written and read. Pure: the keyed code (HMAC-SHA-256 under
 * the store key) is passed in. It opens no file and follows no row. FORMAT.md beside this file gives every byte.
 */
import { concat, isEqual, u16, u32, utf8 } from '../../../client-sdk/protocol/bytes.js';
import { hashBytes } from '../../../client-sdk/protocol/limits.js';
import type { RecordType } from '../../ports/block-store.js';

/** HMAC-SHA-256 under the store key: any bytes to 32 bytes. */
export type Mac = (message: Uint8Array) => Uint8Array;

/** Where a record begins. Both numbers are authenticated, so moved bytes are no record. */
export interface RecordStart {
  readonly pack: number;
  readonly offset: number;
}

/** What a record header says of its record. */
export interface RecordHead {
  readonly type: RecordType;
  readonly length: number;
}

/** What a pack header says, or why it is none. */
export type PackHead = { readonly kind: 'head'; readonly generation: number } | { readonly kind: 'damaged' } | { readonly kind: 'unknown-version' };

export const packHeaderBytes = 56;
export const recordHeaderBytes = 48;
/** The longest payload that a record may carry. */
export const maxRecordPayloadBytes = 8_388_608;
/** Numbers that fit their fields: packs 1 to this. */
export const maxPack = 0xffff_ffff;

/** A record begins with these; a search after damage looks for them. */
export const recordMagic: Uint8Array = utf8('DREC');

const packMagic = utf8('DICEPACK');
const formatVersion = 1;
const fieldBytes = 10;
const checkBytes = 6;
const fixedPackBytes = packHeaderBytes - hashBytes;

const typeNumbers: Readonly<Record<RecordType, number>> = { block: 1, manifest: 2, preview: 3, removal: 4, account: 5 };
const types = new Map(Object.entries(typeNumbers).map(([type, number]) => [number, type as RecordType])); // keys of the record above

const packLabel = utf8('dice/1/pack');
const checkLabel = utf8('dice/1/record-check');
const recordLabel = utf8('dice/1/record');

/** The header of `pack`, begun under `generation`. */
export function encodePackHeader(mac: Mac, pack: number, generation: number): Uint8Array {
  const fields = concat(packMagic, u16(formatVersion), u16(0), u32(pack), u64(generation));
  return concat(fields, mac(concat(packLabel, fields)));
}

/** Reads what stands at the beginning of the file named after `pack`. */
export function decodePackHeader(mac: Mac, bytes: Uint8Array, pack: number): PackHead {
  if (bytes.length < packHeaderBytes) return { kind: 'damaged' };
  const fields = bytes.subarray(0, fixedPackBytes);
  if (!isEqual(bytes.subarray(fixedPackBytes, packHeaderBytes), mac(concat(packLabel, fields)))) return { kind: 'damaged' };
  const view = viewOf(fields);
  if (!isEqual(fields.subarray(0, packMagic.length), packMagic) || view.getUint32(12) !== pack) return { kind: 'damaged' };
  if (view.getUint16(8) !== formatVersion || view.getUint16(10) !== 0) return { kind: 'unknown-version' };
  return { kind: 'head', generation: Number(view.getBigUint64(16)) };
}

/** The header of a record that begins at `start`. `digest` is SHA-256 of its payload. */
export function encodeRecordHeader(mac: Mac, start: RecordStart, record: RecordHead & { readonly digest: Uint8Array }): Uint8Array {
  const fields = concat(recordMagic, Uint8Array.of(formatVersion, typeNumbers[record.type]), u32(record.length));
  return concat(fields, checkOf(mac, start, fields), codeOf(mac, start, { fields, digest: record.digest }));
}

/**
 * What the 48 `bytes` at `start` say, or undefined where they are no record header of this version, type and place.
 * Only the header is judged: whether the payload fits, `isAuthentic` tells.
 */
export function decodeRecordHeader(mac: Mac, start: RecordStart, bytes: Uint8Array): RecordHead | undefined {
  if (bytes.length < recordHeaderBytes || !isEqual(bytes.subarray(0, recordMagic.length), recordMagic)) return undefined;
  const fields = bytes.subarray(0, fieldBytes);
  const length = viewOf(fields).getUint32(6);
  const type = types.get(fields[5] ?? 0);
  if (fields[4] !== formatVersion || type === undefined || length > maxRecordPayloadBytes) return undefined;
  if (!isEqual(bytes.subarray(fieldBytes, fieldBytes + checkBytes), checkOf(mac, start, fields))) return undefined;
  return { type, length };
}

/** The header at `start` was written under the store key for a payload with this SHA-256. */
export function isAuthentic(mac: Mac, start: RecordStart, record: { readonly header: Uint8Array; readonly digest: Uint8Array }): boolean {
  const fields = record.header.subarray(0, fieldBytes);
  const stored = record.header.subarray(fieldBytes + checkBytes, recordHeaderBytes);
  return isEqual(stored, codeOf(mac, start, { fields, digest: record.digest }));
}

/** A keyed filter: clients choose payloads, and no text of theirs may make a search hash megabytes for nothing. */
function checkOf(mac: Mac, start: RecordStart, fields: Uint8Array): Uint8Array {
  return mac(concat(checkLabel, fields, u32(start.pack), u64(start.offset))).subarray(0, checkBytes);
}

function codeOf(mac: Mac, start: RecordStart, record: { readonly fields: Uint8Array; readonly digest: Uint8Array }): Uint8Array {
  return mac(concat(recordLabel, record.fields, u32(start.pack), u64(start.offset), record.digest));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** `value` as 8 big-endian bytes. */
export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}
