/**
 * Where the picture lies in a PNG file: the bytes before the first IDAT chunk, the lengths of the consecutive
 * IDAT chunks, the bytes after them. Checks no more than must hold to give the file back. SPEC.md section 6.4.
 */
import { maxPieces, maxContainerBytes, maxUnfoldedBytes } from './image-limits.js';
import { Unsplittable } from './raster-container.js';
import { crc32 } from './checksum.js';
import { pngHeadBytes, pngHeaderOf, type PngHeader } from './png-header.js';
import { SequentialSource } from './sequential-source.js';
import type { Source } from './splitter.js';

/** A PNG file taken apart. */
export interface PngLayout {
  readonly header: PngHeader;
  /** Signature and chunks before the first IDAT. */
  readonly prefix: Uint8Array;
  /** Everything after the last IDAT of the first unbroken row of them. */
  readonly suffix: Uint8Array;
  /** Payload bytes of each IDAT chunk. */
  readonly idatLengths: readonly number[];
}

/** Length, type and CRC of a chunk. */
export const chunkFrameBytes = 12;
/** "IDAT". */
export const idatType = Uint8Array.of(0x49, 0x44, 0x41, 0x54);
/** "PLTE". */
export const paletteType = Uint8Array.of(0x50, 0x4c, 0x54, 0x45);
/** CRC-32 of "IDAT": where the CRC of such a chunk begins. */
export const idatCrcStart = crc32(idatType);
/** Deflate unfolds at most 1032 times. */
const maxUnfolding = 1_032;

/** The layout of `source`. Throws Unsplittable where it is no PNG that can be given back. */
export async function pngLayoutOf(source: Source): Promise<PngLayout> {
  const file = new SequentialSource(source);
  const header = pngHeaderOf((await file.exactly(0, pngHeadBytes)) ?? new Uint8Array(0));
  if (header === undefined) throw new Unsplittable('no PNG header');
  if (header.rawBytes > maxUnfoldedBytes(source.size)) throw new Unsplittable('unfolds too far');
  const start = await firstIdat(file);
  const { idatLengths, end } = await idatRow(file, start);
  const idatBytes = idatLengths.reduce((sum, length) => sum + length, 0);
  if (header.rawBytes > maxUnfolding * idatBytes) throw new Unsplittable('more pixels than the data can hold');
  if (start + source.size - end > maxContainerBytes) throw new Unsplittable('too much beside the pixels');
  const prefix = await source.read(0, start);
  const suffix = await source.read(end, source.size - end);
  return { header, prefix, suffix, idatLengths };
}

/** Payload of the IDAT chunks in pieces; `onChunk` hears of the CRC of each where it is given. */
export async function* idatPieces(
  source: Source,
  layout: PngLayout,
  onChunk?: (index: number, computed: number, found: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const file = new SequentialSource(source);
  let at = layout.prefix.length;
  for (const [index, length] of layout.idatLengths.entries()) {
    at += 8;
    let crc = idatCrcStart;
    for (const end = at + length; at < end; ) {
      const piece = await file.some(at, end - at);
      if (onChunk !== undefined) crc = crc32(piece, crc);
      at += piece.length;
      yield piece;
    }
    if (onChunk !== undefined) onChunk(index, crc, u32At((await file.exactly(at, 4)) ?? new Uint8Array(4), 0));
    at += 4;
  }
}

/** The payload of the first chunk of a type before the first IDAT, as far as it is there. */
export function chunkIn(prefix: Uint8Array, type: Uint8Array): Uint8Array | undefined {
  for (let at = pngHeadBytes; at + 8 <= prefix.length; at += chunkFrameBytes + u32At(prefix, at)) {
    if (type.every((byte, i) => prefix[at + 4 + i] === byte)) return prefix.subarray(at + 8, at + 8 + u32At(prefix, at));
  }
  return undefined;
}

async function firstIdat(file: SequentialSource): Promise<number> {
  for (let at = pngHeadBytes; at <= maxContainerBytes; ) {
    const head = await file.exactly(at, 8);
    if (head === undefined) break;
    if (isIdat(head)) return at;
    at += chunkFrameBytes + u32At(head, 0);
  }
  throw new Unsplittable('no IDAT chunk');
}

async function idatRow(file: SequentialSource, start: number): Promise<{ readonly idatLengths: readonly number[]; readonly end: number }> {
  const idatLengths: number[] = [];
  let end = start;
  for (;;) {
    const head = await file.exactly(end, 8);
    if (head === undefined || !isIdat(head)) return { idatLengths, end };
    const length = u32At(head, 0);
    end += chunkFrameBytes + length;
    if (end > file.size || idatLengths.length === maxPieces) throw new Unsplittable('an IDAT chunk is cut off, or there are too many');
    idatLengths.push(length);
  }
}

function isIdat(head: Uint8Array): boolean {
  return idatType.every((byte, i) => head[4 + i] === byte);
}

function u32At(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
