/** What the first tokens of a stream tell of the zlib that wrote it. SPEC.md section 6.4. */
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import pako from 'pako';
import type { ZlibParameters } from '../../client-sdk/core/image/deflate-encoder.js';
import { possibleParameters } from '../../client-sdk/core/image/zlib-evidence.js';
import { shaded } from '../support/test-picture.js';

const long = shaded(300, 200, { seed: 4 }).samples;
const patterned = long.map((byte) => byte & 3);
const plains = [patterned, long.subarray(0, 60_000), long.subarray(0, 3_000), long.subarray(0, 60_000).map((_, i) => (i >> 4) & 7), new Uint8Array(50_000)];
const candidates: readonly ZlibParameters[] = [1, 4, 6, 9].flatMap((level) => [8, 9].flatMap((memLevel) => [0, 1, 2, 3, 4].map((strategy) => ({ kind: 'zlib' as const, level, memLevel, strategy, windowBits: 15 }))));

function deflated(plain: Uint8Array, { level, memLevel, strategy, windowBits }: ZlibParameters): Uint8Array {
  // These are values that pako's literal types allow.
  const options = { level: level as 1, memLevel, strategy: strategy as 0, windowBits };
  return pako.deflateRaw(plain, options);
}

describe('evidence', () => {
  it.each(candidates)('never speaks against $level, memory $memLevel, strategy $strategy, where they wrote the stream', (candidate) => {
    for (const plain of plains) expect(possibleParameters(candidates, [deflated(plain, candidate)])).toContain(candidate);
  });

  it('excludes other memory, strategies and windows', () => {
    const left = (own: Omit<ZlibParameters, 'kind'>): readonly ZlibParameters[] => possibleParameters(candidates, [deflated(patterned, { kind: 'zlib', ...own })]);
    const lazy = left({ level: 6, memLevel: 9, strategy: 0, windowBits: 15 });
    expect(new Set(lazy.map(({ memLevel }) => memLevel))).toEqual(new Set([9]));
    expect(lazy.filter(({ strategy, level }) => strategy > 0 && (strategy > 1 || level > 3))).toEqual([]);
    expect(left({ level: 6, memLevel: 8, strategy: 2, windowBits: 15 }).every(({ memLevel }) => memLevel === 8)).toBe(true);
    expect(left({ level: 6, memLevel: 7, strategy: 0, windowBits: 15 })).toEqual([]);
    const far = candidates.map((candidate) => ({ ...candidate, windowBits: 9 }));
    expect(possibleParameters(far, [deflated(patterned, { kind: 'zlib', level: 6, memLevel: 8, strategy: 0, windowBits: 15 })])).toEqual([]);
  });

  it('is silent where a stream is damaged', () => {
    const stream = new Uint8Array(deflateRawSync(long));
    expect(possibleParameters(candidates, [stream.subarray(0, 100)])).toBe(candidates);
    expect(possibleParameters(candidates, [Uint8Array.of(7)])).toBe(candidates);
  });
});
