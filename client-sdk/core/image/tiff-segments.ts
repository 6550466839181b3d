/**
 * Packed rows of the segments of a TIFF page as samples in bands, and rectangles of samples as packed rows.
 * Compression lies below this (tiff-codec.ts). SPEC.md section 6.5.
 */
import { sampleBytes } from './content.js';
import { packRow, unpackRow } from './packed-samples.js';
import type { TiffPage, TiffSegment } from './tiff-page.js';
import type { TilePicture } from './tile-picture.js';

/** Reads packed rows `first` to before `end` of a segment. */
export type SegmentReader = (segment: TiffSegment, first: number, end: number) => Promise<Uint8Array>;

/** The segments of a page that are written at a join, in the order of the file: of those that begin at one place the first, and none without a place. */
export function drawnSegmentsOf(page: TiffPage): readonly TiffSegment[] {
  const inOrder = page.segments.filter(({ length }) => length > 0).sort((a, b) => a.offset - b.offset);
  return inOrder.filter(({ offset }, i) => i === 0 || offset !== inOrder[i - 1]!.offset);
}

/** Canonical samples of a page in bands. */
export async function* bandsOfPage(
  page: TiffPage,
  edges: readonly number[],
  read: SegmentReader,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { shape } = page;
  const rowSize = shape.width * shape.channels * sampleBytes(shape.depth);
  for (let i = 1; i < edges.length; i++) {
    const [start, end] = [edges[i - 1]!, edges[i]!];
    const band = new Uint8Array((end - start) * rowSize);
    for (const segment of segmentsBetween(page, start, end)) {
      if (segment.length === 0) continue;
      const first = Math.max(0, start - segment.y);
      const last = Math.min(end - segment.y, page.segmentHeight, shape.height - segment.y);
      const rows = await read(segment, first, last);
      for (let row = first; row < last; row++) {
        const packed = rows.subarray((row - first) * page.rowBytes, (row - first + 1) * page.rowBytes);
        placeRow(page, segment, packed, band.subarray((segment.y + row - start) * rowSize, (segment.y + row - start + 1) * rowSize));
      }
    }
    yield band;
  }
}

/** Packed rows of a segment, with zeros for padding. */
export async function packedRows(
  page: TiffPage,
  segment: TiffSegment,
  picture: TilePicture,
  range: readonly [first: number, end: number],
): Promise<Uint8Array> {
  const [first, end] = range;
  const { shape, segmentChannels, rowBytes } = page;
  const rows = new Uint8Array((end - first) * rowBytes);
  const inside = Math.min(end, shape.height - segment.y);
  if (inside <= first) return rows;
  const width = Math.min(page.segmentWidth, shape.width - segment.x);
  const samples = await picture.read({ x: segment.x, y: segment.y + first, width, height: inside - first });
  const size = sampleBytes(shape.depth);
  const stride = width * shape.channels * size;
  for (let row = 0; row < inside - first; row++) {
    const line = samples.subarray(row * stride, (row + 1) * stride);
    const own = segmentChannels === shape.channels ? line : plane(line, { offset: segment.channel * size, step: shape.channels * size, size: segmentChannels * size });
    rows.set(packRow(own, page.packing), row * rowBytes);
  }
  return rows;
}

function* segmentsBetween(page: TiffPage, start: number, end: number): Generator<TiffSegment, void, undefined> {
  const planes = page.segments.length / page.perPlane;
  const firstRow = Math.floor(start / page.segmentHeight);
  const lastRow = Math.floor((end - 1) / page.segmentHeight);
  for (let at = 0; at < planes; at++) {
    for (let row = firstRow; row <= lastRow; row++) {
      for (let column = 0; column < page.across; column++) yield page.segments[at * page.perPlane + row * page.across + column]!;
    }
  }
}

function placeRow(page: TiffPage, segment: TiffSegment, packed: Uint8Array, target: Uint8Array): void {
  const { shape, segmentChannels } = page;
  const size = sampleBytes(shape.depth);
  const width = Math.min(page.segmentWidth, shape.width - segment.x);
  const samples = unpackRow(packed, width * (page.segmentBits / page.packing.depth), page.packing);
  const pixelBytes = shape.channels * size;
  if (segmentChannels === shape.channels) {
    target.set(samples, segment.x * pixelBytes);
    return;
  }
  const ownBytes = segmentChannels * size;
  let at = segment.x * pixelBytes + segment.channel * size;
  for (let x = 0; x < width; x++, at += pixelBytes) {
    for (let k = 0; k < ownBytes; k++) target[at + k] = samples[x * ownBytes + k]!;
  }
}

function plane(line: Uint8Array, { offset, step, size }: { readonly offset: number; readonly step: number; readonly size: number }): Uint8Array {
  const own = new Uint8Array((line.length / step) * size);
  for (let from = offset, to = 0; to < own.length; from += step, to += size) {
    for (let k = 0; k < size; k++) own[to + k] = line[from + k]!;
  }
  return own;
}
