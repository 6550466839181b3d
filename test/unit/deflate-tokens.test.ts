/** Deflate streams of any encoder as corrections to a predicted one. SPEC.md section 6.7. */
import { deflateRawSync, inflateRawSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import pako from 'pako';
import sharp from 'sharp';
import type { CborValue } from '../../client-sdk/core/cbor.js';
import { TooManyCorrections } from '../../client-sdk/core/image/correction-coder.js';
import { newCorrections, TokenSplit } from '../../client-sdk/core/image/deflate-tokens.js';
import { describeModel, knownModels, modelOf, modelValue, type EncoderModel } from '../../client-sdk/core/image/encoder-model.js';
import { Unsplittable } from '../../client-sdk/core/image/raster-container.js';
import { concat, isEqual } from '../../client-sdk/protocol/bytes.js';
import { makeDeflate, randomOf, type MadeBlock, type MadeToken } from '../support/deflate-maker.js';
import { correctionsOf, joinTokens, predict } from '../support/token-way.js';
import { shaded } from '../support/test-picture.js';

const photo = filtered(300, 200);
const noise = randomOf(7);
const text = Uint8Array.from({ length: 60_000 }, (_, i) => 97 + ((i * i) % 7) + (noise(9) === 0 ? 3 : 0));
const zlib6 = modelNamed('zlib level 6');

/** Rows of a picture with differences to the left, as PNG has them. */
function filtered(width: number, height: number): Uint8Array {
  const { samples } = shaded(width, height);
  return samples.map((value, i) => (i < 3 ? value : value - (samples[i - 3] ?? 0)));
}

function modelNamed(name: string): EncoderModel {
  const known = knownModels().find((model) => model.name === name);
  if (known === undefined) throw new Error('no such model');
  return known.model;
}

/** Every model gives the stream back. */
function expectExact(stream: Uint8Array, plain: Uint8Array, models: readonly EncoderModel[] = everyParsing): void {
  for (const model of models) {
    const corrections = correctionsOf(stream, model);
    expect(isEqual(joinTokens({ model, corrections }, plain), stream)).toBe(true);
  }
}

const everyParsing = ['no matches', 'matches at distance 1', 'zlib level 1', 'zlib level 6', 'zlib-ng level 6', 'libdeflate level 6', 'libdeflate level 9']
  .map(modelNamed);

function expectMade(blocks: readonly MadeBlock[], padding = 0): void {
  const { stream, plain } = makeDeflate(blocks, padding);
  expect(isEqual(inflateRawSync(stream), plain)).toBe(true);
  expectExact(stream, plain);
}

describe('a stream by hand comes back', () => {
  const bytes = (count: number, of = 256): MadeToken[] => Array.from({ length: count }, (_, i) => (i * 7919) % of);

  it('with stored blocks, empty ones and padding that is not zero among them', () => {
    const none = new Uint8Array(0);
    expectMade([{ kind: 'stored', bytes: none }]);
    expectMade([{ kind: 'stored', bytes: text.subarray(0, 9), padding: 0x7f }, { kind: 'fixed', tokens: [1] }, { kind: 'stored', bytes: none, padding: 5 }]);
    expectMade([{ kind: 'stored', bytes: text.subarray(0, 65_535) }, { kind: 'stored', bytes: photo.subarray(0, 65_535) }]);
  });

  it('with blocks that have no token', () => {
    expectMade([{ kind: 'fixed', tokens: [] }]);
    expectMade([{ kind: 'dynamic', tokens: [] }, { kind: 'fixed', tokens: [] }, { kind: 'dynamic', tokens: [] }]);
    expectMade(Array.from({ length: 300 }, () => ({ kind: 'fixed', tokens: [] })));
  });

  it('whatever fills its last byte', () => {
    for (const padding of [0, 1, 0x7f]) expectMade([{ kind: 'fixed', tokens: bytes(3) }], padding);
  });

  it('with matches of 258 bytes in both forms', () => {
    const odd = { length: 258, distance: 1, isOdd: true };
    for (const kind of ['fixed', 'dynamic'] as const) expectMade([{ kind, tokens: [5, odd, { length: 258, distance: 2 }, odd, odd, 9] }]);
  });

  it('with a code of one distance, or of none', () => {
    expectMade([{ kind: 'dynamic', tokens: [...bytes(50), { length: 3, distance: 9 }] }]);
    expectMade([{ kind: 'dynamic', tokens: bytes(500), hasRuns: true }]);
    expectMade([{ kind: 'dynamic', tokens: [] }]);
  });

  it('with matches into earlier blocks and over the longest distance', () => {
    const far = bytes(32_768, 251);
    const match = { length: 258, distance: 32_768 };
    expectMade([{ kind: 'fixed', tokens: far }, { kind: 'dynamic', tokens: [match, match, { length: 3, distance: 32_767 }] }]);
    expectMade([{ kind: 'stored', bytes: text.subarray(0, 40_000) }, { kind: 'dynamic', tokens: [match, { length: 9, distance: 300 }] }]);
  });

  it('with blocks that are longer than a part', () => {
    for (const kind of ['fixed', 'dynamic'] as const) {
      for (const count of [131_071, 131_072, 131_073]) {
        const { stream, plain } = makeDeflate([{ kind, tokens: bytes(count, 3) }, { kind, tokens: [] }]);
        expectExact(stream, plain, [zlib6]);
      }
    }
  });

  it('with blocks that unfold further than a part', () => {
    const tokens = [7, ...Array.from({ length: 17_000 }, () => ({ length: 258, distance: 1 }))];
    const { stream, plain } = makeDeflate([{ kind: 'dynamic', tokens }, { kind: 'fixed', tokens: [1] }]);
    expectExact(stream, plain, [zlib6]);
  });
});

describe('a stream of an encoder is predicted nearly without corrections', () => {
  const share = async (plain: Uint8Array, stream: Uint8Array): Promise<number> => {
    const method = await predict(stream);
    if (method === undefined) return 1;
    expect(isEqual(joinTokens(method, plain), stream)).toBe(true);
    return method.corrections.length / stream.length;
  };

  it.each([1, 4, 6, 9])('by pako at level %d', async (level) => {
    // A value that pako's literal types allow.
    for (const plain of [photo, text]) expect(await share(plain, pako.deflateRaw(plain, { level: level as 1 }))).toBeLessThan(0.015);
  });

  it.each([1, 2, 3, 5, 7, 9])('by Node at level %d', async (level) => {
    for (const plain of [photo, text]) expect(await share(plain, deflateRawSync(plain, { level }))).toBeLessThan(0.02);
  });

  it('by zlib under its other strategies and memory levels', async () => {
    // Filtered, Huffman only, run-length, fixed: values that pako's literal types allow.
    for (const strategy of [1, 2, 3, 4]) {
      const options = { strategy: strategy as 0 };
      expect(await share(photo, pako.deflateRaw(photo, options))).toBeLessThan(0.015);
    }
    for (const memLevel of [1, 9]) expect(await share(photo, pako.deflateRaw(photo, { memLevel }))).toBeLessThan(0.06);
  });

  it('by sharp at its levels', async () => {
    const { width, height, samples } = shaded(300, 200);
    for (const compressionLevel of [1, 2, 3, 6, 9]) {
      const file = await sharp(samples, { raw: { width, height, channels: 3 } }).png({ compressionLevel }).toBuffer();
      const zlib = idatOf(new Uint8Array(file));
      expect(await share(inflateSync(zlib), zlib.subarray(2, -4))).toBeLessThan(0.01);
    }
  });

  it('with flushes between its blocks', async () => {
    const deflate = new pako.Deflate({ raw: true });
    for (let at = 0; at < 60_000; at += 9_000) deflate.push(photo.subarray(at, at + 9_000), pako.constants.Z_SYNC_FLUSH);
    deflate.push(photo.subarray(63_000), true);
    expect(await share(photo, deflate.result)).toBeLessThan(0.02);
  });

  it('in many short streams together', async () => {
    const strips = Array.from({ length: 20 }, (_, i) => photo.subarray(9_000 * i, 9_000 * i + 9_000));
    const streams = strips.map((strip) => new Uint8Array(deflateRawSync(strip)));
    const method = await predict(...streams);
    expect(method?.corrections.length).toBeLessThan(0.02 * concat(...streams).length);
  });
});

describe('a stream is left to bytes', () => {
  it('where nothing predicts it', async () => {
    const random = randomOf(3);
    const tokens: MadeToken[] = [1, 2, 3, 4];
    for (let i = 0; i < 4_000; i++) tokens.push(random(2) === 0 ? random(4) : { length: 3 + random(20), distance: 1 + random(4 + i) });
    expect(await predict(makeDeflate([{ kind: 'dynamic', tokens }]).stream)).toBeUndefined();
  });

  it('where it is damaged or does not end', () => {
    const stream = deflateRawSync(photo);
    for (const broken of [stream.subarray(0, -1), concat(stream, Uint8Array.of(0)), Uint8Array.of(7), new Uint8Array(0), Uint8Array.of(0, 1, 0, 0, 0)]) {
      expect(() => correctionsOf(broken, zlib6)).toThrow(Unsplittable);
    }
  });

  it('where its corrections are longer than is allowed, at once', () => {
    const split = new TokenSplit(modelNamed('no matches'), newCorrections(1_000));
    expect(() => {
      split.push(deflateRawSync(text));
      split.finish();
    }).toThrow(TooManyCorrections);
  });
});

describe('the model of an encoder', () => {
  it('comes back from a recipe, and has a name', () => {
    for (const { name, model } of knownModels()) {
      expect(modelOf(modelValue(model))).toEqual(model);
      expect(describeModel({ ...model, minLength: 5 })).toBe(name);
    }
  });

  it('of a stranger is checked', () => {
    const value = modelValue(zlib6);
    // Array.isArray does not narrow read-only arrays.
    const members = Array.isArray(value) ? (value as readonly CborValue[]) : [];
    expect(members).toHaveLength(15);
    for (const index of members.keys()) {
      for (const wrong of [-1, 2 ** 33, 0.5, null, 'x']) expect(() => modelOf(members.with(index, wrong))).toThrow();
    }
    expect(() => modelOf([])).toThrow();
    expect(() => modelOf(undefined)).toThrow();
    expect(() => modelOf([...members, 0])).toThrow();
  });
});

/** The zlib stream of a PNG file. */
function idatOf(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset);
  const parts: Uint8Array[] = [];
  for (let at = 8; at < file.length; at += 12 + view.getUint32(at)) {
    if (view.getUint32(at + 4) === 0x49444154) parts.push(file.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  return concat(...parts);
}
