/**
 * Amounts as people read them: bytes, shares, durations, times. JSON never uses these.
 */
import type { Json } from '../protocol/schema.js';

const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Decimal units, three digits: `41.2 kB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || Math.abs(value) >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit] ?? ''}`;
}

/** `0.873` as `87.3 %`. */
export function shareText(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** `93.4` seconds as `1 min 33 s`. */
export function secondsText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${String(Math.floor(seconds / 60))} min ${String(Math.round(seconds % 60))} s`;
}

/** RFC 3339, UTC. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

/** A name without control characters, so that it cannot steer a terminal. */
export function nameText(name: string): string {
  return name.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

/** Lines without control characters but their ends: whatever a server or another device put into them. */
export function linesText(text: string): string {
  return text.split('\n').map((line) => nameText(line)).join('\n');
}

/** JSON that steers no terminal either. */
export function jsonText(value: Json): string {
  return JSON.stringify(value).replace(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Rows as columns of even width; numbers to the right. */
export function tableText(given: readonly (readonly (string | number)[])[]): string {
  const rows = given.map((cells) => cells.map((cell) => (typeof cell === 'number' ? cell : nameText(cell))));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => String(cells[column] ?? '').length)));
  const line = (cells: readonly (string | number)[]): string => {
    return cells.map((cell, column) => (typeof cell === 'number' ? String(cell).padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('  ').trimEnd();
  };
  return rows.map(line).join('\n');
}
