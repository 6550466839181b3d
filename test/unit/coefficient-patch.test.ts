/**
 * Patches of tiles of coefficients: every orientation, window and gain; what they cost; when there is none; what is refused.
 */
import { describe, expect, it } from '@jest/globals';
import { DiceError } from '../../client-sdk/core/errors.js';
import { coefficientShapeOf, maxCoefficientBlocks, newCoefficients, newTile } from '../../client-sdk/core/image/content.js';
import { applyCoefficientPatch, makeCoefficientPatch, worthwhilePatchBytes } from '../../client-sdk/core/image/jpeg/coefficient-patch.js';
import { applyPatch, makePatch } from '../../client-sdk/core/image/patch.js';
import type { BaseView } from '../../client-sdk/core/image/patch-prediction.js';
import {
  changedBlocks,
  contentOfBlocks,
  croppedBlocks,
  drawnBlocks,
  photographed,
  turnedBlocks,
  type CoefficientPicture,
} from '../support/coefficient-picture.js';
import { numbersFrom } from '../support/sample-tiles.js';

const upright: BaseView = { orientation: 0, x: 0, y: 0 };
const picture = photographed(17, 11, 3);
const refused = expect.objectContaining({ code: 'recipe-invalid' });

/** The patch, which was seen to give back `target`. */
function patchOf(target: CoefficientPicture, base: CoefficientPicture, view = upright): Uint8Array {
  const [made, from] = [contentOfBlocks(target), contentOfBlocks(base)];
  const patch = makeCoefficientPatch(made, from, view, 1_000_000);
  if (patch === undefined) throw new Error('there is no patch');
  expect(Buffer.compare(applyCoefficientPatch(patch, from), made)).toBe(0);
  return patch;
}

/** One coefficient in so many is one more or less. */
function resaved(from: CoefficientPicture, oneIn: number, seed = 5): CoefficientPicture {
  const next = numbersFrom(seed);
  return changedBlocks(from, (value) => (next() % oneIn === 0 ? value + (next() % 2 === 0 ? 1 : -1) : value));
}

/** Each coefficient times a quotient, rounded. */
function scaled(from: CoefficientPicture, quotient: (u: number, v: number) => number): CoefficientPicture {
  return changedBlocks(from, (value, [, , u, v]) => Math.sign(value) * Math.floor(Math.abs(value) * quotient(u, v) + 0.5));
}

function applyOrRefuse(patch: Uint8Array, base: Uint8Array): Uint8Array | undefined {
  try {
    return applyCoefficientPatch(patch, base);
  } catch (error) {
    if (error instanceof DiceError && error.code === 'recipe-invalid') return undefined;
    throw error;
  }
}

