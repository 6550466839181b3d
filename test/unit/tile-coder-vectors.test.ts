/**
 * The frozen codes of contents: each vector is coded and decoded.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { codeContent, decodeContent } from '../../client-sdk/core/image/coded.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { bytesIn, objectIn, type Vector } from '../support/vector.js';

const folder = 'test/vectors/tile-coder';
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

function read(name: string): { readonly content: Uint8Array; readonly coded: Uint8Array } {
  // The file was written by test/vectors/make-tile-coder.ts.
  const vector = JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as Vector;
  return { content: bytesIn(vector.input, 'content'), coded: bytesIn(objectIn({ output: vector.output ?? null }, 'output'), 'coded') };
}

describe('the frozen codes of contents', () => {
  it('cover all five coders and all four modes', () => {
    const coders = new Set(names.map((name) => read(name).coded[0]));
    expect([...coders].sort()).toEqual([1, 2, 3, 4, 5]);
    const modes = new Set(names.map(modeOf));
    for (const mode of [0, 1, 2, 3]) expect(modes).toContain(mode);
  });

  it.each(names)('%s is coded to the same bytes', (name) => {
    const { content, coded } = read(name);
    expect(hexOf(codeContent(content))).toBe(hexOf(coded));
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
