/**
 * From values back to levels under given maps: real levels, that lie between whole ones where the maps are not quite right, and
 * the nearest whole ones. Each pixel walks from the level that it had. SPEC.md section 5.11.
 */
import { levelCount, mixRow, type Cells } from './equalised-cells.js';

const { min } = Math;

/** A picture and its whole levels as they stand; what the search for them works on. */
export interface Search {
  readonly cells: Cells;
  readonly values: Uint8Array;
  readonly levels: Uint8Array;
  readonly maps: Uint8Array;
  /** Per node: pixels that depend on it and are not exact, as `moveToNearest` found them. */
  readonly wrong: Int32Array;
}

/** Per pixel: its real level, and how many values the next level is away from this one. */
export interface RealLevels {
  readonly levels: Float32Array;
  readonly slopes: Float32Array;
}

/** What a search starts with. */
export function newSearch(cells: Cells, values: Uint8Array, levels: Uint8Array, maps: Uint8Array): Search {
  return { cells, values, levels, maps, wrong: new Int32Array(cells.across * cells.down) };
}

/** Fills `real` with the levels at which the maps, continued between whole levels, have the values of the picture. */
export function invert({ cells, values, levels, maps }: Search, real: RealLevels): void {
  const { width, height, cellWidth, columns, unit } = cells;
  const mixed = new Int32Array(cells.across * levelCount);
  for (let y = 0, at = 0; y < height; y++) {
    mixRow(cells, maps, y, mixed);
    for (let x = 0; x < width; x++, at++) {
      const after = columns.weight[x]!;
      const before = 2 * cellWidth - after;
      const a = columns.before[x]! * levelCount;
      const b = columns.after[x]! * levelCount;
      const target = values[at]! * unit;
      let level = min(levels[at]!, levelCount - 2);
      let low = mixed[a + level]! * before + mixed[b + level]! * after;
      let high = mixed[a + level + 1]! * before + mixed[b + level + 1]! * after;
      while (low > target && level > 0) {
        level--;
        high = low;
        low = mixed[a + level]! * before + mixed[b + level]! * after;
      }
      while (high <= target && level < levelCount - 2) {
        level++;
        low = high;
        high = mixed[a + level + 1]! * before + mixed[b + level + 1]! * after;
      }
      const slope = high - low;
      const part = 100 * slope > unit ? (target - low) / slope : 0;
      real.slopes[at] = slope / unit;
      real.levels[at] = level + (part < -1 ? -1 : part > 2 ? 2 : part);
    }
  }
}

/**
 * Moves each pixel that has not exactly its value to the level, of the `reach` next ones towards it, whose value is nearest.
 * Returns how many pixels are exact then. Among equally near levels it moves up only, so that a second time changes nothing.
 */
export function moveToNearest(search: Search, reach: number): number {
  const { cells, values, levels, maps } = search;
  const { width, height, cellWidth, columns, unit } = cells;
  const mixed = new Int32Array(cells.across * levelCount);
  let exact = 0;
  search.wrong.fill(0);
  for (let y = 0, at = 0; y < height; y++) {
    mixRow(cells, maps, y, mixed);
    for (let x = 0; x < width; x++, at++) {
      const after = columns.weight[x]!;
      const before = 2 * cellWidth - after;
      const a = columns.before[x]! * levelCount;
      const b = columns.after[x]! * levelCount;
      const target = values[at]! * unit;
      const allowed = unit / 2 - (values[at]! & 1);
      let level = levels[at]!;
      let distance = mixed[a + level]! * before + mixed[b + level]! * after - target;
      let error = distance < 0 ? -distance : distance;
      const step = distance < 0 ? 1 : -1;
      for (let k = 1, next = level + step; error > allowed && k <= reach && next >= 0 && next < levelCount; k++, next += step) {
        distance = mixed[a + next]! * before + mixed[b + next]! * after - target;
        const other = distance < 0 ? -distance : distance;
        if (other > error || (other === error && step < 0)) break;
        error = other;
        level = next;
      }
      levels[at] = level;
      if (error <= allowed) exact++;
      else blame(search, x, y);
    }
  }
  return exact;
}

/** Moves each exact pixel to that of its exact levels which is nearest to the levels before it in its row and above it. */
export function smoothExact({ cells, values, levels, maps }: Search): void {
  const { width, height, cellWidth, columns, unit } = cells;
  const mixed = new Int32Array(cells.across * levelCount);
  for (let y = 0, at = 0; y < height; y++) {
    mixRow(cells, maps, y, mixed);
    for (let x = 0; x < width; x++, at++) {
      const left = x > 0 ? levels[at - 1]! : levels[at]!;
      const wanted = (left + (y > 0 ? levels[at - width]! : left)) >> 1;
      const after = columns.weight[x]!;
      const before = 2 * cellWidth - after;
      const a = columns.before[x]! * levelCount;
      const b = columns.after[x]! * levelCount;
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

function blame({ cells, wrong }: Search, x: number, y: number): void {
  const { across, columns, rows } = cells;
  const before = columns.before[x]!;
  const after = columns.after[x]!;
  const top = rows.before[y]! * across;
  const bottom = rows.after[y]! * across;
  wrong[top + before]!++;
  if (after !== before) wrong[top + after]!++;
  if (bottom === top) return;
  wrong[bottom + before]!++;
  if (after !== before) wrong[bottom + after]!++;
}

/** Share of the pixels of every `step`-th row that are exact under maps whose levels are `shift` higher than those of the search. */
export function exactShare({ cells, values, levels, maps }: Search, shift: number, step: number): number {
  const { width, height, cellWidth, columns, unit } = cells;
  const mixed = new Int32Array(cells.across * levelCount);
  let exact = 0;
  let pixels = 0;
  for (let y = 0; y < height; y += step, pixels += width) {
    mixRow(cells, maps, y, mixed);
    for (let x = 0, at = y * width; x < width; x++, at++) {
      const moved = levels[at]! + shift;
      const level = moved < 0 ? 0 : moved > 255 ? 255 : moved;
      const after = columns.weight[x]!;
      const sum = mixed[columns.before[x]! * levelCount + level]! * (2 * cellWidth - after) + mixed[columns.after[x]! * levelCount + level]! * after;
      const error = sum - values[at]! * unit;
      if ((error < 0 ? -error : error) <= unit / 2 - (values[at]! & 1)) exact++;
    }
  }
  return exact / pixels;
}
