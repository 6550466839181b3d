/**
 * The ends of codes of tiles: in each mode a reader takes the one end that a writer writes, and no other.
 */
import { describe, expect, it } from '@jest/globals';
import { DiceError } from '../../client-sdk/core/errors.js';
import { newTile, samplesOf } from '../../client-sdk/core/image/content.js';
import { codeTile, decodeTile } from '../../client-sdk/core/image/tile-coder.js';
import { concat } from '../../client-sdk/protocol/bytes.js';
import { sampleTile } from '../support/sample-tiles.js';

const modes = ['flat', 'predicted', 'indexed', 'lattice'] as const;
/** Pictures that are coded in each mode. */
const pictures: Readonly<Record<(typeof modes)[number], (seed: number) => Uint8Array>> = {
  flat: (seed) => {
    const content = newTile({ width: 40, height: 30, channels: 1, depth: 8 });
    samplesOf(content).fill(seed);
    return content;
  },
  predicted: (seed) => sampleTile({ width: 30 + seed, height: 30, channels: 1, depth: 8 }, 'photo', seed),
  indexed: (seed) => sampleTile({ width: 64, height: 40 + seed, channels: 3, depth: 1 }, 'drawing', seed),
  lattice: (seed) => sampleTile({ width: 40 + seed, height: 60, channels: 1, depth: 8 }, 'lattice', seed),
};

function codesOf(mode: (typeof modes)[number]): readonly Uint8Array[] {
  const codes = Array.from({ length: 14 }, (_, seed) => codeTile(pictures[mode](seed + 1)));
  return codes.filter((code): code is Uint8Array => code !== undefined && modeOf(code) === modes.indexOf(mode));
}

/** The mode of a tile of the default size, or of one with sides of at most 128. */
function modeOf(code: Uint8Array): number {
  return (code[(code[0] ?? 0) < 128 ? 1 : 3] ?? 0) & 3;
}

describe.each(modes)('the code of a %s tile', (mode) => {
  const codes = codesOf(mode);

  // With other bytes it may be the code of another tile, whose last range lies there.
  it('gives its samples with no bytes after it, however few and whatever they are', () => {
    expect(codes.length).toBeGreaterThan(8);
    for (const code of codes) {
      const samples = decodeTile(code);
      for (let count = 1; count <= 9; count++) {
        for (const more of [0, 1, 128, 255]) expect(isDecodedTo(concat(code, new Uint8Array(count).fill(more)), samples)).toBe(false);
        const last = concat(code, new Uint8Array(count));
        last[last.length - 1] = 1;
        expect(isDecodedTo(last, samples)).toBe(false);
      }
    }
  });

  it('is refused with a zero byte after it', () => {
    for (const code of codes) expect(() => decodeTile(concat(code, Uint8Array.of(0)))).toThrow(DiceError);
  });

  it('gives its samples with no other end', () => {
    for (const code of codes) {
      const samples = decodeTile(code);
      for (let last = code.length - 1; last >= Math.max(0, code.length - 9); last--) {
        for (let bit = 0; bit < 8; bit++) {
          const changed = code.slice();
          changed[last] = (changed[last] ?? 0) ^ (1 << bit);
          expect(isDecodedTo(changed, samples)).toBe(false);
        }
        expect(isDecodedTo(code.subarray(0, last), samples)).toBe(false);
      }
    }
  });
});

function isDecodedTo(code: Uint8Array, samples: Uint8Array): boolean {
  try {
    return Buffer.compare(decodeTile(code), samples) === 0;
  } catch (error) {
    if (!(error instanceof DiceError)) throw error;
    return false;
  }
}
