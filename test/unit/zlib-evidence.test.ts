/** What the first tokens of a stream tell of the zlib that wrote it. SPEC.md section 6.4. */
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import pako from 'pako';
import type { ZlibParameters } from '../../client-sdk/core/image/deflate-encoder.js';
import { plausibleParameters } from '../../client-sdk/core/image/zlib-evidence.js';
import { makeDeflate } from '../support/deflate-maker.js';
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
    for (const plain of plains) expect(plausibleParameters(candidates, [deflated(plain, candidate)])).toContain(candidate);
  });

  it('leaves few levels of a long stream, and none of strange ones', () => {
    const left = plausibleParameters(candidates, [deflated(patterned, { kind: 'zlib', level: 6, memLevel: 9, strategy: 0, windowBits: 15 })]);
    expect(left.map(({ level, memLevel, strategy }) => [level, memLevel, strategy])).toEqual([[6, 9, 0]]);
    const wasteful = makeDeflate([{ kind: 'dynamic', tokens: [...new Array<number>(400).fill(0), { length: 5, distance: 3 }] }], 0);
    expect(plausibleParameters(candidates, [wasteful.stream])).toEqual([]);
  });

  it('takes all streams together', () => {
    const parts = [patterned.subarray(0, 500), patterned.subarray(500, 1_000), patterned.subarray(1_000, 20_000)];
    const of = (level: number): readonly Uint8Array[] => parts.map((part) => deflated(part, { kind: 'zlib', level, memLevel: 8, strategy: 0, windowBits: 15 }));
    for (const own of [1, 9]) expect(new Set(plausibleParameters(candidates, of(own)).map(({ level }) => level))).toEqual(new Set([own]));
  });

  it('is silent where a stream is damaged', () => {
    const stream = new Uint8Array(deflateRawSync(long));
    expect(plausibleParameters(candidates, [stream.subarray(0, 100)])).toBe(candidates);
    expect(plausibleParameters(candidates, [Uint8Array.of(7)])).toBe(candidates);
  });
});
