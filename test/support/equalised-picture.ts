/**
 * Pictures with smooth fields and noise, and contrast-limited adaptive histogram equalisation of them as OpenCV does it, written
 * from its formulas in real numbers and apart from the product's.
 */
import { numbersFrom } from './sample-tiles.js';

/** An 8-bit grey picture, row by row. */
export interface GreyBytes {
  readonly values: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Shades that change slowly and bend, with a little noise: levels about 70 to 170. */
export function smoothPicture(width: number, height: number, seed: number): GreyBytes {
  const next = numbersFrom(seed);
  const values = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bend = wave(x / 520 + y / 910) * 24 + wave(y / 430 - x / 750) * 18 + wave((x + y) / 97) * 4;
      values[y * width + x] = Math.round(120 + bend + ((next() % 1000) + (next() % 1000) - 1000) / 900);
    }
  }
  return { values, width, height };
}

/** A wave of parabolas, of period 1 and between -1 and 1. */
function wave(x: number): number {
  const part = 2 * (x - Math.floor(x));
  return part < 1 ? 4 * part * (1 - part) : -4 * (part - 1) * (2 - part);
}

/** What OpenCV's CLAHE makes of `picture` with a grid of 8 x 8 cells. */
export function equalise({ values, width, height }: GreyBytes, clipLimit: number): GreyBytes {
  const cells = 8;
  const isPadded = width % cells !== 0 || height % cells !== 0;
  const cellWidth = (isPadded ? width + cells - (width % cells) : width) / cells;
  const cellHeight = (isPadded ? height + cells - (height % cells) : height) / cells;
  const reflect = (place: number, length: number): number => (place < length ? place : 2 * length - 2 - place);
  const levelAt = (x: number, y: number): number => values[reflect(y, height) * width + reflect(x, width)] ?? 0;
  const maps = Array.from({ length: cells * cells }, (_, cell) => {
    const left = (cell % cells) * cellWidth;
    const top = Math.floor(cell / cells) * cellHeight;
    const counts = new Uint32Array(256);
    for (let y = top; y < top + cellHeight; y++) {
      for (let x = left; x < left + cellWidth; x++) counts[levelAt(x, y)] = (counts[levelAt(x, y)] ?? 0) + 1;
    }
    return mapOf([...counts], cellWidth * cellHeight, clipLimit);
  });
  const made = new Uint8Array(values.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const place = { x: x / cellWidth - 0.5, y: y / cellHeight - 0.5 };
      made[y * width + x] = halfEven(mixed(place, (i, j) => maps[j * cells + i]?.[values[y * width + x] ?? 0] ?? 0));
    }
  }
  return { values: made, width, height };
}

function mapOf(counts: number[], area: number, clipLimit: number): number[] {
  const limit = Math.max(Math.trunc((clipLimit * area) / 256), 1);
  const excess = counts.reduce((sum, count) => sum + Math.max(count - limit, 0), 0);
  const each = Math.floor(excess / 256);
  const rest = excess % 256;
  const step = rest === 0 ? 256 : Math.max(Math.floor(256 / rest), 1);
  let sum = 0;
  return counts.map((count, level) => {
    sum += Math.min(count, limit) + each + (level % step === 0 && level / step < rest ? 1 : 0);
    return Math.min(halfEven(Math.fround(sum * Math.fround(255 / area))), 255);
  });
}

function mixed(place: { readonly x: number; readonly y: number }, at: (i: number, j: number) => number): number {
  const i = Math.floor(place.x);
  const j = Math.floor(place.y);
  const x = place.x - i;
  const y = place.y - j;
  const node = (k: number): number => Math.min(Math.max(k, 0), 7);
  const upper = at(node(i), node(j)) * (1 - x) + at(node(i + 1), node(j)) * x;
  const lower = at(node(i), node(j + 1)) * (1 - x) + at(node(i + 1), node(j + 1)) * x;
  return upper * (1 - y) + lower * y;
}

function halfEven(x: number): number {
  const down = Math.floor(x);
  if (x - down === 0.5) return down % 2 === 0 ? down : down + 1;
  return Math.round(x);
}
