/**
 * From values back to levels under given maps: real levels, that lie between whole ones where the maps are not quite right, and
 * the nearest whole ones. Each pixel walks from the level that it had. SPEC.md section 5.11.
 */
import { mixRow, type Cells } from './equalised-cells.js';
import { greyLevels } from './equalised-picture.js';

const { floor, max, min } = Math;

/** A picture and its whole levels as they stand; what the search for them works on. */
export interface Search {
  readonly cells: Cells;
  readonly values: Uint8Array;
  readonly levels: Uint8Array;
  readonly maps: Uint8Array;
  /** Per quarter of a cell (2 across in a row): pixels that are not exact, as `moveToNearest` found them. */
  readonly wrong: Int32Array;
  /** Per node: 1 where its map, or the levels around it, changed since the last votes. */
  readonly moved: Uint8Array;
}

/** Per pixel: its real level, and how many values the next level is away from this one. */
export interface RealLevels {
  readonly levels: Float32Array;
  readonly slopes: Float32Array;
}

/** What a search starts with. */
export function newSearch(cells: Cells, values: Uint8Array, levels: Uint8Array, maps: Uint8Array): Search {
  const nodes = cells.across * cells.down;
  return { cells, values, levels, maps, wrong: new Int32Array(4 * nodes), moved: new Uint8Array(nodes).fill(1) };
}

/** Which quarters of cells depend on a node for which `nodes` has 1. */
export function quartersAround({ across, down }: Cells, nodes: Uint8Array): Uint8Array {
  const quarters = new Uint8Array(4 * across * down);
  for (let node = 0; node < nodes.length; node++) {
    if (nodes[node] === 0) continue;
    const x = 2 * (node % across);
    const y = 2 * floor(node / across);
    for (let j = max(y - 1, 0); j <= min(y + 2, 2 * down - 1); j++) {
      quarters.fill(1, j * 2 * across + max(x - 1, 0), j * 2 * across + min(x + 3, 2 * across));
    }
  }
  return quarters;
}

/** Per node: wrong pixels that depend on it. */
export function wrongAround({ cells, wrong }: Search): Int32Array {
  const { across, down } = cells;
  const counts = new Int32Array(across * down);
  for (let y = 0, node = 0; y < down; y++) {
    for (let x = 0; x < across; x++, node++) {
      for (let j = max(2 * y - 1, 0); j <= min(2 * y + 2, 2 * down - 1); j++) {
        for (let i = max(2 * x - 1, 0); i <= min(2 * x + 2, 2 * across - 1); i++) counts[node]! += wrong[j * 2 * across + i]!;
      }
    }
  }
  return counts;
}

/** Calls `visit` for each row of pixels of each quarter of a cell that is `active`, with the mixed maps of that row. */
function eachRun({ cells, maps }: Search, active: Uint8Array | undefined, visit: Visit): void {
  const { across, columns, rows, width } = cells;
  const mixed = new Int32Array(across * greyLevels);
  for (let j = 0; j < 2 * cells.down; j++) {
    const first = j * 2 * across;
    if (active !== undefined && !active.subarray(first, first + 2 * across).includes(1)) continue;
    for (let y = rows.halves[j]!; y < rows.halves[j + 1]!; y++) {
      mixRow(cells, maps, y, mixed);
      for (let i = 0; i < 2 * across; i++) {
        if (active !== undefined && active[first + i] === 0) continue;
        const x = columns.halves[i]!;
        visit(mixed, { at: y * width + x, x, end: columns.halves[i + 1]!, quarter: first + i });
      }
    }
  }
}

/** A row of pixels of a quarter of a cell: its place in the picture, its first column and the end of its columns. */
interface Run {
  readonly at: number;
  readonly x: number;
  readonly end: number;
  readonly quarter: number;
}

type Visit = (mixed: Int32Array, run: Run) => void;

/** Fills `real`, in `active` quarters, with the levels at which the maps, continued between whole levels, have the values of the picture. */
export function invert(search: Search, real: RealLevels, active?: Uint8Array): void {
  eachRun(search, active, (mixed, run) => {
    if (run.x < run.end) invertRun(search, real, mixed, run);
  });
}

function invertRun({ cells, values, levels }: Search, real: RealLevels, mixed: Int32Array, run: Run): void {
  const { unit, step } = cells;
  const whole = 2 * cells.cellWidth;
  const a = cells.columns.before[run.x]! * greyLevels;
  const b = cells.columns.after[run.x]! * greyLevels;
  const perUnit = 1 / unit;
  let after = cells.columns.weight[run.x]!;
  for (let x = run.x, at = run.at; x < run.end; x++, at++, after += 2 * step) {
    const before = whole - after;
    const target = values[at]! * unit;
    let level = min(levels[at]!, greyLevels - 2);
    let low = mixed[a + level]! * before + mixed[b + level]! * after;
    let high = mixed[a + level + 1]! * before + mixed[b + level + 1]! * after;
    while (low > target && level > 0) {
      level--;
      high = low;
      low = mixed[a + level]! * before + mixed[b + level]! * after;
    }
    while (high <= target && level < greyLevels - 2) {
      level++;
      low = high;
      high = mixed[a + level + 1]! * before + mixed[b + level + 1]! * after;
    }
    const slope = high - low;
    const part = 100 * slope > unit ? (target - low) / slope : 0;
    real.slopes[at] = slope * perUnit;
    real.levels[at] = level + (part < -1 ? -1 : part > 2 ? 2 : part);
  }
}

