/** JPEG files through quantised coefficients and back. SPEC.md section 6. */
import { describe, expect, it } from '@jest/globals';
import sharp, { type JpegOptions } from 'sharp';
import { parseJpeg } from '../../client-sdk/core/image/jpeg/jpeg-markers.js';
import { concat, isEqual } from '../../client-sdk/protocol/bytes.js';
import { releasePlanes, zeroPlanes } from '../../client-sdk/core/image/jpeg/coefficients.js';
import { readScansInSteps, writeScan } from '../../client-sdk/core/image/jpeg/jpeg-scans.js';
import { findPlaces } from '../../client-sdk/core/image/jpeg/scan-kernel.js';
import { readTraits } from '../../client-sdk/core/image/jpeg/scan-traits.js';
import { maxWholeBytes } from '../../client-sdk/core/image/image-limits.js';
import { ByteReader } from '../../client-sdk/core/image/varint.js';
import { fixedRandom } from '../support/fixed-random.js';
import { expectExact, expectWhole, jpeg, mustOpen, segmentAt, tailBytes } from '../support/jpeg-exactness.js';
import { openJpeg, realValues, rejoined, rewritten } from '../support/jpeg-rejoin.js';

function scanStart(file: Uint8Array): number {
  return parseJpeg(file)?.pieces.find(({ kind }) => kind === 'scan')?.start ?? 0;
}

const forms: readonly JpegOptions[] = [
  { progressive: false, optimiseCoding: false },
  { progressive: false, optimiseCoding: true },
  { progressive: true },
  { progressive: true, optimiseScans: true },
  { trellisQuantisation: true, quantisationTable: 3 },
];

describe('a JPEG file comes back exactly, all of its scans from coefficients', () => {
  it.each(forms)('made with %j', async (options) => {
    for (const chromaSubsampling of ['4:4:4', '4:2:0']) {
      for (const quality of [10, 75, 100]) expectWhole(await jpeg({ ...options, chromaSubsampling, quality }));
    }
  });

  it.each([1, 3, 4] as const)('with %d channels', async (channels) => {
    for (const options of forms) {
      const file = await jpeg(options, { channels });
      expect(mustOpen(file).planes.list.length).toBe(channels);
      expectWhole(file);
    }
  });

  it.each([[1, 1], [8, 8], [9, 1], [1, 9], [16, 17], [17, 16], [64, 64], [129, 7]])('of %d by %d pixels', async (width, height) => {
    for (const progressive of [false, true]) expectWhole(await jpeg({ progressive }, { width, height }));
  });

  it.each([1, 2, 5, 7, 65_535])('with restarts every %d MCUs, padded with ones, zeros or either', async (restart) => {
    for (const progressive of [false, true]) {
      const file = await jpeg({ progressive });
      expectWhole(rewritten(file, { restart }));
      expectWhole(rewritten(file, { restart, padding: { bit: 0 } }));
      expectWhole(rewritten(file, { restart, padding: { exceptions: Uint8Array.from({ length: 99 }, (_, event) => event * 37) } }));
    }
  });

  it('with runs of ended bands as long as they can be, and with as many correction bits as can wait', async () => {
    const raw = { width: 1_616, height: 1_400, channels: 1 as const };
    const samples = new Uint8Array(raw.width * raw.height).fill(99);
    expectWhole(new Uint8Array(await sharp(samples, { raw }).toColourspace('b-w').jpeg({ progressive: true }).toBuffer()));
    // One strong pattern in every block: a refinement has corrections and nothing new.
    for (let at = 0; at < samples.length; at++) samples[at] = ((at % raw.width) % 8 < 4 ? 40 : 200) + (Math.floor(at / raw.width) % 8 < 3 ? 9 : 0);
    expectWhole(new Uint8Array(await sharp(samples, { raw }).toColourspace('b-w').jpeg({ progressive: true, quality: 97 }).toBuffer()));
  });

  it('of more bytes, restart markers and rows of MCUs than the kernel looks at at once', async () => {
    const raw = { width: 640, height: 400, channels: 3 as const };
    const noise = fixedRandom('noise')(raw.width * raw.height * 3);
    for (const progressive of [false, true]) {
      const file = new Uint8Array(await sharp(noise, { raw }).jpeg({ quality: 90, progressive, chromaSubsampling: '4:4:4' }).toBuffer());
      expect(file.length).toBeGreaterThan(300_000);
      expectWhole(file);
      const exceptions = Uint8Array.from({ length: 9_999 }, (_, event) => event * 37);
      expectWhole(rewritten(file, { restart: 1, padding: { exceptions, numbers: exceptions } }));
      expectExact(file.subarray(0, 290_000));
    }
    expectWhole(await jpeg({}, { width: 8, height: 65_500, channels: 1 }));
  });

  it('with restart markers that are numbered wrongly', async () => {
    const file = rewritten(await jpeg(), { restart: 2, padding: { numbers: new Uint8Array(99).fill(5) } });
    expect(mustOpen(file).traits[0]?.padding.numbers.length).toBeGreaterThan(3);
    expectWhole(file);
  });

  it('with 12 bits, extended sequential', async () => {
    const file = await jpeg({ optimiseCoding: true });
    const frame = segmentAt(file, 0xc0);
    file[frame + 1] = 0xc1;
    file[frame + 4] = 12;
    expect(mustOpen(file).frame.precision).toBe(12);
    expectWhole(file);
  });

  it('without tables of codes, which are the typical ones then', async () => {
    const file = await jpeg({ optimiseCoding: false });
    let bare = file;
    while (parseJpeg(bare) !== undefined) {
      const start = scanStart(bare);
      const at = bare.findIndex((byte, index) => byte === 0xff && bare[index + 1] === 0xc4);
      if (at < 0 || at > start) break;
      bare = concat(bare.subarray(0, at), bare.subarray(at + 2 + (bare[at + 2] ?? 0) * 256 + (bare[at + 3] ?? 0)));
    }
    expect(bare.length).toBeLessThan(file.length - 400);
    expectWhole(bare);
  });

  it('with its height after the scan', async () => {
    const file = await jpeg();
    const frame = segmentAt(file, 0xc0);
    const height = file.slice(frame + 5, frame + 7);
    file.fill(0, frame + 5, frame + 7);
    expect(parseJpeg(file)).toBeUndefined();
    const late = concat(file.subarray(0, -2), Uint8Array.of(0xff, 0xdc, 0, 4), height, file.subarray(-2));
    expect(mustOpen(late).frame.height).toBe(53);
    expectWhole(late);
  });

  it('with fill bytes, comments, no EOI, or anything after it', async () => {
    const file = await jpeg({ progressive: true });
    const comment = Uint8Array.of(0xff, 0xff, 0xff, 0xfe, 0, 5, 1, 2, 3);
    expectWhole(concat(file.subarray(0, 2), comment, file.subarray(2)));
    expectWhole(file.subarray(0, -2));
    expectWhole(concat(file, file, Uint8Array.of(0xff, 0xd9, 1, 2, 3)));
  });
});

