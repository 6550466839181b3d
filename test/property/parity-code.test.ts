/**
 * The library's Reed-Solomon code against a computation of our own: the same parity for any group, and any shards of a group heal it where as many are left as it
 * has data shards.
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ErasureCode } from '../../server/storage/packs/parity/erasure-code.js';
import { plainShards } from '../support/plain-parity.js';
import { seeded } from '../support/file-rot.js';

let code: ErasureCode;

beforeAll(async () => {
  code = await ErasureCode.load();
});

function groupOf(seed: number, { k, m, length }: { readonly k: number; readonly m: number; readonly length: number }): Uint8Array[] {
  const below = seeded(seed);
  return Array.from({ length: k + m }, (_, n) => Uint8Array.from({ length }, () => (n < k ? below(256) : 0)));
}

/** `count` different numbers below `bound`. */
function chosen(seed: number, count: number, bound: number): ReadonlySet<number> {
  const below = seeded(seed);
  const left = Array.from({ length: bound }, (_, n) => n);
  return new Set(Array.from({ length: count }, () => left.splice(below(left.length), 1)[0] ?? 0));
}

const shape = fc.record({ k: fc.integer({ min: 1, max: 30 }), m: fc.integer({ min: 1, max: 12 }), length: fc.integer({ min: 1, max: 40 }), seed: fc.nat() });

describe('the erasure code', () => {
  it('gives the parity that the format names', async () => {
    await fc.assert(fc.asyncProperty(shape, async ({ seed, ...size }) => {
      const shards = groupOf(seed, size);
      await code.encode({ shards, dataShards: size.k });
      expect(shards.slice(size.k)).toEqual(plainShards(shards.slice(0, size.k), size.m));
    }), { numRuns: 40 });
  });

  it.each([[100, 5], [60, 100]])('gives it for the largest groups, %i + %i', async (k, m) => {
    const shards = groupOf(k, { k, m, length: 3 });
    await code.encode({ shards, dataShards: k });
    expect(shards.slice(k)).toEqual(plainShards(shards.slice(0, k), m));
  });

  it('heals a group of which any m shards are lost', async () => {
    await fc.assert(fc.asyncProperty(shape, fc.nat(), async ({ seed, ...size }, which) => {
      const shards = groupOf(seed, size);
      await code.encode({ shards, dataShards: size.k });
      const whole = shards.map((shard) => shard.slice());
      const lost = chosen(which, size.m, size.k + size.m);
      for (const n of lost) shards[n]?.fill(0xee);
      await code.restore({ shards, dataShards: size.k }, shards.map((_, n) => !lost.has(n)));
      expect(shards.slice(0, size.k)).toEqual(whole.slice(0, size.k));
    }), { numRuns: 60 });
  });

  it('heals shards that are worked on in slices, and refuses a group of which too much is lost', async () => {
    const size = { k: 90, m: 6, length: 65_536 };
    const shards = groupOf(9, { ...size, length: 64 }).map((shard) => new Uint8Array(size.length).fill(shard[0] ?? 0));
    for (const [n, shard] of shards.entries()) shard.set(Uint8Array.of(n, 255 - n), size.length - 2);
    await code.encode({ shards, dataShards: size.k });
    const whole = shards.map((shard) => shard.slice());
    for (const n of [0, 7, 44, 89, 91]) shards[n]?.fill(1);
    const isThere = (lost: readonly number[]): readonly boolean[] => shards.map((_, n) => !lost.includes(n));
    await code.restore({ shards, dataShards: size.k }, isThere([0, 7, 44, 89, 91]));
    expect(shards.slice(0, size.k).every((shard, n) => Buffer.compare(shard, whole[n] ?? shard.subarray(1)) === 0)).toBe(true);
    await expect(code.restore({ shards, dataShards: size.k }, isThere([0, 1, 2, 3, 4, 5, 6]))).rejects.toThrow('7 shards are lost and 6 can be restored');
  });
});
