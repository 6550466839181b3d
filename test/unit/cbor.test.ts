/**
 * The canonical encoding: one encoding for one value, and every other byte string is refused.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CborValue, decodeCbor, encodeCbor } from '../../client-sdk/core/cbor.js';
import { DiceError } from '../../client-sdk/core/errors.js';
import { bytesOfHex, hexOf } from '../../client-sdk/protocol/bytes.js';

const hex = (text: string): Uint8Array => bytesOfHex(text) ?? new Uint8Array();
const { value: anyValue } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null), fc.boolean(), fc.maxSafeInteger(), fc.string({ unit: 'grapheme' }), fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 5 }), fc.dictionary(fc.string({ maxLength: 6 }), tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

describe('canonical encoding', () => {
  it.each<[CborValue, string]>([
    [0, '00'], [23, '17'], [24, '1818'], [255, '18ff'], [256, '190100'], [65_535, '19ffff'], [65_536, '1a00010000'], [4_294_967_295, '1affffffff'],
    [4_294_967_296, '1b0000000100000000'], [Number.MAX_SAFE_INTEGER, '1b001fffffffffffff'], [-1, '20'], [-24, '37'], [-25, '3818'], [Number.MIN_SAFE_INTEGER, '3b001ffffffffffffe'],
    [null, 'f6'], [true, 'f5'], [false, 'f4'], ['', '60'], ['ü', '62c3bc'], [hex('01'), '4101'], [[], '80'], [[1, [2]], '82018102'],
    [{}, 'a0'], [{ b: 1, a: 2, aa: 0 }, 'a361610261620162616100'],
  ])('writes %j as %s', (value, expected) => {
    expect(hexOf(encodeCbor(value))).toBe(expected);
    expect(decodeCbor(hex(expected))).toEqual(value);
  });

  it('gives any value back', () => {
    fc.assert(fc.property(anyValue, (value) => { expect(decodeCbor(encodeCbor(value))).toEqual(value); }));
  });

  it('reads any bytes as the encoding of one value, or refuses them', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
      try {
        expect(hexOf(encodeCbor(decodeCbor(bytes)))).toBe(hexOf(bytes));
      } catch (error) {
        if (!(error instanceof DiceError) || error.code !== 'sealed-invalid') throw error;
      }
    }), { numRuns: 3_000 });
  });

  it('refuses every cut of a value', () => {
    fc.assert(fc.property(anyValue, (value) => {
      const bytes = encodeCbor(value);
      for (let length = 0; length < bytes.length; length++) {
        expect(() => decodeCbor(bytes.subarray(0, length))).toThrow(expect.objectContaining({ code: 'sealed-invalid' }));
      }
    }), { numRuns: 50 });
  });

  it.each([
    ['an integer with a byte too many', '1817'], ['an integer with two bytes too many', '1900ff'], ['an integer with four too many', '1a0000ffff'],
    ['an integer with eight too many', '1b00000000ffffffff'], ['an integer above the safe ones', '1b0020000000000000'], ['a negative integer below the safe ones', '3b001fffffffffffff'],
    ['a length with a byte too many', '5801ff'], ['an indefinite byte string', '5f4101ff'], ['an indefinite list', '9f01ff'], ['an indefinite map', 'bfff'],
    ['a tag', 'c000'], ['a float', 'f93c00'], ['undefined', 'f7'], ['a simple value', 'f820'], ['keys out of order', 'a2616201616101'],
    ['a longer key first', 'a262616101616201'], ['a key twice', 'a2616101616102'], ['a key that is no text', 'a10101'], ['text that is not UTF-8', '61ff'],
    ['two values', '0000'], ['nothing', ''], ['a list longer than the input', '9a7fffffff'], ['a map longer than the input', 'ba7fffffff'], ['bytes longer than the input', '5a7fffffff00'],
    ['nesting without end', '81'.repeat(100)],
  ])('refuses %s', (_, text) => {
    expect(() => decodeCbor(hex(text))).toThrow(expect.objectContaining({ code: 'sealed-invalid' }));
  });

  it('nests 16 deep and no deeper', () => {
    expect(() => decodeCbor(hex(`${'81'.repeat(16)}00`))).not.toThrow();
    expect(() => decodeCbor(hex(`${'81'.repeat(17)}00`))).toThrow(DiceError);
  });

  it('refuses to write what has no canonical form', () => {
    for (const value of [1.5, NaN, Number.MAX_SAFE_INTEGER + 1]) expect(() => encodeCbor(value)).toThrow(RangeError);
  });

  it('keeps a member named __proto__ a member', () => {
    const value = decodeCbor(hex('a1695f5f70726f746f5f5fa0'));
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value ?? {})).toEqual(['__proto__']);
  });
});
