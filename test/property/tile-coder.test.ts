/**
 * Properties of the coding of contents: exact for every shape and picture, and calm before the bytes of strangers.
 */
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { DiceError } from '../../client-sdk/core/errors.js';
import { codeContent, decodeContent } from '../../client-sdk/core/image/coded.js';
import { plainContent } from '../../client-sdk/core/image/content.js';
import { maxPayloadBytes } from '../../client-sdk/protocol/limits.js';
import { sampleTile, tilePictures } from '../support/sample-tiles.js';

const shapes = fc.record({
  width: fc.integer({ min: 1, max: 40 }),
  height: fc.integer({ min: 1, max: 40 }),
  channels: fc.integer({ min: 1, max: 8 }),
  depth: fc.oneof(fc.integer({ min: 1, max: 16 }), fc.constant(8), fc.constant(16), fc.constant(32)),
});
/** Wide enough for rows that are read side by side. */
const wideShapes = fc.record({
  width: fc.integer({ min: 49, max: 100 }),
  height: fc.integer({ min: 1, max: 12 }),
  channels: fc.constantFrom(1, 3, 4),
  depth: fc.constantFrom(4, 8, 8, 12, 16),
});
const wideTiles = fc.tuple(wideShapes, fc.constantFrom(...tilePictures), fc.integer()).map(([shape, picture, seed]) => sampleTile(shape, picture, seed));
/** Large enough for values on a drifting lattice to be worth their mode. */
const latticeTiles = fc
  .tuple(fc.integer({ min: 30, max: 70 }), fc.integer({ min: 20, max: 50 }), fc.constantFrom(1, 2, 3), fc.constantFrom(7, 8, 8, 12, 16), fc.integer())
  .map(([width, height, channels, depth, seed]) => sampleTile({ width, height, channels, depth }, 'lattice', seed));
const tiles = fc
  .tuple(shapes, fc.constantFrom(...tilePictures), fc.integer())
  .map(([shape, picture, seed]) => sampleTile(shape, picture, seed));
const plains = fc.tuple(fc.constantFrom('bytes', 'segment'), fc.uint8Array({ minLength: 1, maxLength: 3000 })).map(([kind, raw]) => plainContent(kind, raw));

/** Decodes; answers the content, or undefined where it was refused as it should be. Any other error fails the test. */
function decodeOrRefuse(coded: Uint8Array): Uint8Array | undefined {
  try {
    return decodeContent(coded);
  } catch (error) {
    if (error instanceof DiceError && error.code === 'recipe-invalid') return undefined;
    throw error;
  }
}

describe('coding of contents', () => {
  it('gives back every tile, and the same code each time', () => {
    fc.assert(
      fc.property(tiles, (content) => {
        const coded = codeContent(content);
        expect(Buffer.compare(decodeContent(coded), content)).toBe(0);
        expect(Buffer.compare(codeContent(content), coded)).toBe(0);
      }),
      { numRuns: 400 },
    );
  });

  it('gives back every plain content', () => {
    fc.assert(
      fc.property(plains, (content) => {
        expect(Buffer.compare(decodeContent(codeContent(content)), content)).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('does not remember earlier tiles', () => {
    fc.assert(
      fc.property(tiles, tiles, (one, other) => {
        const alone = codeContent(one);
        codeContent(other);
        expect(Buffer.compare(codeContent(one), alone)).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('refuses random bytes, or decodes them to a content within the limits', () => {
    const bytes = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.uint8Array({ maxLength: 120 }));
    fc.assert(
      fc.property(bytes, ([coder, payload]) => {
        const content = decodeOrRefuse(Uint8Array.of(coder, payload.length, ...payload));
        expect(content === undefined || content.length <= maxPayloadBytes).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });

  it('refuses mutated codes, or decodes them to a content of canonical form', () => {
    const mutations = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.oneof(tiles, wideTiles), mutations, fc.nat({ max: 3 }), (content, changes, cut) => {
        const coded = codeContent(content);
        for (const [at, value] of changes) coded[at % coded.length] = value;
        expectCalm(coded.subarray(0, coded.length - (cut === 3 ? 1 : 0)));
      }),
      { numRuns: 600 },
    );
  });

  it('refuses mutated heads and models of tiles, or decodes them to a content of canonical form', () => {
    const mutations = fc.array(fc.tuple(fc.integer({ min: 4, max: 60 }), fc.nat({ max: 7 })), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(wideTiles, mutations, (content, flips) => {
        const coded = codeContent(content);
        for (const [at, bit] of flips) coded[at % coded.length] = (coded[at % coded.length] ?? 0) ^ (1 << bit);
        expectCalm(coded);
      }),
      { numRuns: 400 },
    );
  });

  it('gives back values on a drifting lattice, and is calm where their codes are changed', () => {
    const mutations = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 7 })), { minLength: 1, maxLength: 3 });
    let lattices = 0;
    fc.assert(
      fc.property(latticeTiles, mutations, (content, flips) => {
        const coded = codeContent(content);
        expect(Buffer.compare(decodeContent(coded), content)).toBe(0);
        if (((coded[(coded[1] ?? 0) < 128 ? 5 : 6] ?? 0) & 3) === 3) lattices++;
        for (const [at, bit] of flips) coded[at % coded.length] = (coded[at % coded.length] ?? 0) ^ (1 << bit);
        expectCalm(coded);
      }),
      { numRuns: 150 },
    );
    expect(lattices).toBeGreaterThan(75);
  });

  it('refuses random codes of a lattice, or decodes them to a content of canonical form', () => {
    const bytes = fc.tuple(fc.integer({ min: 0, max: 119 }), fc.nat({ max: 99 }), fc.nat({ max: 30 }), fc.uint8Array({ maxLength: 110 }));
    fc.assert(
      fc.property(bytes, ([kind, right, bottom, rest]) => {
        expectCalm(Uint8Array.of(3, 4 + rest.length, 128 | kind, right, bottom, 3, ...rest));
      }),
      { numRuns: 500 },
    );
  });

  it('is not changed by what a refused code left behind', () => {
    fc.assert(
      fc.property(wideTiles, wideTiles, fc.nat(), (one, other, change) => {
        const alone = codeContent(one);
        const coded = codeContent(other);
        coded[change % coded.length] = (coded[change % coded.length] ?? 0) ^ (1 << (change & 7));
        decodeOrRefuse(coded);
        expect(Buffer.compare(decodeContent(alone), one)).toBe(0);
        expect(Buffer.compare(codeContent(one), alone)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

/** A code of a stranger is refused, or its content is one that can be coded and comes back. */
function expectCalm(coded: Uint8Array): void {
  const decoded = decodeOrRefuse(coded);
  if (decoded !== undefined) expect(Buffer.compare(decodeContent(codeContent(decoded)), decoded)).toBe(0);
}
