/**
 * The frozen patches: each is made and applied, or refused.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { applyPatch, makePatch } from '../../client-sdk/core/image/patch.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { bytesIn, numberIn, textIn, type Vector } from '../support/vector.js';

const folder = 'test/vectors/patches';
const vectors = readdirSync(folder).map((name): readonly [string, Vector] => {
  // The file was written by test/vectors/make-patches.ts.
  return [name, JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as Vector];
});
const made = vectors.filter(([, { operation }]) => operation === 'makePatch');
const refused = vectors.filter(([, { failure }]) => failure !== undefined);

/** First bytes of the patches of samples, or of coefficients. */
function firstsOf(ofCoefficients: boolean): readonly number[] {
  const some = made.filter(([name]) => name.startsWith('coefficients-') === ofCoefficients);
  return some.flatMap(([, { output }]) => (typeof output === 'string' ? [parseInt(output.slice(0, 2), 16)] : []));
}

describe('the frozen patches', () => {
  it('cover all forms of the first byte', () => {
    const firsts = firstsOf(false);
    for (const bits of [8, 16, 0x20, 0x40, 0x80]) expect(firsts.some((first) => (first & bits) === bits)).toBe(true);
    expect(new Set(firsts.map((first) => first & 7)).size).toBe(8);
    expect(firsts.some((first) => (first & 0x20) !== 0 && first >= 0x40)).toBe(true);
    expect(made.some(([, { output }]) => output === null)).toBe(true);
  });

  it('cover all forms of the first byte for coefficients', () => {
    const firsts = firstsOf(true);
    expect(new Set(firsts.map((first) => first & 0x30)).size).toBe(4);
    expect(firsts.some((first) => (first & 8) !== 0)).toBe(true);
    expect(new Set(firsts.map((first) => first & 7)).size).toBe(8);
  });

  it.each(made)('%s is made to the same bytes', (_, { input, output }) => {
    const view = { orientation: numberIn(input, 'orientation'), x: numberIn(input, 'x'), y: numberIn(input, 'y') };
    const patch = makePatch(bytesIn(input, 'target'), bytesIn(input, 'base'), view, numberIn(input, 'maxBytes'));
    expect(patch === undefined ? null : hexOf(patch)).toBe(output);
  });

  it.each(made.filter(([, { output }]) => output !== null))('%s is applied to the same content', (_, { input, output }) => {
    const patch = bytesIn({ patch: output ?? null }, 'patch');
    expect(hexOf(applyPatch(patch, bytesIn(input, 'base')))).toBe(textIn(input, 'target'));
  });

  it.each(refused)('%s is refused', (_, { input, failure }) => {
    const apply = (): unknown => applyPatch(bytesIn(input, 'patch'), bytesIn(input, 'base'));
    expect(apply).toThrow(expect.objectContaining({ code: failure }));
  });
});
