/**
 * The cells of an equalised picture: their geometry, the histogram of each cell, and the maps that contrast-limited adaptive
 * histogram equalisation makes of them, as OpenCV computes them. Not the search for the levels. Source: Zuiderveld, "Contrast
 * Limited Adaptive Histogram Equalization", Graphics Gems IV, 1994; SPEC.md section 5.11.
 */
import { type CellGrid, greyLevels } from './equalised-picture.js';
import type { Region } from './splitter.js';

const { ceil, floor, fround, max, min } = Math;

/** Grid under a picture (or a part of one), or under every `step`-th of its columns and rows; each lies between two nodes. */
export interface Cells extends CellGrid {
  readonly step: number;
  /** Columns and rows that are there. */
  readonly width: number;
  readonly height: number;
  readonly columns: Axis;
  readonly rows: Axis;
  /** Weight of all four nodes together: 4 cellWidth cellHeight. */
  readonly unit: number;
}

/** For each column (row): its two nodes, and the weight of the second of 2 cellWidth (2 cellHeight). */
export interface Axis {
  readonly before: Int32Array;
  readonly after: Int32Array;
  readonly weight: Int32Array;
  /** First of each half of a cell, all of which lie between the same nodes, and their end. */
  readonly halves: Int32Array;
}

/** The grid that OpenCV lays over a picture of `width` x `height` pixels: both sides are padded where one of them must be. */
export function gridOf(width: number, height: number, across: number, down: number): CellGrid {
  const padded = width % across !== 0 || height % down !== 0;
  const cellWidth = padded ? floor(width / across) + 1 : width / across;
  const cellHeight = padded ? floor(height / down) + 1 : height / down;
  return { cellWidth, cellHeight, across, down };
}

/** A grid under a whole picture, of which every `step`-th column and row is there. */
export function cellsUnder(grid: CellGrid, picture: Pick<Region, 'width' | 'height'>, step: number): Cells {
  const { cellWidth, cellHeight, across, down } = grid;
  const width = ceil(picture.width / step);
  const height = ceil(picture.height / step);
  const columns = axisOf(width, step, cellWidth, across);
  const rows = axisOf(height, step, cellHeight, down);
  return { cellWidth, cellHeight, across, down, step, width, height, columns, rows, unit: 4 * cellWidth * cellHeight };
}

function axisOf(length: number, step: number, cell: number, nodes: number): Axis {
  const before = new Int32Array(length);
  const after = new Int32Array(length);
  const weight = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const place = 2 * step * i - cell;
    const node = floor(place / (2 * cell));
    before[i] = min(max(node, 0), nodes - 1);
    after[i] = min(node + 1, nodes - 1);
    weight[i] = place - 2 * cell * node;
  }
  const halves = Int32Array.from({ length: 2 * nodes + 1 }, (_, half) => min(ceil((half * cell) / (2 * step)), length));
  return { before, after, weight, halves };
}

/** Histograms (256 counts per cell) of all pixels of the padded picture; those that are there count for the others too. */
export function countLevels(cells: Cells, levels: Uint8Array): Int32Array {
  const { width, height, cellWidth, cellHeight, across, down, step } = cells;
  const counts = new Int32Array(across * down * greyLevels);
  const length = ceil((across * cellWidth) / step);
  const bases = Int32Array.from({ length }, (_, x) => floor((x * step) / cellWidth) * greyLevels);
  for (let y = 0; y * step < down * cellHeight; y++) {
    const row = mirrored(y, height) * width;
    const first = floor((y * step) / cellHeight) * across * greyLevels;
    const inside = min(width, length);
    for (let x = 0; x < inside; x++) counts[first + bases[x]! + levels[row + x]!]!++;
    for (let x = inside; x < length; x++) counts[first + bases[x]! + levels[row + mirrored(x, width)]!]!++;
  }
  if (step > 1) for (let i = 0; i < counts.length; i++) counts[i]! *= step * step;
  return counts;
}

/** Reflection at the last sample without repeating it. */
export function mirrored(x: number, length: number): number {
  return x < length ? x : max(2 * length - 2 - x, 0);
}

/** The maps (256 values per cell) that OpenCV makes of the histograms of all pixels under `clip`, its clip limit. Changes `counts`. */
export function mapsOf(counts: Int32Array, clip: number): Uint8Array {
  const maps = new Uint8Array(counts.length);
  for (let base = 0; base < counts.length; base += greyLevels) {
    let area = 0;
    for (let level = 0; level < greyLevels; level++) area += counts[base + level]!;
    const scale = fround(255 / area);
    spreadExcess(counts.subarray(base, base + greyLevels), max(floor((clip * area) / greyLevels), 1));
    let sum = 0;
    for (let level = 0; level < greyLevels; level++) {
      sum += counts[base + level]!;
      maps[base + level] = min(roundHalfEven(fround(sum * scale)), 255);
    }
  }
  return maps;
}

function spreadExcess(counts: Int32Array, limit: number): void {
  let excess = 0;
  for (let level = 0; level < greyLevels; level++) {
    if (counts[level]! <= limit) continue;
    excess += counts[level]! - limit;
    counts[level] = limit;
  }
  const batch = floor(excess / greyLevels);
  let rest = excess - batch * greyLevels;
  for (let level = 0; level < greyLevels; level++) counts[level]! += batch;
  if (rest === 0) return;
  const step = max(floor(greyLevels / rest), 1);
  for (let level = 0; level < greyLevels && rest > 0; level += step, rest--) counts[level]!++;
}

function roundHalfEven(x: number): number {
  const down = floor(x);
  const rest = x - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}

/** The maps of row `y` of pixels at all columns of nodes: upper and lower ones mixed, times 2 cellHeight. */
export function mixRow(cells: Cells, maps: Uint8Array, y: number, mixed: Int32Array): void {
  const length = cells.across * greyLevels;
  const top = cells.rows.before[y]! * length;
  const bottom = cells.rows.after[y]! * length;
  const lower = cells.rows.weight[y]!;
  const upper = 2 * cells.cellHeight - lower;
  for (let i = 0; i < length; i++) mixed[i] = maps[top + i]! * upper + maps[bottom + i]! * lower;
}
