/**
 * How a picture is cut into tiles: edges along both sides, so that tile i is a rectangle of a plain table.
 * Depends on the geometry and the picture's shape alone. SPEC.md section 6.2.
 */
import { maxBlocksPerImage } from '../../protocol/limits.js';
import type { CborValue } from '../cbor.js';
import { fault } from '../errors.js';
import { maxSamplesBytes, sampleBytes, type TileShape } from './content.js';
import { gridCells, maxBandBytes, maxChannels, maxPicturePixels, maxPictureSide, maxTilePixels, minTilePixels } from './image-limits.js';
import type { Geometry, Point, Region } from './splitter.js';

/** Edges from 0 to the width, and from 0 to the height, strictly ascending. */
export interface Cut {
  readonly columns: readonly number[];
  readonly rows: readonly number[];
}

/** `geometry` is one that a recipe may name. */
export function isGeometry(geometry: Geometry): boolean {
  if (geometry.kind === 'grid') return gridCells.some((cells) => cells === geometry.cells);
  const { tilePixels, origin } = geometry;
  const isSize = Number.isInteger(tilePixels) && tilePixels >= minTilePixels && tilePixels <= maxTilePixels;
  return isSize && (origin === undefined || isOrigin(origin, tilePixels));
}

/** One that is not the default, and that a tile can begin at. */
function isOrigin({ x, y }: Point, tilePixels: number): boolean {
  const isPlace = (at: number): boolean => Number.isInteger(at) && at >= 0 && at < tilePixels;
  return isPlace(x) && isPlace(y) && x + y > 0;
}

/** `shape` is one that a page of a picture may have. */
export function isPageShape(shape: TileShape): boolean {
  const isSide = (side: number): boolean => Number.isInteger(side) && side > 0 && side <= maxPictureSide;
  if (!isSide(shape.width) || !isSide(shape.height) || shape.width * shape.height > maxPicturePixels) return false;
  const isDepth = Number.isInteger(shape.depth) && ((shape.depth >= 1 && shape.depth <= 16) || shape.depth === 32);
  return isDepth && Number.isInteger(shape.channels) && shape.channels >= 1 && shape.channels <= maxChannels;
}

/**
 * The cut of a page, or undefined where a tile, a band of tiles or their number would pass the limits.
 * Both arguments have been checked with the predicates above.
 */
export function cutOf(geometry: Geometry, shape: TileShape): Cut | undefined {
  const cut = geometry.kind === 'tile' ? tileCut(geometry, shape) : pixelGrid(geometry.cells, shape);
  const pixelBytes = shape.channels * sampleBytes(shape.depth);
  const tallest = longestStep(cut.rows);
  if (tallest * longestStep(cut.columns) * pixelBytes > maxSamplesBytes) return undefined;
  if (tallest * shape.width * pixelBytes > maxBandBytes || tileCount(cut) > maxBlocksPerImage) return undefined;
  return cut;
}

/** Number of tiles of a cut. */
export function tileCount(cut: Cut): number {
  return (cut.columns.length - 1) * (cut.rows.length - 1);
}

/** The rectangle of tile `index`, row by row from the top left. */
export function regionOf(cut: Cut, index: number): Region {
  const across = cut.columns.length - 1;
  const column = index % across;
  const row = Math.floor(index / across);
  const x = cut.columns[column]!;
  const y = cut.rows[row]!;
  return { x, y, width: cut.columns[column + 1]! - x, height: cut.rows[row + 1]! - y };
}

/** The rectangles of all tiles in order. */
export function regionsOf(cut: Cut): readonly Region[] {
  return Array.from({ length: tileCount(cut) }, (_, index) => regionOf(cut, index));
}

/** A geometry as recipes write it: `{tile: pixels}`, `{tile: [pixels, x, y]}` or `{grid: cells}`. */
export function geometryValue(geometry: Geometry): CborValue {
  if (geometry.kind === 'grid') return { grid: geometry.cells };
  const { tilePixels, origin } = geometry;
  return { tile: origin === undefined ? tilePixels : [tilePixels, origin.x, origin.y] };
}

