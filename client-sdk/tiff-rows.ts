/**
 * The first page of a TIFF file as rows of light: grey or RGB numbers, whatever its samples are. For previews alone: what is stored
 * never comes from here, and how the file was compressed is not asked. TIFF 6.0.
 */
import { sampleBytes } from './core/image/content.js';
import { Unsplittable } from './core/image/raster-container.js';
import type { Source } from './core/image/splitter.js';
import { decodeSegment, turnBits } from './core/image/tiff-codec.js';
import { TiffReader, type TiffDirectory } from './core/image/tiff-directory.js';
import { tiffPageOf, type TiffPage } from './core/image/tiff-page.js';
import { bandsOfPage, type SegmentReader } from './core/image/tiff-segments.js';

/** The page, and how it is to be shown. */
export interface TiffRows {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 red, green, blue. */
  readonly channels: 1 | 3;
  /** Bits of the numbers, 8 for a palette. */
  readonly depth: number;
  readonly orientation: number;
  /** From the top; each is overwritten by the next. Throws Unsplittable where the file is damaged. */
  rows(): AsyncGenerator<Float32Array, void, undefined>;
}

const tags = { bits: 258, photometric: 262, orientation: 274, colours: 320, subsampling: 530, format: 339 } as const;
const photometric = { whiteIsZero: 0, rgb: 2, palette: 3, cmyk: 5, ycbcr: 6 } as const;
/** Bytes of a band, and of a decoded strip or row of tiles. */
const bandBytes = 4_194_304;
const maxSegmentBytes = 67_108_864;

/** What samples mean. */
interface Meaning {
  readonly kind: number;
  readonly depth: number;
  /** 1 whole numbers, 2 signed ones, 3 floats. */
  readonly format: number;
  /** Red, green and blue of each index, from 0 to 255: all reds first. */
  readonly colours: readonly number[] | undefined;
}

/** The first page, or undefined where its layout or colours are not known here. Throws Unsplittable for a damaged file. */
export async function openTiffRows(source: Source): Promise<TiffRows | undefined> {
  const reader = await TiffReader.open(source);
  const [directory] = await reader.directories(1);
  const page = directory === undefined ? undefined : await tiffPageOf(reader, directory);
  if (directory === undefined || page === undefined || segmentBytes(page) > maxSegmentBytes) return undefined;
  const meaning = await meaningOf(reader, directory, page);
  if (meaning === undefined) return undefined;
  const { width, height } = page.shape;
  const channels = meaning.kind === photometric.rgb || meaning.kind === photometric.palette || meaning.kind === photometric.cmyk || meaning.kind === photometric.ycbcr ? 3 : 1;
  const orientation = await reader.value(directory, tags.orientation, 1);
  const depth = meaning.kind === photometric.palette ? 8 : meaning.depth;
  return { width, height, channels, depth, orientation, rows: () => rowsOf(source, page, { ...meaning, channels }) };
}

async function meaningOf(reader: TiffReader, directory: TiffDirectory, { shape }: TiffPage): Promise<Meaning | undefined> {
  const kind = await reader.value(directory, tags.photometric, 1);
  const bits = await reader.value(directory, tags.bits, 1);
  const format = await reader.value(directory, tags.format, 1);
  const meaning = { kind, depth: shape.depth, format, colours: undefined };
  // Two samples stand for one of 64 bits, and units for pixels that share their colour.
  if (bits > 32 || kind > photometric.ycbcr) return undefined;
  if (kind === photometric.palette) {
    const colours = shape.depth > 8 ? undefined : await reader.values(directory, tags.colours, 3 * 256);
    // Some writers keep bytes where the format asks for 16 bits.
    const most = colours?.some((value) => value > 255) === true ? 257 : 1;
    return colours?.length === 3 * 2 ** shape.depth ? { ...meaning, colours: colours.map((value) => value / most) } : undefined;
  }
  if (kind === photometric.ycbcr) {
    const units = await reader.values(directory, tags.subsampling);
    return shape.depth === 8 && shape.channels >= 3 && units?.[0] === 1 && units[1] === 1 ? meaning : undefined;
  }
  const needed = kind === photometric.rgb ? 3 : kind === photometric.cmyk ? 4 : 1;
  return shape.channels >= needed && (kind !== photometric.cmyk || shape.depth === 8) ? meaning : undefined;
}

