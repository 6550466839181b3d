/** Anchors of coefficients are found again in copies, say how these lie, and are found only where there is something to be told apart. */
import { describe, expect, it } from '@jest/globals';
import { alignmentOf, type Alignment } from '../../client-sdk/core/image/alignment.js';
import { AnchorFinder, defaultAnchors, type Anchor } from '../../client-sdk/core/image/anchors.js';
import { newCoefficients, newTile } from '../../client-sdk/core/image/content.js';
import { CoefficientAnchorFinder } from '../../client-sdk/core/image/jpeg/coefficient-anchors.js';
import {
  changedBlocks,
  coefficientTilesOf,
  croppedBlocks,
  drawnBlocks,
  photographed,
  turnedBlocks,
  type CoefficientPicture,
} from '../support/coefficient-picture.js';
import { textured, tilesOf, type PlacedTile } from '../support/grey-picture.js';
import { numbersFrom } from '../support/sample-tiles.js';

/** With signs in all low frequencies, and with few. */
const rich = photographed(34, 26, 7);
const poor = thinned(photographed(34, 26, 8), 3);
const pictures: readonly (readonly [string, CoefficientPicture])[] = [['rich', rich], ['poor', poor]];

function thinned(picture: CoefficientPicture, oneIn: number): CoefficientPicture {
  const next = numbersFrom(oneIn);
  return changedBlocks(picture, (value, [, , u, v]) => (u + v > 0 && next() % oneIn === 0 ? 0 : value));
}

function anchorsIn(tiles: readonly PlacedTile[], count?: number): readonly Anchor[] {
  const finder = new CoefficientAnchorFinder(count);
  for (const tile of tiles) finder.add(tile.content, tile.x, tile.y);
  return finder.anchors();
}

/** In one tile, so that no window is lost at edges that lie elsewhere after turning. */
function anchorsOf(picture: CoefficientPicture): readonly Anchor[] {
  return anchorsIn(coefficientTilesOf(picture, 64));
}

function named({ hash }: Anchor): string {
  return Buffer.from(hash).toString('hex');
}

function alignmentIn(target: CoefficientPicture, known: CoefficientPicture): Alignment | undefined {
  const byHash = new Map(anchorsOf(known).map((anchor) => [named(anchor), anchor]));
  const pairs = anchorsOf(target).flatMap((anchor) => {
    const met = byHash.get(named(anchor));
    return met === undefined ? [] : [{ target: anchor, known: met }];
  });
  return alignmentOf(pairs);
}

