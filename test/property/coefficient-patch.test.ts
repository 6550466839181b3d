/**
 * Properties of patches of coefficients: exact whatever the tiles, within their bytes, one for each difference.
 */
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { DiceError } from '../../client-sdk/core/errors.js';
import { coefficientShapeOf } from '../../client-sdk/core/image/content.js';
import { applyCoefficientPatch, makeCoefficientPatch } from '../../client-sdk/core/image/jpeg/coefficient-patch.js';
import { changedBlocks, contentOfBlocks, croppedBlocks, drawnBlocks, photographed, turnedBlocks, type CoefficientPicture } from '../support/coefficient-picture.js';
import { numbersFrom } from '../support/sample-tiles.js';

/** What became of a window: the multiplier of each frequency in sixteenths, a step, changes by one, a box, noise. */
interface Edit {
  readonly sixteenths: number;
  readonly step: number;
  readonly oneIn: number;
  readonly isBoxed: boolean;
  readonly isNoise: boolean;
  readonly seed: number;
}

function edited(picture: CoefficientPicture, { sixteenths, step, oneIn, isBoxed, isNoise, seed }: Edit): CoefficientPicture {
  const next = numbersFrom(seed);
  if (isNoise) return drawnBlocks(picture.across, picture.down, () => (next() << 16) >> 16);
  return changedBlocks(picture, (value, [x, y, u, v]) => {
    if (isBoxed && x >= 1 && y >= 1 && x < 4 && y < 3) return u + v === 0 ? -step : 0;
    const scaled = Math.round((value * (sixteenths + ((u * v) % 3))) / 16) + (u + v === 0 ? step : 0);
    return next() % oneIn === 0 ? scaled + (next() % 5) - 2 : scaled;
  });
}

/** A base, a view of it, and a tile that was made of what is seen there. */
const pairs = fc
  .record({
    size: fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })),
    orientation: fc.integer({ min: 0, max: 7 }),
    corner: fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat()),
    seed: fc.integer(),
    edit: fc.record({
      sixteenths: fc.oneof(fc.constant(16), fc.integer({ min: 0, max: 4_000 })),
      step: fc.oneof(fc.constant(0), fc.integer({ min: -1_100, max: 1_100 })),
      oneIn: fc.integer({ min: 1, max: 400 }),
      isBoxed: fc.boolean(),
      isNoise: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
      seed: fc.integer(),
    }),
  })
  .map(({ size: [across, down], orientation, corner, seed, edit }) => {
    const base = photographed(across, down, seed);
    const turned = turnedBlocks(base, orientation);
    const [x, y] = [corner[0] % turned.across, corner[1] % turned.down];
    const window = { x, y, across: 1 + (corner[2] % (turned.across - x)), down: 1 + (corner[3] % (turned.down - y)) };
    const target = edited(croppedBlocks(turned, window), edit);
    return { base: contentOfBlocks(base), target: contentOfBlocks(target), view: { orientation, x, y } };
  });

describe('patches of coefficients', () => {
  it('give back every tile, and are the same each time', () => {
    fc.assert(
      fc.property(pairs, ({ base, target, view }) => {
        const patch = makeCoefficientPatch(target, base, view, 1_000_000) ?? new Uint8Array(0);
        expect(Buffer.compare(applyCoefficientPatch(patch, base), target)).toBe(0);
        expect(makeCoefficientPatch(target, base, view, 1_000_000)).toEqual(patch);
      }),
      { numRuns: 200 },
    );
  });

  it('keep within the bytes that they may take', () => {
    fc.assert(
      fc.property(pairs, fc.nat({ max: 300 }), ({ base, target, view }, maxBytes) => {
        const patch = makeCoefficientPatch(target, base, view, maxBytes);
        if (patch === undefined) return;
        expect(patch.length).toBeLessThanOrEqual(maxBytes);
        expect(Buffer.compare(applyCoefficientPatch(patch, base), target)).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('are refused where they were changed, or make a tile', () => {
    const mutations = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(pairs, mutations, fc.nat({ max: 3 }), ({ base, target, view }, changes, cut) => {
        const patch = makeCoefficientPatch(target, base, view, 1_000_000) ?? new Uint8Array(1);
        for (const [at, value] of changes) patch[at % patch.length] = value;
        try {
          const content = applyCoefficientPatch(patch.subarray(0, patch.length - (cut === 3 ? 1 : 0)), base);
          expect(coefficientShapeOf(content).across).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(DiceError);
          expect(error).toMatchObject({ code: 'recipe-invalid' });
        }
      }),
      { numRuns: 400 },
    );
  });
});
