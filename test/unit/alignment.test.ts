/** How one picture lies in another, compared with pictures that were really turned and cropped. */
import { describe, expect, it } from '@jest/globals';
import { alignmentOf, knownRegionOf, phaseOf, type Alignment, type AnchorPair } from '../../client-sdk/core/image/alignment.js';
import type { Anchor } from '../../client-sdk/core/image/anchors.js';
import type { Region } from '../../client-sdk/core/image/splitter.js';
import { cropped, numbered, turned, valueOf, type GreyPicture } from '../support/grey-picture.js';

const orientations = [0, 1, 2, 3, 4, 5, 6, 7];
const known = numbered(13, 9);

function anchor(x: number, y: number, orientation = 0): Anchor {
  return { hash: new Uint8Array(8), x, y, orientation };
}

/** The middle part of the known picture turned; `left` and `top` are cut away. */
function targetIn(orientation: number, left = 2, top = 1): GreyPicture {
  const whole = turned(known, orientation);
  return cropped(whole, { x: left, y: top, width: whole.width - left - 1, height: whole.height - top - 2 });
}

function windowAt(picture: GreyPicture, { x, y, orientation }: Anchor): string {
  return turned(cropped(picture, { x: x - 1, y: y - 1, width: 3, height: 3 }), orientation).values.join();
}

/** All pairs of anchors in all orientations that show the same: what a finder would give for one pixel. */
function pairsAt(target: GreyPicture, x: number, y: number): AnchorPair[] {
  const value = valueOf(target, x, y);
  const place = known.values.indexOf(value);
  const all = orientations.flatMap((mine) =>
    orientations.map((theirs) => ({
      target: anchor(x, y, mine),
      known: anchor(place % known.width, Math.floor(place / known.width), theirs),
    })),
  );
  return all.filter((pair) => windowAt(target, pair.target) === windowAt(known, pair.known));
}

function mustAlign(pairs: readonly AnchorPair[]): Alignment {
  const alignment = alignmentOf(pairs);
  if (alignment === undefined) throw new Error('they do not align');
  return alignment;
}

function alignedTo(target: GreyPicture): Alignment {
  return mustAlign([...pairsAt(target, 1, 1), ...pairsAt(target, 3, 2)]);
}

function sorted(picture: GreyPicture): number[] {
  return [...picture.values].sort((a, b) => a - b);
}

describe('alignment', () => {
  it.each(orientations)('is what turned and cropped the picture, however the anchors lie (%i)', (orientation) => {
    const target = targetIn(orientation);
    const pairs = [...pairsAt(target, 1, 1), ...pairsAt(target, 3, 2)];
    expect(pairs).toHaveLength(16);
    expect(mustAlign(pairs)).toMatchObject({ orientation, votes: 16 });
  });

  it.each(orientations)('maps every pixel and every rectangle of the target to the same of the known picture (%i)', (orientation) => {
    const target = targetIn(orientation);
    const alignment = alignedTo(target);
    for (let y = 0; y < target.height; y++) {
      for (let x = 0; x < target.width; x++) {
        for (const region of [{ x, y, width: 1, height: 1 }, { x, y, width: target.width - x, height: 1 }, { x: 0, y: 0, width: x + 1, height: y + 1 }]) {
          const found = knownRegionOf(alignment, region);
          expect(sorted(cropped(known, found))).toEqual(sorted(cropped(target, region)));
          expect(turned(cropped(known, found), orientation).values).toEqual(cropped(target, region).values);
        }
      }
    }
  });

  it.each(orientations)('maps what was added around the picture to places outside of the known one (%i)', (orientation) => {
    const target = turned(known, orientation);
    const alignment = alignedTo(target);
    const wide: Region = { x: -3, y: -5, width: target.width + 4, height: target.height + 7 };
    const found = knownRegionOf(alignment, wide);
    expect([found.width, found.height]).toEqual(orientation < 4 ? [wide.width, wide.height] : [wide.height, wide.width]);
    expect(found.x < 0 && found.y < 0 && found.x + found.width > known.width && found.y + found.height > known.height).toBe(true);
  });

  it('says where the top left corner of the target falls', () => {
    const corners = orientations.map((orientation) => alignedTo(turned(known, orientation))).map(({ x, y }) => [x, y]);
    expect(corners).toEqual([[0, 0], [13, 0], [0, 9], [13, 9], [0, 0], [0, 9], [13, 0], [13, 9]]);
  });

  it.each(orientations)('tells where the tiles of the known picture begin in the target (%i)', (orientation) => {
    const alignment = alignedTo(targetIn(orientation));
    for (const tilePixels of [1, 2, 3, 4, 16]) {
      for (const origin of [{ x: 0, y: 0 }, { x: 1, y: 3 }, { x: -7, y: 22 }]) {
        const tileOf = (x: number, y: number): string => {
          const found = knownRegionOf(alignment, { x, y, width: 1, height: 1 });
          return `${Math.floor((found.x - origin.x) / tilePixels)} ${Math.floor((found.y - origin.y) / tilePixels)}`;
        };
        const places = Array.from({ length: tilePixels }, (_, at) => at);
        expect(phaseOf(alignment, tilePixels, origin)).toEqual({
          x: places.find((x) => tileOf(x, 0) !== tileOf(x - 1, 0)),
          y: places.find((y) => tileOf(0, y) !== tileOf(0, y - 1)),
        });
      }
    }
  });

  it('needs two pairs that agree', () => {
    const pair = { target: anchor(5, 5), known: anchor(7, 8) };
    expect(alignmentOf([])).toBeUndefined();
    expect(alignmentOf([pair])).toBeUndefined();
    expect(alignmentOf([pair, { target: anchor(1, 1), known: anchor(3, 5) }])).toBeUndefined();
    expect(alignmentOf([pair, { target: anchor(1, 1), known: anchor(3, 4) }])).toEqual({ orientation: 0, x: 2, y: 3, votes: 2 });
  });

  it('needs half of all pairs', () => {
    const agreeing = [1, 2, 3].map((at) => ({ target: anchor(at, 5), known: anchor(at + 10, 5) }));
    const stray = [1, 2, 3, 4].map((at) => ({ target: anchor(at, 9), known: anchor(9 - at * at, at * 31) }));
    expect(alignmentOf([...stray.slice(1), ...agreeing])).toEqual({ orientation: 0, x: 10, y: 0, votes: 3 });
    expect(alignmentOf([...stray, ...agreeing])).toBeUndefined();
  });

  it('tells orientations apart that move a pixel alike', () => {
    const turnedPairs = [0, 1, 2].map((at) => ({ target: anchor(at, at, 0), known: anchor(at, at, 4) }));
    expect(alignmentOf(turnedPairs)).toEqual({ orientation: 4, x: 0, y: 0, votes: 3 });
  });
});
