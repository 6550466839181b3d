/**
 * The places of a block map: rectangles in whole units of the picture, found by point and by view without a walk over all of them.
 * Numbers alone; it draws nothing and knows no block. DESIGN.md section 7 (Pages).
 */

/** A rectangle. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Rectangles by number, in buckets of about one rectangle each. */
export class MapCells {
  readonly length: number;
  readonly #boxes: Float64Array;
  readonly #across: number;
  readonly #down: number;
  readonly #bucketWidth: number;
  readonly #bucketHeight: number;
  /** Cells of bucket b: members from starts[b] to starts[b + 1]. */
  readonly #starts: Uint32Array;
  readonly #members: Uint32Array;
  readonly #columns: readonly number[];
  readonly #rows: readonly number[];

  /** `boxes` lie on a picture of `width` by `height`. */
  constructor(boxes: readonly Box[], { width, height }: { readonly width: number; readonly height: number }) {
    this.length = boxes.length;
    this.#boxes = Float64Array.from(boxes.flatMap((box) => [box.x, box.y, box.width, box.height]));
    this.#columns = distinct(boxes.map(({ x }) => x));
    this.#rows = distinct(boxes.map(({ y }) => y));
    this.#across = Math.max(1, Math.min(this.#columns.length, 1_024));
    this.#down = Math.max(1, Math.min(this.#rows.length, 1_024));
    this.#bucketWidth = Math.max(1, width) / this.#across;
    this.#bucketHeight = Math.max(1, height) / this.#down;
    this.#starts = new Uint32Array(this.#across * this.#down + 1);
    for (let cell = 0; cell < this.length; cell++) this.#forBuckets(this.box(cell), (bucket) => { this.#starts[bucket + 1] = (this.#starts[bucket + 1] ?? 0) + 1; });
    for (let bucket = 1; bucket < this.#starts.length; bucket++) this.#starts[bucket] = (this.#starts[bucket] ?? 0) + (this.#starts[bucket - 1] ?? 0);
    this.#members = new Uint32Array(this.#starts.at(-1) ?? 0);
    const next = this.#starts.slice();
    for (let cell = 0; cell < this.length; cell++) {
      this.#forBuckets(this.box(cell), (bucket) => {
        const at = next[bucket] ?? 0;
        this.#members[at] = cell;
        next[bucket] = at + 1;
      });
    }
  }

  /** The rectangle of a cell; an empty one for a number that none has. */
  box(cell: number): Box {
    const at = 4 * cell;
    return { x: this.#boxes[at] ?? 0, y: this.#boxes[at + 1] ?? 0, width: this.#boxes[at + 2] ?? 0, height: this.#boxes[at + 3] ?? 0 };
  }

  /** The cell under a point. */
  at(x: number, y: number): number | undefined {
    if (x < 0 || y < 0 || x >= this.#across * this.#bucketWidth || y >= this.#down * this.#bucketHeight) return undefined;
    const bucket = Math.floor(y / this.#bucketHeight) * this.#across + Math.floor(x / this.#bucketWidth);
    for (let i = this.#starts[bucket] ?? 0; i < (this.#starts[bucket + 1] ?? 0); i++) {
      const cell = this.#members[i] ?? 0;
      const box = this.box(cell);
      if (x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height) return cell;
    }
    return undefined;
  }

  /** Calls `visit` once for every cell that meets the view, and for some that only come near it. */
  within(view: Box, visit: (cell: number) => void): void {
    const { left, right, top, bottom } = this.#range(view);
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const bucket = row * this.#across + column;
        for (let i = this.#starts[bucket] ?? 0; i < (this.#starts[bucket + 1] ?? 0); i++) {
          const cell = this.#members[i] ?? 0;
          const first = this.#range(this.box(cell));
          // A cell lies in several buckets: the first of them that the view has tells of it.
          if (Math.max(first.left, left) === column && Math.max(first.top, top) === row) visit(cell);
        }
      }
    }
  }

  /** About how many cells meet the view. */
  countWithin(view: Box): number {
    const { left, right, top, bottom } = this.#range(view);
    return Math.round(this.length * ((right - left + 1) * (bottom - top + 1)) / (this.#across * this.#down));
  }

  /** Row and column of a cell, from 1. */
  placeOf(cell: number): { readonly row: number; readonly column: number } {
    const { x, y } = this.box(cell);
    return { row: indexIn(this.#rows, y) + 1, column: indexIn(this.#columns, x) + 1 };
  }

  #forBuckets(box: Box, visit: (bucket: number) => void): void {
    const { left, right, top, bottom } = this.#range(box);
    for (let row = top; row <= bottom; row++) for (let column = left; column <= right; column++) visit(row * this.#across + column);
  }

  #range({ x, y, width, height }: Box): { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number } {
    const column = (at: number): number => Math.max(0, Math.min(this.#across - 1, Math.floor(at / this.#bucketWidth)));
    const row = (at: number): number => Math.max(0, Math.min(this.#down - 1, Math.floor(at / this.#bucketHeight)));
    // The right and lower edges belong to the next cell.
    return { left: column(x), right: column(x + width - 1e-9), top: row(y), bottom: row(y + height - 1e-9) };
  }
}

function distinct(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

/** By halves, in a sorted list that has the value. */
function indexIn(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
