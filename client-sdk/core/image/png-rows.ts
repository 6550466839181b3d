/**
 * The plain bytes of a PNG stream as rows, pass after pass: a filter type, then the row. SPEC.md section 6.4.
 */
import { maxFilterType, unfilterRow } from './png-filter.js';
import type { Pass, PngHeader } from './png-header.js';
import { Unsplittable } from './raster-container.js';

/** One row of a pass; `bytes` is overwritten by the next but one. */
export interface PngRow {
  readonly pass: Pass;
  /** Row of the pass. */
  readonly y: number;
  readonly filterType: number;
  readonly bytes: Uint8Array;
}

/** Feeds plain bytes, gives rows: unfiltered, or as they come where `isFiltered`. */
export class PngRows {
  readonly #header: PngHeader;
  readonly #onRow: (row: PngRow) => void;
  readonly #isFiltered: boolean;
  #pass = -1;
  #y = 0;
  #filterType = -1;
  #filled = 0;
  #row = new Uint8Array(0);
  #above = new Uint8Array(0);

  constructor(header: PngHeader, onRow: (row: PngRow) => void, isFiltered = false) {
    this.#header = header;
    this.#onRow = onRow;
    this.#isFiltered = isFiltered;
    this.#beginPass();
  }

  /** Throws Unsplittable for an unknown filter type and for bytes after the last row. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.isComplete) throw new Unsplittable('more data than pixels');
      if (this.#filterType < 0) {
        this.#filterType = bytes[at++]!;
        if (this.#filterType > maxFilterType) throw new Unsplittable('an unknown filter type');
        continue;
      }
      const piece = bytes.subarray(at, at + this.#row.length - this.#filled);
      this.#row.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === this.#row.length) this.#endRow();
    }
  }

  /** All rows of all passes were given. */
  get isComplete(): boolean {
    return this.#pass === this.#header.passes.length;
  }

  #endRow(): void {
    const pass = this.#header.passes[this.#pass]!;
    const row = this.#row;
    if (!this.#isFiltered) unfilterRow(this.#filterType, { row, above: this.#above, step: this.#header.filterStep });
    this.#onRow({ pass, y: this.#y, filterType: this.#filterType, bytes: row });
    this.#row = this.#above;
    this.#above = row;
    this.#filled = 0;
    this.#filterType = -1;
    this.#y++;
    if (this.#y === pass.height) this.#beginPass();
  }

  #beginPass(): void {
    this.#pass++;
    this.#y = 0;
    const rowBytes = this.#header.passes[this.#pass]?.rowBytes ?? 0;
    this.#row = new Uint8Array(rowBytes);
    this.#above = new Uint8Array(rowBytes);
  }
}
