/**
 * How pictures are cut unless told otherwise, and how a copy is cut along the tiles of a stored picture that was cut so.
 * SPEC.md sections 6.2 and 6.8.
 */
import { type Alignment, phaseOf } from './alignment.js';
import { defaultTileBlocks, defaultTilePixels } from './image-limits.js';
import { originPeriod } from './jpeg/jpeg-cut.js';
import { blockGeometryOfJpeg } from './jpeg/jpeg-recipe.js';
import { geometryOfRaster } from './raster-recipe.js';
import type { Geometry, Point, Recipe, SplitterId } from './splitter.js';

const top: Point = { x: 0, y: 0 };

/** How a file is cut unless told otherwise. */
export const defaultGeometry = { kind: 'tile', tilePixels: defaultTilePixels, tileBlocks: defaultTileBlocks } as const satisfies Geometry;

/** Where the tiles of a stored picture begin, if they are of the default size. Throws DiceError `recipe-invalid` for a recipe that is none. */
export function originOf(recipe: Recipe): Point | undefined {
  if (recipe.splitter === 'raster') {
    const geometry = geometryOfRaster(recipe);
    return geometry.kind === 'tile' && geometry.tilePixels === defaultTilePixels ? (geometry.origin ?? top) : undefined;
  }
  if (recipe.splitter !== 'jpeg') return undefined;
  const geometry = blockGeometryOfJpeg(recipe);
  return geometry.kind === 'tile' && geometry.blocks === defaultTileBlocks ? (geometry.origin ?? top) : undefined;
}

/** The default cut, moved to the edges of a picture whose tiles begin at `origin`; undefined where it need not be moved. */
export function geometryAlong(splitter: SplitterId, alignment: Alignment, origin: Point): Geometry | undefined {
  const { x, y } = phaseOf(alignment, splitter === 'jpeg' ? originPeriod(defaultTileBlocks) : defaultTilePixels, origin);
  return x === 0 && y === 0 ? undefined : { ...defaultGeometry, origin: { x, y } };
}
