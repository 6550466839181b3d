/**
 * Opens a TIFF file for the raster splitter: the pages whose segments can be given back become pictures, and
 * everything else of the file, other pages too, is skeleton. SPEC.md section 6.5.
 */
import { concat } from '../../protocol/bytes.js';
import { predictedTokens } from './deflate-prediction.js';
import {
  decodeSegment, deflateStreamOf, describeTiffMethod, findMethod, isDeflated, tiffCorrections, tiffMethodValue, type SegmentSample, type TiffMethod,
} from './tiff-codec.js';
import { maxContainerBytes, maxPieces, maxUnfoldedBytes } from './image-limits.js';
import { Unsplittable, type ContainerRecipe, type RasterFile } from './raster-container.js';
import { encodeRanges, rangesBetween, readRanges, SparseSource, type FileRange } from './sparse-source.js';
import type { Source, SplitEffort } from './splitter.js';
import { TiffReader } from './tiff-directory.js';
import { pagePaddingBytes, segmentPaddingBytes, takePadding } from './tiff-padding.js';
import { pageBytes, tiffPageOf, type TiffPage, type TiffSegment } from './tiff-page.js';
import { bandsOfPage, type SegmentReader } from './tiff-segments.js';
import { zlibHeaderBytes } from './zlib-reader.js';

/** A page that will be tiles. */
interface ChosenPage {
  /** Place of its directory in the chain. */
  readonly index: number;
  readonly page: TiffPage;
  readonly method: TiffMethod;
}

/** Plain bytes of a page on which its compression is verified. */
const verifiedBytes = 16_777_216;
const quickBytes = 1_048_576;

/** The file's pixels and the rest. Throws Unsplittable where it cannot be given back. */
export async function openTiff(source: Source, effort: SplitEffort): Promise<RasterFile> {
  const reader = await TiffReader.open(source);
  const chosen: ChosenPage[] = [];
  let segmentCount = 0;
  let plainBytes = 0;
  for (const [index, directory] of (await reader.directories()).entries()) {
    const page = await pageOrNone(reader, directory);
    segmentCount += page?.segments.length ?? 0;
    plainBytes += page === undefined ? 0 : pageBytes(page);
    if (segmentCount > maxPieces || plainBytes > maxUnfoldedBytes(source.size)) throw new Unsplittable('unfolds too far');
    const method = page === undefined ? undefined : await methodFor(source, page, effort);
    if (page !== undefined && method !== undefined) chosen.push({ index, page, method });
  }
  const [first] = chosen;
  if (first === undefined) throw new Unsplittable('no page that can be given back');
  const taken = segmentsInOrder(chosen.map(({ page }) => page));
  const container = await containerOf(source, chosen, rangesBetween(taken, source.size));
  const { depth, channels } = first.page.shape;
  return {
    format: 'tiff',
    description: `TIFF ${depth}-bit, ${channels} channels, ${describeTiffMethod(first.method)}, ${chosen.length} pages`,
    pages: chosen.map(({ page }) => page.shape),
    container,
    bands: (page, edges) => bandsOfPage(chosen[page]!.page, edges, segmentReader(source, chosen[page]!.page)),
  };
}

/** Segments of all pages in the order of the file. */
function segmentsInOrder(pages: readonly TiffPage[]): readonly TiffSegment[] {
  return pages.flatMap((page) => page.segments).sort((a, b) => a.offset - b.offset);
}

async function pageOrNone(reader: TiffReader, directory: Parameters<typeof tiffPageOf>[1]): Promise<TiffPage | undefined> {
  try {
    return await tiffPageOf(reader, directory);
  } catch (cause) {
    if (cause instanceof Unsplittable) return undefined;
    throw cause;
  }
}

async function containerOf(source: Source, chosen: readonly ChosenPage[], ranges: readonly FileRange[]): Promise<ContainerRecipe> {
  const outside = ranges.reduce((sum, { length }) => sum + length, 0);
  const padding = chosen.reduce((sum, { page }) => sum + pagePaddingBytes(page), 0);
  const table = encodeRanges(ranges);
  const corrections = concat(...chosen.map(({ method }) => tiffCorrections(method)));
  if (outside + padding + table.length + corrections.length > maxContainerBytes) throw new Unsplittable('too much beside the pixels');
  const kept = await readRanges(source, ranges);
  await checkSparse(new SparseSource(source.size, ranges, kept), chosen);
  return {
    params: {
      directories: chosen.map(({ index }) => index),
      methods: chosen.map(({ method }) => tiffMethodValue(method)),
      size: source.size,
    },
    sections: [kept, table, await paddingBytes(source, chosen, padding), corrections],
  };
}

