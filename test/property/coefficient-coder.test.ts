/**
 * Properties of the coder of coefficients: exact for every shape and value, independent of what came before, and with one code for each
 * content: what is decoded codes to the very same bytes, everything else is refused.
 */
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { DiceError } from '../../client-sdk/core/errors.js';
import { codeContent, decodeContent } from '../../client-sdk/core/image/coded.js';
import { codeCoefficients, decodeCoefficients } from '../../client-sdk/core/image/coefficient-coder.js';
import { blocksOf, maxCoefficientBlocks, newCoefficients } from '../../client-sdk/core/image/content.js';
import { maxCodedBytes, minBlockCodedBytes } from '../../client-sdk/protocol/limits.js';
import { readPlainly } from '../support/plain-coefficients.js';
import { coefficientPictures, sampleCoefficients } from '../support/sample-coefficients.js';
import { numbersFrom, sampleTile } from '../support/sample-tiles.js';

const shapes = fc.record({ across: fc.integer({ min: 1, max: 9 }), down: fc.integer({ min: 1, max: 9 }) });
const pictured = fc.tuple(shapes, fc.constantFrom(...coefficientPictures), fc.integer()).map(([shape, picture, seed]) => sampleCoefficients(shape, picture, seed));
/** Any values at a few places. */
const scattered = fc.tuple(shapes, fc.array(fc.tuple(fc.nat(), fc.integer({ min: -32_768, max: 32_767 })), { maxLength: 60 })).map(([shape, values]) => {
  const content = newCoefficients(shape);
  const blocks = blocksOf(content);
  const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.byteLength);
  for (const [at, value] of values) view.setInt16(2 * (at % (64 * shape.across * shape.down)), value, true);
  return content;
});
const tiles = fc.oneof(pictured, scattered);
const sides = [[1, 1], [1, 200], [200, 1], [2, 2], [127, 3], [128, 3], [129, 3], [64, 63], [64, 64], [1, maxCoefficientBlocks], [maxCoefficientBlocks, 1], [91, 90]] as const;

function expectExact(content: Uint8Array): Uint8Array {
  const coded = codeContent(content);
  expect(Buffer.compare(decodeContent(coded), content)).toBe(0);
  expect(coded.length).toBeLessThanOrEqual(maxCodedBytes);
  return coded;
}

/** Decodes; answers the content, or undefined where it was refused as it should be. Any other error fails the test. */
function decodeOrRefuse(code: Uint8Array): Uint8Array | undefined {
  try {
    return decodeCoefficients(code);
  } catch (error) {
    if (error instanceof DiceError && error.code === 'recipe-invalid') return undefined;
    throw error;
  }
}

/** A code of a stranger is refused, or is the one that its content has. Answers whether it was taken. */
function expectOne(code: Uint8Array): boolean {
  const content = decodeOrRefuse(code);
  if (content === undefined) return false;
  expect(Buffer.compare(codeCoefficients(content) ?? new Uint8Array(0), code)).toBe(0);
  return true;
}

describe('coding of coefficients', () => {
  it('gives back every tile, and the same code each time', () => {
    fc.assert(
      fc.property(tiles, (content) => {
        const coded = expectExact(content);
        expect(Buffer.compare(codeContent(content), coded)).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it.each(sides)('gives back tiles of %d by %d blocks', (across, down) => {
    for (const picture of coefficientPictures) expectExact(sampleCoefficients({ across, down }, picture));
  });

  it('writes what a reader written from the specification reads', () => {
    fc.assert(
      fc.property(tiles, (content) => {
        const code = codeCoefficients(content);
        if (code !== undefined) expect(Buffer.compare(readPlainly(code), content)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('does not remember earlier tiles, of pixels neither', () => {
    fc.assert(
      fc.property(tiles, tiles, fc.nat(), (one, other, seed) => {
        const alone = codeContent(one);
        codeContent(other);
        const pixels = sampleTile({ width: 64, height: 64, channels: 3, depth: 8 }, 'photo', seed);
        const coded = codeContent(pixels);
        expect(Buffer.compare(codeContent(one), alone)).toBe(0);
        expect(Buffer.compare(codeContent(pixels), coded)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('makes tiles whose blocks are equal shorter than any block of the store', () => {
    for (const [across, down] of sides) {
      for (const picture of ['zero', 'flat'] as const) expect(expectExact(sampleCoefficients({ across, down }, picture)).length).toBeLessThan(minBlockCodedBytes);
    }
  });

  it('makes what photographs have much shorter', () => {
    const content = sampleCoefficients({ across: 64, down: 64 }, 'photo');
    expect(expectExact(content).length).toBeLessThan(content.length / 6);
  });

  it('refuses a code that is cut or continued', () => {
    const code = codeCoefficients(sampleCoefficients({ across: 4, down: 3 }, 'photo')) ?? new Uint8Array(0);
    for (let length = 0; length < code.length; length++) expect(decodeOrRefuse(code.subarray(0, length))).toBeUndefined();
    for (const byte of [0, 1, 255]) expect(decodeOrRefuse(Uint8Array.of(...code, byte))).toBeUndefined();
  });

  it('refuses every changed bit, or takes it for the code of another tile', () => {
    for (const picture of ['soft', 'sparse', 'flat'] as const) {
      const code = codeCoefficients(sampleCoefficients({ across: 3, down: 3 }, picture)) ?? new Uint8Array(0);
      expect(expectOne(code)).toBe(true);
      for (let bit = 0; bit < 8 * code.length; bit++) {
        const changed = code.slice();
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expectOne(changed);
      }
    }
  });

  it('has no two codes for a content, whatever is changed', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(tiles, changes, fc.nat({ max: 4 }), (content, places, cut) => {
        const code = codeCoefficients(content)?.slice();
        if (code === undefined) return;
        for (const [at, value] of places) code[at % code.length] = value;
        expectOne(code.subarray(0, code.length - (cut === 4 ? 1 : 0)));
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses random bytes, in bounded time', () => {
    const next = numbersFrom(5);
    for (let round = 0; round < 400; round++) {
      const code = Uint8Array.from({ length: 3 + (next() % 600) }, () => next());
      code.set(round % 2 === 0 ? [0] : [128, next() & 127, next() & 63]);
      expectOne(code);
    }
    const large = Uint8Array.from({ length: 1_000_000 }, () => next());
    large.set([128, 0x80 | 126, 63, 0]);
    for (const byte of [0, 255, 1]) {
      large.fill(byte, 500_000);
      const start = process.cpuUsage();
      expect(decodeOrRefuse(large)).toBeUndefined();
      expect(process.cpuUsage(start).user).toBeLessThan(3_000_000);
    }
  });

  it('is not changed by what a refused code left behind', () => {
    fc.assert(
      fc.property(tiles, tiles, fc.nat(), (one, other, change) => {
        const alone = codeContent(one);
        const code = codeCoefficients(other)?.slice();
        if (code === undefined) return;
        code[change % code.length] = (code[change % code.length] ?? 0) ^ (1 << (change & 7));
        decodeOrRefuse(code);
        expect(Buffer.compare(decodeContent(alone), one)).toBe(0);
        expect(Buffer.compare(codeContent(one), alone)).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});
