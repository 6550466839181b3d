/**
 * What stands in memory before the index: a filter that never denies what was added, packed ascending numbers, and the orders in
 * which many T1 are looked up.
 */
import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { packAscending, unpackAscending } from '../../server/storage/sqlite/ascending.js';
import { BloomFilter } from '../../server/storage/sqlite/bloom-filter.js';
import { ascending, inOrderOfFirstBytes } from '../../server/storage/sqlite/look-up-order.js';

const hashOf = (number: number): Uint8Array => createHash('sha256').update(String(number)).digest();
const owners = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const pairs = fc.array(fc.tuple(owners, fc.uint8Array({ minLength: 32, maxLength: 32 })), { maxLength: 300 });

describe('the filter', () => {
  it('never denies a pair that was added, however often it grew', () => {
    fc.assert(fc.property(pairs, fc.integer({ min: 1, max: 50 }), (added, capacity) => {
      const filter = new BloomFilter(capacity);
      for (const [owner, hash] of added) filter.add(owner, hash);
      for (const [owner, hash] of added) expect(filter.mayHave(owner, hash)).toBe(true);
      expect(filter.entries).toBeLessThanOrEqual(added.length);
    }), { numRuns: 200 });
  });

  it('says of many at once what it says of each', () => {
    const filter = new BloomFilter(200);
    const all = Array.from({ length: 3_000 }, (_, number) => hashOf(number));
    for (let number = 0; number < 3_000; number += 3) filter.add(1 + (number % 2), hashOf(number));
    for (const owner of [1, 2, 3]) {
      expect(filter.whichMayHave(owner, all)).toEqual([...all.keys()].filter((index) => filter.mayHave(owner, all[index] ?? new Uint8Array(0))));
    }
    expect(filter.whichMayHave(1, [])).toEqual([]);
  });

  it('denies all but about one in a hundred of other pairs, those of other owners too', () => {
    for (const capacity of [20_000, 2_000]) {
      const filter = new BloomFilter(capacity);
      for (let number = 0; number < 20_000; number++) filter.add(1, hashOf(number));
      let [strangers, absent] = [0, 0];
      for (let number = 0; number < 20_000; number++) {
        strangers += filter.mayHave(2, hashOf(number)) ? 1 : 0;
        absent += filter.mayHave(1, hashOf(number + 1_000_000)) ? 1 : 0;
      }
      const most = capacity === 20_000 ? 0.02 : 0.06; // generations add their mistakes up
      expect(strangers / 20_000).toBeLessThan(most);
      expect(absent / 20_000).toBeLessThan(most);
      expect(filter.entries / 20_000).toBeGreaterThan(0.94);
    }
  });

  it('takes 12 bits an entry, and nothing chosen by a client fills it unevenly', () => {
    const filter = new BloomFilter(50_000);
    expect(filter.bytes / 50_000).toBeCloseTo(1.5, 1);
    for (let number = 0; number < 10_000; number++) {
      const chosen = new Uint8Array(32);
      new DataView(chosen.buffer).setUint32(8, number); // nothing but a count where the filter reads
      filter.add(1, chosen);
    }
    expect(filter.entries).toBeGreaterThan(9_900);
  });
});

describe('ascending numbers', () => {
  it('come back from their packed form', () => {
    const numbers = fc.uniqueArray(fc.oneof(fc.integer({ min: 1, max: 1_000 }), owners)).map((values) => values.sort((a, b) => a - b));
    fc.assert(fc.property(numbers, (values) => {
      expect([...unpackAscending(packAscending(values))]).toEqual(values);
    }));
    expect(packAscending(Array.from({ length: 1_000 }, (_, index) => index + 1)).length).toBe(1_000);
  });
});

describe('the order of look-ups', () => {
  it('names every index once, by value and then by place, also where numbers are too large to pack', () => {
    const values = fc.array(fc.oneof(fc.nat(), fc.nat({ max: 3 }), fc.maxSafeNat()), { maxLength: 200 });
    fc.assert(fc.property(values, (given) => {
      const expected = given.map((_, index) => index).sort((a, b) => (given[a] ?? 0) - (given[b] ?? 0) || a - b);
      expect([...ascending(Float64Array.from(given))]).toEqual(expected);
    }));
  });

  it('follows the first bytes of T1', () => {
    const hashes = Array.from({ length: 500 }, () => new Uint8Array(randomBytes(32)));
    const sorted = Array.from(inOrderOfFirstBytes(hashes), (index) => hashes[index] ?? new Uint8Array(0));
    expect(sorted).toEqual([...hashes].sort((a, b) => Buffer.compare(a, b)));
  });
});