describe('a patch of coefficients', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7])('of nothing but orientation %i is one byte, and five with a window', (orientation) => {
    const turned = turnedBlocks(picture, orientation);
    expect([...patchOf(turned, picture, { ...upright, orientation })]).toEqual([orientation]);
    const window = { x: 2, y: 1, across: turned.across - 3, down: turned.down - 4 };
    expect([...patchOf(croppedBlocks(turned, window), picture, { orientation, x: 2, y: 1 })]).toEqual([8 | orientation, window.across - 1, window.down - 1, 2, 1]);
  });

  it('is the same whatever was written, read, given up or refused before it', () => {
    const small = resaved(croppedBlocks(picture, { x: 0, y: 0, across: 5, down: 4 }), 20);
    const from = croppedBlocks(picture, { x: 0, y: 0, across: 5, down: 4 });
    const first = Buffer.from(patchOf(small, from));
    const large = photographed(60, 50, 9);
    const before = [
      () => patchOf(resaved(large, 30), large),
      () => makeCoefficientPatch(contentOfBlocks(photographed(60, 50, 4)), contentOfBlocks(large), upright, 500),
      () => applyOrRefuse(Uint8Array.of(0x30, 1, 2, 3), contentOfBlocks(large)),
      () => patchOf(scaled(large, (u, v) => 1.3 + 0.1 * (u + v)), large),
    ];
    for (const work of before) {
      work();
      expect(first.equals(patchOf(small, from))).toBe(true);
    }
  });

  it('reaches into all corners of its base', () => {
    for (const [x, y] of [[0, 0], [16, 0], [0, 10], [16, 10]] as const) {
      expect(patchOf(croppedBlocks(picture, { x, y, across: 1, down: 1 }), picture, { orientation: 0, x, y })).toHaveLength(5);
    }
  });

  it('is the same for all tiles where all that changed is their quantisation', () => {
    const by = (u: number, v: number): number => 1 + ((u + 2 * v) % 5);
    const patches = [1, 2, 3].map((seed) => {
      const full = changedBlocks(photographed(20, 20, seed), (value) => (value === 0 ? 1 : value));
      return Buffer.from(patchOf(scaled(full, by), full)).toString('hex');
    });
    expect(new Set(patches).size).toBe(1);
    expect(patches[0]?.length).toBeLessThan(2 * 64);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('has factors of the turned frequencies, from 1 to 255 (%i)', (orientation) => {
    for (const most of [2, 255]) {
      const turned = turnedBlocks(picture, orientation);
      const target = scaled(turned, (u, v) => 1 + ((u * 37 + v * 11) % most));
      expect(patchOf(target, picture, { ...upright, orientation }).length).toBeLessThan(120);
    }
  });

  it('is short where the tables are coarser or finer by fractions', () => {
    const large = photographed(40, 40, 9);
    for (const quotient of [2 / 7, 7 / 6, 19 / 4]) {
      const length = patchOf(scaled(large, (u, v) => quotient + (u + v) / 50), large).length;
      expect(length).toBeLessThan(400);
    }
  });

  it('is short where the picture became brighter', () => {
    const large = photographed(40, 40, 9);
    const brighter = changedBlocks(large, (value, [, , u, v]) => (u + v === 0 ? Math.round(value * 1.05 + 51.2) : value));
    expect(patchOf(brighter, large).length).toBeLessThan(100);
  });

  it('is short for one block, a black box, and few changes by one', () => {
    const large = photographed(64, 64, 4);
    const inBox = (x: number, y: number): boolean => x >= 20 && x < 28 && y >= 30 && y < 38;
    const box = changedBlocks(large, (value, [x, y, u, v]) => (inBox(x, y) ? (u + v === 0 ? -512 : 0) : value));
    const one = changedBlocks(large, (value, [x, y, u, v]) => (x === 33 && y === 5 && u === 2 && v === 1 ? value + 1 : value));
    expect(patchOf(one, large).length).toBeLessThan(10);
    expect(patchOf(box, large).length).toBeLessThan(40);
    expect(patchOf(resaved(large, 1_000), large).length).toBeLessThan(64 * 64 * 64 / 1_000 * 2);
  });

  it('gives back tiles that have nothing to do with the base', () => {
    const next = numbersFrom(8);
    const noise = drawnBlocks(6, 5, () => (next() << 16) >> 16);
    const black = drawnBlocks(6, 5, () => 0);
    for (const [target, base] of [[noise, black], [black, noise], [noise, photographed(6, 5, 1)], [photographed(6, 5, 2), photographed(6, 5, 1)]] as const) {
      expect(patchOf(target, base).length).toBeGreaterThan(1);
    }
  });

  it('holds the whole range of 16 bits, but -32,768 is not negated', () => {
    const ends = drawnBlocks(2, 1, (x, _, [u, v]) => (u === 1 && v === 0 ? (x === 0 ? -0x8000 : 0x7fff) : 0));
    const swapped = drawnBlocks(2, 1, (x, _, [u, v]) => (u === 1 && v === 0 ? (x === 0 ? 0x7fff : -0x8000) : 0));
    expect(patchOf(swapped, ends).length).toBeGreaterThan(1);
    expect(patchOf(turnedBlocks(ends, 2), ends, { ...upright, orientation: 2 })).toHaveLength(1);
    expect(makeCoefficientPatch(contentOfBlocks(ends), contentOfBlocks(ends), { ...upright, orientation: 1 }, 1_000)).toBeUndefined();
    expect(() => applyCoefficientPatch(Uint8Array.of(1), contentOfBlocks(ends))).toThrow(refused);
  });

  it('does not change what it is given, and takes contents anywhere in memory', () => {
    const [base, target] = [contentOfBlocks(picture), contentOfBlocks(resaved(picture, 9))];
    const shifted = new Uint8Array(base.length + 1);
    shifted.set(base, 1);
    const copies = [base.slice(), target.slice()];
    const patch = makeCoefficientPatch(target, shifted.subarray(1), upright, 100_000) ?? new Uint8Array(0);
    expect(Buffer.compare(applyCoefficientPatch(patch, shifted.subarray(1)), target)).toBe(0);
    expect([Buffer.compare(base, copies[0] ?? base.subarray(1)), Buffer.compare(target, copies[1] ?? target.subarray(1))]).toEqual([0, 0]);
  });

  it('is made and applied by what makes and applies those of samples', () => {
    const [base, target] = [contentOfBlocks(picture), contentOfBlocks(resaved(picture, 50))];
    const patch = makePatch(target, base, upright, 10_000);
    expect(patch).toEqual(makeCoefficientPatch(target, base, upright, 10_000));
    expect(Buffer.compare(applyPatch(patch ?? new Uint8Array(0), base), target)).toBe(0);
  });

  it('is worth it below a third of the coefficients that are not zero', () => {
    expect(worthwhilePatchBytes(contentOfBlocks(drawnBlocks(9, 1, () => 1)))).toBe(192);
    expect(worthwhilePatchBytes(newCoefficients({ across: 64, down: 64 }))).toBe(64);
    expect(worthwhilePatchBytes(newCoefficients({ across: 64, down: 64 }).fill(1, 8))).toBe(65_536);
  });
});