describe('coefficients', () => {
  it('are the same whatever the scans and codes', async () => {
    const files = await Promise.all(forms.slice(0, 4).map((options) => jpeg({ ...options, trellisQuantisation: false, overshootDeringing: false })));
    files.push(rewritten(await jpeg(forms[0]), { restart: 3 }));
    const [first, ...others] = files.map((file) => mustOpen(file).planes.list.map(realValues));
    expect(first?.[0]?.some((value) => value !== 0)).toBe(true);
    for (const other of others) expect(other).toEqual(first);
  });

  it('of a flat picture are those of its mean, beyond its sides too', async () => {
    const raw = { width: 20, height: 12, channels: 1 as const };
    const file = new Uint8Array(await sharp(new Uint8Array(240).fill(144), { raw }).toColourspace('b-w').jpeg({ quality: 100 }).toBuffer());
    const block = new Int16Array(64);
    block[0] = 128;
    expect(mustOpen(file).planes.list.map(realValues)).toEqual([Int16Array.from({ length: 6 * 64 }, (_, index) => block[index % 64] ?? 0)]);
  });

  it('of padding blocks are as predicted in files of libjpeg, and kept where they are not', async () => {
    const file = await jpeg({ chromaSubsampling: '4:2:0', optimiseCoding: false }, { width: 67, height: 35 });
    expect(mustOpen(file).padding.map(({ length }) => length)).toEqual([0, 0, 0]);
    // The same scan for a narrower picture of as many MCUs has real blocks where that one has padding.
    const narrow = await jpeg({ chromaSubsampling: '4:2:0', optimiseCoding: false }, { width: 80, height: 48 });
    const frame = segmentAt(narrow, 0xc0);
    narrow[frame + 6] = 33;
    narrow[frame + 8] = 66;
    expect(mustOpen(narrow).padding[0]?.length).toBe(64 * (10 * 6 - 9 * 5));
    expectWhole(narrow);
  });
});

describe('the kernel of a file', () => {
  it('reads in steps between which other files can be read', async () => {
    const file = await jpeg({ progressive: true }, { width: 700, height: 500 });
    const parsed = parseJpeg(file);
    if (parsed === undefined) throw new Error('The file is not understood.');
    const steps = readScansInSteps(file, parsed);
    let last = steps.next();
    for (; last.done !== true; last = steps.next()) expectExact(await jpeg());
    expect(last.value?.planes.list.map(realValues)).toEqual(mustOpen(file).planes.list.map(realValues));
  });

  it('gives its memory to the next file, which finds nothing in it', async () => {
    for (const options of [{ progressive: true }, {}]) {
      const { frame, planes } = mustOpen(await jpeg(options));
      for (const { values } of planes.list) values.fill(-1);
      releasePlanes(planes);
      releasePlanes(planes);
      const next = zeroPlanes(frame);
      expect(next.kernel.bytes.buffer).toBe(planes.kernel.bytes.buffer);
      expect(next.list.every(({ values }) => values.every((value) => value === 0))).toBe(true);
      expectWhole(await jpeg(options));
    }
  });

  it('writes one scan at a time, and none once its memory is given away', async () => {
    const { frame, pieces, planes, traits } = mustOpen(await jpeg());
    const scan = pieces.find((piece) => piece.kind === 'scan');
    const [first] = traits;
    if (scan === undefined || first === undefined) throw new Error('There is no scan.');
    const [one, other] = [writeScan({ frame, scan, planes }, first), writeScan({ frame, scan, planes }, first)];
    one.next();
    other.next();
    expect(() => one.next()).toThrow('Another scan');
    releasePlanes(planes);
    expect(() => other.next()).toThrow('Another scan');
    expect(() => writeScan({ frame, scan, planes }, first).next()).toThrow('released');
  });
});

