/**
 * Patches: every orientation, window, depth and number of channels; what they cost; when there is none.
 */
import { describe, expect, it } from '@jest/globals';
import { newTile, samplesOf, shapeOf, tileHeaderBytes, type TileShape } from '../../client-sdk/core/image/content.js';
import { applyPatch, makePatch } from '../../client-sdk/core/image/patch.js';
import type { BaseView } from '../../client-sdk/core/image/patch-prediction.js';
import { numbersFrom, sampleTile } from '../support/sample-tiles.js';

const upright: BaseView = { orientation: 0, x: 0, y: 0 };
const depths = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 32];

/** The bytes of a patch that was seen to give back `target`. */
function lengthOf(target: Uint8Array, base: Uint8Array, view = upright): number {
  const patch = makePatch(target, base, view, 100_000);
  if (patch === undefined) throw new Error('there is no patch');
  expect(Buffer.compare(applyPatch(patch, base), target)).toBe(0);
  return patch.length;
}

type Sides = readonly [left: number, top: number, right: number, bottom: number];

/** `content` with other samples in a rectangle of 8-bit samples. */
function painted(content: Uint8Array, sides: Sides, paint: (old: number) => number): Uint8Array {
  const { width, channels } = shapeOf(content);
  const changed = content.slice();
  const [left, top, right, bottom] = sides;
  for (let y = top; y < bottom; y++) {
    for (let i = (y * width + left) * channels; i < (y * width + right) * channels; i++) {
      changed[tileHeaderBytes + i] = paint(content[tileHeaderBytes + i] ?? 0);
    }
  }
  return changed;
}

/** The window of `shape`'s size at `view`, pixel by pixel as section 5.9 says it. */
function windowOf(base: Uint8Array, size: { readonly width: number; readonly height: number }, view: BaseView): Uint8Array {
  const from = shapeOf(base);
  const [width, height] = (view.orientation & 4) === 0 ? [from.width, from.height] : [from.height, from.width];
  const target = newTile({ ...from, ...size });
  const pixelBytes = samplesOf(base).length / (from.width * from.height);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const across = (view.orientation & 1) === 0 ? view.x + x : width - 1 - view.x - x;
      const down = (view.orientation & 2) === 0 ? view.y + y : height - 1 - view.y - y;
      const pixel = (view.orientation & 4) === 0 ? down * from.width + across : across * from.width + down;
      const source = samplesOf(base).subarray(pixel * pixelBytes, (pixel + 1) * pixelBytes);
      samplesOf(target).set(source, (y * size.width + x) * pixelBytes);
    }
  }
  return target;
}

describe('a patch', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7])('of nothing but orientation %i is one byte, and five with a window', (orientation) => {
    for (const kind of [{ channels: 1, depth: 8 }, { channels: 3, depth: 16 }, { channels: 2, depth: 32 }]) {
      const base = sampleTile({ width: 23, height: 17, ...kind }, 'noise');
      const whole = (orientation & 4) === 0 ? { width: 23, height: 17 } : { width: 17, height: 23 };
      expect(lengthOf(windowOf(base, whole, { ...upright, orientation }), base, { ...upright, orientation })).toBe(1);
      const view = { orientation, x: 2, y: 5 };
      expect(lengthOf(windowOf(base, { width: 13, height: 12 }, view), base, view)).toBe(5);
    }
  });

  it('reaches into all corners of its base', () => {
    const base = sampleTile({ width: 9, height: 6, channels: 1, depth: 8 }, 'noise');
    for (const [x, y] of [[0, 0], [8, 0], [0, 5], [8, 5]] as const) {
      const view = { orientation: 0, x, y };
      expect(lengthOf(windowOf(base, { width: 1, height: 1 }, view), base, view)).toBe(5);
    }
  });

  it.each(depths)('gives back tiles of depth %i, whatever became of them', (depth) => {
    for (const channels of [1, 2, 3, 4]) {
      const shape: TileShape = { width: 14, height: 11, channels, depth };
      for (const picture of ['photo', 'noise', 'drawing', 'gradient'] as const) {
        const base = sampleTile(shape, 'photo', 5);
        expect(lengthOf(sampleTile(shape, picture, 6), base)).toBeGreaterThan(0);
      }
    }
  });

  it('gives back tiles of more and of fewer channels than the base', () => {
    for (let from = 1; from <= 4; from++) {
      for (let to = 1; to <= 4; to++) {
        const base = sampleTile({ width: 20, height: 20, channels: from, depth: 8 }, 'photo');
        const target = painted(sampleTile({ width: 20, height: 20, channels: to, depth: 8 }, 'photo'), [4, 4, 9, 9], () => 255);
        expect(lengthOf(target, base)).toBeGreaterThan(2);
      }
    }
  });

  it('is short for one pixel, a box, and both at opposite ends of a tile of 128 pixels', () => {
    const base = sampleTile({ width: 128, height: 128, channels: 3, depth: 8 }, 'photo');
    const pixel = painted(base, [77, 31, 78, 32], (old) => old ^ 0x80);
    const box = painted(base, [64, 50, 128, 114], () => 0);
    expect(lengthOf(pixel, base)).toBeLessThanOrEqual(10);
    expect(lengthOf(box, base)).toBeLessThanOrEqual(16);
    expect(lengthOf(painted(painted(base, [0, 0, 1, 1], (old) => old ^ 1), [120, 120, 128, 128], () => 9), base)).toBeLessThanOrEqual(32);
  });

  it('is short where all values changed alike', () => {
    const base = sampleTile({ width: 128, height: 128, channels: 3, depth: 8 }, 'photo');
    const changes: readonly ((old: number) => number)[] = [
      (old) => Math.min(255, old + 5),
      (old) => Math.min(255, Math.floor(old * 1.05)),
      (old) => 255 - old,
      (old) => Math.max(0, Math.min(255, Math.round((old - 128) * 1.5 + 128))),
      (old) => (old * old) >> 8,
      (old) => old & 0xf0,
    ];
    for (const change of changes) expect(lengthOf(painted(base, [0, 0, 128, 128], change), base)).toBeLessThanOrEqual(48);
    const brighter = painted(base, [0, 0, 128, 128], (old) => Math.min(255, old + 9));
    expect(lengthOf(painted(brighter, [30, 30, 60, 60], () => 0), base)).toBeLessThanOrEqual(24);
  });

  it('is shorter than the samples where they changed a little', () => {
    const base = sampleTile({ width: 64, height: 64, channels: 1, depth: 16 }, 'photo');
    const target = base.slice();
    const next = numbersFrom(5);
    for (let i = tileHeaderBytes + 1; i < target.length; i += 2) target[i] = (target[i] ?? 0) ^ (next() & 3);
    expect(lengthOf(target, base)).toBeLessThan(target.length / 4);
  });

  it('does not change what it is given', () => {
    const base = sampleTile({ width: 16, height: 16, channels: 3, depth: 8 }, 'photo');
    const target = painted(base, [2, 2, 9, 9], (old) => old ^ 3);
    const [baseCopy, targetCopy] = [base.slice(), target.slice()];
    const patch = makePatch(target, base, upright, 10_000);
    expect(patch).toBeDefined();
    applyPatch(patch ?? new Uint8Array(0), base);
    expect([Buffer.compare(base, baseCopy), Buffer.compare(target, targetCopy)]).toEqual([0, 0]);
  });
});

