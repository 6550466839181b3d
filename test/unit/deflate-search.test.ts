/** Finding the encoder of a deflate stream, and what lies around it. SPEC.md section 6.4. */
import { crc32 as nodeCrc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import pako from 'pako';
import { adler32, crc32 } from '../../client-sdk/core/image/checksum.js';
import { encoderOf, methodOf, methodValue, type DeflateMethod } from '../../client-sdk/core/image/deflate-encoder.js';
import { findParameters, type DeflateSample } from '../../client-sdk/core/image/deflate-search.js';
import { StoredBlockReader } from '../../client-sdk/core/image/stored-blocks.js';
import { ByteReader, ByteWriter, decodeRuns, encodeRuns, RunList } from '../../client-sdk/core/image/varint.js';
import { concat, isEqual } from '../../client-sdk/protocol/bytes.js';
import { shaded } from '../support/test-picture.js';

const plain = shaded(300, 120, { seed: 4 }).samples;

function encode(method: DeflateMethod, bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  const encoder = encoderOf(method, (part) => void parts.push(part));
  for (let at = 0; at < bytes.length; at += 7_001) encoder.push(bytes.subarray(at, at + 7_001));
  encoder.finish();
  return concat(...parts);
}

function mustFind(sample: DeflateSample): DeflateMethod {
  const found = findParameters([sample]);
  if (found === undefined) throw new Error('no parameters were found');
  return found;
}

describe('deflate parameters', () => {
  it.each([
    [1, 8, 0, 15], [3, 9, 0, 15], [6, 8, 0, 15], [6, 8, 1, 13], [6, 9, 1, 15], [9, 8, 0, 9], [9, 9, 4, 15], [6, 8, 2, 15], [6, 8, 3, 12],
  ])('are found for level %d, memory %d, strategy %d, window %d', (...set) => {
    const [level, memLevel, strategy, windowBits] = set;
    // These are values that pako's literal types allow.
    const options = { level: level as 1, memLevel, strategy: strategy as 0, windowBits };
    const file = pako.deflate(plain, options);
    const stream = file.subarray(2, -4);
    const found = mustFind({ plain, stream, isWhole: true, header: file.subarray(0, 2) });
    expect(isEqual(encode(found, plain), stream)).toBe(true);
    expect(methodOf(methodValue(found))).toEqual(found);
  });

  it('are found on the first part of a longer stream', () => {
    const stream = pako.deflateRaw(plain, { level: 7, memLevel: 9 });
    const header = Uint8Array.of(0x78, 0xda);
    const found = mustFind({ plain: plain.subarray(0, 90_000), stream, isWhole: false, header });
    expect(isEqual(encode(found, plain), stream)).toBe(true);
  });

  it('are not found for a stream that was flushed in between, or that goes on', () => {
    const deflate = new pako.Deflate({ raw: true });
    deflate.push(plain.subarray(0, 50_000), pako.constants.Z_SYNC_FLUSH);
    deflate.push(plain.subarray(50_000), true);
    const header = Uint8Array.of(0x78, 0x9c);
    expect(findParameters([{ plain, stream: deflate.result, isWhole: true, header }])).toBeUndefined();
    const stream = concat(pako.deflateRaw(plain), Uint8Array.of(0));
    expect(findParameters([{ plain, stream, isWhole: true, header }])).toBeUndefined();
  });

  it('of stored blocks are their lengths', () => {
    for (const lengths of [[[1_000, 108]], [[0, 3], [54_000, 2]], [[65_000, 1], [43_000, 1], [0, 2]]] as const) {
      const method = { kind: 'stored', lengths } as const;
      const stream = encode(method, plain);
      expect(isEqual(pako.inflateRaw(stream), plain)).toBe(true);
      const reader = new StoredBlockReader();
      for (let at = 0; at < stream.length; at += 999) reader.push(stream.subarray(at, at + 999));
      expect(reader.method()).toEqual(method);
    }
    expect(() => encode({ kind: 'stored', lengths: [[1_000, 107]] }, plain)).toThrow(/shorter/);
    expect(() => encode({ kind: 'stored', lengths: [[1_000, 109]] }, plain)).toThrow(/longer/);
  });

  it('of a stranger are checked', () => {
    const zlib = { kind: 'zlib', level: 6, memLevel: 8, strategy: 0, windowBits: 15 };
    const none = { stored: new Uint8Array(), corrections: new Uint8Array() };
    const numbers = [{ level: 0 }, { level: 10 }, { memLevel: 0 }, { memLevel: 10 }, { strategy: 5 }, { strategy: -1 }];
    for (const change of [...numbers, { windowBits: 8 }, { windowBits: 16 }, { more: 1 }, { kind: 'other' }]) {
      expect(() => methodOf({ value: { ...zlib, ...change }, ...none })).toThrow();
    }
    expect(() => methodOf({ value: undefined, ...none })).toThrow();
    expect(() => methodOf({ value: { kind: 'stored' }, ...none })).toThrow();
    expect(() => methodOf({ value: zlib, ...none, stored: encodeRuns([[5, 1]]) })).toThrow();
  });
});

describe('checksums', () => {
  it('are those of zlib, in one piece or several', () => {
    for (const length of [0, 1, 2, 3, 4, 5, 3_799, 3_800, 3_801, 20_000]) {
      const bytes = plain.subarray(0, length);
      expect(crc32(bytes)).toBe(nodeCrc32(bytes));
      expect(crc32(bytes.subarray(3), crc32(bytes.subarray(0, 3)))).toBe(nodeCrc32(bytes));
      const wrapped = pako.deflate(bytes);
      expect(adler32(bytes)).toBe(new DataView(wrapped.buffer, wrapped.byteOffset + wrapped.length - 4).getUint32(0));
    }
  });
});

describe('the integers of tables', () => {
  it('come back, in their shortest form only', () => {
    const values = [0, 1, 127, 128, 16_383, 16_384, 0xffffffff, Number.MAX_SAFE_INTEGER];
    const writer = new ByteWriter();
    for (const value of values) writer.varint(value);
    const reader = new ByteReader(writer.take());
    expect(values.map(() => reader.varint(Number.MAX_SAFE_INTEGER))).toEqual(values);
    reader.end();
    expect(() => new ByteReader(Uint8Array.of(0x80, 0)).varint(9)).toThrow(/shortest/);
    expect(() => new ByteReader(Uint8Array.of(10)).varint(9)).toThrow(/bounds/);
    expect(() => new ByteReader(Uint8Array.of(0x80)).varint(9)).toThrow(/early/);
    expect(() => new ByteReader(new Uint8Array(9).fill(0xff)).varint(Number.MAX_SAFE_INTEGER)).toThrow(/bounds/);
  });

  it('stand in runs that are bounded and canonical', () => {
    const list = new RunList();
    for (const value of [7, 7, 7, 2, 7]) list.add(value);
    expect(list.runs).toEqual([[7, 3], [2, 1], [7, 1]]);
    expect(decodeRuns(encodeRuns(list.runs), 7, 5)).toEqual(list.runs);
    expect(() => decodeRuns(encodeRuns(list.runs), 6, 5)).toThrow();
    expect(() => decodeRuns(encodeRuns(list.runs), 7, 4)).toThrow();
    expect(() => decodeRuns(encodeRuns([[7, 0]]), 7, 5)).toThrow();
    expect(() => decodeRuns(encodeRuns([[7, 1], [7, 1]]), 7, 5)).toThrow();
  });
});
