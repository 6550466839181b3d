/**
 * Previews stay small beside their files.
 */
import { describe, expect, it } from '@jest/globals';
import { previewBudget, previewTries } from '../../client-sdk/core/preview-plan.js';

describe('the budget of a preview', () => {
  it.each([
    [0, 0], [1, 0], [2_000, 1_000], [8_192, 4_096], [100_000, 4_096], [737_000, 23_031], [4_194_304, 131_072], [1e12, 131_072],
  ])('for a file of %i bytes is %i', (size, budget) => {
    expect(previewBudget(size)).toBe(budget);
  });

  it('is met by tries that only get smaller', () => {
    const areas = previewTries.map(({ pixels, quality }) => pixels * pixels * quality);
    expect(areas).toEqual([...areas].sort((a, b) => b - a));
  });
});
