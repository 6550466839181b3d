/**
 * The frozen recipes and predictions: each file is split and joined, each stream is foretold and written again. SPEC.md section 6.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { decodeCbor, encodeCbor } from '../../client-sdk/core/cbor.js';
import { splitters } from '../../client-sdk/core/image/detect.js';
import { modelOf } from '../../client-sdk/core/image/encoder-model.js';
import { bytesOfHex, concat, hexOf } from '../../client-sdk/protocol/bytes.js';
import { memoryContents, mustSplit } from '../support/memory-source.js';
import { correctionsOf, joinTokens } from '../support/token-way.js';
import { bytesIn, numberIn, objectIn, textIn, type Vector } from '../support/vector.js';

function vectors(folder: string): readonly (readonly [name: string, vector: Vector])[] {
  const names = readdirSync(`test/vectors/${folder}`).filter((name) => name.endsWith('.json'));
  // The files were written by test/vectors/make-splitters.ts.
  return names.map((name) => [name, JSON.parse(readFileSync(`test/vectors/${folder}/${name}`, 'utf8')) as Vector]);
}

const outputOf = ({ output }: Vector): ReturnType<typeof objectIn> => objectIn({ output: output ?? null }, 'output');

function contentsIn(vector: Vector): readonly Uint8Array[] {
  const contents = outputOf(vector)['contents'];
  if (!Array.isArray(contents)) throw new TypeError('no contents');
  return contents.map((hex) => (typeof hex === 'string' ? bytesOfHex(hex) : undefined) ?? new Uint8Array());
}

describe('the frozen recipes', () => {
  it.each(vectors('splitters'))('%s: the file is split so', async (_name, vector) => {
    const { recipe, contents } = await mustSplit(bytesIn(vector.input, 'file'), { kind: 'tile', tilePixels: numberIn(vector.input, 'tilePixels') });
    const found = { splitter: recipe.splitter, params: hexOf(encodeCbor(recipe.params)), skeleton: hexOf(recipe.skeleton), contents: contents.map(hexOf) };
    expect(found).toEqual(vector.output);
  });

  it.each(vectors('splitters'))('%s: the recipe is joined so', async (_name, vector) => {
    const output = outputOf(vector);
    const id = (['raster', 'jpeg', 'bytes'] as const).find((known) => known === textIn(output, 'splitter')) ?? 'bytes';
    const pieces: Uint8Array[] = [];
    const recipe = { splitter: id, params: decodeCbor(bytesIn(output, 'params')), skeleton: bytesIn(output, 'skeleton') } as const;
    for await (const piece of splitters[id].join(recipe, memoryContents(contentsIn(vector)))) pieces.push(piece);
    expect(hexOf(concat(...pieces))).toBe(textIn(vector.input, 'file'));
  });
});

describe('the frozen predictions', () => {
  const all = vectors('tokens').map(([name, vector]) => {
    const model = modelOf(vector.input['model']);
    return [name, { vector, model, plain: bytesIn(vector.input, 'plain'), corrections: bytesIn(vector.input, 'corrections') }] as const;
  });
  const good = all.filter(([, { vector }]) => vector.failure === undefined);

  it.each(good)('%s: the stream is written so', (_name, { vector, model, plain, corrections }) => {
    expect(hexOf(joinTokens({ model, corrections }, plain))).toBe(textIn(outputOf(vector), 'stream'));
  });

  it.each(good)('%s: it is corrected so', (_name, { vector, model, corrections }) => {
    expect(hexOf(correctionsOf(bytesIn(outputOf(vector), 'stream'), model))).toBe(hexOf(corrections));
  });

  it.each(all.filter(([, { vector }]) => vector.failure !== undefined))('%s: it is refused', (_name, { vector, model, plain, corrections }) => {
    expect(() => joinTokens({ model, corrections }, plain)).toThrow(expect.objectContaining({ code: vector.failure }));
  });
});
