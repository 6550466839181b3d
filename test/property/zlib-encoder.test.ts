/**
 * The encoder with the bytes of vanilla zlib, held against the pinned pako; and the chains of longer keys, held against the plain ones.
 * SPEC.md sections 6.4 and 6.7.
 */
import { describe, expect, it } from '@jest/globals';
import pako from 'pako';
import { newCorrections, TokenSplit } from '../../client-sdk/core/image/deflate-tokens.js';
import { TokenSample } from '../../client-sdk/core/image/encoder-choice.js';
import { knownModels, type EncoderModel } from '../../client-sdk/core/image/encoder-model.js';
import { ZlibEncoder, zlibStream, type ZlibSettings } from '../../client-sdk/core/image/zlib-encoder.js';
import { concat } from '../../client-sdk/protocol/bytes.js';
import { belowOf, painters, smallDifferences } from '../support/byte-painters.js';

const lengths = [0, 1, 2, 3, 261, 262, 263, 5_000, 40_000, 100_000];

/** The same pushes to both. */
function inPieces(bytes: Uint8Array, below: (limit: number) => number): readonly Uint8Array[] {
  const most = [1 << 20, 4_096, 700, 32_768][below(4)] ?? 0;
  const pieces: Uint8Array[] = [];
  for (let at = 0, size = 0; at < bytes.length; at += size) {
    size = 1 + below(most);
    pieces.push(bytes.subarray(at, at + size));
  }
  return pieces;
}

function byPako(pieces: readonly Uint8Array[], { level, memLevel, strategy, windowBits }: ZlibSettings): Uint8Array {
  // These are values that pako's literal types allow.
  const options = { level: level as 1, memLevel, strategy: strategy as 0, windowBits, raw: true };
  const deflate = new pako.Deflate(options);
  for (const piece of pieces) deflate.push(piece, false);
  deflate.push(new Uint8Array(0), true);
  return deflate.result;
}

function byOwn(pieces: readonly Uint8Array[], settings: ZlibSettings): Uint8Array {
  const parts: Uint8Array[] = [];
  const encoder = new ZlibEncoder(settings, (part) => void parts.push(part));
  for (const piece of pieces) encoder.push(piece);
  encoder.finish();
  return concat(...parts);
}

describe.each(Object.entries(painters))('of %s', (_name, painter) => {
  it.each([0, 1, 2, 3, 4])('the encoder makes the bytes of zlib under strategy %d, whatever level, memory, window and pushes are', (strategy) => {
    const below = belowOf(1 + strategy);
    for (const [i, length] of lengths.entries()) {
      const bytes = painter(length, below);
      const pieces = inPieces(bytes, below);
      for (const settings of [
        { level: 1 + (i % 9), memLevel: 8 + (i % 2), strategy, windowBits: 15 },
        { level: 9 - (i % 9), memLevel: 1 + below(9), strategy, windowBits: 9 + below(7) },
      ]) {
        expect([settings, length, Buffer.compare(byOwn(pieces, settings), byPako(pieces, settings))]).toEqual([settings, length, 0]);
      }
    }
  });

  it('corrections are the same along longer keys as along the plain chain', () => {
    const below = belowOf(9);
    const lazy = knownModels().map(({ model }) => model).filter(({ parsing, multiplier, chain }) => parsing === 'lazy' && multiplier === 0 && chain >= 512);
    expect(lazy.length).toBeGreaterThan(2);
    for (const model of lazy) {
      const bytes = painter(30_000 + below(30_000), below);
      // Where no match is longer, inserting up to 257 bytes of one is inserting all; but it has no longer keys.
      const stream = byPako([bytes], { level: 1 + below(9), memLevel: 1 + below(9), strategy: below(2), windowBits: 15 });
      const fitted = { ...model, nice: Math.min(model.nice, 257), minLength: [3, 3, 4, 6, 7][below(5)] ?? 3, farDistance: 4_096 };
      if (hasLongest(stream)) continue;
      expect(Buffer.compare(corrections(stream, { ...fitted, insert: 258 }), corrections(stream, { ...fitted, insert: 257 }))).toBe(0);
    }
  });
});

