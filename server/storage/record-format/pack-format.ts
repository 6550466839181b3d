/**
 * The bytes of packs: pack header and record header, written and read. Pure: the keyed code (HMAC-SHA-256 under
 * the store key) is passed in. It opens no file and follows no row. FORMAT.md beside this file gives every byte.
 */
import { concat, isEqual, u16, u32, utf8 } from '../../../client-sdk/protocol/bytes.js';
import { hashBytes } from '../../../client-sdk/protocol/limits.js';
import type { RecordType } from '../../ports/block-store.js';

/** HMAC-SHA-256 under the store key: any bytes to 32 bytes. */
export type Mac = (message: Uint8Array) => Uint8Array;

/** What a record header says of its record. */
export interface RecordHead {
  readonly type: RecordType;
  readonly length: number;
}

/** What a pack header says, or why it is none. */
export type PackHead = { readonly kind: 'head'; readonly generation: number } | { readonly kind: 'damaged' } | { readonly kind: 'unknown-version' };

export const packHeaderBytes = 56;
export const recordHeaderBytes = 22;
/** The longest payload that a record may carry. */
export const maxRecordPayloadBytes = 8_388_608;
/** Pack numbers up to this take 4 bytes and layout 1; those above, up to `maxPack`, take 8 bytes and layout 2. */
export const maxShortPack = 0xffff_ffff;
export const maxPack = Number.MAX_SAFE_INTEGER;
/** What fits the header of a pack of layout 2. */
export const maxGeneration = 0xffff_ffff_ffff;

const packMagic = utf8('DICEPACK');
const magicBytes = 2;
const fieldBytes = 6;
const codeBytes = recordHeaderBytes - fieldBytes;
const fixedPackBytes = packHeaderBytes - hashBytes;

/** The high half of the byte is the version of the record. */
const typeNumbers: Readonly<Record<RecordType, number>> = { block: 0x11, manifest: 0x12, preview: 0x13, removal: 0x14, account: 0x15 };
const types = new Map(Object.entries(typeNumbers).map(([type, number]) => [number, type as RecordType])); // keys of the record above

const packLabel = utf8('dice/1/pack');
const magicLabel = utf8('dice/1/record-magic');
const recordLabel = utf8('dice/1/record');

/** The header of `pack`, begun under `generation`. */
export function encodePackHeader(mac: Mac, pack: number, generation: number): Uint8Array {
  const isShort = pack <= maxShortPack;
  const fields = isShort ? concat(packMagic, u16(1), u16(0), u32(pack), u64(generation)) : concat(packMagic, u16(2), u64(generation).subarray(2), u64(pack));
  return concat(fields, mac(concat(packLabel, fields)));
}

/** Reads what stands at the beginning of the file named after `pack`. */
export function decodePackHeader(mac: Mac, bytes: Uint8Array, pack: number): PackHead {
  if (bytes.length < packHeaderBytes) return { kind: 'damaged' };
  const fields = bytes.subarray(0, fixedPackBytes);
  if (!isEqual(bytes.subarray(fixedPackBytes, packHeaderBytes), mac(concat(packLabel, fields)))) return { kind: 'damaged' };
  const view = viewOf(fields);
  const isShort = pack <= maxShortPack;
  const named = isShort ? view.getUint32(12) : Number(view.getBigUint64(16));
  if (!isEqual(fields.subarray(0, packMagic.length), packMagic) || named !== pack) return { kind: 'damaged' };
  if (view.getUint16(8) !== (isShort ? 1 : 2) || (isShort && view.getUint16(10) !== 0)) return { kind: 'unknown-version' };
  return { kind: 'head', generation: isShort ? Number(view.getBigUint64(16)) : view.getUint16(10) * 2 ** 32 + view.getUint32(12) };
}

/** The records of one pack. */
export class RecordFormat {
  readonly #magic: Uint8Array;
  readonly #pack: Uint8Array;

  constructor(
    private readonly mac: Mac,
    pack: number,
  ) {
    this.#pack = pack <= maxShortPack ? u32(pack) : u64(pack);
    this.#magic = mac(concat(magicLabel, this.#pack)).subarray(0, magicBytes);
  }

  /** The header of a record that begins at `offset`. `digest` is SHA-256 of its payload. */
  encode(offset: number, record: RecordHead & { readonly digest: Uint8Array }): Uint8Array {
    const fields = concat(this.#magic, Uint8Array.of(typeNumbers[record.type]), u32(record.length).subarray(1));
    return concat(fields, this.#codeOf(offset, fields, record.digest));
  }

  /**
   * What the header at the beginning of `bytes` says, or undefined where they are none of this pack. A filter only: whether
   * the record is authentic, `isAuthentic` tells.
   */
  decode(bytes: Uint8Array): RecordHead | undefined {
    if (bytes.length < recordHeaderBytes || bytes[0] !== this.#magic[0] || bytes[1] !== this.#magic[1]) return undefined;
    const type = types.get(bytes[2] ?? 0);
    const length = ((bytes[3] ?? 0) << 16) | ((bytes[4] ?? 0) << 8) | (bytes[5] ?? 0);
    return type === undefined || length > maxRecordPayloadBytes ? undefined : { type, length };
  }

  /** `header` was written at `offset` of this pack, under the store key, for a payload with this SHA-256. */
  isAuthentic(offset: number, header: Uint8Array, digest: Uint8Array): boolean {
    const code = this.#codeOf(offset, header.subarray(0, fieldBytes), digest);
    return isEqual(header.subarray(fieldBytes, recordHeaderBytes), code);
  }

  /** Where in `bytes` a header may begin at or after `from`, else -1. */
  find(bytes: Buffer, from: number): number {
    let at = bytes.indexOf(this.#magic, from);
    while (at >= 0 && this.decode(bytes.subarray(at)) === undefined) at = bytes.indexOf(this.#magic, at + 1);
    return at;
  }

  #codeOf(offset: number, fields: Uint8Array, digest: Uint8Array): Uint8Array {
    return this.mac(concat(recordLabel, fields, this.#pack, u64(offset), digest)).subarray(0, codeBytes);
  }
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
