/**
 * Opens a TIFF file for the raster splitter: the pages whose segments can be given back become pictures, and
 * everything else of the file, other pages too, is skeleton. SPEC.md section 6.5.
 */
import { concat } from '../../protocol/bytes.js';
import { predictedTokens } from './deflate-prediction.js';
import {
  decodeSegment, deflateStreamOf, describeTiffMethod, findMethod, isDeflated, listedLzw, tiffCorrections, tiffMethodValue, turnBits, type SegmentSample, type TiffMethod,
} from './tiff-codec.js';
import { maxContainerBytes, maxPieces, maxUnfoldedBytes } from './image-limits.js';
import { Unsplittable, type ContainerRecipe, type RasterFile } from './raster-container.js';
import { encodeRanges, rangesBetween, readRanges, SparseSource, type FileRange } from './sparse-source.js';
import type { SampleMap } from './sample-map.js';
import type { Source, SplitEffort } from './splitter.js';
import { TiffReader, type TiffDirectory } from './tiff-directory.js';
import { addPadding, leftoverRows, pagePaddingBytes, segmentPaddingBytes, takePadding } from './tiff-padding.js';
import { pageBytes, tiffMapOf, tiffPageOf, type TiffPage, type TiffSegment } from './tiff-page.js';
import { bandsOfPage, drawnSegmentsOf, type SegmentReader } from './tiff-segments.js';
import { zlibHeaderBytes } from './zlib-reader.js';

/** A page that will be tiles; its segments have the lengths that they really take. */
interface ChosenPage {
  /** Place of its directory in the chain. */
  readonly index: number;
  readonly page: TiffPage;
  readonly method: TiffMethod;
  readonly map: SampleMap;
}

/** Plain bytes of a page on which its compression is verified. */
const verifiedBytes = 16_777_216;
const quickBytes = 1_048_576;
/** LZW has few variants, and the join tells whether it was the right one. */
const quickLzwBytes = 131_072;

/** The file's pixels and the rest. Throws Unsplittable where it cannot be given back. */
export async function openTiff(source: Source, effort: SplitEffort): Promise<RasterFile> {
  const chosen = withoutOverlaps(await understoodPages(source, effort));
  const [first] = chosen;
  if (first === undefined) throw new Unsplittable('no page that can be given back');
  const taken = chosen.flatMap(({ page }) => drawnSegmentsOf(page)).sort((a, b) => a.offset - b.offset);
  const container = await containerOf(source, chosen, rangesBetween(taken, source.size));
  const { depth, channels } = first.page.shape;
  return {
    format: 'tiff',
    description: `TIFF ${depth}-bit, ${channels} channels, ${describeTiffMethod(first.method)}, ${chosen.length} pages`,
    pages: chosen.map(({ page, map }) => ({ shape: page.shape, map })),
    container,
    bands: (page, edges) => bandsOfPage(chosen[page]!.page, edges, segmentReader(source, chosen[page]!.page)),
  };
}

async function understoodPages(source: Source, effort: SplitEffort): Promise<readonly ChosenPage[]> {
  const reader = await TiffReader.open(source);
  const pages: ChosenPage[] = [];
  let segmentCount = 0;
  let plainBytes = 0;
  for (const [index, directory] of (await reader.directories()).entries()) {
    const page = await pageOrNone(reader, directory);
    segmentCount += page?.segments.length ?? 0;
    plainBytes += page === undefined ? 0 : pageBytes(page);
    if (segmentCount > maxPieces || plainBytes > maxUnfoldedBytes(source.size)) throw new Unsplittable('unfolds too far');
    const found = page === undefined ? undefined : await methodFor(source, page, effort);
    if (found !== undefined) pages.push({ index, ...found, map: await mapOrPlain(reader, directory, found.page) });
  }
  return pages;
}

/** Pages that share bytes with an earlier one, or lie in themselves, are left out: they stay bytes. */
function withoutOverlaps(pages: readonly ChosenPage[]): readonly ChosenPage[] {
  const placed = pages.flatMap(({ page }, index) => drawnSegmentsOf(page).map(({ offset, length }) => ({ offset, end: offset + length, index })));
  placed.sort((a, b) => a.offset - b.offset || a.index - b.index);
  const dropped = new Set<number>();
  let last = { end: 0, index: -1 };
  for (const segment of placed) {
    if (dropped.has(segment.index)) continue;
    const isApart = segment.offset >= last.end || dropped.has(last.index);
    if (!isApart) dropped.add(Math.max(segment.index, last.index));
    if (!dropped.has(segment.index) && (isApart || segment.end > last.end || dropped.has(last.index))) last = segment;
  }
  return pages.filter((_, index) => !dropped.has(index));
}

async function pageOrNone(reader: TiffReader, directory: TiffDirectory): Promise<TiffPage | undefined> {
  try {
    return await tiffPageOf(reader, directory);
  } catch (cause) {
    if (cause instanceof Unsplittable) return undefined;
    throw cause;
  }
}

