/** Properties of anchors and alignments together: a copy is found wherever it lies, and what is answered is true. */
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { alignmentOf, knownRegionOf, type Alignment } from '../../client-sdk/core/image/alignment.js';
import { AnchorFinder, type Anchor } from '../../client-sdk/core/image/anchors.js';
import type { Region } from '../../client-sdk/core/image/splitter.js';
import { cropped, textured, tilesOf, turned, type GreyPicture } from '../support/grey-picture.js';

const known = textured(121, 97, 5);
const knownAnchors = anchorsOf(known, 64);

function anchorsOf(picture: GreyPicture, tilePixels: number): readonly Anchor[] {
  const finder = new AnchorFinder();
  for (const { content, x, y } of tilesOf(picture, { tilePixels })) finder.add(content, x, y);
  return finder.anchors();
}

function aligned(target: GreyPicture, tilePixels: number): Alignment | undefined {
  const pairs = anchorsOf(target, tilePixels).flatMap((anchor) =>
    knownAnchors.filter((other) => Buffer.compare(other.hash, anchor.hash) === 0).map((other) => ({ target: anchor, known: other })),
  );
  return alignmentOf(pairs);
}

/** The parts of the target that the known picture covers, there and here. */
function expectTrue(alignment: Alignment, target: GreyPicture, brighter: number): void {
  const all: Region = { x: 0, y: 0, width: target.width, height: target.height };
  const found = turned(cropped(known, knownRegionOf(alignment, all)), alignment.orientation);
  const values = found.values.map((value) => value + brighter);
  expect(Buffer.compare(bytesOf(values), bytesOf(target.values))).toBe(0);
}

/** Compared as bytes: thousands of numbers one by one take long. */
function bytesOf({ buffer, byteOffset, byteLength }: Int32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

const edits = fc.record({
  orientation: fc.integer({ min: 0, max: 7 }),
  brighter: fc.integer({ min: -20, max: 36 }),
  tilePixels: fc.constantFrom(64, 80, 128),
});
const margins = (max: number): fc.Arbitrary<number[]> => fc.array(fc.integer({ min: 0, max }), { minLength: 4, maxLength: 4 });

function edited({ orientation, brighter }: { readonly orientation: number; readonly brighter: number }, cut: readonly number[]): GreyPicture {
  const [left = 0, top = 0, right = 0, bottom = 0] = cut;
  const whole = turned(known, orientation);
  const part = cropped(whole, { x: left, y: top, width: whole.width - left - right, height: whole.height - top - bottom });
  return { ...part, values: part.values.map((value) => value + brighter) };
}

describe('anchors and their alignment', () => {
  it('find a picture again that was turned, cropped by a few pixels and made brighter', () => {
    fc.assert(
      fc.property(edits, margins(12), (edit, cut) => {
        const target = edited(edit, cut);
        const alignment = aligned(target, edit.tilePixels);
        if (alignment === undefined) throw new Error('not found');
        expect(alignment.orientation).toBe(edit.orientation);
        expectTrue(alignment, target, edit.brighter);
      }),
      { numRuns: 40 },
    );
  });

  it('are right whenever they answer, and silent on other pictures', () => {
    fc.assert(
      fc.property(edits, margins(45), fc.integer({ min: 6, max: 1_000_000 }), (edit, cut, seed) => {
        const target = edited(edit, cut);
        const alignment = aligned(target, edit.tilePixels);
        if (alignment !== undefined) expectTrue(alignment, target, edit.brighter);
        expect(aligned(textured(60, 50, seed), edit.tilePixels)).toBeUndefined();
      }),
      { numRuns: 40 },
    );
  });

  it('find a picture again where a part was painted over', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 80 }), fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 255 }), (x0, y0, value) => {
        const isPainted = (x: number, y: number): boolean => x >= x0 && x < x0 + 40 && y >= y0 && y < y0 + 35;
        const values = known.values.map((old, i) => (isPainted(i % known.width, Math.floor(i / known.width)) ? value : old));
        expect(aligned({ ...known, values }, 64)).toMatchObject({ orientation: 0, x: 0, y: 0 });
      }),
      { numRuns: 40 },
    );
  });
});
