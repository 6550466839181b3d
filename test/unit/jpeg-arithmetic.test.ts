/** Arithmetic-coded JPEG files through quantised coefficients and back. SPEC.md section 6.8. */
import { describe, expect, it } from '@jest/globals';
import type { JpegOptions } from 'sharp';
import { ArithmeticReader } from '../../client-sdk/core/image/jpeg/arithmetic-reader.js';
import { ArithmeticWriter } from '../../client-sdk/core/image/jpeg/arithmetic-writer.js';
import { zeroPlanes } from '../../client-sdk/core/image/jpeg/coefficients.js';
import { parseJpeg } from '../../client-sdk/core/image/jpeg/jpeg-markers.js';
import { concat, isEqual } from '../../client-sdk/protocol/bytes.js';
import { arithmeticFile, recoded } from '../support/arithmetic-jpeg.js';
import { fixedRandom } from '../support/fixed-random.js';
import { expectExact, expectWhole, jpeg, mustOpen, segmentAt, tailBytes } from '../support/jpeg-exactness.js';
import { openJpeg, realValues, rejoined } from '../support/jpeg-rejoin.js';
import { type JpegForm, writeJpeg } from '../support/jpeg-writer.js';

/** Both files have the same coefficients. */
function expectSame(file: Uint8Array, other: Uint8Array): void {
  expect(mustOpen(file).planes.list.map(realValues)).toEqual(mustOpen(other).planes.list.map(realValues));
}

function randomBelow(seed: string): (bound: number) => number {
  const random = fixedRandom(seed);
  return (bound) => new DataView(random(4).buffer).getUint32(0) % bound;
}

function scansOf(file: Uint8Array): Uint8Array[] {
  return (parseJpeg(file)?.pieces ?? []).flatMap((piece) => (piece.kind === 'scan' ? [file.slice(piece.start, piece.end)] : []));
}

function scanStart(file: Uint8Array): number {
  return parseJpeg(file)?.pieces.find(({ kind }) => kind === 'scan')?.start ?? 0;
}

function bytesOf(...lines: readonly string[]): Uint8Array {
  return new Uint8Array(Buffer.from(lines.join(''), 'base64'));
}

