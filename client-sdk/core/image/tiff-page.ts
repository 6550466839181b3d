/**
 * One page of a TIFF file: the shape of its samples and the segments (strips or tiles, of one plane or of all
 * channels) that hold them. TIFF 6.0 sections 3, 7, 8 and 15. SPEC.md section 6.5.
 */
import type { TileShape } from './content.js';
import { isPageShape } from './geometry.js';
import { maxPieces, maxWholeBytes } from './image-limits.js';
import { packedBytes, type Packing } from './packed-samples.js';
import type { TiffDirectory, TiffReader } from './tiff-directory.js';

/** A strip or tile. */
export interface TiffSegment {
  /** Its bytes in the file. */
  readonly offset: number;
  readonly length: number;
  /** Where its samples stand; width and height may lead beyond the page. */
  readonly x: number;
  readonly y: number;
  /** Rows that it has in the file. */
  readonly rows: number;
  /** First channel that it holds. */
  readonly channel: number;
}

/** A page whose segments this version can read. */
export interface TiffPage {
  readonly shape: TileShape;
  readonly packing: Packing;
  /** Compression tag: 1 none, 5 LZW, 8 and 32946 Deflate, 32773 PackBits. */
  readonly compression: number;
  /** Samples are differences to the left neighbour. */
  readonly isPredicted: boolean;
  /** Plane by plane, row by row, from the left. */
  readonly segments: readonly TiffSegment[];
  readonly segmentWidth: number;
  readonly segmentHeight: number;
  /** Segments side by side. */
  readonly across: number;
  /** Segments of one plane. */
  readonly perPlane: number;
  /** Channels that a segment holds: all, or 1 where the page is planar. */
  readonly segmentChannels: number;
  /** Bytes of a packed row of a segment. */
  readonly rowBytes: number;
}

const tags = {
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  samples: 277,
  rowsPerStrip: 278,
  stripLengths: 279,
  planar: 284,
  predictor: 317,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileLengths: 325,
  subsampling: 530,
} as const;
const photometricYcbcr = 6;
const compressions: readonly number[] = [1, 5, 8, 32_946, 32_773];
/** How far a tile may lead beyond its page. */
const maxTileSide = 65_536;

/** The page of a directory, or undefined where its layout or compression is not among those above. */
export async function tiffPageOf(reader: TiffReader, directory: TiffDirectory): Promise<TiffPage | undefined> {
  const form = await formOf(reader, directory);
  const grid = form === undefined ? undefined : await gridOf(reader, directory, form);
  if (form === undefined || grid === undefined) return undefined;
  const { shape } = form;
  const across = Math.ceil(shape.width / grid.width);
  const perPlane = across * Math.ceil(shape.height / grid.height);
  const planes = form.isPlanar ? shape.channels : 1;
  const segmentChannels = form.isPlanar ? 1 : shape.channels;
  const rowBytes = packedBytes(grid.width * segmentChannels, shape.depth);
  const count = perPlane * planes;
  if (count > maxPieces || count > grid.offsets.length) return undefined;
  const segments: TiffSegment[] = [];
  for (let index = 0; index < count; index++) {
    const inPlane = index % perPlane;
    const y = Math.floor(inPlane / across) * grid.height;
    const rows = grid.isTiled ? grid.height : Math.min(grid.height, shape.height - y);
    const length = lengthOf(form.compression, rows * rowBytes, grid.lengths?.[index]);
    const offset = grid.offsets[index]!;
    if (length === undefined || !(offset > 0 && offset + length <= reader.size)) return undefined;
    segments.push({ offset, length, x: (inPlane % across) * grid.width, y, rows, channel: Math.floor(index / perPlane) });
  }
  return {
    shape, segments, across, perPlane, segmentChannels, rowBytes,
    packing: { depth: shape.depth, isLittleEndian: reader.isLittleEndian },
    compression: form.compression,
    isPredicted: form.isPredicted,
    segmentWidth: grid.width,
    segmentHeight: grid.height,
  };
}

