/** Whatever the tokens, a deflate stream comes back; whatever the bytes or the corrections, nothing hangs. SPEC.md section 6.7. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DiceError } from '../../client-sdk/core/errors.js';
import { knownModels } from '../../client-sdk/core/image/encoder-model.js';
import { Unsplittable } from '../../client-sdk/core/image/raster-container.js';
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import { makeDeflate, randomBlocks } from '../support/deflate-maker.js';
import { correctionsOf, joinTokens, predict } from '../support/token-way.js';

const anyModel = fc.constantFrom(...knownModels().map(({ model }) => model));
const anyMade = fc.tuple(fc.nat(1_000_000), fc.integer({ min: 0, max: 127 })).map(([seed, padding]) => makeDeflate(randomBlocks(seed), padding));

describe('tokens', () => {
  it('of any valid stream come back under any model', () => {
    fc.assert(fc.property(anyMade, anyModel, fc.integer({ min: 1, max: 5_000 }), ({ stream, plain }, model, pieceBytes) => {
      const corrections = correctionsOf(stream, model);
      expect(isEqual(joinTokens({ model, corrections }, plain, pieceBytes), stream)).toBe(true);
    }), { numRuns: 150 });
  });

  it('of any valid stream come back under the model that is chosen, if their corrections are few', async () => {
    await fc.assert(fc.asyncProperty(anyMade, async ({ stream, plain }) => {
      const method = await predict(stream);
      if (method !== undefined) expect(isEqual(joinTokens(method, plain), stream)).toBe(true);
    }), { numRuns: 15 });
  });

  it('are not found in damaged streams, or are exact', () => {
    const anyDamaged = fc.tuple(anyMade, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([{ stream }, at, change]) => {
      return stream.map((byte, i) => (i === at % stream.length ? byte ^ change : byte));
    });
    fc.assert(fc.property(fc.oneof(anyDamaged, fc.uint8Array({ maxLength: 200 })), anyModel, (bytes, model) => {
      try {
        expect(correctionsOf(bytes, model).length).toBeGreaterThan(3);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(Unsplittable);
      }
    }), { numRuns: 200 });
  });

  it('of a stranger end in order', () => {
    const anyChange = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));
    fc.assert(fc.property(anyMade, anyModel, fc.array(anyChange, { minLength: 1, maxLength: 3 }), ({ stream, plain }, model, changes) => {
      const corrections = correctionsOf(stream, model);
      for (const [at, change] of changes) corrections.set([(corrections[at % corrections.length] ?? 0) ^ change], at % corrections.length);
      try {
        // What is written is bounded by the plain bytes: a byte of corrections cannot stand for many of the stream.
        expect(joinTokens({ model, corrections }, plain).length).toBeLessThan(4 * plain.length + 4_000_000);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(DiceError);
        expect(thrown).toMatchObject({ code: 'recipe-invalid' });
      }
    }), { numRuns: 200 });
  });

  it('out of nothing but noise end in order', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), fc.uint8Array({ maxLength: 3_000 }), anyModel, (corrections, plain, model) => {
      try {
        joinTokens({ model, corrections }, plain);
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'recipe-invalid' });
      }
    }), { numRuns: 200 });
  });
});
