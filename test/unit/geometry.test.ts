/** How pages are cut. SPEC.md section 6.2. */
import { describe, expect, it } from '@jest/globals';
import {
  cutOf, type Cut, geometryOf, geometryValue, isGeometry, isPageShape, regionsOf, tileCount,
} from '../../client-sdk/core/image/geometry.js';
import { maxSamplesBytes, type TileShape } from '../../client-sdk/core/image/content.js';
import type { Geometry } from '../../client-sdk/core/image/splitter.js';
import { maxPictureSide, maxTilePixels, minTilePixels } from '../../client-sdk/core/image/image-limits.js';

function shape(...sizes: readonly [width: number, height: number, channels?: number, depth?: number]): TileShape {
  const [width, height, channels = 3, depth = 8] = sizes;
  return { width, height, channels, depth };
}

function mustCut(geometry: Geometry, page: TileShape): Cut {
  const cut = cutOf(geometry, page);
  if (cut === undefined) throw new Error('the page cannot be cut');
  return cut;
}

describe('geometry', () => {
  it('cuts tiles of a fixed size from the top left, smaller ones at the far edges', () => {
    const cut = mustCut({ kind: 'tile', tilePixels: 64 }, shape(130, 64));
    expect(cut).toEqual({ columns: [0, 64, 128, 130], rows: [0, 64] });
    expect(regionsOf(cut).at(-1)).toEqual({ x: 128, y: 0, width: 2, height: 64 });
  });

  it('cuts tiles from an origin, with smaller ones before it', () => {
    const cut = mustCut({ kind: 'tile', tilePixels: 64, origin: { x: 10, y: 0 } }, shape(130, 64));
    expect(cut).toEqual({ columns: [0, 10, 74, 130], rows: [0, 64] });
    expect(mustCut({ kind: 'tile', tilePixels: 64, origin: { x: 50, y: 63 } }, shape(50, 63))).toEqual({ columns: [0, 50], rows: [0, 63] });
  });

  it('cuts a grid at floor(i * side / cells)', () => {
    expect(cutOf({ kind: 'grid', cells: 4 }, shape(10, 4))).toEqual({ columns: [0, 2, 5, 7, 10], rows: [0, 1, 2, 3, 4] });
  });

  it('leaves out the empty cells of a picture smaller than its grid', () => {
    expect(tileCount(mustCut({ kind: 'grid', cells: 16 }, shape(3, 1)))).toBe(3);
  });

  it('cuts a cell above the block limit into equal parts, alike with and without colour and alpha', () => {
    const cut = mustCut({ kind: 'grid', cells: 4 }, shape(4000, 3000, 3));
    expect(cut).toEqual(cutOf({ kind: 'grid', cells: 4 }, shape(4000, 3000, 1)));
    expect(cut).toEqual(cutOf({ kind: 'grid', cells: 4 }, shape(4000, 3000, 4)));
    expect(cut.columns).toContain(1000);
    for (const region of regionsOf(cut)) expect(region.width * region.height * 4).toBeLessThanOrEqual(maxSamplesBytes);
    expect(regionsOf(cut).reduce((sum, region) => sum + region.width * region.height, 0)).toBe(12_000_000);
  });

  it('knows the limits of tiles, grids and pages', () => {
    const isTile = (tilePixels: number): boolean => isGeometry({ kind: 'tile', tilePixels });
    const tiles = [0, minTilePixels - 1, minTilePixels, maxTilePixels, maxTilePixels + 1, 20.5];
    expect(tiles.map(isTile)).toEqual([false, false, true, true, false, false]);
    const isOrigin = (x: number, y: number): boolean => isGeometry({ kind: 'tile', tilePixels: 64, origin: { x, y } });
    expect([isOrigin(0, 0), isOrigin(1, 0), isOrigin(0, 63), isOrigin(64, 1), isOrigin(1, 64), isOrigin(-1, 5), isOrigin(0.5, 1)]).toEqual([false, true, true, false, false, false, false]);
    expect([0, 4, 5, 8, 16, 32].map((cells) => isGeometry({ kind: 'grid', cells }))).toEqual([false, true, false, true, true, false]);
    expect([0, 1, maxPictureSide, maxPictureSide + 1].map((width) => isPageShape(shape(width, 1)))).toEqual([false, true, true, false]);
    expect([0, 1, 8, 9].map((channels) => isPageShape(shape(1, 1, channels)))).toEqual([false, true, true, false]);
    expect([0, 1, 16, 17, 32].map((depth) => isPageShape(shape(1, 1, 1, depth)))).toEqual([false, true, true, false, true]);
  });

  it('answers undefined where a tile, a band or the number of tiles is beyond the limits', () => {
    expect(cutOf({ kind: 'tile', tilePixels: 256 }, shape(300, 300, 7, 16))).toBeDefined();
    expect(cutOf({ kind: 'tile', tilePixels: 256 }, shape(300, 300, 8, 16))).toBeUndefined();
    expect(cutOf({ kind: 'tile', tilePixels: 256 }, shape(1_000_000, 256, 4))).toBeUndefined();
    expect(cutOf({ kind: 'tile', tilePixels: 16 }, shape(16_000, 16_000))).toBeUndefined();
  });

  it('writes and reads a geometry, and refuses any other value', () => {
    const tiles = { kind: 'tile', tilePixels: 64 } as const;
    for (const geometry of [tiles, { ...tiles, origin: { x: 0, y: 9 } }, { kind: 'grid', cells: 8 }] as const) {
      expect(geometryOf(geometryValue(geometry))).toEqual(geometry);
    }
    for (const value of [null, 64, {}, { tile: 15 }, { tile: 64, grid: 4 }, { grid: 5 }, { tile: '64' }, ['tile', 64], { cells: 4 }, { tile: [64] }, { tile: [64, 0, 0] }, { tile: [64, 1, 64] }, { tile: [64, 1, 1, 1] }, { grid: [4, 1, 1] }]) {
      expect(() => geometryOf(value)).toThrow(/geometry/);
    }
  });
});
