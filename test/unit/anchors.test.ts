/** Anchors are found again in copies, and only where there is something to be told apart. */
import { describe, expect, it } from '@jest/globals';
import { AnchorFinder, defaultAnchors, type Anchor } from '../../client-sdk/core/image/anchors.js';
import { plainContent } from '../../client-sdk/core/image/content.js';
import { drawn, textured, tilesOf, turned, type GreyPicture, type PlacedTile } from '../support/grey-picture.js';

const picture = textured(140, 100, 7);

function anchorsIn(tiles: readonly PlacedTile[], count?: number): readonly Anchor[] {
  const finder = new AnchorFinder(count);
  for (const tile of tiles) finder.add(tile.content, tile.x, tile.y);
  return finder.anchors();
}

function named({ hash }: Anchor): string {
  return Buffer.from(hash).toString('hex');
}

function changed(from: GreyPicture, change: (value: number) => number): GreyPicture {
  return { ...from, values: from.values.map(change) };
}

/** One tile, so that no window is lost at edges that lie elsewhere after turning. */
const whole = { tilePixels: 256 };

describe('anchors', () => {
  it('are as many as asked for, of 8 bytes, by ascending hash, within the picture', () => {
    for (const count of [1, 2, 12, defaultAnchors]) {
      const found = anchorsIn(tilesOf(picture), count);
      expect(found).toHaveLength(count);
      expect(found.every(({ hash }) => hash.length === 8)).toBe(true);
      expect(found.map(named)).toEqual([...new Set(found.map(named))].sort());
      expect(found.every(({ x, y }) => x >= 4 && y >= 4 && x < 136 && y < 96)).toBe(true);
    }
  });

  it('are the first of those that more would be', () => {
    const many = anchorsIn(tilesOf(picture), 40);
    expect(anchorsIn(tilesOf(picture), 5)).toEqual(many.slice(0, 5));
  });

  it('do not depend on the order of tiles', () => {
    const tiles = tilesOf(picture);
    expect(anchorsIn(tiles.toReversed())).toEqual(anchorsIn(tiles));
    expect(anchorsIn([...tiles.slice(5), ...tiles.slice(0, 5)])).toEqual(anchorsIn(tiles));
  });

  it('stay where the whole picture becomes brighter, darker or steeper', () => {
    const found = anchorsIn(tilesOf(picture));
    for (const change of [(v: number) => v + 30, (v: number) => v - 20, (v: number) => Math.floor(v * 1.15)]) {
      expect(anchorsIn(tilesOf(changed(picture, change)))).toEqual(found);
    }
  });

  it('are seen in the first channel alone, alike at all depths', () => {
    const found = anchorsIn(tilesOf(picture));
    for (const shape of [{ channels: 3 }, { depth: 16 }, { depth: 16, channels: 4 }, { depth: 9 }, { channels: 8 }]) {
      expect(anchorsIn(tilesOf(picture, shape))).toEqual(found);
    }
    const large = changed(picture, (value) => value * 257);
    expect(anchorsIn(tilesOf(large, { depth: 16 }))).toEqual(found);
  });

  it.each([1, 2, 3, 4, 5, 6, 7])('have the same hashes in a turned picture (%i)', (orientation) => {
    const found = anchorsIn(tilesOf(picture, whole));
    const other = anchorsIn(tilesOf(turned(picture, orientation), whole));
    expect(other.map(named)).toEqual(found.map(named));
    expect(other.map((anchor) => anchor.orientation)).not.toEqual(found.map((anchor) => anchor.orientation));
  });

  it('are found at depths from 4 to 16 only', () => {
    const dim = changed(picture, (value) => value % 2);
    const found = (depth: number, of: GreyPicture): number => anchorsIn(tilesOf(of, { depth })).length;
    expect([1, 2, 3, 32].map((depth) => found(depth, dim))).toEqual([0, 0, 0, 0]);
    expect(found(32, picture)).toBe(0);
    const grey = changed(picture, (value) => value % 16);
    expect([4, 5, 8, 9, 15, 16].map((depth) => found(depth, grey))).toEqual(Array.from({ length: 6 }, () => defaultAnchors));
  });

  it('need a window of 9 by 9', () => {
    const peak = textured(9, 9, 3).values.slice();
    peak[40] = 255;
    const isPeakAt = (width: number, height: number): number =>
      anchorsIn([...tilesOf(drawn(width, height, (x, y) => peak[y * 9 + x] ?? 0))]).length;
    expect(isPeakAt(9, 9)).toBe(1);
    expect(isPeakAt(8, 9)).toBe(0);
    expect(isPeakAt(9, 8)).toBe(0);
    expect(isPeakAt(1, 1)).toBe(0);
  });

  it('are not taken from what repeats', () => {
    const pattern = textured(64, 64, 11);
    const repeated = drawn(192, 128, (x, y) => pattern.values[(y % 64) * 64 + (x % 64)] ?? 0);
    expect(anchorsIn(tilesOf(pattern)).length).toBeGreaterThan(0);
    expect(anchorsIn(tilesOf(repeated))).toEqual([]);
    const mirrored = drawn(128, 64, (x, y) => pattern.values[y * 64 + (x < 64 ? x : 127 - x)] ?? 0);
    expect(anchorsIn(tilesOf(mirrored))).toEqual([]);
  });

  it('are not taken from flat, shaded and smooth pictures', () => {
    const flat = drawn(100, 100, () => 77);
    const shaded = drawn(100, 100, (x, y) => x + y);
    const hills = drawn(100, 100, (x, y) => 20_000 - ((x % 25) - 12) ** 2 * 31 - ((y % 33) - 16) ** 2 * 17 - (x % 25) * (y % 33));
    expect(anchorsIn(tilesOf(flat))).toEqual([]);
    expect(anchorsIn(tilesOf(shaded))).toEqual([]);
    expect(anchorsIn(tilesOf(hills, { depth: 16 }))).toEqual([]);
  });

  it('refuses contents that are no tiles', () => {
    const finder = new AnchorFinder();
    expect(() => {
      finder.add(plainContent('bytes', new Uint8Array(100)), 0, 0);
    }).toThrow('not a tile');
    expect(finder.anchors()).toEqual([]);
  });
});
