/**
 * How the components of a JPEG file are cut into tiles of blocks: edges along both sides of each, in its own blocks. A
 * tile holds blocks of one component, and only those that hold a sample of the picture. SPEC.md section 6.8.
 */
import { maxBlocksPerImage } from '../../../protocol/limits.js';
import type { CborValue } from '../../cbor.js';
import { fault } from '../../errors.js';
import { maxCoefficientBlocks } from '../content.js';
import { type Cut, gridCut, longestStep, regionOf, stepEdges, tileCount } from '../geometry.js';
import { gridCells, maxTileBlocks, minTileBlocks } from '../image-limits.js';
import { integerOf, listOf, mapOf } from '../recipe-members.js';
import type { ContentPlace, Geometry, Point } from '../splitter.js';
import type { Component, Frame } from './jpeg-frame.js';

/** How a picture of coefficients is cut; `origin` counts blocks of the finest component. */
export type BlockGeometry =
  | { readonly kind: 'tile'; readonly blocks: number; readonly origin?: Point }
  | { readonly kind: 'grid'; readonly cells: number };

/** Samples along the side of a block. */
export const blockSide = 8;
/** An origin is below so many times the blocks of a tile: a component has at most four times the blocks of another along a side. */
const originReach = 4;

/** What a geometry means for blocks. Throws DiceError `argument-invalid` for one that cannot be used. */
export function blockGeometryOf(geometry: Geometry): BlockGeometry {
  const cut: BlockGeometry = geometry.kind === 'grid' ? geometry : tilesOf(geometry);
  if (!isBlockGeometry(cut)) throw fault('argument-invalid', 'The geometry names no tile size or grid that can be used.');
  return cut;
}

/** How far an origin of tiles of so many blocks can be moved before the cut is the same again. */
export function originPeriod(blocks: number): number {
  return originReach * blocks;
}

/** A geometry as recipes write it: `{tile: blocks}`, `{tile: [blocks, x, y]}` or `{grid: cells}`. */
export function blockGeometryValue(geometry: BlockGeometry): CborValue {
  if (geometry.kind === 'grid') return { grid: geometry.cells };
  const { blocks, origin } = geometry;
  return { tile: origin === undefined ? blocks : [blocks, origin.x, origin.y] };
}

/** The geometry that a recipe names. Throws DiceError `recipe-invalid` for anything else. */
export function blockGeometryFrom(value: CborValue | undefined): BlockGeometry {
  const geometry = isGridValue(value) ? { kind: 'grid' as const, cells: integerOf(mapOf(value, ['grid'])['grid'], 1, maxTileBlocks) } : tilesFrom(mapOf(value, ['tile'])['tile']);
  if (!isBlockGeometry(geometry)) throw fault('recipe-invalid', 'Its geometry is unknown.');
  return geometry;
}

/** The cut of each component, or undefined where a tile or the number of tiles would pass the limits. */
export function cutsOf(geometry: BlockGeometry, frame: Frame): readonly Cut[] | undefined {
  const cuts = frame.components.map((component) => cutOfComponent(geometry, component, unitOf(frame, component)));
  const tiles = cuts.reduce((sum, cut) => sum + tileCount(cut), 0);
  const isFitting = cuts.every(({ columns, rows }) => longestStep(columns) * longestStep(rows) <= maxCoefficientBlocks);
  return isFitting && tiles <= maxBlocksPerImage ? cuts : undefined;
}

/** Where the tiles of all components lie, in blocks of the finest one. */
export function* placesOf(frame: Frame, cuts: readonly Cut[]): Generator<ContentPlace, void, undefined> {
  for (const [plane, cut] of cuts.entries()) {
    const unit = unitOf(frame, frame.components[plane]!);
    for (let index = 0; index < tileCount(cut); index++) {
      const { x, y, width, height } = regionOf(cut, index);
      yield { plane, unit, region: { x: x * unit.width, y: y * unit.height, width: width * unit.width, height: height * unit.height } };
    }
  }
}

/** A block of a component, in blocks of the finest one. */
function unitOf({ components }: Frame, { horizontal, vertical }: Component): ContentPlace['unit'] {
  return {
    width: Math.max(...components.map((other) => other.horizontal)) / horizontal,
    height: Math.max(...components.map((other) => other.vertical)) / vertical,
  };
}

function tilesOf({ tilePixels, tileBlocks, origin }: Extract<Geometry, { kind: 'tile' }>): BlockGeometry {
  const blocks = tileBlocks ?? Math.ceil(tilePixels / blockSide);
  return origin === undefined ? { kind: 'tile', blocks } : { kind: 'tile', blocks, origin };
}

function isBlockGeometry(geometry: BlockGeometry): boolean {
  if (geometry.kind === 'grid') return gridCells.some((cells) => cells === geometry.cells);
  const { blocks, origin } = geometry;
  if (!Number.isInteger(blocks) || blocks < minTileBlocks || blocks > maxTileBlocks) return false;
  if (origin === undefined) return true;
  const isPlace = (at: number): boolean => Number.isInteger(at) && at >= 0 && at < originPeriod(blocks);
  return isPlace(origin.x) && isPlace(origin.y) && origin.x + origin.y > 0;
}

function isGridValue(value: CborValue | undefined): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'grid');
}

function tilesFrom(value: CborValue | undefined): BlockGeometry {
  if (typeof value === 'number') return { kind: 'tile', blocks: value };
  const [blocks, x, y, ...rest] = listOf(value, 3).map((member) => integerOf(member, 0, originPeriod(maxTileBlocks)));
  if (blocks === undefined || x === undefined || y === undefined || rest.length > 0) throw fault('recipe-invalid', 'Its geometry is unknown.');
  return { kind: 'tile', blocks, origin: { x, y } };
}

function cutOfComponent(geometry: BlockGeometry, { across, down }: Component, unit: ContentPlace['unit']): Cut {
  if (geometry.kind === 'grid') return gridCut(geometry.cells, { width: across, height: down }, (blocks) => blocks <= maxCoefficientBlocks);
  const { blocks, origin } = geometry;
  const first = (at: number, size: number): number => Math.floor(at / size) % blocks;
  return {
    columns: stepEdges(across, { first: first(origin?.x ?? 0, unit.width), step: blocks }),
    rows: stepEdges(down, { first: first(origin?.y ?? 0, unit.height), step: blocks }),
  };
}
