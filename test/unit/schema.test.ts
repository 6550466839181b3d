/**
 * The two-way schema of JSON bodies: exact values in, the same values out, everything else refused with its place named.
 */
import { describe, expect, it } from '@jest/globals';
import { base64Of } from '../../client-sdk/protocol/bytes.js';
import { blob, flag, hex, id, integer, list, object, oneOf, optional, type Schema, text, time } from '../../client-sdk/protocol/schema.js';

const refusal = expect.objectContaining({ code: 'request-invalid' });
const takes = (schema: Schema<unknown>, value: unknown): boolean => {
  try {
    schema.parse(value, 'body');
    return true;
  } catch (error) {
    expect(error).toEqual(refusal);
    return false;
  }
};

describe('a schema', () => {
  it.each<[string, [Schema<unknown>, readonly unknown[], readonly unknown[]]]>([
    ['text of 2 to 4', [text(2, 4), ['ab', 'abc', 'abcd', '\u{1f600}'], ['', 'a', 'abcde', 12, null, undefined, ['ab'], 'a\0b', 'a\ud800', '\udc00\ud800']]],
    ['an integer of 1 to 9', [integer(1, 9), [1, 2, 8, 9], [0, 10, 1.5, '1', NaN, Infinity, null, true, 2 ** 53]]],
    ['a flag', [flag, [true, false], [0, 1, 'true', null]]],
    ['one of two', [oneOf('a', 'b'), ['a', 'b'], ['c', '', null, ['a'], 'toString']]],
    ['2 bytes of hex', [hex(2), ['00ff'], ['00', '00ff00', '00FF', '00fg', '', 0]]],
    ['an id', [id(), ['0'.repeat(32)], ['0'.repeat(31), '0'.repeat(33), 'A'.repeat(32)]]],
    ['a blob of 1 to 3', [blob(1, 3), ['AA', 'AAA', 'AAAA'], ['', 'AAAAA', 'AA==', 'AB', 'A', '+/', 3]]],
    ['a time', [time, ['2026-01-02T03:04:05.006Z'], ['2026-01-02', '2026-01-02T03:04:05Z', '2026-13-02T03:04:05.006Z', '2026-01-02T03:04:05.006+00:00', 0]]],
    ['a list of at most 2', [list(flag, 2), [[], [true], [true, false]], [[true, false, true], [1], 'ab', { length: 0 }, null]]],
  ])('of %s takes what it says and refuses the rest', (_, [schema, good, bad]) => {
    expect(good.filter((value) => !takes(schema, value))).toEqual([]);
    expect(bad.filter((value) => takes(schema, value))).toEqual([]);
    expect(good.map((value) => schema.format(schema.parse(value, 'body')))).toEqual(good);
  });

  const card = object({ name: text(1, 9), size: optional(integer(0, 9)) });

  it('of an object refuses unknown, missing and inherited members', () => {
    expect(card.parse({ name: 'a' }, 'body')).toEqual({ name: 'a' });
    expect(card.parse({ name: 'a', size: 3 }, 'body')).toEqual({ name: 'a', size: 3 });
    for (const value of [{}, { name: 'a', more: 1 }, { name: 'a', size: null }, null, [], 'a', JSON.parse('{"name":"a","__proto__":{}}'), Object.create({ name: 'a' })]) {
      expect(takes(card as Schema<unknown>, value)).toBe(false);
    }
  });

  it('leaves absent members out when it formats', () => {
    expect(card.format({ name: 'a' })).toEqual({ name: 'a' });
  });

  it('names the place of a mistake and never repeats the value', () => {
    const nested = object({ cards: list(card, 5) });
    expect(() => nested.parse({ cards: [{ name: 'a' }, { name: 'hunter2 hunter2' }] }, 'body')).toThrow(/body\.cards\[1\]\.name must be text of 1 to 9/);
    expect(() => nested.parse({ cards: [{ name: 'hunter2 hunter2' }] }, 'body')).toThrow(/^(?!.*hunter2)/);
  });

  it('measures a blob in bytes at its limits', () => {
    for (const [length, isTaken] of [[0, false], [1, true], [99, true], [100, true], [101, false]] as const) {
      expect(takes(blob(1, 100) as Schema<unknown>, base64Of(new Uint8Array(length)))).toBe(isTaken);
    }
  });
});
