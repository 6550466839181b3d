/**
 * The tables by quality against those of a real encoder (libjpeg-turbo in sharp).
 */
import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { quantisationSegments } from '../../client-sdk/core/image/jpeg/quantisation-tables.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';

describe('the quantisation tables of a quality', () => {
  it('are those that libjpeg writes, at all qualities', async () => {
    for (let quality = 1; quality <= 100; quality++) {
      const file = await sharp({ create: { width: 16, height: 16, channels: 3, background: '#4080c0' } }).jpeg({ quality }).toBuffer();
      const at = file.indexOf(Uint8Array.of(0xff, 0xdb));
      expect([quality, hexOf(file.subarray(at, at + 138))]).toEqual([quality, hexOf(quantisationSegments(quality))]);
    }
  });
});
