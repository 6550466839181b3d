/**
 * The cells of an equalised picture: their geometry, the histogram of each cell, and the maps that contrast-limited adaptive
 * histogram equalisation makes of them, as OpenCV computes them. Not the search for the levels. Source: Zuiderveld, "Contrast
 * Limited Adaptive Histogram Equalization", Graphics Gems IV, 1994; SPEC.md section 5.11.
 */
import type { Region } from './splitter.js';

const { floor, fround, max, min } = Math;

/** Cells of an equalised picture, each with a node in its middle. */
export interface Grid {
  /** Pixels. */
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** Nodes. */
  readonly across: number;
  readonly down: number;
}

/** Grid under a picture (or a part of one), with the two nodes between which each column and row lies. */
export interface Cells extends Grid {
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
}

export const levelCount = 256;

/** The grid that OpenCV lays over a picture of `width` x `height` pixels: both sides are padded where one of them must be. */
export function gridOf(width: number, height: number, across: number, down: number): Grid {
  const padded = width % across !== 0 || height % down !== 0;
  const cellWidth = padded ? floor(width / across) + 1 : width / across;
  const cellHeight = padded ? floor(height / down) + 1 : height / down;
  return { cellWidth, cellHeight, across, down };
}

/** A grid under the pixels of `region`, a part of the picture. */
export function cellsUnder(grid: Grid, { x, y, width, height }: Region): Cells {
  const { cellWidth, cellHeight, across, down } = grid;
  const columns = axisOf(x, width, cellWidth, across);
  const rows = axisOf(y, height, cellHeight, down);
  return { cellWidth, cellHeight, across, down, width, height, columns, rows, unit: 4 * cellWidth * cellHeight };
}

function axisOf(start: number, length: number, cell: number, nodes: number): Axis {
  const before = new Int32Array(length);
  const after = new Int32Array(length);
  const weight = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const place = 2 * (start + i) - cell;
    const node = floor(place / (2 * cell));
    before[i] = min(max(node, 0), nodes - 1);
    after[i] = min(node + 1, nodes - 1);
    weight[i] = place - 2 * cell * node;
  }
  return { before, after, weight };
}

/** Histograms (256 counts per cell) of all pixels of the padded picture. */
export function countLevels(cells: Cells, levels: Uint8Array): Int32Array {
  const { width, height, cellWidth, cellHeight, across, down } = cells;
  const counts = new Int32Array(across * down * levelCount);
  for (let y = 0; y < down * cellHeight; y++) {
    const row = mirrored(y, height) * width;
    const first = floor(y / cellHeight) * across;
    for (let i = 0, x = 0; i < across; i++) {
      const base = (first + i) * levelCount;
      const end = (i + 1) * cellWidth;
      for (const inside = min(end, width); x < inside; x++) counts[base + levels[row + x]!]!++;
      for (; x < end; x++) counts[base + levels[row + mirrored(x, width)]!]!++;
    }
  }
  return counts;
}

/** Reflection at the last sample without repeating it. */
export function mirrored(x: number, length: number): number {
  return x < length ? x : max(2 * length - 2 - x, 0);
}

/** The maps (256 values per cell) that OpenCV makes of the histograms of all pixels under `clip`, its clip limit. Changes `counts`. */
export function mapsOf(cells: Cells, counts: Int32Array, clip: number): Uint8Array {
  const area = cells.cellWidth * cells.cellHeight;
  const limit = max(floor((clip * area) / levelCount), 1);
  const scale = fround(255 / area);
  const maps = new Uint8Array(counts.length);
  for (let base = 0; base < counts.length; base += levelCount) {
    spreadExcess(counts.subarray(base, base + levelCount), limit);
    let sum = 0;
    for (let level = 0; level < levelCount; level++) {
      sum += counts[base + level]!;
      maps[base + level] = min(roundHalfEven(fround(sum * scale)), 255);
    }
  }
  return maps;
}

function spreadExcess(counts: Int32Array, limit: number): void {
  let excess = 0;
  for (let level = 0; level < levelCount; level++) {
    if (counts[level]! <= limit) continue;
    excess += counts[level]! - limit;
    counts[level] = limit;
  }
  const batch = floor(excess / levelCount);
  let rest = excess - batch * levelCount;
  for (let level = 0; level < levelCount; level++) counts[level]! += batch;
  if (rest === 0) return;
  const step = max(floor(levelCount / rest), 1);
  for (let level = 0; level < levelCount && rest > 0; level += step, rest--) counts[level]!++;
}

function roundHalfEven(x: number): number {
  const down = floor(x);
  const rest = x - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}

/** The maps of row `y` of pixels at all columns of nodes: upper and lower ones mixed, times 2 cellHeight. */
export function mixRow(cells: Cells, maps: Uint8Array, y: number, mixed: Int32Array): void {
  const length = cells.across * levelCount;
  const top = cells.rows.before[y]! * length;
  const bottom = cells.rows.after[y]! * length;
  const lower = cells.rows.weight[y]!;
  const upper = 2 * cells.cellHeight - lower;
  for (let i = 0; i < length; i++) mixed[i] = maps[top + i]! * upper + maps[bottom + i]! * lower;
}
