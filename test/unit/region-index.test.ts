/**
 * Finding the tile that holds a rectangle.
 */
import { describe, expect, it } from '@jest/globals';
import { regionsOf } from '../../client-sdk/core/image/geometry.js';
import { RegionIndex } from '../../client-sdk/region-index.js';

const regions = regionsOf({ columns: [0, 10, 74, 100], rows: [0, 64, 70] });

describe('an index of regions', () => {
  it('finds the tile that holds all of a rectangle', () => {
    const index = new RegionIndex(regions);
    for (const [at, region] of regions.entries()) {
      expect(index.around(region)).toBe(at);
      expect(index.around({ x: region.x + region.width - 1, y: region.y + region.height - 1, width: 1, height: 1 })).toBe(at);
    }
  });

  it('finds none for a rectangle over an edge or outside of the picture', () => {
    const index = new RegionIndex(regions);
    for (const [x, y, width, height] of [[9, 0, 2, 1], [0, 63, 1, 2], [-1, 0, 1, 1], [0, -1, 1, 1], [99, 0, 2, 1], [100, 0, 1, 1], [0, 70, 1, 1]] as const) {
      expect(index.around({ x, y, width, height })).toBeUndefined();
    }
  });

  it('finds none where the tile is missing, for instance because it is flat', () => {
    expect(new RegionIndex(regions.filter((_, i) => i !== 1)).around({ x: 20, y: 20, width: 5, height: 5 })).toBeUndefined();
    expect(new RegionIndex([]).around({ x: 0, y: 0, width: 1, height: 1 })).toBeUndefined();
  });
});