async function* rowsOf(source: Source, page: TiffPage, meaning: Meaning & { readonly channels: 1 | 3 }): AsyncGenerator<Float32Array, void, undefined> {
  const { width, height, channels } = page.shape;
  const rowBytes = width * channels * sampleBytes(page.shape.depth);
  const step = page.isTiled ? page.segmentHeight : Math.max(1, Math.min(page.segmentHeight, Math.floor(bandBytes / rowBytes)));
  const edges: number[] = [];
  // Bands end where strips end, so that each is decoded once.
  for (let strip = 0; strip < height; strip += page.segmentHeight) {
    for (let y = strip; y < Math.min(height, strip + page.segmentHeight); y += step) edges.push(y);
  }
  edges.push(height);
  const row = new Float32Array(width * meaning.channels);
  for await (const band of bandsOfPage(page, edges, segmentReader(source, page))) {
    for (let at = 0; at < band.length; at += rowBytes) {
      fillRow(row, new DataView(band.buffer, band.byteOffset + at, rowBytes), { ...meaning, samples: channels });
      yield row;
    }
  }
}

function segmentBytes(page: TiffPage): number {
  return page.compression === 1 ? 0 : page.segmentHeight * page.rowBytes * (page.isTiled ? page.across : 1);
}

/** Keeps the segments of one band decoded: strips of all planes are asked for band by band. */
function segmentReader(source: Source, page: TiffPage): SegmentReader {
  const kept = new Map<number, Uint8Array>();
  const planes = page.segments.length / page.perPlane;
  return async (segment, first, end) => {
    if (page.compression === 1) {
      const offset = segment.offset + first * page.rowBytes;
      return turnBits(page, await source.read(offset, (end - first) * page.rowBytes));
    }
    let rows = kept.get(segment.offset);
    if (rows === undefined) {
      rows = decodeSegment(page, segment, turnBits(page, await source.read(segment.offset, segment.length)))?.rows;
      if (rows === undefined) throw new Unsplittable('a damaged segment');
      kept.set(segment.offset, rows);
      for (const oldest of kept.keys()) {
        if (kept.size <= planes) break;
        kept.delete(oldest);
      }
    }
    return rows.subarray(first * page.rowBytes, end * page.rowBytes);
  };
}

function fillRow(row: Float32Array, samples: DataView, meaning: Meaning & { readonly channels: 1 | 3; readonly samples: number }): void {
  const { kind, channels, depth } = meaning;
  const most = 2 ** depth - 1;
  const read = readerOf(samples, meaning);
  const pixels = row.length / channels;
  for (let x = 0; x < pixels; x++) {
    const from = x * meaning.samples;
    if (kind === photometric.palette) setPalette(row, x, { index: read(from), colours: meaning.colours ?? [] });
    else if (kind === photometric.ycbcr) setYcbcr(row, x, [read(from), read(from + 1), read(from + 2)]);
    else if (kind === photometric.cmyk) for (let k = 0; k < 3; k++) row[3 * x + k] = ((most - read(from + k)) * (most - read(from + 3))) / most;
    else if (kind === photometric.rgb) for (let k = 0; k < 3; k++) row[3 * x + k] = read(from + k);
    else row[x] = kind === photometric.whiteIsZero ? most - read(from) : read(from);
  }
}

/** Sample `index` as a number from 0 on; floats as they are. */
function readerOf(samples: DataView, { depth, format }: Meaning): (index: number) => number {
  if (depth <= 8) return format === 2 && depth === 8 ? (index) => samples.getInt8(index) + 128 : (index) => samples.getUint8(index);
  if (depth <= 16) return format === 2 && depth === 16 ? (index) => samples.getInt16(2 * index) + 32_768 : (index) => samples.getUint16(2 * index);
  if (format === 3) return (index) => { const value = samples.getFloat32(4 * index); return Number.isFinite(value) ? value : 0; };
  return format === 2 ? (index) => samples.getInt32(4 * index) + 2_147_483_648 : (index) => samples.getUint32(4 * index);
}

function setPalette(row: Float32Array, x: number, { index, colours }: { readonly index: number; readonly colours: readonly number[] }): void {
  const count = colours.length / 3;
  for (let k = 0; k < 3; k++) row[3 * x + k] = colours[k * count + index] ?? 0;
}

/** ITU-R BT.601, as TIFF 6.0 section 21 has it by default. */
function setYcbcr(row: Float32Array, x: number, [light, blue, red]: readonly [number, number, number]): void {
  row[3 * x] = light + 1.402 * (red - 128);
  row[3 * x + 1] = light - 0.344136 * (blue - 128) - 0.714136 * (red - 128);
  row[3 * x + 2] = light + 1.772 * (blue - 128);
}
