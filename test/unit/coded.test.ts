/**
 * The framing of coded contents: ids, lengths, padding, bounds, and what is refused.
 */
import { deflateRaw } from 'pako';
import { describe, expect, it } from '@jest/globals';
import { DiceError } from '../../client-sdk/core/errors.js';
import { codeContent, codedLength, decodeContent } from '../../client-sdk/core/image/coded.js';
import { maxSamplesBytes, newTile, plainContent, samplesOf } from '../../client-sdk/core/image/content.js';
import { concat } from '../../client-sdk/protocol/bytes.js';
import { maxCodedBytes, maxPayloadBytes, minBlockCodedBytes } from '../../client-sdk/protocol/limits.js';
import { numbersFrom, sampleTile, tilePictures } from '../support/sample-tiles.js';

function noise(length: number): Uint8Array {
  const next = numbersFrom(9);
  return Uint8Array.from({ length }, () => next());
}

function expectRefused(coded: Uint8Array): void {
  let thrown: unknown;
  try {
    decodeContent(coded);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(DiceError);
  expect(thrown).toMatchObject({ code: 'recipe-invalid' });
}

function expectExact(content: Uint8Array): Uint8Array {
  const coded = codeContent(content);
  expect(Buffer.compare(decodeContent(coded), content)).toBe(0);
  expect(coded.length).toBeLessThanOrEqual(maxCodedBytes);
  return coded;
}

describe('plain contents', () => {
  it.each([1, 2, 126, 127, 128, 16_382, 16_383, 16_384, 300_000, maxPayloadBytes - 5, maxPayloadBytes - 4])('of %d noisy bytes come back, stored', (length) => {
    expect(expectExact(plainContent('bytes', noise(length)))[0]).toBe(1);
  });

  it('of repeated bytes come back, deflated, as the kind they were', () => {
    const content = plainContent('segment', new Uint8Array(100_000).fill(7));
    const coded = expectExact(content);
    expect(coded[0]).toBe(2);
    expect(coded.length).toBeLessThan(1000);
  });

  it('without bytes or with too many are refused', () => {
    expect(() => codeContent(plainContent('bytes', new Uint8Array(0)))).toThrow(DiceError);
    expect(() => codeContent(plainContent('bytes', new Uint8Array(maxPayloadBytes - 3)))).toThrow(DiceError);
  });
});

describe('tiles', () => {
  it.each(tilePictures)('showing %s come back at every depth and number of channels', (picture) => {
    for (const depth of [1, 2, 4, 7, 8, 9, 12, 15, 16, 32]) {
      for (const channels of [1, 2, 3, 4, 8]) expectExact(sampleTile({ width: 17, height: 9, channels, depth }, picture));
    }
  });

  it.each([[1, 1], [1, 200], [200, 1], [2, 2], [5, 4], [64, 64], [64, 63], [256, 256], [65_535, 1], [1, 65_535]])('of %d by %d come back', (width, height) => {
    for (const picture of ['photo', 'noise', 'drawing'] as const) expectExact(sampleTile({ width, height, channels: 3, depth: 8 }, picture));
  });

  it('of the largest size come back even as noise, and above it are refused', () => {
    const largest = newTile({ width: 1023, height: 1024, channels: 1, depth: 8 });
    samplesOf(largest).set(noise(samplesOf(largest).length));
    expect(expectExact(largest)[0]).toBe(4);
    const tooLarge = { width: 1024, height: 1024, channels: 1, depth: 8 };
    expect(tooLarge.width * tooLarge.height).toBeGreaterThan(maxSamplesBytes);
    expect(() => codeContent(newTile(tooLarge))).toThrow(DiceError);
  });

  it('of the shape with the largest border come back', () => {
    expectExact(sampleTile({ width: 2, height: 65_535, channels: 8, depth: 8 }, 'photo'));
  });

  it('that are flat are shorter than any block', () => {
    for (const channels of [1, 3, 8]) {
      const coded = expectExact(sampleTile({ width: 256, height: 250, channels, depth: 16 === channels ? 16 : 8 }, 'flat'));
      expect(coded.length).toBeLessThan(minBlockCodedBytes);
    }
  });

  it('that are smooth or drawn are much smaller than their samples', () => {
    for (const picture of ['photo', 'drawing', 'grey'] as const) {
      const content = sampleTile({ width: 64, height: 64, channels: 3, depth: 8 }, picture);
      expect(expectExact(content).length).toBeLessThan(content.length * 0.6);
    }
  });

  it('too small for their many colours come back, though one mode is given up on the way', () => {
    for (let seed = 1; seed <= 200; seed++) expectExact(sampleTile({ width: 8, height: 8, channels: 1 + (seed % 2), depth: 8 }, 'noise', seed));
  });

  it('with errors of every size come back', () => {
    for (const depth of [8, 12, 16]) {
      for (let bits = 1; bits <= depth; bits++) {
        const content = newTile({ width: 31, height: 16, channels: 1, depth });
        const next = numbersFrom(bits);
        const samples = samplesOf(content);
        const view = new DataView(samples.buffer, samples.byteOffset, samples.byteLength);
        for (let i = 0; i < 31 * 16; i++) {
          const value = next() % 50 === 0 ? 2 ** depth - 1 : next() % 2 ** bits;
          if (depth > 8) view.setUint16(2 * i, value);
          else view.setUint8(i, value);
        }
        expectExact(content);
      }
    }
  });

  it('with a sample outside their depth are refused', () => {
    const content = sampleTile({ width: 8, height: 8, channels: 1, depth: 4 }, 'gradient');
    content[content.length - 1] = 16;
    expect(() => codeContent(content)).toThrow(DiceError);
  });
});

describe('the head of a coded content', () => {
  const coded = codeContent(plainContent('bytes', noise(200)));

  it('may be followed by zero bytes only, and knows the length without them', () => {
    const padded = concat(coded, new Uint8Array(99));
    expect(codedLength(padded)).toBe(coded.length);
    expect(decodeContent(padded)).toEqual(decodeContent(coded));
    padded[padded.length - 1] = 1;
    expectRefused(padded);
  });

  it('is refused when empty, cut, of an unknown coder, or with a length that is wrong', () => {
    for (let length = 0; length < coded.length; length += 7) expectRefused(coded.subarray(0, length));
    for (const coder of [0, 5, 255]) expectRefused(concat(Uint8Array.of(coder), coded.subarray(1)));
    expectRefused(Uint8Array.of(1, 0));
    expectRefused(Uint8Array.of(1, 0x82, 0x00, 0, 5));
    expectRefused(Uint8Array.of(1, 0x82, 0x80, 0x00, 0, 5));
    expectRefused(Uint8Array.of(1, 0xff, 0xff, 0xff, 0x01));
    expectRefused(concat(Uint8Array.of(1, 0x81, 0x80, 0x40), new Uint8Array(maxPayloadBytes + 1).fill(1)));
  });

  it('is refused with an unknown kind or form', () => {
    expectRefused(Uint8Array.of(1, 2, 2, 9));
    expectRefused(Uint8Array.of(4, 8, 2, 0, 1, 0, 1, 1, 8, 9));
    expectRefused(Uint8Array.of(4, 8, 0, 0, 1, 0, 1, 9, 8, 9));
    expect(decodeContent(Uint8Array.of(4, 8, 0, 0, 1, 0, 1, 1, 8, 9)).length).toBe(11);
  });
});

describe('the halves of wide samples', () => {
  const content = sampleTile({ width: 32, height: 32, channels: 2, depth: 32 }, 'photo');
  const shape = content.subarray(4, 10);
  const half = (channels: number, depth: number): Uint8Array => codeContent(sampleTile({ width: 32, height: 32, channels, depth }, 'photo'));
  const framed = (...parts: readonly Uint8Array[]): Uint8Array => {
    const payload = concat(...parts);
    return concat(Uint8Array.of(4, (payload.length & 127) | 128, payload.length >>> 7), payload);
  };

  it('are used where they are shorter', () => {
    expect(samplesOf(content).length).toBe(8_192);
    const smooth = content.slice();
    for (let i = 10; i < smooth.length; i += 4) smooth.set([0x3f, i >> 6, i & 0xff, 7], i);
    expect(expectExact(smooth)[3]).toBe(2);
  });

  it('are refused unless they are two tiles of 16 bits and of the same shape', () => {
    const right = half(2, 16);
    expect(decodeContent(framed(Uint8Array.of(2), shape, right, right)).length).toBe(content.length);
    expectRefused(framed(Uint8Array.of(2), shape, right));
    expectRefused(framed(Uint8Array.of(2), shape, right, right, Uint8Array.of(0)));
    expectRefused(framed(Uint8Array.of(2), shape, right, half(1, 16)));
    expectRefused(framed(Uint8Array.of(2), shape, right, half(2, 15)));
    expectRefused(framed(Uint8Array.of(2), shape, right, codeContent(plainContent('bytes', noise(9)))));
    expectRefused(framed(Uint8Array.of(2), shape.map((byte, i) => (i === 5 ? 16 : byte)), right, right));
  });
});

describe('a deflated payload', () => {
  const framed = (payload: Uint8Array): Uint8Array =>
    concat(Uint8Array.of(2, (payload.length & 127) | 128, ((payload.length >>> 7) & 127) | 128, payload.length >>> 14), payload);
  const deflated = (length: number): Uint8Array => concat(Uint8Array.of(0), deflateRaw(new Uint8Array(length).fill(65), { level: 0 }));

  it('that inflates to more than a content may hold is refused', () => {
    const bomb = concat(Uint8Array.of(0), deflateRaw(new Uint8Array(64 * maxPayloadBytes), { level: 9 }));
    expectRefused(framed(bomb));
  });

  it('that is cut or followed by bytes is refused', () => {
    const whole = deflated(20_000);
    expect(decodeContent(framed(whole)).length).toBe(20_004);
    expectRefused(framed(whole.subarray(0, whole.length - 1)));
    expectRefused(framed(concat(whole, Uint8Array.of(0))));
  });
});