describe('there is no patch of coefficients', () => {
  const base = contentOfBlocks(picture);

  it('that is longer than it may be, and one where it may be just as long', () => {
    for (const changed of [resaved(picture, 9), resaved(scaled(picture, () => 3), 9)]) {
      const target = contentOfBlocks(changed);
      const whole = makeCoefficientPatch(target, base, upright, 100_000)?.length ?? 0;
      expect(whole).toBeGreaterThan(100);
      expect(makeCoefficientPatch(target, base, upright, whole)).toHaveLength(whole);
      for (const less of [whole - 1, 1, 0]) expect(makeCoefficientPatch(target, base, upright, less)).toBeUndefined();
    }
    expect(makeCoefficientPatch(base, base, upright, 1)).toHaveLength(1);
    expect(makeCoefficientPatch(base, base, upright, 0)).toBeUndefined();
  });

  it('for a view that is none or leaves the base', () => {
    const target = contentOfBlocks(croppedBlocks(picture, { x: 0, y: 0, across: 17, down: 9 }));
    const patch = makeCoefficientPatch(target, base, { orientation: 0, x: 0, y: 2 }, 1e6) ?? new Uint8Array();
    expect(applyCoefficientPatch(patch, base)).toEqual(target);
    const views = [{ y: 3 }, { x: 1 }, { x: -1 }, { y: -1 }, { y: 0.5 }, { orientation: 8 }, { orientation: 4 }];
    for (const view of views) expect(makeCoefficientPatch(target, base, { ...upright, ...view }, 1e6)).toBeUndefined();
  });

  it('between samples and coefficients, nor of what is neither', () => {
    const tile = newTile({ width: 17, height: 11, channels: 1, depth: 8 });
    expect(makePatch(tile, base, upright, 1e6)).toBeUndefined();
    expect(makePatch(base, tile, upright, 1e6)).toBeUndefined();
    expect(() => makeCoefficientPatch(tile, base, upright, 1e6)).toThrow(refused);
    expect(() => applyCoefficientPatch(Uint8Array.of(0), tile)).toThrow(refused);
    expect(() => applyCoefficientPatch(Uint8Array.of(0), base.subarray(0, base.length - 1))).toThrow(refused);
  });
});

