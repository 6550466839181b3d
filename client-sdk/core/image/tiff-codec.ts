/**
 * How the segments of a TIFF page are compressed, exactly in both directions: not at all, LZW and PackBits as
 * libtiff does, Deflate by found parameters; and the horizontal predictor. SPEC.md section 6.5.
 */
import { concat, isEqual, u32 } from '../../protocol/bytes.js';
import type { CborValue } from '../cbor.js';
import { fault } from '../errors.js';
import { adler32 } from './checksum.js';
import { sampleBytes } from './content.js';
import { encoderOf, methodOf, methodValue, type DeflateMethod } from './deflate-encoder.js';
import { findParameters } from './deflate-search.js';
import { Unsplittable } from './raster-container.js';
import { mapOf } from './recipe-members.js';
import { decodeLzw, encodeLzw } from './tiff-lzw.js';
import { decodePackBits, encodePackBits } from './tiff-packbits.js';
import type { TiffPage, TiffSegment } from './tiff-page.js';
import { ZlibReader, zlibHeaderBytes } from './zlib-reader.js';

/** What makes a page's segments again. */
export type TiffMethod =
  | { readonly kind: 'none' }
  | { readonly kind: 'packbits' }
  | { readonly kind: 'lzw'; readonly doesCountLast: boolean }
  | { readonly kind: 'deflate'; readonly zlib: Uint8Array; readonly method: DeflateMethod };

const adlerBytes = 4;

/** Packed rows of a compressed segment, or undefined where it is damaged. */
export function decodeSegment(page: TiffPage, segment: TiffSegment, bytes: Uint8Array): Uint8Array | undefined {
  const rows = decompress(page, bytes, segment.rows * page.rowBytes);
  if (rows !== undefined && page.isPredicted) sumRows(page, rows);
  return rows;
}

/** The bytes of a segment; `rows` are overwritten. */
export function encodeSegment(page: TiffPage, method: TiffMethod, rows: Uint8Array): Uint8Array {
  if (page.isPredicted) differRows(page, rows);
  return compress(page, method, rows);
}

/** The bytes of a segment in the file, and its packed rows. */
export interface SegmentSample {
  readonly bytes: Uint8Array;
  readonly rows: Uint8Array;
}

/** The method that writes `samples` as they stand (at least one; their rows are overwritten), or undefined. */
export function findMethod(page: TiffPage, samples: readonly SegmentSample[]): TiffMethod | undefined {
  if (page.isPredicted) for (const { rows } of samples) differRows(page, rows);
  if (page.compression === 8 || page.compression === 32_946) return findDeflate(samples);
  const candidates: readonly TiffMethod[] =
    page.compression === 5
      ? [{ kind: 'lzw', doesCountLast: true }, { kind: 'lzw', doesCountLast: false }]
      : [{ kind: page.compression === 1 ? 'none' : 'packbits' }];
  return candidates.find((method) => samples.every(({ bytes, rows }) => isEqual(compress(page, method, rows), bytes)));
}

function findDeflate(samples: readonly SegmentSample[]): TiffMethod | undefined {
  const zlib = samples[0]!.bytes.slice(0, zlibHeaderBytes);
  if (!samples.every(({ bytes }) => isEqual(bytes.subarray(0, zlibHeaderBytes), zlib))) return undefined;
  const streams = samples.map(({ bytes, rows }) => {
    const stream = bytes.subarray(zlibHeaderBytes, bytes.length - adlerBytes);
    return { plain: rows, stream, isWhole: true, header: zlib };
  });
  const method = findParameters(streams);
  return method === undefined ? undefined : { kind: 'deflate', zlib, method };
}

/** A method as recipes write it. */
export function tiffMethodValue(method: TiffMethod): CborValue {
  if (method.kind === 'lzw') return { kind: 'lzw', last: method.doesCountLast };
  if (method.kind === 'deflate') return { kind: 'deflate', zlib: method.zlib, method: methodValue(method.method).value };
  return { kind: method.kind };
}

/** The method that a recipe names; it must be one of the page's compression. Throws DiceError `recipe-invalid`. */
export function tiffMethodOf(page: TiffPage, value: CborValue | undefined): TiffMethod {
  if (page.compression === 5) return lzwMethodOf(value);
  if (page.compression === 8 || page.compression === 32_946) return deflateMethodOf(value);
  const kind = page.compression === 1 ? 'none' : 'packbits';
  if (mapOf(value, ['kind'])['kind'] !== kind) throw unknown();
  return { kind };
}

/** In words, for `dice info`. */
export function describeTiffMethod(method: TiffMethod): string {
  const words = { none: 'uncompressed', packbits: 'PackBits', lzw: 'LZW', deflate: 'Deflate' };
  return words[method.kind];
}

function lzwMethodOf(value: CborValue | undefined): TiffMethod {
  const { kind, last } = mapOf(value, ['kind', 'last']);
  if (kind !== 'lzw' || typeof last !== 'boolean') throw unknown();
  return { kind: 'lzw', doesCountLast: last };
}

function deflateMethodOf(value: CborValue | undefined): TiffMethod {
  const { kind, zlib, method } = mapOf(value, ['kind', 'method', 'zlib']);
  const found = methodOf(method, new Uint8Array(0));
  if (kind !== 'deflate' || !(zlib instanceof Uint8Array) || zlib.length !== zlibHeaderBytes || found.kind !== 'zlib') throw unknown();
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
