/**
 * Tables of figures, and plain bars in SVG with the same numbers as text. Made in the browser from the account's own figures.
 */
import { el, svg } from './dom.js';

/** A column: its heading, and whether it holds numbers. */
export interface Column {
  readonly text: string;
  readonly isNumber?: boolean;
}

/** One row; `isSum` sets it apart. The first cell names the row. */
export interface Row {
  readonly cells: readonly (string | Node)[];
  readonly isSum?: boolean;
}

/** A table; where it has no rows, a sentence says so. */
export function table(caption: string, columns: readonly Column[], rows: readonly Row[]): HTMLElement {
  if (rows.length === 0) return el('p', { class: 'quiet' }, 'Nothing yet.');
  const className = (i: number): string => (columns[i]?.isNumber === true ? 'number' : '');
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

const width = 560;
const rowHeight = 46;

/** Horizontal bars on one scale. */
export function bars(label: string, rows: readonly Bar[]): SVGElement {
  const longest = Math.max(1, ...rows.map((row) => row.value));
  const height = rows.length * rowHeight;
  const parts = rows.flatMap((row, i) => {
    const top = i * rowHeight;
    const length = Math.max(row.value > 0 ? 3 : 0, Math.max(0, row.value) / longest * width);
    return [
      svg('text', { x: 0, y: top + 14 }, row.name),
      svg('text', { x: width, y: top + 14, 'text-anchor': 'end', class: 'value' }, row.text),
      svg('rect', { x: 0, y: top + 21, width, height: 14, rx: 4, class: 'track' }),
      svg('rect', { x: 0, y: top + 21, width: length, height: 14, rx: 4, class: `bar-${String(row.tone)}` }),
    ];
  });
  const spoken = `${label}: ${rows.map((row) => `${row.name} ${row.text}`).join('; ')}`;
  return svg('svg', { class: 'bars', viewBox: `0 0 ${String(width)} ${String(height)}`, role: 'img', 'aria-label': spoken }, ...parts);
}

/** A large figure with what it is. */
export function figure(value: string, name: string): HTMLElement {
  return el('div', { class: 'figure' }, el('b', {}, value), el('span', {}, name));
}
