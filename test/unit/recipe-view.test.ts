/** What a recipe says of its file. SPEC.md section 6.3. */
import { deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { viewOfRecipe } from '../../client-sdk/core/image/recipe-view.js';
import { utf8 } from '../../client-sdk/protocol/bytes.js';
import { mustSplit } from '../support/memory-source.js';
import { writePng } from '../support/png-writer.js';
import { shaded } from '../support/test-picture.js';
import { writeTiff } from '../support/tiff-writer.js';

const rgb = shaded(40, 30);

describe('the view of a recipe', () => {
  it('names container, samples and zlib parameters of a PNG, and where its skeleton comes from', async () => {
    const { recipe } = await mustSplit(writePng(rgb, { level: 7, memLevel: 9 }));
    const view = viewOfRecipe(recipe);
    expect(view).toMatchObject({
      container: 'PNG',
      pages: [{ width: 40, height: 30, channels: 3, depth: 8 }],
      encoders: [expect.stringMatching(/^zlib level \d, memory \d, window 15$/)],
      correctionBytes: 0,
    });
    expect(view.parts.find(({ name }) => name === 'filter types')?.bytes).toBe(30);
    expect(view.parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(recipe.skeleton.length);
  });

  it('names the model and the corrections of a predicted stream', async () => {
    const other = (stream: Uint8Array): Uint8Array => new Uint8Array(deflateSync(inflateSync(stream), { level: 2, memLevel: 4 }));
    const png = viewOfRecipe((await mustSplit(writePng(rgb, { changeStream: other }))).recipe);
    expect(png.encoders[0]).toMatch(/^tokens like those of .+, \d+ bytes of corrections$/);
    expect(png.correctionBytes).toBeGreaterThan(3);
    const tiff = viewOfRecipe((await mustSplit(writeTiff(rgb, { compression: 8, compress: (packed) => new Uint8Array(deflateSync(packed, { level: 2, memLevel: 4 })) }))).recipe);
    expect(tiff.encoders[0]).toMatch(/^Deflate, tokens like/);
    expect(tiff.correctionBytes).toBeGreaterThan(3);
  });

  it('names the ways of all pages of a TIFF once', async () => {
    const view = viewOfRecipe((await mustSplit(writeTiff([rgb, rgb, shaded(9, 9, { channels: 1, depth: 12 })]))).recipe);
    expect(view).toMatchObject({ container: 'TIFF', encoders: ['uncompressed'] });
    expect(view.pages.map(({ channels, depth }) => [channels, depth])).toEqual([[3, 8], [3, 8], [1, 12]]);
  });

  it('has nothing to say of bytes, and refuses a recipe that is none', async () => {
    const { recipe } = await mustSplit(utf8('bytes'));
    expect(viewOfRecipe(recipe)).toEqual({ container: undefined, pages: [], encoders: [], correctionBytes: 0, parts: [] });
    expect(() => viewOfRecipe({ ...recipe, splitter: 'raster' })).toThrow(expect.objectContaining({ code: 'recipe-invalid' }));
    expect(() => viewOfRecipe({ ...recipe, splitter: 'raster', params: 7 })).toThrow(expect.objectContaining({ code: 'recipe-invalid' }));
  });
});