/** A made picture of 27 by 19 pixels with halved chroma by cjpeg of libjpeg-turbo 2.1.5, Huffman-coded. */
const huffman = bytesOf(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABcQERQRDhcUEhQaGBcbIjklIh8fIkYyNSk5UkhXVVFIUE5bZoNvW2F8Yk5QcptzfIeLkpSSWG2grJ+OqoOPko3/2wBD',
  'ARgaGiIeIkMlJUONXlBejY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY3/wAARCAATABsDASIAAhEBAxEB/8QAFwABAQEB',
  'AAAAAAAAAAAAAAAABQAEA//EAB4QAAICAgMBAQAAAAAAAAAAAAAEAQIRIgMSIRMx/8QAFgEBAQEAAAAAAAAAAAAAAAAABAMF/8QAHxEAAQMEAwEAAAAAAAAAAAAA',
  'AAECAxMhIjEREiNB/9oADAMBAAIRAxEAPwDRyN2+YUw5bsM8iegSylsSZEypsrHNholXLZE4btiP0wKJ+idUvI8FTRNtcFWyWxstOgUxO0kRmsX0NCNE6HRSZ7QI',
  'xM4IhU3wDxkp/9k=',
);
/** The same, by jpegtran with -arithmetic, -progressive and -restart 1B. */
const others: Readonly<Record<'sequential' | 'progressive' | 'sequential, restarts' | 'progressive, restarts', Uint8Array>> = {
  sequential: bytesOf(
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABcQERQRDhcUEhQaGBcbIjklIh8fIkYyNSk5UkhXVVFIUE5bZoNvW2F8Yk5QcptzfIeLkpSSWG2grJ+OqoOPko3/2wBD',
    'ARgaGiIeIkMlJUONXlBejY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY3/yQARCAATABsDASIAAhEBAxEB/8wACgAQEAUB',
    'EBEF/9oADAMBAAIRAxEAPwDPoCaNxVcwzT47d7VKMHD3oG7Lay+jLCIRYnMeS+NLcjcAgsvaP8XIGARd1l3zJZKa1r1u30pfSvUk0yZUoaM6bZZx8f8AQO5gwiee',
    'a5eQ/9k=',
  ),
  progressive: bytesOf(
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABcQERQRDhcUEhQaGBcbIjklIh8fIkYyNSk5UkhXVVFIUE5bZoNvW2F8Yk5QcptzfIeLkpSSWG2grJ+OqoOPko3/2wBD',
    'ARgaGiIeIkMlJUONXlBejY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY3/ygARCAATABsDASIAAhEBAxEB/8wABgAQARD/',
    '2gAMAwEAAhADEAAAAc0uuQIv3DtA7ogfoOnZulNMrAT/zAAEEAX/2gAIAQEAAQUCJwYg6Q8VGbqhejH/zAAEEQX/2gAIAQMBAT8BHj6oIuM8/8wABBEF/9oACAEC',
    'AQE/ARNpoXrFUeaA/8wABBAF/9oACAEBAAY/AsD/zAAEEAX/2gAIAQEAAT8hDEsSUOUjwtmA/9oADAMBAAIAAwAAABAxmLL/zAAEEQX/2gAIAQMBAT8QV6xYFrQI',
    '/8wABBEF/9oACAECAQE/EOm7sgUn/8wABBAF/9oACAEBAAE/ECa3T4+STYwa2T7/AGUQ/9k=',
  ),
  'sequential, restarts': bytesOf(
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABcQERQRDhcUEhQaGBcbIjklIh8fIkYyNSk5UkhXVVFIUE5bZoNvW2F8Yk5QcptzfIeLkpSSWG2grJ+OqoOPko3/2wBD',
    'ARgaGiIeIkMlJUONXlBejY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY3/yQARCAATABsDASIAAhEBAxEB/8wACgAQEAUB',
    'EBEF/90ABAAB/9oADAMBAAIRAxEAPwDPoCaNxVcwzT47d7VKMHD3oG7Lay+jLCIRYP/Q/buEPzaBVdzLIENk7PyjaQXVkcbgpYv1FWWcgP/R0i9DRpYysGUMfyaP',
    '1euCUP/Sz8NqauMaNTSIzojT1SwY/9k=',
  ),
  'progressive, restarts': bytesOf(
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABcQERQRDhcUEhQaGBcbIjklIh8fIkYyNSk5UkhXVVFIUE5bZoNvW2F8Yk5QcptzfIeLkpSSWG2grJ+OqoOPko3/2wBD',
    'ARgaGiIeIkMlJUONXlBejY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY3/ygARCAATABsDASIAAhEBAxEB/8wABgAQARD/',
    '3QAEAAH/2gAMAwEAAhADEAAAAc0uuQIv3P/Q+o/nzBr/0dC9UGTbwP/SzIdVYP/MAAQQBf/aAAgBAQABBQInBv/QSuD/0R5I/9KNgP/TKUD/1EuY/9UeoP/WoP/X',
    'wP/QSP/RHf/SwP/MAAQRBf/aAAgBAwEBPwEePqD/0IeY/9EddP/SUoD/zAAEEQX/2gAIAQIBAT8BE2mk/9A+of/RCTj/0kD/zAAEEAX/2gAIAQEABj8CwP/QwP/R',
    'wP/SwP/TwP/UwP/VwP/WwP/XwP/QwP/RwP/SwP/MAAQQBf/aAAgBAQABPyEM/9BkQP/RtP/SQP/TVv/UVP/VwP/W4P/XIYD/0FT/0ar/0sD/2gAMAwEAAgADAAAA',
    'EDD/0ET/0az/0hr/zAAEEQX/2gAIAQMBAT8QV7D/0E7A/9EbgP/SCv/MAAQRBf/aAAgBAgEBPxDpuP/QIxD/0dX/0lH/zAAEEAX/2gAIAQEAAT8QKP/QVP/RVP/S',
    '69r/02D/1Nj/1ar/1ihD/9co/9AggP/R3uD/0gQg/9k=',
  ),
};

describe('decisions', () => {
  it('of the sequence in T.81 annex K.4.1 are written and read as it says', () => {
    const code = '655b5144f7969d517855bfff00fc5184c7cef93900287d46708ecbc0f6';
    const bits = Buffer.from('00020051000000c00352872aaaaaaaaa82c02000fcd79ef674eaabf7697ee74c', 'hex');
    const decisions = Array.from({ length: 256 }, (_, index) => ((bits[index >> 3] ?? 0) >> (7 - (index & 7))) & 1);
    const writer = new ArithmeticWriter({ numbers: new Uint8Array(0) });
    for (const decision of decisions) writer.write(0, decision);
    writer.finish();
    expect(Buffer.from(writer.take()).toString('hex')).toBe(code);
    const reader = new ArithmeticReader(new Uint8Array(Buffer.from(code, 'hex')), { blocks: 1, restarts: 0 });
    expect(decisions.map(() => reader.read(0))).toEqual(decisions);
  });

  it('of any number and any probability are read as they were written', () => {
    const below = randomBelow('decisions');
    for (let round = 0; round < 300; round++) {
      const writer = new ArithmeticWriter({ numbers: new Uint8Array(0) });
      const made = Array.from({ length: below(round < 100 ? 12 : 700) }, (_, index) => ({ bin: below(3), decision: below(1 + (index % 40)) === 0 ? 1 : 0 }));
      for (const { bin, decision } of made) {
        if (bin === 2) writer.writeEven(decision);
        else writer.write(bin, decision);
      }
      writer.finish();
      const code = writer.take();
      expect(code.at(-1) === 0 && code.at(-2) !== 0xff).toBe(false);
      const reader = new ArithmeticReader(code, { blocks: 64, restarts: 0 });
      expect(made.map(({ bin }) => (bin === 2 ? reader.readEven() : reader.read(bin)))).toEqual(made.map(({ decision }) => decision));
      expect(reader.isBeyond).toBe(false);
    }
  });
});