/** The directories must be readable without the pixels: a file may hide one among them. */
async function checkSparse(sparse: SparseSource, chosen: readonly ChosenPage[]): Promise<void> {
  const reader = await TiffReader.open(sparse);
  const directories = await reader.directories(chosen.at(-1)!.index + 1);
  for (const { index } of chosen) {
    const directory = directories[index];
    const page = directory === undefined ? undefined : await tiffPageOf(reader, directory);
    if (page === undefined) throw new Unsplittable('a directory among the pixels');
  }
}

/** All padding in the order of pages and segments, or nothing where it is all zero. */
async function paddingBytes(source: Source, chosen: readonly ChosenPage[], total: number): Promise<Uint8Array> {
  const padding = new Uint8Array(total);
  let at = 0;
  for (const { page } of chosen) {
    const read = segmentReader(source, page);
    for (const segment of page.segments) {
      if (segmentPaddingBytes(page, segment) === 0) continue;
      const step = rowsAtOnce(page);
      for (let row = 0; row < segment.rows; row += step) {
        const rows = await read(segment, row, Math.min(segment.rows, row + step));
        at += takePadding(page, segment, row, rows, padding.subarray(at));
      }
    }
  }
  return padding.some((byte) => byte !== 0) ? padding : new Uint8Array(0);
}

/** Rows of a segment that are read or written in one step. */
export function rowsAtOnce(page: TiffPage): number {
  return Math.max(1, Math.floor(1_048_576 / page.rowBytes));
}

/** Rows of segments; compressed ones are kept until all their rows were read. */
function segmentReader(source: Source, page: TiffPage): SegmentReader {
  const open = new Map<TiffSegment, Uint8Array>();
  return async (segment, first, end) => {
    if (page.compression === 1) return source.read(segment.offset + first * page.rowBytes, (end - first) * page.rowBytes);
    let rows = open.get(segment);
    if (rows === undefined) {
      rows = decodeSegment(page, segment, await source.read(segment.offset, segment.length));
      // Every segment was decoded when the file was opened.
      if (rows === undefined) throw new Unsplittable('a segment changed while it was read');
      open.set(segment, rows);
    }
    if (end >= Math.min(segment.rows, page.shape.height - segment.y)) open.delete(segment);
    return rows.subarray(first * page.rowBytes, end * page.rowBytes);
  };
}

/**
 * The method that writes the segments of a page as they stand in the file, or undefined. All are decoded; the
 * method is found on the first `verifiedBytes` of them.
 */
async function methodFor(source: Source, page: TiffPage, effort: SplitEffort): Promise<TiffMethod | undefined> {
  if (page.compression === 1) return { kind: 'none' };
  const samples: SegmentSample[] = [];
  let plainBytes = 0;
  const sampleBytes = effort === 'quick' ? quickBytes : verifiedBytes;
  for (const segment of page.segments) {
    const bytes = await source.read(segment.offset, segment.length);
    const rows = decodeSegment(page, segment, bytes);
    if (rows === undefined) return undefined;
    if (plainBytes < sampleBytes) samples.push({ bytes, rows });
    plainBytes += rows.length;
  }
  return findMethod(page, samples, effort) ?? predictedMethod(source, page);
}

/** Deflate by an encoder that is not known by its parameters. */
async function predictedMethod(source: Source, page: TiffPage): Promise<TiffMethod | undefined> {
  if (!isDeflated(page)) return undefined;
  const segments = segmentsInOrder([page]);
  const zlib = (await source.read(segments[0]!.offset, segments[0]!.length)).slice(0, zlibHeaderBytes);
  const streamBytes = segments.reduce((sum, { length }) => sum + length, 0);
  const streams = async function* (): AsyncGenerator<readonly Uint8Array[], void, undefined> {
    for (const { offset, length } of segments) {
      const stream = deflateStreamOf(await source.read(offset, length), zlib);
      if (stream === undefined) throw new Unsplittable('segments with different zlib headers');
      yield [stream];
    }
  };
  try {
    const method = await predictedTokens({ streamBytes, streams });
    return method === undefined ? undefined : { kind: 'deflate', zlib, method };
  } catch (cause) {
    if (cause instanceof Unsplittable) return undefined;
    throw cause;
  }
}
