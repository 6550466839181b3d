/**
 * How the segments of a TIFF page are compressed, exactly in both directions: not at all, LZW in several variants, PackBits as
 * libtiff does, Deflate by found parameters or by predicted tokens. SPEC.md section 6.5.
 */
import { concat, isEqual, u32 } from '../../protocol/bytes.js';
import type { CborValue } from '../cbor.js';
import { fault } from '../errors.js';
import { adler32 } from './checksum.js';
import type { CorrectionReader } from './correction-coder.js';
import { describeMethod, encoderOf, methodOf, methodValue, type DeflateMethod } from './deflate-encoder.js';
import { findParameters } from './deflate-search.js';
import { readCorrections, TokenJoin } from './deflate-tokens.js';
import { maxContainerBytes, maxWholeBytes } from './image-limits.js';
import { Unsplittable } from './raster-container.js';
import { integerOf, mapOf } from './recipe-members.js';
import type { SplitEffort } from './splitter.js';
import { decodeLzw, encodeLzw, isLzwOf, lzwFullBounds, lzwVariants, type LzwVariant } from './tiff-lzw.js';
import { decodePackBits, encodePackBits } from './tiff-packbits.js';
import type { TiffPage, TiffSegment } from './tiff-page.js';
import { applyPredictor, undoPredictor } from './tiff-predictor.js';
import { ByteReader, ByteWriter } from './varint.js';
import { ZlibReader, zlibHeaderBytes } from './zlib-reader.js';

/** What makes a page's segments again. */
export type TiffMethod =
  | { readonly kind: 'none' }
  | { readonly kind: 'packbits' }
  | { readonly kind: 'lzw'; readonly variant: LzwVariant; /** Of a variant that is full at 0. */ readonly clears: Uint8Array }
  | { readonly kind: 'deflate'; readonly zlib: Uint8Array; readonly method: DeflateMethod };

const adlerBytes = 4;
const pieceBytes = 262_144;

/** The bytes of a segment in the order of bits that its codec knows, or back: the same both ways. */
export function turnBits(page: TiffPage, bytes: Uint8Array): Uint8Array {
  return page.isReversed ? bytes.map((byte) => reversedBytes[byte]!) : bytes;
}

const reversedBytes = Uint8Array.from({ length: 256 }, (_, byte) => {
  let turned = 0;
  for (let k = 0; k < 8; k++) turned |= ((byte >>> k) & 1) << (7 - k);
  return turned;
});

/** A segment taken apart. */
export interface DecodedSegment {
  /** Packed rows, without predictor. */
  readonly rows: Uint8Array;
  /** Bytes of the file that it takes. */
  readonly used: number;
  /** Of LZW, see there. */
  readonly clears?: readonly number[];
}

/** A compressed segment, whose bytes were turned and may lead beyond its end, or undefined where it is damaged. */
export function decodeSegment(page: TiffPage, segment: TiffSegment, bytes: Uint8Array): DecodedSegment | undefined {
  const decoded = decompress(page, bytes, segment.rows * page.rowBytes);
  if (decoded === undefined) return undefined;
  undoPredictor(page, decoded.plain);
  return { ...decoded, rows: decoded.plain };
}

/** Writes the segments of a page as `method` says, in the order of the file. */
export class SegmentEncoder {
  readonly #corrections: CorrectionReader | undefined;
  readonly #clears: ByteReader;

  constructor(
    private readonly page: TiffPage,
    private readonly method: TiffMethod,
  ) {
    const isPredicted = method.kind === 'deflate' && method.method.kind === 'tokens';
    this.#corrections = isPredicted ? readCorrections(method.method.corrections) : undefined;
    this.#clears = new ByteReader(method.kind === 'lzw' ? method.clears : new Uint8Array(0));
  }

  /** Rows can be written one by one. */
  get isPlain(): boolean {
    return this.method.kind === 'none';
  }

