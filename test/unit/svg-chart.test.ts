/**
 * A chart carries the very numbers that it was drawn from, so that it can be held against its JSON.
 */
import { describe, expect, it } from '@jest/globals';
import { svgOf } from '../../bench/svg-chart.js';

describe('a chart', () => {
  const svg = svgOf({
    title: 'Storage <by> block size',
    unit: 'MB',
    scale: 1e6,
    groups: ['grid 4x4', 'tile 64'],
    series: [{ name: 'original files', values: [61_234_567, 61_234_567] }, { name: 'with "deduplication"', values: [12_222_387, 0] }],
  });

  it('has one bar for each number, which names series, group and value', () => {
    const bars = [...svg.matchAll(/data-series="([^"]*)" data-group="([^"]*)" data-value="(\d+)"/g)].map(([, series, group, value]) => [series, group, Number(value)]);
    expect(bars).toEqual([
      ['original files', 'grid 4x4', 61_234_567], ['with &#34;deduplication&#34;', 'grid 4x4', 12_222_387],
      ['original files', 'tile 64', 61_234_567], ['with &#34;deduplication&#34;', 'tile 64', 0],
    ]);
  });

  it('draws heights in proportion and escapes texts', () => {
    const heights = [...svg.matchAll(/height="([\d.]+)" fill="#[0-9a-f]+" data-series/g)].map(([, height]) => Number(height));
    expect((heights[1] ?? NaN) / (heights[0] ?? NaN)).toBeCloseTo(12_222_387 / 61_234_567, 2);
    expect(svg).toContain('Storage &#60;by&#62; block size');
  });
});
