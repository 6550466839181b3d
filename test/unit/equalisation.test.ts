/** The levels that a picture had before it was equalised in cells, found from its values. */
import { describe, expect, it } from '@jest/globals';
import { findEqualisation } from '../../client-sdk/core/image/equalisation.js';
import type { Equalisation } from '../../client-sdk/core/image/equalised-picture.js';
import { equalisationIn, equalisedValues } from '../../client-sdk/core/image/equalised-tile.js';
import { equalise, smoothPicture, type GreyBytes } from '../support/equalised-picture.js';
import { numbersFrom } from '../support/sample-tiles.js';

const source = smoothPicture(400, 300, 7);
const equalised = equalise(source, 2);

function mustFind(picture: GreyBytes): Equalisation {
  const found = findEqualisation(picture);
  if (found === undefined) throw new Error('nothing was found');
  return found;
}

function valuesOf(found: Equalisation, { width, height }: GreyBytes): Uint8Array {
  return equalisedValues(equalisationIn(found, { x: 0, y: 0, width, height }), { width, height });
}

function isOutside(at: number): boolean {
  const x = at % equalised.width;
  const y = (at - x) / equalised.width;
  return x < 160 || x >= 200 || y < 120 || y >= 136;
}

const boxed: GreyBytes = { ...equalised, values: equalised.values.map((value, at) => (isOutside(at) ? value : 255)) };

function shareOf(values: Uint8Array, others: Uint8Array, isAsked: (at: number) => boolean = () => true): number {
  let asked = 0;
  let equal = 0;
  values.forEach((value, at) => {
    if (!isAsked(at)) return;
    asked++;
    if (value === others[at]) equal++;
  });
  return equal / asked;
}

function drawn(width: number, height: number, valueAt: (x: number, y: number) => number): GreyBytes {
  return { width, height, values: Uint8Array.from({ length: width * height }, (_, at) => valueAt(at % width, Math.floor(at / width))) };
}

describe('finding the equalisation of a picture', () => {
  const found = mustFind(equalised);

  it('gives back at least 99.9 % of the values exactly, from the levels of the source', () => {
    expect(shareOf(valuesOf(found, equalised), equalised.values)).toBeGreaterThanOrEqual(0.999);
    expect(shareOf(found.levels, source.values)).toBeGreaterThanOrEqual(0.99);
  });

  it('finds the grid that both padded sides make', () => {
    expect(found).toMatchObject({ cellWidth: 51, cellHeight: 38, across: 8, down: 8 });
    expect(found.maps).toHaveLength(64 * 256);
  });

  it('has maps that do not fall with the level', () => {
    const falls = found.maps.filter((value, i) => i % 256 > 0 && value < (found.maps[i - 1] ?? 0));
    expect(falls).toHaveLength(0);
  });

  it('finds the same twice', () => {
    expect(mustFind(equalised)).toEqual(found);
  });

  it('finds a stronger equalisation', () => {
    const strong = equalise(smoothPicture(512, 400, 7), 3);
    expect(shareOf(valuesOf(mustFind(strong), strong), strong.values)).toBeGreaterThanOrEqual(0.99);
  });

  it('finds nearly all of a picture so large that only a part of its pixels is searched at first', () => {
    const large = equalise(smoothPicture(1_500, 810, 5), 2);
    expect(shareOf(valuesOf(mustFind(large), large), large.values)).toBeGreaterThanOrEqual(0.97);
  });

  it('finds levels for nearly all the rest where a box was drawn over the picture afterwards', () => {
    const again = mustFind(boxed);
    expect(shareOf(valuesOf(again, boxed), boxed.values, isOutside)).toBeGreaterThanOrEqual(0.99);
  });

  it('keeps nearly all where one pixel was changed afterwards', () => {
    const values = equalised.values.map((value, at) => (at === 5_000 ? value ^ 0x40 : value));
    const again = mustFind({ ...equalised, values });
    expect(shareOf(again.levels, found.levels)).toBeGreaterThanOrEqual(0.999);
  });
});

describe('a picture that was not equalised in cells', () => {
  const next = numbersFrom(3);
  const pictures: readonly (readonly [string, GreyBytes])[] = [
    ['noise', drawn(256, 256, () => next() % 256)],
    ['one value', drawn(256, 256, () => 7)],
    ['smooth shades with noise', source],
    ['a ramp', drawn(256, 256, (x) => x)],
    ['a drawing of few values', drawn(256, 256, (x, y) => ((x >> 4) ^ (y >> 3)) % 3 === 0 ? 255 : 0)],
    ['levels stretched alike everywhere', { ...source, values: source.values.map((value) => Math.min(Math.round((value - 60) * 2.3), 255)) }],
    ['every second value', { ...source, values: source.values.map((value) => value - (value % 2)) }],
  ];

  it.each(pictures)('is turned away: %s', (_, picture) => {
    expect(findEqualisation(picture)).toBeUndefined();
  });
});

describe('the bounds of the search', () => {
  it('turns away a side of 63 pixels and takes one of 64', () => {
    const small = smoothPicture(640, 64, 5);
    const values = equalise(small, 2);
    expect(findEqualisation({ ...values, height: 63, values: values.values.subarray(0, 640 * 63) })).toBeUndefined();
    expect(() => findEqualisation(values)).not.toThrow();
  });

  it('turns away more than 2^24 pixels before it looks at any', () => {
    expect(findEqualisation({ width: 262_145, height: 64, values: new Uint8Array(0) })).toBeUndefined();
  });
});
