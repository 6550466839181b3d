/** Tiles of coefficients in little memory. */
import { describe, expect, it } from '@jest/globals';
import { blocksOf, type CoefficientShape, newCoefficients } from '../../client-sdk/core/image/content.js';
import { packTile, type PackedTile, unpackTile } from '../../client-sdk/core/image/jpeg/packed-tile.js';
import { naturalOrder } from '../../client-sdk/core/image/jpeg/coefficients.js';
import { scanKernel } from '../../client-sdk/core/image/jpeg/scan-kernel.js';

/** Blocks that lie between two rows of a tile in its plane. */
const margin = 3;

/** A tile with these coefficients. */
function tileWith(shape: CoefficientShape, values: Readonly<Record<number, number>>): Uint8Array {
  const content = newCoefficients(shape);
  const view = new DataView(content.buffer);
  for (const [at, value] of Object.entries(values)) view.setInt16(8 + 2 * Number(at), value, true);
  return content;
}

/** Packs it out of a plane that has other blocks beside it. */
function packed(tile: Uint8Array, shape: CoefficientShape): PackedTile | undefined {
  const stride = shape.across + margin;
  const kernel = scanKernel({ blocks: [stride * shape.down], order: naturalOrder, isZero: true, isProgressive: false });
  const at = kernel.valuesAt[0] ?? 0;
  kernel.bytes.fill(0x55, at, at + 128 * stride * shape.down);
  for (let row = 0; row < shape.down; row++) kernel.bytes.set(blocksOf(tile).subarray(128 * shape.across * row, 128 * shape.across * (row + 1)), at + 128 * stride * row);
  return packTile(kernel.run, { at, rowBytes: 128 * stride }, shape);
}

function mustPack(tile: Uint8Array, shape: CoefficientShape): PackedTile {
  const found = packed(tile, shape);
  if (found === undefined) throw new Error('The tile is not packed.');
  return found;
}

const small = { across: 3, down: 2 };
const large = { across: 90, down: 90 };

describe('a packed tile', () => {
  it.each([
    ['nothing', small, {}],
    ['its first and last coefficient', large, { 0: -32_768, 518_399: 32_767 }],
    ['neighbours', small, { 5: 1, 6: -1, 7: 300 }],
    ['values at the ends of a byte, and beyond', small, { 0: 127, 1: -127, 2: 128, 3: -128, 4: 129, 5: -129, 63: -1, 64: 1, 383: -128 }],
  ])('comes back with %s', (_name, shape, values) => {
    const tile = tileWith(shape, values);
    expect(Buffer.from(unpackTile(mustPack(tile, shape))).equals(tile)).toBe(true);
  });

  it('comes back with any coefficients at all, in the room of another tile too', () => {
    let state = 7;
    const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0) >>> 0;
    const shapes = [small, { across: 1, down: 1 }, { across: 16, down: 16 }, { across: 655, down: 2 }, large];
    let room: Uint8Array | undefined;
    for (const shape of [...shapes, ...shapes.toReversed()]) {
      const count = 64 * shape.across * shape.down;
      const tile = tileWith(shape, Object.fromEntries(Array.from({ length: count }, (_, i) => [i, (random() >> 16) >> (random() % 16)])));
      room = unpackTile(mustPack(tile, shape), room);
      expect(Buffer.from(room).equals(tile)).toBe(true);
    }
  });

  it('takes little where most coefficients are zero', () => {
    const { pieces } = mustPack(tileWith(large, { 3: 1, 400_000: 2 }), large);
    expect(pieces.reduce((sum, { length }) => sum + length, 0)).toBe(8 * 90 * 90 + 2);
  });

  it('is none where a row of it is too long', () => {
    const shape = { across: 656, down: 1 };
    expect(packed(tileWith(shape, { 1: 1 }), shape)).toBeUndefined();
  });
});