describe('a reader of patches of coefficients', () => {
  const small = photographed(7, 5, 4);
  const base = contentOfBlocks(small);
  const targets = [resaved(small, 40), resaved(scaled(small, () => 0.6), 200), changedBlocks(small, (value, [x, y]) => (x < 4 && y < 3 ? 0 : value))];
  const patches = targets.map((target) => patchOf(target, small));

  it('refuses those that are cut short, or go on', () => {
    for (const patch of patches) {
      for (let length = 0; length < patch.length; length++) expect(applyOrRefuse(patch.subarray(0, length), base)).toBeUndefined();
      for (const more of [0, 1, 255]) expect(applyOrRefuse(Uint8Array.of(...patch, more), base)).toBeUndefined();
    }
  });

  it('refuses one whose bits are flipped, or makes another tile of it', () => {
    const whole = targets.map((target) => contentOfBlocks(target));
    for (const [i, patch] of patches.entries()) {
      for (let bit = 0; bit < 8 * patch.length; bit++) {
        const flipped = patch.slice();
        flipped[bit >> 3] = (patch[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const content = applyOrRefuse(flipped, base);
        if (content === undefined) continue;
        coefficientShapeOf(content);
        expect(Buffer.compare(content, whole[i] ?? base)).not.toBe(0);
      }
    }
  });

  it('takes any bytes calmly', () => {
    const next = numbersFrom(77);
    for (let round = 0; round < 3_000; round++) {
      const patch = Uint8Array.from({ length: 1 + (next() % 40) }, () => next() >>> 5);
      patch[0] = (patch[0] ?? 0) & 0x3f;
      const content = applyOrRefuse(patch, base);
      if (content !== undefined) expect(coefficientShapeOf(content).across).toBeGreaterThan(0);
    }
  });

  it('refuses forms, sizes and windows that no writer writes', () => {
    for (const first of [0x40, 0x80, 0xc0]) expect(applyOrRefuse(Uint8Array.of(first), base)).toBeUndefined();
    const heads = [[8, 6, 4, 0, 0], [8, 7, 3, 0, 0], [8, 5, 3, 2, 0], [8, 5, 3, 0, 2], [8, 0x85, 0, 3, 0, 0], [12, 6, 3, 0, 0], [0x10], [0x20], [0, 0]];
    for (const head of heads) expect(applyOrRefuse(Uint8Array.from(head), base)).toBeUndefined();
    expect(applyOrRefuse(Uint8Array.of(8, 5, 3, 1, 1), base)).toEqual(contentOfBlocks(croppedBlocks(small, { x: 1, y: 1, across: 6, down: 4 })));
  });

  it('is done in time with the largest tile', () => {
    const large = newCoefficients({ across: maxCoefficientBlocks, down: 1 });
    for (const first of [0x10, 0x20, 0x30]) {
      const patch = new Uint8Array(100_000).fill(0x9d);
      patch[0] = first;
      expect(applyOrRefuse(patch, large)).toBeUndefined();
    }
    expect(coefficientShapeOf(applyCoefficientPatch(Uint8Array.of(4), large))).toEqual({ across: 1, down: maxCoefficientBlocks });
  });
});

describe('a patch that is given up at its limit', () => {
  it.each([1, 2, 3, 5])('leaves nothing behind for the next try: whatever the limit, the tile comes back (%d)', (seed) => {
    const base = photographed(3, 2, seed);
    const saved = resaved(base, 5, seed);
    const [from, to] = [contentOfBlocks(base), contentOfBlocks(changedBlocks(saved, (value, [x, y]) => (x === 2 && y === 1 ? 0 : value)))];
    const whole = makePatch(to, from, upright, 100_000)?.length ?? 0;
    let made = 0;
    for (let limit = 1; limit <= whole + 60; limit++) {
      const patch = makePatch(to, from, upright, limit);
      if (patch === undefined) continue;
      made++;
      expect(Buffer.compare(applyPatch(patch, from), to)).toBe(0);
    }
    expect(made).toBeGreaterThan(60);
  });
});
