/**
 * Tiles of equalised pictures: they come back whatever the grid and however wrong the maps are, are coded so only where that is
 * shorter, and nothing but a code is read as one.
 */
import { describe, expect, it } from '@jest/globals';
import { DiceError } from '../../client-sdk/core/errors.js';
import { codeContent, decodeContent } from '../../client-sdk/core/image/coded.js';
import { samplesOf, type TileShape } from '../../client-sdk/core/image/content.js';
import { codeEqualisation, decodeEqualisation } from '../../client-sdk/core/image/equalised-code.js';
import { equalisationIn, equalisedValues, nodesOf } from '../../client-sdk/core/image/equalised-tile.js';
import { greyLevels } from '../../client-sdk/core/image/equalised-picture.js';
import { equalisedTile, type EqualisedTile } from '../support/equalised-tiles.js';
import { numbersFrom, sampleTile } from '../support/sample-tiles.js';

const grid = { cellWidth: 81, cellHeight: 66, phaseX: 33, phaseY: 100 };
const grey = (width: number, height: number): TileShape => ({ width, height, channels: 1, depth: 8 });
const equalisedCoder = 6;
const enough = 1_048_576;

/** Whether the tile's values come back from their code and its levels. */
function comesBack({ content, equalisation }: EqualisedTile, shape: TileShape): boolean {
  const code = codeEqualisation(equalisation, shape, samplesOf(content), enough);
  return code !== undefined && Buffer.compare(decodeEqualisation(code, shape, equalisation.levels), samplesOf(content)) === 0;
}

describe('a tile of an equalised picture', () => {
  it('is coded by its levels where that is shorter, and comes back', () => {
    const { content, equalisation } = equalisedTile({ width: 128, height: 128 }, grid, 700);
    const coded = codeContent(content, equalisation);
    expect(coded[0]).toBe(equalisedCoder);
    expect(coded.length).toBeLessThan(0.85 * codeContent(content).length);
    expect(Buffer.compare(decodeContent(coded), content)).toBe(0);
  });

  it('is coded as any other where levels and maps have nothing to do with it', () => {
    const { equalisation } = equalisedTile({ width: 128, height: 128 }, grid);
    for (const picture of ['photo', 'noise', 'drawing', 'flat', 'gradient'] as const) {
      const content = sampleTile(grey(128, 128), picture);
      expect(Buffer.compare(codeContent(content, equalisation), codeContent(content))).toBe(0);
    }
  });

  it('is coded as any other where it has colours or other depths', () => {
    const { equalisation } = equalisedTile({ width: 32, height: 32 }, grid);
    for (const shape of [{ ...grey(32, 32), channels: 3 }, { ...grey(32, 32), depth: 16 }, { ...grey(32, 32), depth: 7 }]) {
      const content = sampleTile(shape, 'photo');
      expect(Buffer.compare(codeContent(content, equalisation), codeContent(content))).toBe(0);
    }
  });

  it.each([[1, 1], [1, 200], [200, 1], [7, 5], [64, 64], [128, 33], [250, 120]])('comes back with %d by %d samples, in grids of every phase', (width, height) => {
    const grids = [
      grid,
      { cellWidth: 8, cellHeight: 8, phaseX: 0, phaseY: 0 },
      { cellWidth: 9, cellHeight: 8, phaseX: 17, phaseY: 15 },
      { cellWidth: 32_768, cellHeight: 32_768, phaseX: 65_535, phaseY: 1 },
    ];
    for (const each of grids) for (const wrongEvery of [0, 1, 50]) expect(comesBack(equalisedTile({ width, height }, each, wrongEvery), grey(width, height))).toBe(true);
  });

  it('comes back where maps fall, jump and end at either bound', () => {
    const next = numbersFrom(9);
    const { content, equalisation } = equalisedTile({ width: 90, height: 90 }, grid);
    for (const bits of [0, 255, 0x80]) {
      const maps = equalisation.maps.map(() => (next() >>> 8) & bits);
      expect(comesBack({ content, equalisation: { ...equalisation, maps } }, grey(90, 90))).toBe(true);
    }
  });

  it('has no code longer than what it may take', () => {
    const { content, equalisation } = equalisedTile({ width: 64, height: 64 }, grid, 9);
    const code = codeEqualisation(equalisation, grey(64, 64), samplesOf(content), enough);
    const length = code?.length ?? 0;
    expect(codeEqualisation(equalisation, grey(64, 64), samplesOf(content), length)?.length).toBe(length);
    expect(codeEqualisation(equalisation, grey(64, 64), samplesOf(content), length - 1)).toBeUndefined();
    expect(codeEqualisation(equalisation, grey(64, 64), samplesOf(content), 0)).toBeUndefined();
  });
});

