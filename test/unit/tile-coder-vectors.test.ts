/**
 * The frozen codes of contents: each vector is coded and decoded.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { codeContent, decodeContent } from '../../client-sdk/core/image/coded.js';
import type { TileEqualisation } from '../../client-sdk/core/image/equalised-tile.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { bytesIn, numberIn, objectIn, type Vector, type VectorInput } from '../support/vector.js';

const folder = 'test/vectors/tile-coder';
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

function read(name: string): { readonly content: Uint8Array; readonly equalisation: TileEqualisation | undefined; readonly coded: Uint8Array } {
  // The file was written by test/vectors/make-tile-coder.ts.
  const vector = JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as Vector;
  const equalisation = 'equalisation' in vector.input ? equalisationOf(objectIn(vector.input, 'equalisation')) : undefined;
  return { content: bytesIn(vector.input, 'content'), equalisation, coded: bytesIn(objectIn({ output: vector.output ?? null }, 'output'), 'coded') };
}

function equalisationOf(input: VectorInput): TileEqualisation {
  const grid = objectIn(input, 'grid');
  const side = (name: string): number => numberIn(grid, name);
  return {
    grid: { cellWidth: side('cellWidth'), cellHeight: side('cellHeight'), phaseX: side('phaseX'), phaseY: side('phaseY') },
    maps: bytesIn(input, 'maps'),
    levels: bytesIn(input, 'levels'),
  };
}

describe('the frozen codes of contents', () => {
  it('cover all six coders and all four modes', () => {
    const coders = new Set(names.map((name) => read(name).coded[0]));
    expect([...coders].sort()).toEqual([1, 2, 3, 4, 5, 6]);
    const modes = new Set(names.map(modeOf));
    for (const mode of [0, 1, 2, 3]) expect(modes).toContain(mode);
  });

  it.each(names)('%s is coded to the same bytes', (name) => {
    const { content, equalisation, coded } = read(name);
    expect(hexOf(codeContent(content, equalisation))).toBe(hexOf(coded));
  });

  it.each(names)('%s is decoded to the same content', (name) => {
    const { content, coded } = read(name);
    expect(hexOf(decodeContent(coded))).toBe(hexOf(content));
  });
});

/** The mode of a coded tile of at most 128 pixels a side; undefined for other coders. */
function modeOf(name: string): number | undefined {
  const { coded } = read(name);
  if (coded[0] !== 3) return undefined;
  const head = (coded[1] ?? 0) < 128 ? 2 : 3;
  const hasSize = (coded[head] ?? 0) >= 128;
  return (coded[head + (hasSize ? 3 : 1)] ?? 0) & 3;
}