/** A list of colours that leaves the file is none. */
async function mapOrPlain(reader: TiffReader, directory: TiffDirectory, { shape }: TiffPage): Promise<SampleMap> {
  try {
    return await tiffMapOf(reader, directory, shape);
  } catch (cause) {
    if (cause instanceof Unsplittable) return 'plain';
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
  const { isLeftover, bytes } = await paddingOf(source, chosen, padding);
  return {
    params: {
      directories: chosen.map(({ index }) => index),
      leftover: isLeftover,
      methods: chosen.map(({ method }) => tiffMethodValue(method)),
      size: source.size,
    },
    sections: [kept, table, bytes, corrections],
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

/** What a writer's buffer held, or zeros, and how the padding of all pages and segments differs from it: empty where it does nowhere. */
interface KeptPadding {
  readonly isLeftover: boolean;
  readonly bytes: Uint8Array;
}

async function paddingOf(source: Source, chosen: readonly ChosenPage[], total: number): Promise<KeptPadding> {
  const plain = new Uint8Array(total);
  const differing = new Uint8Array(total);
  let at = 0;
  for (const { page } of chosen) {
    const read = segmentReader(source, page);
    const readBefore = segmentReader(source, page);
    for (const [index, segment] of page.segments.entries()) {
      if (segmentPaddingBytes(page, segment) === 0) continue;
      const step = rowsAtOnce(page);
      for (let row = 0; row < segment.rows; row += step) {
        const end = Math.min(segment.rows, row + step);
        const rows = await read(segment, row, end);
        const start = at;
        at += takePadding(page, segment, row, rows, plain.subarray(at));
        const mixed = await leftoverRows(page, index, [row, end], readBefore);
        addPadding(page, segment, row, rows, mixed);
        takePadding(page, segment, row, mixed, differing.subarray(start));
      }
    }
  }
  const count = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum + (byte === 0 ? 0 : 1), 0);
  const isLeftover = count(differing) < count(plain);
  const bytes = isLeftover ? differing : plain;
  return { isLeftover, bytes: count(bytes) === 0 ? new Uint8Array(0) : bytes };
}

/** Rows of a segment that are read or written in one step. */
export function rowsAtOnce(page: TiffPage): number {
  return Math.max(1, Math.floor(1_048_576 / page.rowBytes));
}

/** Rows of segments; compressed ones are kept until all their rows were read. */
function segmentReader(source: Source, page: TiffPage): SegmentReader {
  const open = new Map<TiffSegment, Uint8Array>();
  return async (segment, first, end) => {
    if (page.compression === 1) {
      return turnBits(page, await source.read(segment.offset + first * page.rowBytes, (end - first) * page.rowBytes));
    }
    let rows = open.get(segment);
    if (rows === undefined) {
      rows = decodeSegment(page, segment, await readSegment(source, page, segment))?.rows;
      // Every segment was decoded when the file was opened.
      if (rows === undefined) throw new Unsplittable('a segment changed while it was read');
      open.set(segment, rows);
    }
    if (end >= Math.min(segment.rows, page.shape.height - segment.y)) open.delete(segment);
    return rows.subarray(first * page.rowBytes, end * page.rowBytes);
  };
}

async function readSegment(source: Source, page: TiffPage, { offset, length }: TiffSegment): Promise<Uint8Array> {
  return turnBits(page, await source.read(offset, length));
}

/**
 * The method that writes the segments of a page as they stand in the file, and the page with their true lengths; or undefined.
 * All are decoded; the method is found on the first `verifiedBytes` of them.
 */
async function methodFor(source: Source, declared: TiffPage, effort: SplitEffort): Promise<Pick<ChosenPage, 'page' | 'method'> | undefined> {
  if (declared.compression === 1) return { page: declared, method: { kind: 'none' } };
  const samples: SegmentSample[] = [];
  const segments: TiffSegment[] = [];
  const clears = new Map<number, readonly number[]>();
  let plainBytes = 0;
  const quick = declared.compression === 5 ? quickLzwBytes : quickBytes;
  const sampleBytes = effort === 'quick' ? quick : verifiedBytes;
  for (const segment of declared.segments) {
    if (segment.length === 0) {
      segments.push(segment);
      continue;
    }
    const bytes = await readSegment(source, declared, segment);
    const decoded = decodeSegment(declared, segment, bytes);
    if (decoded === undefined) return undefined;
    segments.push({ ...segment, length: decoded.used });
    if (!clears.has(segment.offset)) clears.set(segment.offset, decoded.clears ?? []);
    if (plainBytes < sampleBytes) samples.push({ bytes: bytes.subarray(0, decoded.used), rows: decoded.rows });
    plainBytes += decoded.rows.length;
  }
  if (samples.length === 0) return undefined;
  const page = { ...declared, segments };
  const method = findMethod(page, samples, effort) ?? (await lessLikelyMethod(source, page, { samples, clears }));
  return method === undefined ? undefined : { page, method };
}

async function lessLikelyMethod(
  source: Source,
  page: TiffPage,
  known: { readonly samples: readonly SegmentSample[]; readonly clears: ReadonlyMap<number, readonly number[]> },
): Promise<TiffMethod | undefined> {
  if (page.compression === 5) return listedLzw(known.samples, drawnSegmentsOf(page).map(({ offset }) => known.clears.get(offset) ?? []));
  return predictedMethod(source, page);
}

/** Deflate by an encoder that is not known by its parameters. */
async function predictedMethod(source: Source, page: TiffPage): Promise<TiffMethod | undefined> {
  if (!isDeflated(page)) return undefined;
  const segments = drawnSegmentsOf(page);
  const zlib = (await readSegment(source, page, segments[0]!)).slice(0, zlibHeaderBytes);
  const streamBytes = segments.reduce((sum, { length }) => sum + length, 0);
  const streams = async function* (): AsyncGenerator<readonly Uint8Array[], void, undefined> {
    for (const segment of segments) {
      const stream = deflateStreamOf(await readSegment(source, page, segment), zlib);
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
