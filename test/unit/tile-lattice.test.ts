/**
 * The lattice mode: when it is taken, what it makes of values far from all neighbours, and that its codes are read to their end.
 */
import { describe, expect, it } from '@jest/globals';
import { DiceError } from '../../client-sdk/core/errors.js';
import { newTile, samplesOf } from '../../client-sdk/core/image/content.js';
import { codeTile, decodeTile } from '../../client-sdk/core/image/tile-coder.js';
import { concat } from '../../client-sdk/protocol/bytes.js';
import { numbersFrom, sampleTile } from '../support/sample-tiles.js';

const shape = { width: 64, height: 64, channels: 1, depth: 8 };
const lattice = 3;

/** The code of a tile that has one. */
function codeOf(content: Uint8Array): Uint8Array {
  const code = codeTile(content);
  if (code === undefined) throw new Error('no code');
  expect(Buffer.compare(decodeTile(code), content)).toBe(0);
  return code;
}

/** The mode of a tile of the default size, or of one with sides of at most 128. */
function modeOf(code: Uint8Array): number {
  return (code[(code[0] ?? 0) < 128 ? 1 : 3] ?? 0) & 3;
}

describe('values on a drifting lattice', () => {
  it('are coded as such, and neither shades nor noise nor photographs are', () => {
    expect(modeOf(codeOf(sampleTile(shape, 'lattice')))).toBe(lattice);
    for (const picture of ['gradient', 'photo', 'grey'] as const) expect(modeOf(codeOf(sampleTile(shape, picture)))).not.toBe(lattice);
    expect(codeTile(sampleTile(shape, 'noise'))).toBeUndefined();
  });

  it.each([1, 2, 3, 8])('come back in %d channels and at every depth', (channels) => {
    for (let depth = 3; depth <= 16; depth++) codeOf(sampleTile({ width: 40, height: 33, channels, depth }, 'lattice'));
  });

  it('come back from tiles of a row, of a column, and of widths around those of blocks', () => {
    for (const [width, height] of [[300, 1], [1, 300], [2, 200], [3, 200], [15, 60], [16, 60], [17, 60], [4, 300]] as const) {
      codeOf(sampleTile({ width, height, channels: 1, depth: 8 }, 'lattice'));
    }
  });

  it('come back with single values anywhere between them, by numbers of every size', () => {
    const content = newTile({ ...shape, depth: 16 });
    const samples = samplesOf(content);
    const next = numbersFrom(5);
    for (let i = 0; i < 64 * 64; i++) {
      const value = i % 41 === 7 ? next() >>> (16 + (i % 16)) : 3000 + 5 * (next() % 3);
      samples[2 * i] = value >>> 8;
      samples[2 * i + 1] = value;
    }
    codeOf(content);
  });

  it('have codes that end with a byte that counts, and behind which nothing may follow', () => {
    const code = codeOf(sampleTile(shape, 'lattice', 3));
    expect(modeOf(code)).toBe(lattice);
    expect(code.at(-1)).not.toBe(0);
    for (const more of [0, 1, 255]) expect(() => decodeTile(concat(code, new Uint8Array(1).fill(more)))).toThrow(DiceError);
    const cut = code.subarray(0, code.length - 1);
    let decoded: Uint8Array | undefined;
    try {
      decoded = decodeTile(cut);
    } catch (error) {
      expect(error).toBeInstanceOf(DiceError);
    }
    if (decoded !== undefined) expect(Buffer.compare(decoded, decodeTile(code))).not.toBe(0);
  });
});