/** The geometry that a recipe names. Throws DiceError `recipe-invalid` for anything else. */
export function geometryOf(value: CborValue | undefined): Geometry {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)) {
    const [entry, ...rest] = Object.entries(value);
    const geometry = entry === undefined || rest.length > 0 ? undefined : named(entry[0], entry[1]);
    if (geometry !== undefined && isGeometry(geometry)) return geometry;
  }
  throw fault('recipe-invalid', 'Its geometry is unknown.');
}

function named(name: string, amount: CborValue): Geometry | undefined {
  if (name === 'tile' && Array.isArray(amount)) return tilesFrom(amount);
  if (typeof amount !== 'number') return undefined;
  if (name === 'tile') return { kind: 'tile', tilePixels: amount };
  return name === 'grid' ? { kind: 'grid', cells: amount } : undefined;
}

function tilesFrom(members: readonly unknown[]): Geometry | undefined {
  const [tilePixels, x, y, ...rest] = members;
  if (typeof tilePixels !== 'number' || typeof x !== 'number' || typeof y !== 'number' || rest.length > 0) return undefined;
  return { kind: 'tile', tilePixels, origin: { x, y } };
}

function tileCut({ tilePixels, origin }: Extract<Geometry, { kind: 'tile' }>, shape: TileShape): Cut {
  const edges = (length: number, first: number): readonly number[] => stepEdges(length, { first, step: tilePixels });
  return { columns: edges(shape.width, origin?.x ?? 0), rows: edges(shape.height, origin?.y ?? 0) };
}

/** Edges along `length`: its ends, and every `step` from `first` on. */
export function stepEdges(length: number, { first, step }: { readonly first: number; readonly step: number }): readonly number[] {
  const edges = first === 0 ? [] : [0];
  for (let at = first; at < length; at += step) edges.push(at);
  edges.push(length);
  return edges;
}

/**
 * Fewer than four channels count as four, so that the same pixels with and without colour or alpha are cut alike.
 */
function pixelGrid(cells: number, shape: TileShape): Cut {
  const pixelBytes = Math.max(4, shape.channels) * sampleBytes(shape.depth);
  return gridCut(cells, shape, (pixels) => pixels * pixelBytes <= maxSamplesBytes);
}

/** Cells, each cut into the fewest equal parts that fit a content. `isFitting` is of a number of elements. */
export function gridCut(cells: number, { width, height }: Pick<TileShape, 'width' | 'height'>, isFitting: (elements: number) => boolean): Cut {
  let across = 1;
  let down = 1;
  for (;;) {
    const wide = Math.ceil(Math.ceil(width / cells) / across);
    const high = Math.ceil(Math.ceil(height / cells) / down);
    if (isFitting(wide * high)) break;
    if (wide >= high) across++;
    else down++;
  }
  return { columns: cellEdges(width, cells, across), rows: cellEdges(height, cells, down) };
}

/** Edges along `length` of cells that differ by at most one, each in `perCell` parts. */
function cellEdges(length: number, cells: number, perCell: number): readonly number[] {
  const edges = [0];
  for (let cell = 0; cell < cells; cell++) {
    const start = Math.floor((cell * length) / cells);
    const size = Math.floor(((cell + 1) * length) / cells) - start;
    for (let part = 1; part <= perCell; part++) {
      const edge = start + Math.floor((part * size) / perCell);
      if (edge > edges[edges.length - 1]!) edges.push(edge);
    }
  }
  return edges;
}

/** The longest distance between neighbouring edges. */
export function longestStep(edges: readonly number[]): number {
  let longest = 0;
  for (let i = 1; i < edges.length; i++) longest = Math.max(longest, edges[i]! - edges[i - 1]!);
  return longest;
}
