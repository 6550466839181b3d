/**
 * Properties of patches: exact whatever the tiles, and calm before patches of strangers.
 */
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { DiceError } from '../../client-sdk/core/errors.js';
import { maxSamplesBytes, samplesOf, shapeOf, tileHeaderBytes } from '../../client-sdk/core/image/content.js';
import { applyPatch, makePatch } from '../../client-sdk/core/image/patch.js';
import type { BaseView } from '../../client-sdk/core/image/patch-prediction.js';
import { sampleTile, tilePictures } from '../support/sample-tiles.js';

const depths = fc.oneof(fc.integer({ min: 1, max: 16 }), fc.constant(8), fc.constant(32));
const seeds = fc.integer();

/** A base, a window of it under an orientation, and a tile of that size that began as it or as anything. */
const pairs = fc
  .record({
    width: fc.integer({ min: 1, max: 24 }),
    height: fc.integer({ min: 1, max: 24 }),
    channels: fc.integer({ min: 1, max: 4 }),
    targetChannels: fc.integer({ min: 1, max: 4 }),
    depth: depths,
    orientation: fc.integer({ min: 0, max: 7 }),
    corner: fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat()),
    pictures: fc.tuple(fc.constantFrom(...tilePictures), fc.constantFrom(...tilePictures)),
    seeds: fc.tuple(seeds, seeds),
    changes: fc.option(fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 30 })),
  })
  .map((way) => {
    const base = sampleTile(way, way.pictures[0], way.seeds[0]);
    const [across, down] = (way.orientation & 4) === 0 ? [way.width, way.height] : [way.height, way.width];
    const [x, y] = [way.corner[0] % across, way.corner[1] % down];
    const size = { width: 1 + (way.corner[2] % (across - x)), height: 1 + (way.corner[3] % (down - y)) };
    const view = { orientation: way.orientation, x, y };
    const other = sampleTile({ ...way, ...size, channels: way.targetChannels }, way.pictures[1], way.seeds[1]);
    return { base, view, target: way.changes === null ? other : changed({ like: other, base, view }, way.changes) };
  });

interface Origin {
  readonly like: Uint8Array;
  readonly base: Uint8Array;
  readonly view: BaseView;
}

/** What an empty patch would make of `base`, with the size and channels of `like`, and a few bytes changed within its depth. */
function changed({ like, base, view }: Origin, changes: readonly (readonly [number, number])[]): Uint8Array {
  const { width, height, channels, depth } = shapeOf(like);
  const from = shapeOf(base);
  const turned = (view.orientation & 4) === 0 ? from : { width: from.height, height: from.width };
  const isWhole = turned.width === width && turned.height === height;
  const head = [view.orientation | (isWhole ? 0 : 8) | (channels === from.channels ? 0 : 16)];
  if (!isWhole) head.push(width - 1, height - 1, view.x, view.y);
  if (channels !== from.channels) head.push(channels);
  const target = applyPatch(Uint8Array.from(head), base);
  const size = depth <= 8 ? 1 : depth <= 16 ? 2 : 4;
  const samples = samplesOf(target);
  for (const [place, value] of changes) {
    const at = place % samples.length;
    const bits = depth > 16 ? 8 : at % size === size - 1 ? Math.min(8, depth) : depth - 8;
    samples[at] = value & ((1 << bits) - 1);
  }
  return target;
}

/** Applies it; answers the content, or undefined where it was refused as it should be. Any other error fails the test. */
function applyOrRefuse(patch: Uint8Array, base: Uint8Array): Uint8Array | undefined {
  try {
    return applyPatch(patch, base);
  } catch (error) {
    if (error instanceof DiceError && error.code === 'recipe-invalid') return undefined;
    throw error;
  }
}

/** A content of a tile in canonical form. */
function expectTile(content: Uint8Array): void {
  const { depth } = shapeOf(content);
  expect(content.length).toBeLessThanOrEqual(tileHeaderBytes + maxSamplesBytes);
  if (depth > 8 && depth < 17) expect(samplesOf(content).every((byte, i) => i % 2 === 1 || byte >>> (depth - 8) === 0)).toBe(true);
  if (depth <= 8) expect(samplesOf(content).every((byte) => byte >>> depth === 0)).toBe(true);
}

describe('patches', () => {
  it('give back every tile, and are the same each time', () => {
    fc.assert(
      fc.property(pairs, ({ target, base, view }) => {
        const patch = makePatch(target, base, view, 1_000_000);
        expect(patch).toBeDefined();
        expect(Buffer.compare(applyPatch(patch ?? new Uint8Array(0), base), target)).toBe(0);
        expect(Buffer.compare(makePatch(target, base, view, 1_000_000) ?? new Uint8Array(0), patch ?? new Uint8Array(0))).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('keep within the bytes that they may take', () => {
    fc.assert(
      fc.property(pairs, fc.nat({ max: 300 }), ({ target, base, view }, maxBytes) => {
        const patch = makePatch(target, base, view, maxBytes);
        if (patch === undefined) return;
        expect(patch.length).toBeLessThanOrEqual(maxBytes);
        expect(Buffer.compare(applyPatch(patch, base), target)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('are refused where they are random bytes, or make a tile', () => {
    fc.assert(
      fc.property(pairs, fc.uint8Array({ maxLength: 80 }), ({ base }, patch) => {
        const content = applyOrRefuse(patch, base);
        if (content !== undefined) expectTile(content);
      }),
      { numRuns: 2_000 },
    );
  });

  it('are refused where they were changed, or make a tile', () => {
    const mutations = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(pairs, mutations, fc.integer({ min: -1, max: 3 }), ({ target, base, view }, changes, cut) => {
        const patch = makePatch(target, base, view, 1_000_000) ?? new Uint8Array(1);
        for (const [at, value] of changes) patch[at % patch.length] = value;
        const content = applyOrRefuse(cut < 0 ? Uint8Array.of(...patch, 0) : patch.subarray(0, patch.length - (cut === 3 ? 1 : 0)), base);
        if (content !== undefined) expectTile(content);
      }),
      { numRuns: 1_000 },
    );
  });
});
