/**
 * One page of a TIFF file: the shape of its samples and the segments (strips or tiles, of one plane or of all
 * channels) that hold them. TIFF 6.0 sections 3, 7, 8, 15 and 21. SPEC.md section 6.5.
 */
import type { TileShape } from './content.js';
import { isPageShape } from './geometry.js';
import { maxPieces, maxWholeBytes } from './image-limits.js';
import { contentDepth, packedBytes, type Packing } from './packed-samples.js';
import { mapOfLight, mapOfPalette, type SampleMap } from './sample-map.js';
import type { TiffDirectory, TiffReader } from './tiff-directory.js';

/** A strip or tile. */
export interface TiffSegment {
  /** Where its bytes begin in the file. */
  readonly offset: number;
  /** Its bytes; of a compressed one as the directory tells, or the most that it may have. 0: it has no place, and its samples are zero. */
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
  /** Of YCbCr with fewer colour samples than pixels, a pixel is what shares its colour. */
  readonly shape: TileShape;
  readonly packing: Packing;
  /** Compression tag: 1 none, 5 LZW, 8 and 32946 Deflate, 32773 PackBits. */
  readonly compression: number;
  /** Predictor tag: 1 none, 2 differences to the left neighbour, 3 those of sorted bytes. */
  readonly predictor: number;
  /** The bits of each byte of a segment are turned around. */
  readonly isReversed: boolean;
  readonly isTiled: boolean;
  /** Plane by plane, row by row, from the left. */
  readonly segments: readonly TiffSegment[];
  readonly segmentWidth: number;
  readonly segmentHeight: number;
  /** Segments side by side. */
  readonly across: number;
  /** Segments of one plane. */
  readonly perPlane: number;
  /** Channels that a segment holds: all, or those of one sample where the page is planar. */
  readonly segmentChannels: number;
  /** Bits of a pixel in a segment. */
  readonly segmentBits: number;
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
  colours: 320,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileLengths: 325,
  subsampling: 530,
} as const;
const photometric = { whiteIsZero: 0, palette: 3, ycbcr: 6 } as const;
const compressions: readonly number[] = [1, 5, 8, 32_946, 32_773];
/** How far a tile may lead beyond its page. */
const maxTileSide = 65_536;

/** The page of a directory, or undefined where its layout or compression is not among those above. */
export async function tiffPageOf(reader: TiffReader, directory: TiffDirectory): Promise<TiffPage | undefined> {
  const form = await formOf(reader, directory);
  const grid = form === undefined ? undefined : await gridOf(reader, directory, form);
  if (form === undefined || grid === undefined) return undefined;
  const { shape, segmentChannels } = form;
  const across = Math.ceil(shape.width / grid.width);
  const rowBytes = packedBytes(grid.width, form.segmentBits);
  const page = {
    ...form, across, rowBytes,
    isTiled: grid.isTiled,
    perPlane: across * Math.ceil(shape.height / grid.height),
    segmentWidth: grid.width,
    segmentHeight: grid.height,
  };
  const count = page.perPlane * (shape.channels / segmentChannels);
  if (count > maxPieces || count > grid.offsets.length) return undefined;
  const segments: TiffSegment[] = [];
  for (let index = 0; index < count; index++) {
    const segment = segmentOf(page, grid, index, reader.size);
    if (segment === undefined) return undefined;
    segments.push(segment);
  }
  return { ...page, segments };
}

/** What becomes of the page's samples in tiles. */
export async function tiffMapOf(reader: TiffReader, directory: TiffDirectory, { depth, channels }: TileShape): Promise<SampleMap> {
  const kind = await reader.value(directory, tags.photometric, 1);
  if (kind !== photometric.palette || channels > 1) return mapOfLight(depth, kind === photometric.whiteIsZero && channels === 1);
  const colours = depth > 8 ? undefined : await reader.values(directory, tags.colours, 3 * 256);
  const count = 2 ** depth;
  if (colours?.length !== 3 * count) return 'plain';
  const shift = colours.some((value) => value > 255) ? 8 : 0;
  const shadeAt = (i: number): number => colours[i]! >> shift;
  return mapOfPalette(depth, Array.from({ length: count }, (_, i) => (shadeAt(i) === shadeAt(count + i) && shadeAt(i) === shadeAt(2 * count + i) ? shadeAt(i) : undefined)));
}

/** Bytes of all packed rows of a page. */
export function pageBytes(page: TiffPage): number {
  return page.segments.reduce((sum, segment) => sum + segment.rows * page.rowBytes, 0);
}

type TiffForm = Pick<TiffPage, 'shape' | 'packing' | 'compression' | 'predictor' | 'isReversed' | 'segmentChannels' | 'segmentBits'> & {
  /** Pixels of the file that one pixel of the page stands for. */
  readonly unit: readonly [width: number, height: number];
};

interface TiffGrid {
  readonly isTiled: boolean;
  readonly width: number;
  readonly height: number;
  readonly offsets: readonly number[];
  readonly lengths: readonly number[] | undefined;
}

