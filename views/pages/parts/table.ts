/**
 * Tables of figures, and plain bars in SVG with the same numbers as text beside them. Made in the browser from the account's own figures.
 */
import { el, svg } from './dom.js';

/** A column: its heading, whether it holds numbers, and whether a narrow screen leaves it out. */
export interface Column {
  readonly text: string;
  readonly isNumber?: boolean;
  readonly isWide?: boolean;
}

/** One row; `isSum` sets it apart. The first cell names the row. */
export interface Row {
  readonly cells: readonly (string | Node)[];
  readonly isSum?: boolean;
}

/** A table; where it has no rows, a sentence says so. */
export function table(caption: string, columns: readonly Column[], rows: readonly Row[]): HTMLElement {
  if (rows.length === 0) return el('p', { class: 'quiet' }, 'Nothing yet.');
  const className = (i: number): string => `${columns[i]?.isNumber === true ? 'number' : ''}${columns[i]?.isWide === true ? ' wide-only' : ''}`;
  const head = el('tr', {}, ...columns.map((column, i) => el('th', { scope: 'col', class: className(i) }, column.text)));
  const body = rows.map((row) => el('tr', { class: row.isSum === true ? 'is-sum' : '' }, ...row.cells.map((cell, i) =>
    (i === 0 ? el('th', { scope: 'row' }, cell) : el('td', { class: className(i) }, cell)))));
  return el('table', {}, el('caption', {}, caption), el('thead', {}, head), el('tbody', {}, ...body));
}

/** One bar: its name, its length, and its number as text. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly text: string;
  /** 0 to 3: which colour. */
  readonly tone: number;
}

const track = 1_000;

/** Horizontal bars on one scale, each with its number as text. */
export function bars(rows: readonly Bar[]): HTMLElement {
  const longest = Math.max(1, ...rows.map((row) => row.value));
  return el('dl', { class: 'bars' }, ...rows.map((row) => {
    const length = Math.max(row.value > 0 ? 4 : 0, Math.max(0, row.value) / longest * track);
    const drawing = svg('svg', { viewBox: `0 0 ${String(track)} 14`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      svg('rect', { x: 0, y: 0, width: length, height: 14, class: `bar-${String(row.tone)}` }));
    return el('div', {}, el('dt', {}, row.name), el('dd', {}, row.text, drawing));
  }));
}

/** A large figure with what it is. */
export function figure(value: string, name: string): HTMLElement {
  return el('div', { class: 'figure' }, el('b', {}, value), el('span', {}, name));
}
