/**
 * Padme lengths.
 */
import { describe, expect, it } from '@jest/globals';
import { isZeroFrom, padmeLength, padWithZeros } from '../../client-sdk/core/padding.js';
import { paddedLength } from '../../client-sdk/core/domain.js';
import { maxCipherBytes, maxCodedBytes, ivBytes } from '../../client-sdk/protocol/limits.js';

describe('padding', () => {
  it('adds at most 12 %, never takes away, and changes nothing the second time', () => {
    let previous = 0;
    for (let length = 0; length < 100_000; length++) {
      const padded = padmeLength(length);
      expect(padded >= length && padded <= length * 1.12 && padded >= previous && padmeLength(padded) === padded).toBe(true);
      previous = padded;
    }
  });

  it.each([[0, 0], [1, 1], [2, 2], [8, 8], [9, 10], [69, 72], [1_000, 1_024], [1_048_577, 1_081_344]])('makes %d bytes %d', (length, padded) => {
    expect(padmeLength(length)).toBe(padded);
  });

  it('leaves few lengths to tell apart', () => {
    const lengths = new Set(Array.from({ length: 1_048_576 }, (_, length) => padmeLength(length)));
    expect(lengths.size).toBeLessThan(500);
  });

  it.each([-1, 1.5, NaN, 0x80000001])('refuses %d', (length) => {
    expect(() => padmeLength(length)).toThrow(RangeError);
  });

  it('never makes a block larger than a server takes', () => {
    for (let length = maxCodedBytes - 40_000; length <= maxCodedBytes; length += 7) {
      expect(ivBytes + paddedLength('personal', length)).toBeLessThanOrEqual(maxCipherBytes);
    }
    expect(paddedLength('personal', maxCodedBytes)).toBe(maxCodedBytes);
    expect(paddedLength('open', 1_000)).toBe(1_000);
    expect(paddedLength('group', 1_000)).toBe(1_000);
  });

  it('fills with zeros that can be recognised', () => {
    expect(padWithZeros(Uint8Array.of(1, 2), 4)).toEqual(Uint8Array.of(1, 2, 0, 0));
    expect(isZeroFrom(Uint8Array.of(1, 0, 0), 1)).toBe(true);
    expect(isZeroFrom(Uint8Array.of(1, 0, 2), 1)).toBe(false);
    expect(isZeroFrom(Uint8Array.of(1), 1)).toBe(true);
  });
});
