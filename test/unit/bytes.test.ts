/**
 * Bytes as text and back: strict and canonical both ways.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  base64Of, bytesOfBase64, bytesOfHex, compareBytes, concat, hexOf, isEqual, textOf, u16, u32, utf8,
} from '../../client-sdk/protocol/bytes.js';
import { asRehash, asTag, idOf, idOfBytes, isId } from '../../client-sdk/protocol/ids.js';
import { isSameSecret } from '../../client-sdk/core/constant-time.js';

const anyBytes = fc.uint8Array({ maxLength: 100 });

describe('hex and base64url', () => {
  it('give any bytes back, as Node’s own coders write them', () => {
    fc.assert(fc.property(anyBytes, (bytes) => {
      expect(hexOf(bytes)).toBe(Buffer.from(bytes).toString('hex'));
      expect(base64Of(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
      expect(bytesOfHex(hexOf(bytes))).toEqual(bytes);
      expect(bytesOfBase64(base64Of(bytes))).toEqual(bytes);
    }));
  });

  it('have one text for one byte string: any other text is refused', () => {
    fc.assert(fc.property(fc.string({ maxLength: 12 }), (text) => {
      const [fromHex, fromBase64] = [bytesOfHex(text), bytesOfBase64(text)];
      if (fromHex !== undefined) expect(hexOf(fromHex)).toBe(text);
      if (fromBase64 !== undefined) expect(base64Of(fromBase64)).toBe(text);
    }), { numRuns: 1_000 });
  });

  it.each(['0', 'AB', '0g', ' 00', '00\n'])('refuse %j as hex', (text) => {
    expect(bytesOfHex(text)).toBeUndefined();
  });

  it.each(['A', 'AA==', 'AB', 'A+', 'A/', 'AAA\n', 'AAB'])('refuse %j as base64url', (text) => {
    expect(bytesOfBase64(text)).toBeUndefined();
  });
});

describe('UTF-8', () => {
  it('gives any valid text back, its byte order mark included', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => { expect(textOf(utf8(text))).toBe(text); }));
    expect(textOf(utf8('\ufeffa'))).toBe('\ufeffa');
  });

  it.each(['ff', 'c080', 'eda080', 'e28a', 'f4908080'])('refuses the bytes %s', (hex) => {
    expect(textOf(bytesOfHex(hex) ?? new Uint8Array())).toBeUndefined();
  });
});

describe('comparing', () => {
  it('orders bytes as Node does, and equals only equals', () => {
    fc.assert(fc.property(anyBytes, anyBytes, (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
      expect(isEqual(a, b)).toBe(Buffer.compare(a, b) === 0);
      expect(isEqual(a.subarray(1), b.slice(1))).toBe(Buffer.compare(a.subarray(1), b.subarray(1)) === 0);
      expect(isSameSecret(a, b)).toBe(Buffer.compare(a, b) === 0);
      expect(isEqual(a, a.slice()) && isSameSecret(a, a.slice())).toBe(true);
    }));
  });

  it('notices a flip of any bit', () => {
    const bytes = Uint8Array.from({ length: 35 }, (_, at) => at);
    for (let bit = 0; bit < 280; bit++) {
      const other = bytes.slice();
      other[bit >>> 3] = (other[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
      expect(isEqual(bytes, other) || isSameSecret(bytes, other)).toBe(false);
    }
  });
});

describe('integers and concatenation', () => {
  it.each([[0, '00000000'], [1, '00000001'], [0x01020304, '01020304'], [0xffffffff, 'ffffffff']])('write %d big-endian', (value, hex) => {
    expect(hexOf(u32(value))).toBe(hex);
    expect(hexOf(u16(value & 0xffff))).toBe(hex.slice(4));
  });

  it('join parts in order into an array of their own', () => {
    const part = Uint8Array.of(1, 2);
    const whole = concat(part, new Uint8Array(), Uint8Array.of(3));
    part[0] = 9;
    expect(whole).toEqual(Uint8Array.of(1, 2, 3));
    expect(concat()).toEqual(new Uint8Array());
  });
});

describe('ids', () => {
  it.each([['0'.repeat(32), true], ['0'.repeat(31), false], ['0'.repeat(33), false], ['A'.repeat(32), false], [`${'0'.repeat(31)}\n`, false], ['', false]])('%j is one: %p', (text, isOne) => {
    expect(isId(text)).toBe(isOne);
    expect(idOf(text)).toBe(isOne ? text : undefined);
  });

  it.each([0, 1, 15, 17, 31, 33])('are refused as %d bytes', (length) => {
    expect(() => idOfBytes(new Uint8Array(length))).toThrow(RangeError);
    expect(() => asTag(new Uint8Array(length))).toThrow(RangeError);
    expect(() => asRehash(new Uint8Array(length))).toThrow(RangeError);
  });
});