describe.each(Object.entries(painters))('%s after a dictionary', (_, painter) => {
  it('become the bytes of zlib', () => {
    const below = belowOf(17);
    for (let turn = 0; turn < 24; turn++) {
      const windowBits = 9 + below(7);
      // These are values that pako's literal types allow.
      const settings = { level: (1 + below(9)) as 1, memLevel: 1 + below(9), strategy: below(5) as 0, windowBits };
      const dictionary = painter(1 + below((1 << windowBits) - 262), below);
      const own = painter(below(turn % 2 === 0 ? 12 : 4_000), below);
      const plain = concat(dictionary.subarray(dictionary.length - below(Math.min(9, dictionary.length))), own, dictionary.subarray(0, below(300)));
      expect(Buffer.compare(zlibStream(plain, settings, dictionary), pako.deflateRaw(plain, { ...settings, dictionary }))).toBe(0);
    }
  });
});

describe('of more bytes than places are counted', () => {
  it('the encoder makes the bytes of zlib', () => {
    const below = belowOf(3);
    const unit = smallDifferences(9_000, below);
    const bytes = new Uint8Array(17 << 20);
    for (let at = 0; at < bytes.length; at += unit.length) {
      unit[below(unit.length)] = below(256);
      bytes.set(unit.subarray(0, bytes.length - at), at);
    }
    const settings = { level: 4, memLevel: 9, strategy: 1, windowBits: 15 };
    expect(Buffer.compare(byOwn([bytes], settings), byPako([bytes], settings))).toBe(0);
  });
});

function corrections(stream: Uint8Array, model: EncoderModel): Uint8Array {
  const coder = newCorrections(1 << 24);
  const split = new TokenSplit(model, coder);
  split.push(stream);
  split.finish();
  return coder.finish();
}

/** Whether some match has the greatest length: then the two ways differ by what is inserted. */
function hasLongest(stream: Uint8Array): boolean {
  const sample = new TokenSample();
  sample.push(stream);
  sample.end();
  return sample.parts.some(({ tokens }) => tokens.some((token) => token >>> 16 >= 258));
}

describe('bytes that fill the chain of one long key with others', () => {
  /** Words of four bytes of one hash, in nearly the same order again and again. */
  function crafted(length: number): Uint8Array {
    // The multiplier of the hash has an inverse: its product with a hash is the word.
    const words = Array.from({ length: 7_600 }, (_, k) => Math.imul((12_345 << 17) | k, 0xe8b2f51) >>> 0);
    for (const word of words) expect(Math.imul(word, 0x9e3779b1) >>> 17).toBe(12_345);
    const bytes = new DataView(new ArrayBuffer(length));
    const below = belowOf(11);
    for (let at = 0, i = 0; at < length; at += 4, i = (i + 1) % words.length) {
      // Words change places with near ones, so that no two periods are the same.
      const [near, word] = [Math.min(words.length - 1, i + below(8)), words[i] ?? 0];
      words[i] = words[near] ?? 0;
      words[near] = word;
      bytes.setUint32(at, words[i] ?? 0, true);
    }
    return new Uint8Array(bytes.buffer);
  }

  function secondsOf(work: () => unknown): number {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  }

  const bytes = crafted(524_288);
  const settings = { memLevel: 8, strategy: 0, windowBits: 15 } as const;

  it.each([6, 9] as const)('take no longer than twenty times what pako needs at level %d, and come out the same', (level) => {
    const plain: Uint8Array[] = [];
    const usual = secondsOf(() => plain.push(pako.deflateRaw(bytes, { ...settings, level })));
    const own: Uint8Array[] = [];
    const taken = secondsOf(() => {
      const encoder = new ZlibEncoder({ ...settings, level }, (piece) => own.push(piece));
      encoder.push(bytes);
      encoder.finish();
    });
    expect(Buffer.compare(concat(...own), concat(...plain))).toBe(0);
    expect(taken).toBeLessThan(20 * usual + 0.2);
  });
});