describe('an arithmetic-coded JPEG file of another encoder comes back exactly, with the coefficients of the Huffman-coded one', () => {
  it.each(Object.entries(others))('%s', (_, file) => {
    expect(mustOpen(file).frame.arithmetic).toBe(true);
    expectSame(file, huffman);
    expectWhole(file);
  });

  it('and is what is written of those coefficients', () => {
    expect(scansOf(recoded(huffman))).toEqual(scansOf(others.sequential));
    expect(scansOf(recoded(huffman, { restart: 1 }))).toEqual(scansOf(others['sequential, restarts']));
  });
});

const forms: readonly JpegOptions[] = [{ progressive: false }, { progressive: true }, { progressive: true, optimiseScans: true }];

describe('an arithmetic-coded JPEG file comes back exactly, all of its scans from coefficients', () => {
  it.each(forms)('made of %j', async (options) => {
    for (const chromaSubsampling of ['4:4:4', '4:2:0']) {
      for (const quality of [10, 75, 100]) {
        const file = await jpeg({ ...options, chromaSubsampling, quality });
        expectWhole(recoded(file));
        expectSame(recoded(file), file);
      }
    }
  });

  it.each([1, 3, 4] as const)('with %d channels', async (channels) => {
    for (const options of forms) expectWhole(recoded(await jpeg(options, { channels })));
  });

  it.each([[1, 1], [8, 8], [9, 1], [1, 9], [16, 17], [129, 7]])('of %d by %d pixels', async (width, height) => {
    for (const options of forms) expectWhole(recoded(await jpeg(options, { width, height })));
  });

  it.each([1, 2, 5, 7, 65_535])('with restarts every %d MCUs', async (restart) => {
    for (const options of forms) {
      const file = await jpeg(options);
      expectWhole(recoded(file, { restart }));
      expectSame(recoded(file, { restart }), file);
    }
  });

  it('with restart markers that are numbered wrongly', async () => {
    const file = recoded(await jpeg(), { restart: 2, numbers: new Uint8Array(99).fill(5) });
    expect(mustOpen(file).traits[0]?.padding.numbers.length).toBeGreaterThan(3);
    expectWhole(file);
  });

  it('with any conditioning', async () => {
    let differing = 0;
    for (const options of forms) {
      const file = await jpeg(options);
      const plain = concat(...scansOf(recoded(file)));
      for (const [dc, ac] of [[0x00, 0], [0x11, 1], [0x32, 63], [0xf0, 20], [0xff, 5]] as const) {
        const conditioned = recoded(file, { conditioning: [0, dc, 1, dc, 16, ac, 17, ac] });
        expectWhole(conditioned);
        expectSame(conditioned, file);
        if (!isEqual(concat(...scansOf(conditioned)), plain)) differing++;
      }
    }
    expect(differing).toBeGreaterThan(10);
  });

  it('with 12 bits', async () => {
    const file = recoded(await jpeg());
    file[segmentAt(file, 0xc9) + 4] = 12;
    expect(mustOpen(file).frame.precision).toBe(12);
    expectWhole(file);
  });

  it.each(forms)('with coefficients of any size (%j)', async (options) => {
    const below = randomBelow(JSON.stringify(options));
    const file = await jpeg(options);
    const { frame, pieces } = mustOpen(file);
    const segments = concat(...pieces.filter(({ kind }) => kind === 'bytes').map(({ start, end }) => file.subarray(start, end)));
    const planes = zeroPlanes(frame);
    for (const { values } of planes.list) {
      for (let index = 0; index < values.length; index++) {
        const bits = below(4) > 0 ? 0 : 1 + below(index % 64 === 0 ? 14 : 15);
        values[index] = (below(2) === 0 ? -1 : 1) * below(1 << bits);
      }
    }
    const large = arithmeticFile(segments, planes, { restart: 3 });
    expect(planes.list.some(({ values }) => values.some((value) => value > 30_000))).toBe(true);
    expect(mustOpen(large).planes.list.map(realValues)).toEqual(planes.list.map(realValues));
    expectWhole(large);
  });
});

