/**
 * Previews stay small beside their files.
 */
import { describe, expect, it } from '@jest/globals';
import { isDeepPng, isOwnPreview, maxPreviewSide, pngHeadBytes, previewBudget, previewTries } from '../../client-sdk/core/preview-plan.js';

describe('the budget of a preview', () => {
  it.each([
    [0, 0], [1, 0], [2_000, 1_000], [8_192, 4_096], [100_000, 4_096], [737_000, 23_031], [4_194_304, 131_072], [1e12, 131_072],
  ])('for a file of %i bytes is %i', (size, budget) => {
    expect(previewBudget(size)).toBe(budget);
  });

  it('is met by tries that only get smaller', () => {
    const areas = previewTries(1e6).map(({ pixels, quality }) => pixels * pixels * quality);
    expect(areas).toEqual([...areas].sort((a, b) => b - a));
  });

  it('begins with what may fit, and leaves at least one', () => {
    expect(previewTries(1e6)[0]).toMatchObject({ pixels: maxPreviewSide });
    expect(previewTries(4_096)[0]).toMatchObject({ pixels: maxPreviewSide, quality: 45 });
    expect(previewTries(2_000)[0]).toMatchObject({ pixels: 192 });
    expect(previewTries(0)).toHaveLength(1);
  });
});

describe('a file that is its own preview', () => {
  const photo = { size: 20_000, type: 'image/jpeg', picture: { width: 320, height: 240 } };

  it.each([
    ['a small photograph', photo, true],
    ['a small PNG', { ...photo, type: 'image/png' }, true],
    ['a larger file', { ...photo, size: 32_769 }, false],
    ['few bytes of very many pixels', { ...photo, picture: { width: 20_000, height: 20_000 } }, false],
    ['what was stored as bytes', { ...photo, picture: undefined }, false],
    ['a format that not every browser shows', { ...photo, type: 'image/tiff' }, false],
    ['a document', { ...photo, type: 'text/html' }, false],
  ])('%s: %#', (_, facts, isOwn) => {
    expect(isOwnPreview(facts)).toBe(isOwn);
  });

  it('is no PNG of 16 bits', () => {
    const head = new Uint8Array(pngHeadBytes).fill(8);
    head[0] = 0x89;
    expect(isDeepPng(head)).toBe(false);
    head[pngHeadBytes - 1] = 16;
    expect(isDeepPng(head)).toBe(true);
    head[0] = 0xff;
    expect(isDeepPng(head)).toBe(false);
  });
});
