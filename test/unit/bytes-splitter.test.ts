/** The splitter for any file. SPEC.md section 6.6. */
import { describe, expect, it } from '@jest/globals';
import type { CborValue } from '../../client-sdk/core/cbor.js';
import { bytesSplitter } from '../../client-sdk/core/image/bytes-splitter.js';
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import { bytesBlockBytes, maxBlocksPerImage } from '../../client-sdk/protocol/limits.js';
import { joinFile, memorySource, mustSplit } from '../support/memory-source.js';

const recipeOf = (size: CborValue): Parameters<typeof joinFile>[0] => ({ splitter: 'bytes', params: { size }, skeleton: new Uint8Array() });

describe('the bytes splitter', () => {
  const sizes = [0, 1, bytesBlockBytes - 1, bytesBlockBytes, bytesBlockBytes + 1, 786_432];
  it.each(sizes)('gives a file of %d bytes back', async (size) => {
    const file = new Uint8Array(size).map((_, i) => i * 31);
    const split = await mustSplit(file);
    expect(split.summary).toEqual({ count: Math.ceil(size / bytesBlockBytes), picture: undefined, places: [], fileBytes: size });
    expect(split.contents.length).toBe(split.summary.count);
    expect(isEqual(await joinFile(split.recipe, split.contents), file)).toBe(true);
  });

  it('starts in the middle when asked', async () => {
    const split = await bytesSplitter.split(memorySource(new Uint8Array(bytesBlockBytes + 5)), { kind: 'grid', cells: 4 });
    const lengths: number[] = [];
    for await (const content of split?.contents(1) ?? []) lengths.push(content.length);
    expect(lengths).toEqual([9]);
  });

  it.each([-1, '7', null, maxBlocksPerImage * bytesBlockBytes + 1])('refuses a recipe of size %p', async (size) => {
    await expect(joinFile(recipeOf(size), [])).rejects.toMatchObject({ code: 'recipe-invalid' });
  });

  it('refuses blocks of another number, length or kind than the size asks for', async () => {
    const block = (label: string, length: number): Uint8Array => Uint8Array.from([...Buffer.from(label), ...new Uint8Array(length)]);
    for (const contents of [[], [block('DCby', 9)], [block('DCsg', 10)], [block('DCby', 10), block('DCby', 0)]]) {
      await expect(joinFile(recipeOf(10), contents)).rejects.toMatchObject({ code: 'recipe-invalid' });
    }
    expect((await joinFile(recipeOf(10), [block('DCby', 10)])).length).toBe(10);
  });

  it('refuses a recipe with a skeleton or further members', async () => {
    const recipe = recipeOf(0);
    await expect(joinFile({ ...recipe, skeleton: new Uint8Array(1) }, [])).rejects.toMatchObject({ code: 'recipe-invalid' });
    await expect(joinFile({ ...recipe, params: { size: 0, more: 1 } }, [])).rejects.toMatchObject({ code: 'recipe-invalid' });
  });
});
