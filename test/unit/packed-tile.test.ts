/** Tiles of coefficients in little memory. */
import { describe, expect, it } from '@jest/globals';
import { newCoefficients } from '../../client-sdk/core/image/content.js';
import { packTile, type PackedTile, unpackTile } from '../../client-sdk/core/image/jpeg/packed-tile.js';

/** A tile of 90 by 90 blocks with these coefficients. */
function tileWith(values: Readonly<Record<number, number>>): Uint8Array {
  const content = newCoefficients({ across: 90, down: 90 });
  const view = new DataView(content.buffer);
  for (const [at, value] of Object.entries(values)) view.setInt16(8 + 2 * Number(at), value, true);
  return content;
}

function mustPack(tile: Uint8Array): PackedTile {
  const packed = packTile(tile);
  if (packed === undefined) throw new Error('The tile is not packed.');
  return packed;
}

describe('a packed tile', () => {
  it.each([
    ['nothing', {}],
    ['its first and last coefficient', { 0: -32_768, 518_399: 32_767 }],
    ['neighbours', { 5: 1, 6: -1, 7: 300 }],
    ['gaps as long as an entry can tell, and one more', { 65_535: 7, 131_070: 8, 196_606: 9, 500_000: -1 }],
  ])('comes back with %s', (_name, values) => {
    const tile = tileWith(values);
    expect(Buffer.from(unpackTile(mustPack(tile))).equals(tile)).toBe(true);
  });

  it('takes little where most coefficients are zero', () => {
    const { gaps, values } = mustPack(tileWith({ 3: 1, 400_000: 2 }));
    expect(gaps.length).toBe(values.length);
    expect(gaps.length).toBeLessThan(12);
  });

  it('is none where it would take as much as the tile', () => {
    const [half, less] = [1, 0].map((first) => Object.fromEntries(Array.from({ length: 259_200 - 1 + first }, (_, i) => [2 * i, 1])));
    expect(packTile(tileWith(half ?? {}))).toBeUndefined();
    const tile = tileWith(less ?? {});
    expect(Buffer.from(unpackTile(mustPack(tile))).equals(tile)).toBe(true);
  });
});