  /** The bytes of a segment; `rows` are overwritten. Throws DiceError `recipe-invalid` where corrections do not fit. */
  encode(rows: Uint8Array): Uint8Array {
    applyPredictor(this.page, rows);
    return turnBits(this.page, this.#compress(rows));
  }

  #compress(rows: Uint8Array): Uint8Array {
    const { page, method } = this;
    if (method.kind === 'lzw' && method.variant.full === 0) return encodeLzw(rows, method.variant, readClears(this.#clears));
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
    this.#clears.end();
  }
}

/** The list of a segment: how many, then each. */
function readClears(reader: ByteReader): readonly number[] {
  return Array.from({ length: reader.varint(reader.remaining) }, () => reader.varint(maxWholeBytes));
}

function writeClears(writer: ByteWriter, clears: readonly number[]): void {
  writer.varint(clears.length);
  for (const clear of clears) writer.varint(clear);
}

/** The bytes of a segment (turned, without what follows it), and its packed rows. */
export interface SegmentSample {
  readonly bytes: Uint8Array;
  readonly rows: Uint8Array;
}

/** The method that writes `samples` as they stand (at least one; their rows are overwritten), or undefined. */
export function findMethod(page: TiffPage, samples: readonly SegmentSample[], effort: SplitEffort): TiffMethod | undefined {
  for (const { rows } of samples) applyPredictor(page, rows);
  if (isDeflated(page)) return findDeflate(samples, effort);
  if (page.compression === 5) return findLzw(samples);
  return samples.every(({ bytes, rows }) => isEqual(encodePackBits(rows, page.rowBytes), bytes)) ? { kind: 'packbits' } : undefined;
}

function findLzw(samples: readonly SegmentSample[]): TiffMethod | undefined {
  const [first] = samples;
  const found = first === undefined ? undefined : decodeLzw(first.bytes, first.rows.length);
  if (found === undefined) return undefined;
  const variant = lzwVariants(found).find((candidate) => samples.every(({ bytes, rows }) => isLzwOf(bytes, rows, candidate)));
  return variant === undefined ? undefined : { kind: 'lzw', variant, clears: new Uint8Array(0) };
}

/**
 * LZW of an encoder that clears its table when it likes: the method that lists it, or undefined. `samples` are those of `findMethod`,
 * after it; `clears` are those of all segments that are written, in the order of the file.
 */
export function listedLzw(samples: readonly SegmentSample[], clears: readonly (readonly number[])[]): TiffMethod | undefined {
  const own = samples.map(({ bytes, rows }) => ({ bytes, rows, found: decodeLzw(bytes, rows.length) }));
  const [first] = own;
  if (first?.found === undefined) return undefined;
  const { isOld, hasEnd } = first.found;
  for (const doesCountLast of [true, false]) {
    const variant = { isOld, hasEnd, full: 0, isWatched: false, doesCountLast };
    if (!own.every(({ bytes, rows, found }) => found !== undefined && isLzwOf(bytes, rows, variant, found.clears))) continue;
    const writer = new ByteWriter();
    for (const list of clears) writeClears(writer, list);
    return { kind: 'lzw', variant, clears: writer.take() };
  }
  return undefined;
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
export function isDeflated(page: Pick<TiffPage, 'compression'>): boolean {
  return page.compression === 8 || page.compression === 32_946;
}

/** The deflate stream of a segment between its frame, or undefined where that frame is not `zlib`. */
export function deflateStreamOf(bytes: Uint8Array, zlib: Uint8Array): Uint8Array | undefined {
  return isEqual(bytes.subarray(0, zlibHeaderBytes), zlib) ? bytes.subarray(zlibHeaderBytes, bytes.length - adlerBytes) : undefined;
}

/** A method as recipes write it. */
export function tiffMethodValue(method: TiffMethod): CborValue {
  if (method.kind === 'lzw') {
    const { isOld, full, isWatched, hasEnd, doesCountLast } = method.variant;
    return { corrections: method.clears.length, end: hasEnd, full, kind: 'lzw', last: doesCountLast, old: isOld, watched: isWatched };
  }
  if (method.kind !== 'deflate') return { kind: method.kind };
  return { corrections: tiffCorrections(method).length, kind: 'deflate', method: methodValue(method.method).value, zlib: method.zlib };
}

/** The corrections of a method. */
export function tiffCorrections(method: TiffMethod): Uint8Array {
  if (method.kind === 'lzw') return method.clears;
  return method.kind === 'deflate' ? methodValue(method.method).corrections : new Uint8Array(0);
}

/** The method that a recipe names, of the page's compression; its corrections are read from `corrections`. Throws DiceError `recipe-invalid`. */
export function tiffMethodOf(page: Pick<TiffPage, 'compression'>, value: CborValue | undefined, corrections: ByteReader): TiffMethod {
  if (page.compression === 5) return lzwMethodOf(value, corrections);
  if (isDeflated(page)) return deflateMethodOf(value, corrections);
  const kind = page.compression === 1 ? 'none' : 'packbits';
  if (mapOf(value, ['kind'])['kind'] !== kind) throw unknown();
  return { kind };
}

/** A compression that goes with the method that a recipe names. Throws DiceError `recipe-invalid` for an unknown one. */
export function compressionOf(value: CborValue): number {
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value['kind'] : undefined;
  if (kind === 'none') return 1;
  if (kind === 'lzw') return 5;
  if (kind === 'packbits') return 32_773;
  if (kind === 'deflate') return 8;
  throw unknown();
}

/** In words, for `dice info`. */
export function describeTiffMethod(method: TiffMethod): string {
  if (method.kind === 'deflate') return `Deflate, ${describeMethod(method.method)}`;
  if (method.kind === 'lzw') return `${method.variant.isOld ? 'old LZW' : 'LZW'}${method.variant.full === 0 ? ` with ${method.clears.length} bytes of clearings` : ''}`;
  return method.kind === 'none' ? 'uncompressed' : 'PackBits';
}

function lzwMethodOf(value: CborValue | undefined, corrections: ByteReader): TiffMethod {
  const { corrections: length, end, full, kind, last, old, watched } = mapOf(value, ['corrections', 'end', 'full', 'kind', 'last', 'old', 'watched']);
  const clears = corrections.bytes(integerOf(length, 0, maxContainerBytes));
  const areFlags = typeof end === 'boolean' && typeof last === 'boolean' && typeof old === 'boolean' && typeof watched === 'boolean';
  if (kind !== 'lzw' || !areFlags || (full === 0) !== clears.length > 0) throw unknown();
  const at = full === 0 ? 0 : integerOf(full, ...lzwFullBounds);
  return { kind, clears, variant: { isOld: old, full: at, isWatched: watched, hasEnd: end, doesCountLast: last } };
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

type Decompressed = Omit<DecodedSegment, 'rows'> & { readonly plain: Uint8Array };

function decompress(page: TiffPage, bytes: Uint8Array, length: number): Decompressed | undefined {
  if (page.compression === 5) return decodeLzw(bytes, length);
  if (page.compression === 32_773) return decodePackBits(bytes, length);
  return inflate(bytes, length);
}

function compress(page: TiffPage, method: TiffMethod, rows: Uint8Array): Uint8Array {
  if (method.kind === 'none') return rows;
  if (method.kind === 'lzw') return encodeLzw(rows, method.variant);
  if (method.kind === 'packbits') return encodePackBits(rows, page.rowBytes);
  const parts: Uint8Array[] = [method.zlib];
  const encoder = encoderOf(method.method, (bytes) => void parts.push(bytes));
  encoder.push(rows);
  encoder.finish();
  return concat(...parts, u32(adler32(rows)));
}

/** Plain bytes of a zlib stream with a right checksum, exactly `length`; else undefined. */
function inflate(bytes: Uint8Array, length: number): Decompressed | undefined {
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
    const tail = reader.end();
    const isRight = at === length && isEqual(tail.subarray(0, adlerBytes), u32(adler32(plain)));
    return isRight ? { plain, used: bytes.length - tail.length + adlerBytes } : undefined;
  } catch (cause) {
    if (cause instanceof Unsplittable) return undefined;
    throw cause;
  }
}