describe('a damaged arithmetic-coded JPEG file', () => {
  it.each([false, true])('comes back exactly if it is cut, with what is before the cut as coefficients (progressive: %s)', async (progressive) => {
    const file = recoded(await jpeg({ progressive }, { width: 160, height: 120 }));
    for (let size = file.length - 1; size > 0; size = Math.floor(size * 0.93) - 1) {
      const again = rejoined(file.subarray(0, size));
      expect(again === undefined || isEqual(again, file.subarray(0, size))).toBe(true);
    }
    expectExact(file.subarray(0, Math.floor(file.length * 0.9)));
    expect(tailBytes(file.subarray(0, Math.floor(file.length * 0.9)))).toBeLessThan(file.length / 3);
  });

  it('keeps an end that is other than the shortest', async () => {
    const file = recoded(await jpeg());
    for (const more of [[0], [0, 0, 0], [1, 2, 3], [0xff, 0], [0xff, 0xd3, 4]]) {
      const longer = concat(file.subarray(0, -2), Uint8Array.from(more), file.subarray(-2));
      expect(tailBytes(longer)).toBeGreaterThan(0);
      expect(tailBytes(longer)).toBeLessThan(more.length + 4);
      expectExact(longer);
    }
  });

  it('is not taken apart if a restart marker is missing early', async () => {
    const file = recoded(await jpeg(), { restart: 2 });
    const start = scanStart(file);
    const at = file.findIndex((byte, index) => index >= start && byte === 0xff && (file[index + 1] ?? 0) > 0);
    expect(openJpeg(concat(file.subarray(0, at), file.subarray(at + 2)))).toBeUndefined();
  });

  it('without bytes for its blocks ends the reading soon', async () => {
    const file = recoded(await jpeg({}, { channels: 1 }));
    const empty = concat(file.subarray(0, scanStart(file)), Uint8Array.of(1), new Uint8Array(150_000), Uint8Array.of(1), file.subarray(-2));
    empty.set([0x18, 0, 0x18, 0], segmentAt(file, 0xc9) + 5);
    expect(parseJpeg(empty)?.frame.width).toBe(6_144);
    const before = performance.now();
    const again = rejoined(empty);
    expect(again === undefined || isEqual(again, empty)).toBe(true);
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it('of a frame that is lossless or hierarchical is not taken apart', async () => {
    const file = recoded(await jpeg());
    for (const marker of [0xc8, 0xcb, 0xcd, 0xce, 0xcf]) {
      const changed = file.slice();
      changed[segmentAt(file, 0xc9) + 1] = marker;
      expect(openJpeg(changed)).toBeUndefined();
    }
  });

  it('is read with what makes sense of its segments of conditioning', async () => {
    const file = recoded(await jpeg(), { conditioning: [0, 0x32, 16, 9] });
    const at = segmentAt(file, 0xcc);
    const odd = Uint8Array.of(0xff, 0xcc, 0, 7, 0, 0x32, 16, 9, 0, 0xff, 0xcc, 0, 6, 32, 1, 16, 8, 0xff, 0xcc, 0, 2);
    const changed = concat(file.subarray(0, at), odd, file.subarray(at + 8));
    expectSame(changed, file);
    expectWhole(changed);
  });

  it.each(forms)('comes back exactly or not at all, whatever is changed (%j)', async (options) => {
    const plain = await jpeg(options);
    const below = randomBelow(JSON.stringify(options));
    let understood = 0;
    for (const file of [recoded(plain), recoded(plain, { restart: 4 })]) {
      for (let round = 0; round < 120; round++) {
        const changed = file.slice(0, round % 5 === 0 ? below(file.length) : file.length);
        const start = round % 2 === 0 ? 0 : scanStart(file);
        for (let left = 1 + below(4); left > 0; left--) changed[start + below(changed.length)] = below(3) === 0 ? 0xff : below(256);
        const again = rejoined(changed);
        if (again === undefined) continue;
        understood++;
        expect(isEqual(again, changed)).toBe(true);
      }
    }
    expect(understood).toBeGreaterThan(30);
  });
});

describe('an arithmetic-coded scan that no reader takes', () => {
  it('is not written either: many decisions and next to no bytes', () => {
    const last: JpegForm = { width: 1_024, height: 1_024, value: (_component, _block, place) => (place === 63 ? 1 : 0) };
    expect(() => recoded(writeJpeg(last))).toThrow(expect.objectContaining({ code: 'recipe-invalid' }));
    expectExact(recoded(writeJpeg({ ...last, width: 128, height: 128 })));
  });
});