/**
 * Moves each pixel, of `active` quarters, that has not exactly its value to the level, of the `reach` next ones towards it, whose value is
 * nearest. Returns how many of all pixels are exact then. Among equally near levels it moves up only, so that a second time changes nothing.
 */
export function moveToNearest(search: Search, reach: number, active?: Uint8Array): number {
  const { wrong, values } = search;
  for (let i = 0; i < wrong.length; i++) if (active === undefined || active[i] === 1) wrong[i] = 0;
  eachRun(search, active, (mixed, run) => {
    if (run.x < run.end) wrong[run.quarter]! += moveRun(search, reach, mixed, run);
  });
  let exact = values.length;
  for (const count of wrong) exact -= count;
  return exact;
}

function moveRun({ cells, values, levels }: Search, reach: number, mixed: Int32Array, run: Run): number {
  const { unit, step } = cells;
  const whole = 2 * cells.cellWidth;
  const a = cells.columns.before[run.x]! * greyLevels;
  const b = cells.columns.after[run.x]! * greyLevels;
  let after = cells.columns.weight[run.x]!;
  let wrong = 0;
  for (let x = run.x, at = run.at; x < run.end; x++, at++, after += 2 * step) {
    const before = whole - after;
    const value = values[at]!;
    const target = value * unit;
    const allowed = unit / 2 - (value & 1);
    let level = levels[at]!;
    let distance = mixed[a + level]! * before + mixed[b + level]! * after - target;
    let error = distance < 0 ? -distance : distance;
    if (error <= allowed) continue;
    const way = distance < 0 ? 1 : -1;
    for (let k = 1, next = level + way; error > allowed && k <= reach && next >= 0 && next < greyLevels; k++, next += way) {
      distance = mixed[a + next]! * before + mixed[b + next]! * after - target;
      const other = distance < 0 ? -distance : distance;
      if (other > error || (other === error && way < 0)) break;
      error = other;
      level = next;
    }
    levels[at] = level;
    if (error > allowed) wrong++;
  }
  return wrong;
}

/** Moves each exact pixel to that of its exact levels which is nearest to the levels before it in its row and above it. */
export function smoothExact({ cells, values, levels, maps }: Search): void {
  const { width, height, cellWidth, columns, unit } = cells;
  const mixed = new Int32Array(cells.across * greyLevels);
  for (let y = 0, at = 0; y < height; y++) {
    mixRow(cells, maps, y, mixed);
    for (let x = 0; x < width; x++, at++) {
      const left = x > 0 ? levels[at - 1]! : levels[at]!;
      const wanted = (left + (y > 0 ? levels[at - width]! : left)) >> 1;
      const after = columns.weight[x]!;
      const before = 2 * cellWidth - after;
      const a = columns.before[x]! * greyLevels;
      const b = columns.after[x]! * greyLevels;
      const target = values[at]! * unit;
      const allowed = unit / 2 - (values[at]! & 1);
      let level = levels[at]!;
      const step = level < wanted ? 1 : -1;
      while (level !== wanted) {
        const here = mixed[a + level]! * before + mixed[b + level]! * after - target;
        const there = mixed[a + level + step]! * before + mixed[b + level + step]! * after - target;
        if (here > allowed || here < -allowed || there > allowed || there < -allowed) break;
        level += step;
      }
      levels[at] = level;
    }
  }
}

/** Share of the pixels of every `step`-th row that are exact under maps whose levels are `shift` higher than those of the search. */
export function exactShare({ cells, values, levels, maps }: Search, shift: number, step: number): number {
  const { width, height, cellWidth, columns, unit } = cells;
  const mixed = new Int32Array(cells.across * greyLevels);
  let exact = 0;
  let pixels = 0;
  for (let y = 0; y < height; y += step, pixels += width) {
    mixRow(cells, maps, y, mixed);
    for (let x = 0, at = y * width; x < width; x++, at++) {
      const moved = levels[at]! + shift;
      const level = moved < 0 ? 0 : moved > 255 ? 255 : moved;
      const after = columns.weight[x]!;
      const sum = mixed[columns.before[x]! * greyLevels + level]! * (2 * cellWidth - after) + mixed[columns.after[x]! * greyLevels + level]! * after;
      const error = sum - values[at]! * unit;
      if ((error < 0 ? -error : error) <= unit / 2 - (values[at]! & 1)) exact++;
    }
  }
  return exact / pixels;
}
