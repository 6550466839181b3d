/**
 * How the segments of a TIFF page are compressed, exactly in both directions: not at all, LZW and PackBits as
 * libtiff does, Deflate by found parameters or by predicted tokens; and the horizontal predictor. SPEC.md section 6.5.
 */
import { concat, isEqual, u32 } from '../../protocol/bytes.js';
import type { CborValue } from '../cbor.js';
import { fault } from '../errors.js';
import { adler32 } from './checksum.js';
import { sampleBytes } from './content.js';
import type { CorrectionReader } from './correction-coder.js';
import { describeMethod, encoderOf, methodOf, methodValue, type DeflateMethod } from './deflate-encoder.js';
import { findParameters } from './deflate-search.js';
import { readCorrections, TokenJoin } from './deflate-tokens.js';
import { maxContainerBytes } from './image-limits.js';
import { Unsplittable } from './raster-container.js';
import { integerOf, mapOf } from './recipe-members.js';
import type { SplitEffort } from './splitter.js';
import { decodeLzw, encodeLzw } from './tiff-lzw.js';
import { decodePackBits, encodePackBits } from './tiff-packbits.js';
import type { TiffPage, TiffSegment } from './tiff-page.js';
import type { ByteReader } from './varint.js';
import { ZlibReader, zlibHeaderBytes } from './zlib-reader.js';

/** What makes a page's segments again. */
export type TiffMethod =
  | { readonly kind: 'none' }
  | { readonly kind: 'packbits' }
  | { readonly kind: 'lzw'; readonly doesCountLast: boolean }
  | { readonly kind: 'deflate'; readonly zlib: Uint8Array; readonly method: DeflateMethod };

const adlerBytes = 4;
const pieceBytes = 262_144;

/** Packed rows of a compressed segment, or undefined where it is damaged. */
export function decodeSegment(page: TiffPage, segment: TiffSegment, bytes: Uint8Array): Uint8Array | undefined {
  const rows = decompress(page, bytes, segment.rows * page.rowBytes);
  if (rows !== undefined && page.isPredicted) sumRows(page, rows);
  return rows;
}

/** Writes the segments of a page as `method` says, in the order of the file. */
export class SegmentEncoder {
  readonly #corrections: CorrectionReader | undefined;

  constructor(
    private readonly page: TiffPage,
    private readonly method: TiffMethod,
  ) {
    const isPredicted = method.kind === 'deflate' && method.method.kind === 'tokens';
    this.#corrections = isPredicted ? readCorrections(method.method.corrections) : undefined;
  }

  /** Rows can be written one by one. */
  get isPlain(): boolean {
    return this.method.kind === 'none';
  }