describe('values', () => {
  it('are rounded to the nearest, halves to the even one', () => {
    const maps = new Uint8Array(4 * greyLevels);
    for (let level = 0; level < greyLevels; level++) maps[level + greyLevels] = level;
    // One sample in the middle between a map of zeros and one of the levels themselves.
    const half = { grid: { cellWidth: 8, cellHeight: 8, phaseX: 8, phaseY: 0 }, maps };
    const at = (level: number): number | undefined => equalisedValues({ ...half, levels: Uint8Array.of(level) }, grey(1, 1))[0];
    expect([1, 2, 3, 4, 5, 7, 255].map(at)).toEqual([0, 1, 2, 2, 2, 4, 128]);
  });

  it('of a region are those of the whole picture there', () => {
    const size = { width: 100, height: 70 };
    const next = numbersFrom(4);
    const picture = {
      cellWidth: 26, cellHeight: 18, across: 4, down: 4, width: size.width,
      maps: Uint8Array.from({ length: 16 * greyLevels }, (_, i) => ((i % greyLevels) >> 1) + (next() % 3)),
      levels: Uint8Array.from({ length: size.width * size.height }, () => next() % 200),
    };
    const whole = equalisedValues(equalisationIn(picture, { x: 0, y: 0, ...size }), size);
    for (const [x, y, width, height] of [[0, 0, 13, 9], [87, 61, 13, 9], [12, 8, 30, 40], [99, 0, 1, 70], [50, 20, 50, 50]] as const) {
      const part = equalisedValues(equalisationIn(picture, { x, y, width, height }), { width, height });
      const rows = Array.from({ length: height }, (_, row) => whole.subarray((y + row) * size.width + x, (y + row) * size.width + x + width));
      expect(Buffer.compare(part, Buffer.concat(rows))).toBe(0);
    }
  });

  it('are counted between as many nodes as touch the tile', () => {
    expect(nodesOf({ cellWidth: 80, cellHeight: 80, phaseX: 0, phaseY: 159 }, { width: 80, height: 1 })).toEqual({ across: 2, down: 2 });
    expect(nodesOf({ cellWidth: 80, cellHeight: 80, phaseX: 2, phaseY: 159 }, { width: 80, height: 2 })).toEqual({ across: 3, down: 3 });
  });
});

describe('a reader of equalised tiles', () => {
  const { content, equalisation } = equalisedTile({ width: 40, height: 30 }, grid, 60);
  const coded = codeContent(content, equalisation);

  it('refuses or reads any change of any byte, without another kind of failure', () => {
    expect(coded[0]).toBe(equalisedCoder);
    let refused = 0;
    for (let at = 1; at < coded.length; at++) {
      for (const change of [1, 128, 255]) refused += outcomeOf(coded.map((byte, i) => (i === at ? byte ^ change : byte))) === 'refused' ? 1 : 0;
    }
    expect(refused).toBeGreaterThan(0);
  });

  it('refuses a code that ends early or goes on', () => {
    const code = codeEqualisation(equalisation, grey(40, 30), samplesOf(content), enough) ?? new Uint8Array(0);
    expect(() => decodeEqualisation(Buffer.concat([code, Uint8Array.of(0, 0, 0, 0, 0)]), grey(40, 30), equalisation.levels)).toThrow(DiceError);
    for (let length = 0; length < coded.length; length++) expect(() => decodeContent(coded.subarray(0, length))).toThrow(DiceError);
  });

  it('refuses grids that cannot be', () => {
    const wrong = [{ cellWidth: 7 }, { cellHeight: 32_769 }, { phaseX: 162 }, { phaseY: 132 }];
    for (const change of wrong) {
      const bad = { ...equalisation, grid: { ...grid, ...change } };
      expect(() => codeEqualisation(bad, grey(40, 30), samplesOf(content), enough)).toThrow();
    }
  });
});

function outcomeOf(bytes: Uint8Array): 'read' | 'refused' {
  try {
    decodeContent(bytes);
    return 'read';
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(DiceError);
    return 'refused';
  }
}