describe('a damaged JPEG file', () => {
  it.each([false, true])('comes back exactly if it is cut, with what is before the cut as coefficients (progressive: %s)', async (progressive) => {
    const file = await jpeg({ progressive }, { width: 160, height: 120 });
    for (let size = file.length - 1; size > 0; size = Math.floor(size * 0.93) - 1) {
      const again = rejoined(file.subarray(0, size));
      expect(again === undefined || isEqual(again, file.subarray(0, size))).toBe(true);
    }
    expectExact(file.subarray(0, Math.floor(file.length * 0.9)));
    expect(tailBytes(file.subarray(0, Math.floor(file.length * 0.9)))).toBeLessThan(file.length / 3);
  });

  it('keeps what is behind its last MCU', async () => {
    const file = await jpeg();
    const longer = concat(file.subarray(0, -2), Uint8Array.of(1, 2, 3, 0xff, 0, 0xff, 0xd3, 4), file.subarray(-2));
    expect(tailBytes(longer)).toBe(8);
    expectExact(longer);
  });

  it('is not taken apart if its codes or sizes make no sense', async () => {
    const file = await jpeg();
    const at = segmentAt(file, 0xc0);
    const cases: readonly (readonly [place: number, byte: number])[] = [
      [1, 0xc3], [1, 0xc5], [1, 0xc9], [1, 0xf7], [4, 9], [7, 0], [8, 0], [9, 0], [9, 5], [11, 0], [11, 0x51],
    ];
    for (const [place, byte] of cases) {
      const changed = file.slice();
      changed[at + place] = byte;
      if (place === 7) changed[at + 8] = 0;
      if (place === 8) changed[at + 7] = 0;
      expect(openJpeg(changed)).toBeUndefined();
    }
    const huge = file.slice();
    huge.fill(0xff, at + 5, at + 9);
    expect(parseJpeg(huge)).toBeUndefined();
    for (const size of [0, 1, 2, 3]) expect(openJpeg(file.subarray(0, size))).toBeUndefined();
  });

  it('is not taken apart if its coefficients would take more than their share of memory', async () => {
    const file = await jpeg({}, { channels: 1 });
    const at = segmentAt(file, 0xc0);
    file.set([0x40, 0, 0x40, 0], at + 5);
    expect(parseJpeg(file, maxWholeBytes)?.frame.width).toBe(16_384);
    expect(parseJpeg(file, maxWholeBytes + 1)).toBeUndefined();
    expect(parseJpeg(file, 1_000_000)).toBeUndefined();
    file[at + 8] = 1;
    expect(parseJpeg(file, maxWholeBytes)).toBeUndefined();
  });

  it.each(forms.slice(0, 3))('comes back exactly or not at all, whatever is changed (%j)', async (options) => {
    const plain = await jpeg(options);
    const random = fixedRandom(JSON.stringify(options));
    const below = (bound: number): number => new DataView(random(4).buffer).getUint32(0) % bound;
    let understood = 0;
    for (const file of [plain, rewritten(plain, { restart: 4 })]) {
      for (let round = 0; round < 150; round++) {
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

describe('traits of scans', () => {
  it.each([
    ['an unknown flag', [16]], ['no flags', []], ['a list that is cut off', [2, 5, 1]], ['an empty list', [4, 0]], ['too many rows', [8, 6, 0]],
    ['a tail that is cut off', [8, 2, 3, 1]], ['the rows of a whole scan', [9, 5, 0]],
  ])('are refused with %s', (_, bytes) => {
    expect(() => readTraits(new ByteReader(Uint8Array.from(bytes)), 4)).toThrow(expect.objectContaining({ code: 'recipe-invalid' }));
  });

  it('give bytes whatever they are, for any coefficients', async () => {
    for (const progressive of [false, true]) {
      const { frame, pieces, planes } = mustOpen(await jpeg({ progressive }));
      const random = fixedRandom('coefficients');
      for (const { values } of planes.list) values.set(new Int16Array(random(2 * values.length).slice().buffer));
      findPlaces(planes.kernel);
      const padding = { bit: 0, exceptions: random(3), numbers: random(7) } as const;
      for (const scan of pieces) {
        if (scan.kind === 'bytes') continue;
        const header = { ...scan.header, restart: 3 };
        const traits = { padding, goodRows: 1_000_000, tail: random(5) };
        const steps = Array.from(writeScan({ frame, scan: { ...scan, header }, planes }, traits), ({ length }) => length);
        expect(steps.at(-1)).toBe(5);
      }
    }
  });
});