/** Bytes of all packed rows of a page. */
export function pageBytes(page: TiffPage): number {
  return page.segments.reduce((sum, segment) => sum + segment.rows * page.rowBytes, 0);
}

interface TiffForm {
  readonly shape: TileShape;
  readonly compression: number;
  readonly isPlanar: boolean;
  readonly isPredicted: boolean;
}

interface TiffGrid {
  readonly isTiled: boolean;
  readonly width: number;
  readonly height: number;
  readonly offsets: readonly number[];
  readonly lengths: readonly number[] | undefined;
}

async function formOf(reader: TiffReader, directory: TiffDirectory): Promise<TiffForm | undefined> {
  const channels = await reader.value(directory, tags.samples, 1);
  const bits = (await reader.values(directory, tags.bits)) ?? [1];
  const depth = bits[0]!;
  const width = await reader.value(directory, tags.width, 0);
  const height = await reader.value(directory, tags.height, 0);
  const shape = { width, height, channels, depth };
  if (!isPageShape(shape) || bits.some((other) => other !== depth) || (bits.length > 1 && bits.length < channels)) return undefined;
  const compression = await reader.value(directory, tags.compression, 1);
  const predictor = await reader.value(directory, tags.predictor, 1);
  const mayPredict = compression !== 1 && compression !== 32_773;
  const isPredicted = mayPredict && predictor === 2 && depth % 8 === 0;
  const isKnown = compressions.includes(compression) && (!mayPredict || predictor === 1 || isPredicted);
  const isPlain = (await reader.value(directory, tags.fillOrder, 1)) === 1;
  if (!isKnown || !isPlain || !(await isWhole(reader, directory))) return undefined;
  const isPlanar = channels > 1 && (await reader.value(directory, tags.planar, 1)) === 2;
  return { shape, compression, isPlanar, isPredicted };
}

/** YCbCr with fewer colour samples than pixels has another layout. */
async function isWhole(reader: TiffReader, directory: TiffDirectory): Promise<boolean> {
  if ((await reader.value(directory, tags.photometric, 1)) !== photometricYcbcr) return true;
  const subsampling = (await reader.values(directory, tags.subsampling)) ?? [2, 2];
  return subsampling.every((step) => step === 1);
}

async function gridOf(reader: TiffReader, directory: TiffDirectory, form: TiffForm): Promise<TiffGrid | undefined> {
  const { shape, compression, isPlanar } = form;
  const isTiled = directory.has(tags.tileWidth);
  const offsets = await reader.values(directory, isTiled ? tags.tileOffsets : tags.stripOffsets);
  const lengths = await reader.values(directory, isTiled ? tags.tileLengths : tags.stripLengths);
  const width = isTiled ? await reader.value(directory, tags.tileWidth, 0) : shape.width;
  const rows = await reader.value(directory, isTiled ? tags.tileHeight : tags.rowsPerStrip, isTiled ? 0 : shape.height);
  const height = isTiled ? rows : Math.min(rows, shape.height);
  const isSize = width >= 1 && height >= 1 && width <= shape.width + maxTileSide && height <= shape.height + maxTileSide;
  if (offsets === undefined || !isSize) return undefined;
  const segmentBytes = packedBytes(width * (isPlanar ? 1 : shape.channels), shape.depth) * height;
  if (compression !== 1 && segmentBytes > maxWholeBytes) return undefined;
  return { isTiled, width, height, offsets, lengths };
}

/** Bytes of the file that a segment takes: those that its rows need where it is not compressed. */
function lengthOf(compression: number, plainBytes: number, declared: number | undefined): number | undefined {
  if (compression === 1) return declared === undefined || declared >= plainBytes ? plainBytes : undefined;
  return declared === undefined || declared < 1 ? undefined : declared;
}
