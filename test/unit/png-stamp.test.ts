/**
 * The stamp that the comparison with other tools puts on PNG files, judged by another decoder (sharp).
 */
import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { stampedPng } from '../../bench/peers/png-stamp.js';
import { writePng } from '../support/png-writer.js';
import { shaded } from '../support/test-picture.js';

async function pixelsOf(file: Uint8Array): Promise<{ readonly samples: Buffer; readonly channels: number; readonly width: number }> {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  return { samples: data, channels: info.channels, width: info.width };
}

describe('a stamped PNG', () => {
  it.each([1, 2, 3, 4] as const)('of %i channels differs from the original in a square of 64 pixels alone, whatever its filters are', async (channels) => {
    const original = Buffer.from(writePng(shaded(200, 150, { seed: 3, channels }), { filter: (row) => row % 5, idatBytes: 1_000 }));
    const [before, after] = [await pixelsOf(original), await pixelsOf(stampedPng(original, 1) ?? Buffer.alloc(0))];
    expect([after.width, after.channels, after.samples.length]).toEqual([before.width, before.channels, before.samples.length]);
    const changed = [...after.samples.keys()].filter((at) => after.samples[at] !== before.samples[at]).map((at) => Math.floor(at / before.channels));
    const [columns, rows] = [changed.map((pixel) => pixel % before.width), changed.map((pixel) => Math.floor(pixel / before.width))];
    expect(changed.length).toBeGreaterThan(1_000);
    expect(Math.max(...columns) - Math.min(...columns)).toBeLessThan(64);
    expect(Math.max(...rows) - Math.min(...rows)).toBeLessThan(64);
  });

  it('is the same for the same seed, and lies elsewhere for another', () => {
    const original = Buffer.from(writePng(shaded(200, 150)));
    expect(stampedPng(original, 1)).toEqual(stampedPng(original, 1));
    expect(stampedPng(original, 1)).not.toEqual(stampedPng(original, 2));
  });

  it('fits a picture that is smaller than the stamp', async () => {
    const original = Buffer.from(writePng(shaded(20, 10)));
    const { samples } = await pixelsOf(stampedPng(original, 9) ?? Buffer.alloc(0));
    expect(samples.equals((await pixelsOf(original)).samples)).toBe(false);
  });

  it('is not made of files of other kinds, or of broken ones', () => {
    const original = Buffer.from(writePng(shaded(30, 30)));
    const others = [Buffer.from('no picture at all'), Buffer.alloc(0), original.subarray(0, 60), Buffer.from(writePng(shaded(30, 30), { isInterlaced: true })), Buffer.from(writePng(shaded(30, 30, { depth: 16 })))];
    expect(others.map((file) => stampedPng(file, 1))).toEqual(others.map(() => undefined));
  });
});