async function formOf(reader: TiffReader, directory: TiffDirectory): Promise<TiffForm | undefined> {
  const samples = await reader.value(directory, tags.samples, 1);
  const bits = (await reader.values(directory, tags.bits)) ?? [1];
  const packing = { depth: bits[0]!, isLittleEndian: reader.isLittleEndian };
  const content = contentDepth(packing.depth);
  const unit = await unitOf(reader, directory);
  if (content === undefined || unit === undefined || bits.some((other) => other !== packing.depth) || (bits.length > 1 && bits.length < samples)) return undefined;
  const isPlanar = samples > 1 && (await reader.value(directory, tags.planar, 1)) === 2;
  const isSubsampled = unit[0] * unit[1] > 1;
  if (isSubsampled && (isPlanar || samples !== 3 || packing.depth !== 8)) return undefined;
  const perUnit = isSubsampled ? unit[0] * unit[1] + 2 : samples;
  const width = Math.ceil((await reader.value(directory, tags.width, 0)) / unit[0]);
  const height = Math.ceil((await reader.value(directory, tags.height, 0)) / unit[1]);
  const shape = { width, height, channels: perUnit * content.samples, depth: content.depth };
  const compression = await reader.value(directory, tags.compression, 1);
  const predictor = compression === 1 || compression === 32_773 ? 1 : await reader.value(directory, tags.predictor, 1);
  const fillOrder = await reader.value(directory, tags.fillOrder, 1);
  const isKnown = compressions.includes(compression) && mayPredict(predictor, packing.depth, isSubsampled) && (fillOrder === 1 || fillOrder === 2);
  if (!isPageShape(shape) || !isKnown) return undefined;
  const segmentSamples = isPlanar ? 1 : perUnit;
  return {
    shape, packing, compression, predictor, unit,
    isReversed: fillOrder === 2,
    segmentChannels: segmentSamples * content.samples,
    segmentBits: segmentSamples * packing.depth,
  };
}

function mayPredict(predictor: number, depth: number, isSubsampled: boolean): boolean {
  if (predictor === 1) return true;
  return !isSubsampled && depth % 8 === 0 && (predictor === 2 || (predictor === 3 && depth > 8));
}

/** Pixels that share one colour, side by side and one below the other: 1 and 1 but for YCbCr; undefined for those that TIFF does not know. */
async function unitOf(reader: TiffReader, directory: TiffDirectory): Promise<readonly [number, number] | undefined> {
  if ((await reader.value(directory, tags.photometric, 1)) !== photometric.ycbcr) return [1, 1];
  const [across, down] = (await reader.values(directory, tags.subsampling)) ?? [2, 2];
  const isStep = (step: number | undefined): step is number => step === 1 || step === 2 || step === 4;
  return isStep(across) && isStep(down) ? [across, down] : undefined;
}

async function gridOf(reader: TiffReader, directory: TiffDirectory, { shape, compression, segmentBits, unit }: TiffForm): Promise<TiffGrid | undefined> {
  const isTiled = directory.has(tags.tileWidth);
  // Some writers give the places of tiles under the tags of strips.
  const [offsetsTag, lengthsTag] = isTiled && directory.has(tags.tileOffsets) ? [tags.tileOffsets, tags.tileLengths] : [tags.stripOffsets, tags.stripLengths];
  const offsets = await reader.values(directory, offsetsTag);
  const lengths = await reader.values(directory, lengthsTag);
  const width = isTiled ? (await reader.value(directory, tags.tileWidth, 0)) / unit[0] : shape.width;
  const rows = isTiled ? (await reader.value(directory, tags.tileHeight, 0)) / unit[1] : await rowsOf(reader, directory, { shape, unit });
  const height = isTiled ? rows : Math.min(rows, shape.height);
  const isWhole = Number.isInteger(width) && Number.isInteger(height);
  const isSize = isWhole && width >= 1 && height >= 1 && width <= shape.width + maxTileSide && height <= shape.height + maxTileSide;
  if (offsets === undefined || !isSize) return undefined;
  if (compression !== 1 && packedBytes(width, segmentBits) * height > maxWholeBytes) return undefined;
  return { isTiled, width, height, offsets, lengths };
}

/** Rows of a strip; none named, and none at all, mean all. */
async function rowsOf(reader: TiffReader, directory: TiffDirectory, { shape, unit }: Pick<TiffForm, 'shape' | 'unit'>): Promise<number> {
  const rows = (await reader.value(directory, tags.rowsPerStrip, 0)) / unit[1];
  return rows === 0 || rows >= shape.height ? shape.height : rows;
}

function segmentOf(page: Omit<TiffPage, 'segments'>, grid: TiffGrid, index: number, fileBytes: number): TiffSegment | undefined {
  const { shape, across, perPlane } = page;
  const inPlane = index % perPlane;
  const y = Math.floor(inPlane / across) * grid.height;
  const rows = grid.isTiled ? grid.height : Math.min(grid.height, shape.height - y);
  const offset = grid.offsets[index]!;
  const place = { x: (inPlane % across) * grid.width, y, rows, channel: Math.floor(index / perPlane) * page.segmentChannels };
  if (offset === 0 && grid.lengths?.[index] === 0) return { ...place, offset, length: 0 };
  const length = lengthOf(page.compression, rows * page.rowBytes, { declared: grid.lengths?.[index], left: fileBytes - offset });
  return offset > 0 && length >= 1 && length <= fileBytes - offset ? { ...place, offset, length } : undefined;
}

/** Bytes of the file that a segment takes: those that its rows need where it is not compressed, whatever is declared. */
function lengthOf(compression: number, plainBytes: number, { declared, left }: { readonly declared: number | undefined; readonly left: number }): number {
  if (compression === 1) return plainBytes;
  return declared ?? Math.min(left, 2 * plainBytes + 1_024);
}
