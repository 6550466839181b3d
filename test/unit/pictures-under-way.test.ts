/**
 * Pictures of one run that are on their way: a copy waits for the first earlier one that looks the same, and for nobody else.
 */
import { describe, expect, it } from '@jest/globals';
import type { Anchor } from '../../client-sdk/core/image/anchors.js';
import { PicturesUnderWay } from '../../client-sdk/pictures-under-way.js';

/** Anchors named by numbers, moved by (dx, 0). */
function anchorsOf(names: readonly number[], dx = 0): readonly Anchor[] {
  return names.map((name) => ({ hash: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, name), x: 10 * name + dx, y: 7 * name, orientation: 0 }));
}

describe('pictures under way', () => {
  it('lead a copy to the first one before it, not to one after it', () => {
    const underWay = new PicturesUnderWay();
    const first = underWay.enter('raster', anchorsOf([1, 2, 3, 4]));
    const second = underWay.enter('raster', anchorsOf([1, 2, 3, 4], 5));
    const third = underWay.enter('raster', anchorsOf([2, 3, 4, 5]));
    expect(underWay.earlierLike(first)).toBeUndefined();
    expect(underWay.earlierLike(second)).toBe(first);
    expect(underWay.earlierLike(third)).toBe(first);
    first.leave();
    expect(underWay.earlierLike(second)).toBeUndefined();
    expect(underWay.earlierLike(third)).toBe(second);
  });

  it('tell those who wait when they leave', async () => {
    const picture = new PicturesUnderWay().enter('jpeg', anchorsOf([1]));
    let hasLeft = false;
    const waiting = picture.left.then(() => { hasLeft = true; });
    expect(hasLeft).toBe(false);
    picture.leave();
    await waiting;
    expect(hasLeft).toBe(true);
  });

  it('do not lead to another kind of picture, to one anchor alone, or where anchors disagree', () => {
    const underWay = new PicturesUnderWay();
    underWay.enter('jpeg', anchorsOf([1, 2, 3]));
    underWay.enter('raster', anchorsOf([1]));
    underWay.enter('raster', [...anchorsOf([1], 1), ...anchorsOf([2], 9), ...anchorsOf([3], 33)]);
    underWay.enter('raster', anchorsOf([]));
    expect(underWay.earlierLike(underWay.enter('raster', anchorsOf([1, 2, 3])))).toBeUndefined();
    expect(underWay.earlierLike(underWay.enter('raster', anchorsOf([])))).toBeUndefined();
  });
});