describe('anchors of coefficients', () => {
  it.each(pictures)('are as many as asked for, of 8 bytes, each once, within the picture (%s)', (_, picture) => {
    for (const count of [1, 2, 12, defaultAnchors]) {
      const found = anchorsIn(coefficientTilesOf(picture, 16), count);
      expect(found).toHaveLength(count);
      expect(found.every(({ hash }) => hash.length === 8)).toBe(true);
      expect(new Set(found.map(named)).size).toBe(count);
      expect(found.every(({ x, y }) => x >= 1 && y >= 1 && x < 33 && y < 25)).toBe(true);
    }
  });

  it.each(pictures)('do not depend on the order of tiles (%s)', (_, picture) => {
    const tiles = coefficientTilesOf(picture, 10);
    expect(anchorsIn(tiles.toReversed())).toEqual(anchorsIn(tiles));
    expect(anchorsIn([...tiles.slice(5), ...tiles.slice(0, 5)])).toEqual(anchorsIn(tiles));
  });

  it.each(pictures)('have the same hashes in all orientations (%s)', (_, picture) => {
    const found = anchorsOf(picture);
    for (let orientation = 1; orientation < 8; orientation++) {
      const other = anchorsOf(turnedBlocks(picture, orientation));
      expect(other.map(named)).toEqual(found.map(named));
      expect(other.map((anchor) => anchor.orientation)).not.toEqual(found.map((anchor) => anchor.orientation));
    }
  });

  it.each(pictures)('say how a turned or mirrored copy lies (%s)', (_, picture) => {
    const corners = [[0, 0], [34, 0], [0, 26], [34, 26], [0, 0], [0, 26], [34, 0], [34, 26]] as const;
    for (const [orientation, [x, y]] of corners.entries()) {
      expect(alignmentIn(turnedBlocks(picture, orientation), picture)).toMatchObject({ orientation, x, y, votes: 16 });
    }
  });

  it.each(pictures)('say where a cropped copy lies, turned or not (%s)', (_, picture) => {
    const crop = croppedBlocks(picture, { x: 5, y: 3, across: 28, down: 20 });
    expect(alignmentIn(crop, picture)).toMatchObject({ orientation: 0, x: 5, y: 3 });
    expect(alignmentIn(turnedBlocks(crop, 3), picture)).toMatchObject({ orientation: 3, x: 33, y: 23 });
    expect(alignmentIn(turnedBlocks(crop, 5), picture)).toMatchObject({ orientation: 5, x: 5, y: 23 });
    expect(alignmentIn(picture, turnedBlocks(crop, 6))).toMatchObject({ orientation: 5 });
  });

  it.each(pictures)('stay where each frequency is multiplied by a number of its own (%s)', (_, picture) => {
    const found = anchorsOf(picture);
    expect(anchorsOf(changedBlocks(picture, (value, [, , u, v]) => value * (1 + ((u * 5 + v * 3) % 9))))).toEqual(found);
    expect(anchorsOf(changedBlocks(picture, (value, [, , u, v]) => (u + v === 0 ? 3 - value : value)))).toEqual(found);
  });

  it('mostly stay where a picture is saved anew, by the same or by coarser tables', () => {
    const next = numbersFrom(12);
    const again = changedBlocks(rich, (value) => (next() % 40 === 0 ? value + 1 - 2 * (next() % 2) : value));
    expect(alignmentIn(again, rich)).toMatchObject({ orientation: 0, x: 0, y: 0 });
    expect(alignmentIn(changedBlocks(rich, (value) => Math.round(value / 2.5)), rich)).toMatchObject({ orientation: 0, x: 0, y: 0 });
  });

  it('are not found where blocks are flat, alike, or have fewer than 24 signs around', () => {
    const block = drawnBlocks(1, 1, (_x, _y, [u, v]) => (u * 7 + v * 3) % 11 - 5);
    expect(anchorsOf(drawnBlocks(30, 30, () => 0))).toEqual([]);
    expect(anchorsOf(drawnBlocks(30, 30, (x, y, [u, v]) => (u + v === 0 ? x * y : 0)))).toEqual([]);
    expect(anchorsOf(drawnBlocks(30, 30, (_x, _y, [u, v]) => block.values[8 * v + u] ?? 0))).toEqual([]);
    const next = numbersFrom(1);
    const few = (of: number): CoefficientPicture => drawnBlocks(30, 30, (_x, _y, [u, v]) => (u + 3 * v < of ? (next() % 2) * 2 - 1 : 0));
    expect(anchorsOf(few(2))).toEqual([]);
    expect(anchorsOf(few(8))).not.toEqual([]);
  });

  it('are not those that the picture repeats', () => {
    const part = photographed(12, 12, 20);
    const twice = drawnBlocks(24, 12, (x, y, [u, v]) => part.values[64 * (12 * y + (x % 12)) + 8 * v + u] ?? 0);
    const seams = anchorsOf(twice).map(({ x }) => x);
    expect(seams.length).toBeGreaterThan(0);
    expect(seams.every((x) => x === 11 || x === 12)).toBe(true);
  });

  it('differ between pictures, and are never those of samples', () => {
    const others = new Set(anchorsOf(photographed(34, 26, 99)).map(named));
    expect(anchorsOf(rich).some((anchor) => others.has(named(anchor)))).toBe(false);
    const finder = new AnchorFinder();
    for (const tile of tilesOf(textured(140, 100, 7))) finder.add(tile.content, tile.x, tile.y);
    expect(finder.anchors().every(({ hash }) => (hash[0] ?? 255) < 0x80)).toBe(true);
    expect([...anchorsOf(rich), ...anchorsOf(poor)].every(({ hash }) => (hash[0] ?? 0) >= 0x80)).toBe(true);
  });

  it('are looked for in tiles of coefficients alone, of any size', () => {
    const finder = new CoefficientAnchorFinder();
    for (const shape of [{ across: 1, down: 1 }, { across: 2, down: 90 }, { across: 8_191, down: 1 }, { across: 3, down: 3 }]) finder.add(newCoefficients(shape), 0, 0);
    expect(finder.anchors()).toEqual([]);
    const refused = expect.objectContaining({ code: 'recipe-invalid' });
    expect(() => {
      finder.add(newTile({ width: 8, height: 8, channels: 1, depth: 8 }), 0, 0);
    }).toThrow(refused);
  });
});
