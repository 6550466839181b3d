/**
 * Tables of figures, made in the browser from the account's own numbers. Charts are chart-box.ts and its kinds.
 */
import { el } from './dom.js';

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

/** A large figure with what it is. */
export function figure(value: string, name: string): HTMLElement {
  return el('div', { class: 'figure' }, el('b', {}, value), el('span', {}, name));
}
