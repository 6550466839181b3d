/**
 * The indexed mode alone: what is written under a limit is either whole or says by its length that it was given up.
 */
import { describe, expect, it } from '@jest/globals';
import { expectEnd, finish, newDecoder, newEncoder } from '../../client-sdk/core/image/range-coder.js';
import { newTile, samplesOf } from '../../client-sdk/core/image/content.js';
import { codeTile, decodeTile } from '../../client-sdk/core/image/tile-coder.js';
import { decodeIndexed, encodeIndexed, type IndexedTile } from '../../client-sdk/core/image/tile-indexed.js';
import { numbersFrom } from '../support/sample-tiles.js';

const shape = { width: 3, height: 40, channels: 1, depth: 8 };

function drawing(seed: number, count: number): IndexedTile {
  const next = numbersFrom(seed);
  const indices = Uint8Array.from({ length: shape.width * shape.height }, (_, i) => (i < count ? i : (next() >>> 9) % count));
  return { colours: Int32Array.from({ length: count }, (_, i) => 9 * i), count, indices };
}

describe('the indexed mode', () => {
  it('is longer than its limit where it was given up, and else comes back', () => {
    let givenUp = 0;
    for (let seed = 1; seed <= 20; seed++) {
      for (let limit = 0; limit < 90; limit++) {
        const tile = drawing(seed, 2 + (seed % 7));
        const encoder = newEncoder(new Uint8Array(1000));
        encodeIndexed(encoder, shape, tile, limit);
        if (encoder.at > limit) {
          givenUp++;
          continue;
        }
        const decoder = newDecoder(encoder.bytes.subarray(0, finish(encoder)), 0);
        expect(decodeIndexed(decoder, shape, 255).indices).toEqual(tile.indices);
        expect(() => { expectEnd(decoder); }).not.toThrow();
      }
    }
    expect(givenUp).toBeGreaterThan(100);
    expect(givenUp).toBeLessThan(20 * 90 - 100);
  });
});

/** A few rows of some colours, then one colour, then some again; all of it from the seed. */
function bandTile(seed: number): Uint8Array {
  const next = numbersFrom(seed);
  const below = (limit: number): number => (next() >>> 5) % limit;
  const width = 1 + below(12);
  const height = 8 + below(90);
  const content = newTile({ width, height, channels: 1, depth: 8 });
  const [span, first, last, step] = [2 + below(14), 1 + below(6), 1 + below(3), 1 + below(4)];
  const samples = samplesOf(content);
  for (let i = 0; i < samples.length; i++) {
    const y = Math.floor(i / width);
    samples[i] = y >= first && y < height - last ? 0 : below(span) * step;
  }
  return content;
}

describe('an indexed code that was given up', () => {
  // In one colour all decisions are zeros: then the code ends in zero bytes, which fall away, and is short again without its last rows.
  it.each([536, 853, 977])('is not taken for a short one where its last bytes are zeros: seed %d', (seed) => {
    const content = bandTile(seed);
    const code = codeTile(content);
    if (code === undefined) throw new Error('no code');
    expect(Buffer.compare(decodeTile(code), content)).toBe(0);
  });
});