  /** The bytes of a segment; `rows` are overwritten. Throws DiceError `recipe-invalid` where corrections do not fit. */
  encode(rows: Uint8Array): Uint8Array {
    const { page, method } = this;
    if (page.isPredicted) differRows(page, rows);
    if (this.#corrections === undefined || method.kind !== 'deflate' || method.method.kind !== 'tokens') return compress(page, method, rows);
    const parts: Uint8Array[] = [method.zlib];
    const join = new TokenJoin(method.method.model, this.#corrections, (bytes) => void parts.push(bytes));
    for (let at = 0; at < rows.length; at += pieceBytes) join.push(rows.subarray(at, at + pieceBytes));
    join.finish();
    return concat(...parts, u32(adler32(rows)));
  }

  /** After the last segment. Throws DiceError `recipe-invalid` where there is more to write. */
  end(): void {
    this.#corrections?.end();
  }
}

/** The bytes of a segment in the file, and its packed rows. */
export interface SegmentSample {
  readonly bytes: Uint8Array;
  readonly rows: Uint8Array;
}

/** The method that writes `samples` as they stand (at least one; their rows are overwritten), or undefined. */
export function findMethod(page: TiffPage, samples: readonly SegmentSample[], effort: SplitEffort): TiffMethod | undefined {
  if (page.isPredicted) for (const { rows } of samples) differRows(page, rows);
  if (isDeflated(page)) return findDeflate(samples, effort);
  const candidates: readonly TiffMethod[] =
    page.compression === 5
      ? [{ kind: 'lzw', doesCountLast: true }, { kind: 'lzw', doesCountLast: false }]
      : [{ kind: page.compression === 1 ? 'none' : 'packbits' }];
  return candidates.find((method) => samples.every(({ bytes, rows }) => isEqual(compress(page, method, rows), bytes)));
}

function findDeflate(samples: readonly SegmentSample[], effort: SplitEffort): TiffMethod | undefined {
  const zlib = samples[0]!.bytes.slice(0, zlibHeaderBytes);
  if (!samples.every(({ bytes }) => isEqual(bytes.subarray(0, zlibHeaderBytes), zlib))) return undefined;
  const streams = samples.map(({ bytes, rows }) => {
    const stream = bytes.subarray(zlibHeaderBytes, bytes.length - adlerBytes);
    return { plain: rows, stream, isWhole: true, header: zlib };
  });
  const method = findParameters(streams, effort);
  return method === undefined ? undefined : { kind: 'deflate', zlib, method };
}

/** The segments of the page are zlib streams. */
export function isDeflated(page: TiffPage): boolean {
  return page.compression === 8 || page.compression === 32_946;
}

/** The deflate stream of a segment between its frame, or undefined where that frame is not `zlib`. */
export function deflateStreamOf(bytes: Uint8Array, zlib: Uint8Array): Uint8Array | undefined {
  return isEqual(bytes.subarray(0, zlibHeaderBytes), zlib) ? bytes.subarray(zlibHeaderBytes, bytes.length - adlerBytes) : undefined;
}

/** A method as recipes write it. */
export function tiffMethodValue(method: TiffMethod): CborValue {
  if (method.kind === 'lzw') return { kind: 'lzw', last: method.doesCountLast };
  if (method.kind !== 'deflate') return { kind: method.kind };
  return { corrections: tiffCorrections(method).length, kind: 'deflate', method: methodValue(method.method).value, zlib: method.zlib };
}

/** The corrections of a method. */
export function tiffCorrections(method: TiffMethod): Uint8Array {
  return method.kind === 'deflate' ? methodValue(method.method).corrections : new Uint8Array(0);
}

/** The method that a recipe names, of the page's compression; its corrections are read from `corrections`. Throws DiceError `recipe-invalid`. */
export function tiffMethodOf(page: TiffPage, value: CborValue | undefined, corrections: ByteReader): TiffMethod {
  if (page.compression === 5) return lzwMethodOf(value);
  if (isDeflated(page)) return deflateMethodOf(value, corrections);
  const kind = page.compression === 1 ? 'none' : 'packbits';
  if (mapOf(value, ['kind'])['kind'] !== kind) throw unknown();
  return { kind };
}

/** In words, for `dice info`. */
export function describeTiffMethod(method: TiffMethod): string {
  if (method.kind === 'deflate') return `Deflate, ${describeMethod(method.method)}`;
  const words = { none: 'uncompressed', packbits: 'PackBits', lzw: 'LZW' };
  return words[method.kind];
}

function lzwMethodOf(value: CborValue | undefined): TiffMethod {
  const { kind, last } = mapOf(value, ['kind', 'last']);
  if (kind !== 'lzw' || typeof last !== 'boolean') throw unknown();
  return { kind: 'lzw', doesCountLast: last };
}

function deflateMethodOf(value: CborValue | undefined, corrections: ByteReader): TiffMethod {
  const { corrections: length, kind, zlib, method } = mapOf(value, ['corrections', 'kind', 'method', 'zlib']);
  const own = corrections.bytes(integerOf(length, 0, maxContainerBytes));
  const found = methodOf({ value: method, stored: new Uint8Array(0), corrections: own });
  if (kind !== 'deflate' || !(zlib instanceof Uint8Array) || zlib.length !== zlibHeaderBytes) throw unknown();
  return { kind: 'deflate', zlib, method: found };
}

function unknown(): Error {
  return fault('recipe-invalid', 'Its compression is unknown.');
}

function decompress(page: TiffPage, bytes: Uint8Array, length: number): Uint8Array | undefined {
  if (page.compression === 5) return decodeLzw(bytes, length);
  if (page.compression === 32_773) return decodePackBits(bytes, length);
  return inflate(bytes, length);
}

function compress(page: TiffPage, method: TiffMethod, rows: Uint8Array): Uint8Array {
  if (method.kind === 'none') return rows;
  if (method.kind === 'lzw') return encodeLzw(rows, method);
  if (method.kind === 'packbits') return encodePackBits(rows, page.rowBytes);
  const parts: Uint8Array[] = [method.zlib];
  const encoder = encoderOf(method.method, (bytes) => void parts.push(bytes));
  encoder.push(rows);
  encoder.finish();
  return concat(...parts, u32(adler32(rows)));
}

/** Plain bytes of a zlib stream with a right checksum and nothing after it, exactly `length`; else undefined. */
function inflate(bytes: Uint8Array, length: number): Uint8Array | undefined {
  const plain = new Uint8Array(length);
  let at = 0;
  const reader = new ZlibReader({
    onPlain: (piece) => {
      if (at + piece.length > length) throw new Unsplittable('a segment unfolds too far');
      plain.set(piece, at);
      at += piece.length;
    },
  });
  try {
    reader.push(bytes);
    return at === length && isEqual(reader.end(), u32(adler32(plain))) ? plain : undefined;
  } catch (cause) {
    if (cause instanceof Unsplittable) return undefined;
    throw cause;
  }
}

/** Differences to the left neighbour of the same channel become samples, in place. */
function sumRows(page: TiffPage, rows: Uint8Array): void {
  predict(page, rows, 1);
}

/** Samples become differences to the left neighbour, in place. */
function differRows(page: TiffPage, rows: Uint8Array): void {
  predict(page, rows, -1);
}

function predict(page: TiffPage, rows: Uint8Array, sign: 1 | -1): void {
  const size = sampleBytes(page.shape.depth);
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  const step = page.segmentChannels * size;
  const little = page.packing.isLittleEndian;
  for (let start = 0; start < rows.length; start += page.rowBytes) {
    const count = page.rowBytes - step;
    for (let i = 0; i < count; i += size) {
      const at = start + (sign > 0 ? step + i : page.rowBytes - size - i);
      if (size === 1) rows[at] = rows[at]! + sign * rows[at - step]!;
      else if (size === 2) view.setUint16(at, view.getUint16(at, little) + sign * view.getUint16(at - step, little), little);
      else view.setUint32(at, view.getUint32(at, little) + sign * view.getUint32(at - step, little), little);
    }
  }
}