describe('there is no patch', () => {
  const base = sampleTile({ width: 128, height: 128, channels: 3, depth: 8 }, 'photo', 1);

  it('that is longer than it may be, and one where it may be just as long', () => {
    const target = painted(base, [3, 3, 40, 40], (old) => old ^ 5);
    const whole = makePatch(target, base, upright, 100_000)?.length ?? 0;
    expect(whole).toBeGreaterThan(100);
    expect(makePatch(target, base, upright, whole)).toHaveLength(whole);
    expect(makePatch(target, base, upright, whole - 1)).toBeUndefined();
    expect(makePatch(base, base, upright, 1)).toHaveLength(1);
    expect(makePatch(base, base, upright, 0)).toBeUndefined();
  });

  it('between unrelated tiles', () => {
    for (const picture of ['noise', 'drawing'] as const) {
      expect(makePatch(sampleTile(shapeOf(base), 'noise', 3), sampleTile(shapeOf(base), picture, 4), upright, 4_096)).toBeUndefined();
    }
  });

  it('for a view that is none or leaves the base', () => {
    const narrow = sampleTile({ width: 128, height: 100, channels: 3, depth: 8 }, 'photo', 1);
    expect(makePatch(narrow, base, { orientation: 0, x: 0, y: 28 }, 1e5)).toBeDefined();
    const views = [{ x: 0, y: 29 }, { x: 1, y: 0 }, { x: -1, y: 0 }, { x: 0, y: -1 }, { x: 0, y: 0.5 }, { x: 0, y: 0, orientation: 8 }];
    for (const view of views) expect(makePatch(narrow, base, { orientation: 0, ...view }, 1e5)).toBeUndefined();
  });

  it('that makes more samples than a tile may have', () => {
    const large = newTile({ width: 1_024, height: 512, channels: 1, depth: 8 });
    expect(shapeOf(applyPatch(Uint8Array.of(0x10, 2), newTile({ ...shapeOf(large), height: 511 }))).channels).toBe(2);
    expect(() => applyPatch(Uint8Array.of(0x10, 2), large)).toThrow(expect.objectContaining({ code: 'recipe-invalid' }));
  });

  it('of what is no tile or has samples beyond its depth', () => {
    const wrong = newTile({ width: 2, height: 2, channels: 1, depth: 7 });
    wrong[tileHeaderBytes] = 128;
    const fails = expect.objectContaining({ code: 'recipe-invalid' });
    expect(() => applyPatch(Uint8Array.of(0), wrong)).toThrow(fails);
    expect(() => applyPatch(Uint8Array.of(0), wrong.subarray(1))).toThrow(fails);
    expect(() => makePatch(wrong, newTile(shapeOf(wrong)), upright, 100)).toThrow(fails);
  });
});
