/**
 * Where tiles lie in a grid of days: columns, rows and headings as numbers, so that only what is near the window needs to be drawn.
 * Pure; lengths in CSS pixels from the upper left corner of the grid.
 */
import type { DayGroup } from './image-list.js';

/** What the page measured. */
export interface GridMeasure {
  readonly width: number;
  /** A tile is at least so wide, unless `minColumns` would not fit. */
  readonly minTileWidth: number;
  readonly minColumns: number;
  readonly gap: number;
  readonly headingHeight: number;
  /** Height of the text below a picture. */
  readonly labelHeight: number;
}

/** The height of a picture as a share of its width. */
const frameShare = 0.75;

/** Columns, and the place of every tile. */
export class GridLayout {
  readonly columns: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** The picture of a tile. */
  readonly frame: { readonly width: number; readonly height: number };
  /** Of the whole grid. */
  readonly height: number;
  readonly #tops: readonly number[];

  constructor(
    private readonly groups: readonly DayGroup[],
    private readonly measure: GridMeasure,
  ) {
    const { width, gap, minTileWidth, minColumns, headingHeight, labelHeight } = measure;
    this.columns = Math.max(minColumns, Math.floor((width + gap) / (minTileWidth + gap)));
    this.tileWidth = Math.max(1, (width - gap * (this.columns - 1)) / this.columns);
    this.frame = { width: this.tileWidth, height: Math.round(this.tileWidth * frameShare) };
    this.tileHeight = this.frame.height + labelHeight;
    const tops: number[] = [];
    let at = 0;
    for (const { count } of groups) {
      tops.push(at);
      at += headingHeight + Math.ceil(count / this.columns) * (this.tileHeight + gap);
    }
    this.#tops = tops;
    this.height = Math.max(0, at - gap);
  }

  /** The upper left corner of tile `index`. */
  placeOf(index: number): { readonly x: number; readonly y: number } {
    const at = this.#groupAt(index);
    const group = this.groups[at];
    const inGroup = index - (group?.start ?? 0);
    const { gap, headingHeight } = this.measure;
    const row = Math.floor(inGroup / this.columns);
    return {
      x: (inGroup % this.columns) * (this.tileWidth + gap),
      y: (this.#tops[at] ?? 0) + headingHeight + row * (this.tileHeight + gap),
    };
  }

  /** The day of tile `index`. */
  groupOf(index: number): DayGroup | undefined {
    return this.groups[this.#groupAt(index)];
  }

  /** Tiles that touch the band from `top` to `bottom`, with all of their row: the first, and the one after the last. */
  range(top: number, bottom: number): readonly [first: number, end: number] {
    const total = this.#total();
    let first = total;
    let end = 0;
    for (let at = Math.max(0, lastAtMost(this.#tops, top)); at < this.groups.length && (this.#tops[at] ?? 0) <= bottom; at++) {
      const [from, to] = this.#rangeIn(at, top, bottom);
      if (from >= to) continue;
      first = Math.min(first, from);
      end = Math.max(end, to);
    }
    return first < end ? [first, end] : [0, 0];
  }

  /** The tile `rows` rows below (above where negative), in the same column where there is one; it stops at both ends. */
  rowsAway(index: number, rows: number): number {
    let at = index;
    for (let left = Math.abs(rows); left > 0; left--) {
      const next = rows > 0 ? this.#below(at) : this.#above(at);
      if (next === undefined) break;
      at = next;
    }
    return at;
  }

  #below(index: number): number | undefined {
    const group = this.groupOf(index);
    if (group === undefined) return undefined;
    const column = (index - group.start) % this.columns;
    const rowStart = index - column + this.columns;
    const end = group.start + group.count;
    if (rowStart < end) return Math.min(rowStart + column, end - 1);
    const next = this.groups[this.#groupAt(index) + 1];
    return next === undefined ? undefined : next.start + Math.min(column, next.count - 1);
  }

  #above(index: number): number | undefined {
    const group = this.groupOf(index);
    if (group === undefined) return undefined;
    const column = (index - group.start) % this.columns;
    if (index - column > group.start) return index - this.columns;
    const before = this.groups[this.#groupAt(index) - 1];
    if (before === undefined) return undefined;
    const lastRow = Math.floor((before.count - 1) / this.columns) * this.columns;
    return before.start + Math.min(lastRow + column, before.count - 1);
  }

  #rangeIn(at: number, top: number, bottom: number): readonly [number, number] {
    const group = this.groups[at];
    if (group === undefined) return [0, 0];
    const start = (this.#tops[at] ?? 0) + this.measure.headingHeight;
    const step = this.tileHeight + this.measure.gap;
    // The heading is drawn with the first tile, so that where it shows, the first row counts.
    const firstRow = Math.max(0, Math.floor((top - start) / step));
    const lastRow = Math.max(0, Math.floor((bottom - start) / step));
    const from = Math.min(group.count, firstRow * this.columns);
    return [group.start + from, group.start + Math.min(group.count, (lastRow + 1) * this.columns)];
  }

  #groupAt(index: number): number {
    let low = 0;
    let high = this.groups.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.groups[middle]?.start ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }

  #total(): number {
    const last = this.groups.at(-1);
    return last === undefined ? 0 : last.start + last.count;
  }
}

function lastAtMost(sorted: readonly number[], value: number): number {
  let low = -1;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
