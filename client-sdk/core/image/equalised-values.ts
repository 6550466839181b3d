/**
 * The values of an equalised picture from its levels and the maps of its nodes: whole-number arithmetic, the same everywhere.
 * Four maps are mixed by the distance from their nodes and rounded to the nearest value, halves to even. SPEC.md section 5.11.
 */
import { levelCount, mixRow, type Cells } from './equalised-cells.js';

const { floor } = Math;

/** The values of all levels of a picture. */
export function fillValues(cells: Cells, maps: Uint8Array, levels: Uint8Array, values: Uint8Array): void {
  const { width, height, cellWidth, columns, unit } = cells;
  const mixed = new Int32Array(cells.across * levelCount);
  for (let y = 0, at = 0; y < height; y++) {
    mixRow(cells, maps, y, mixed);
    for (let x = 0; x < width; x++, at++) {
      const level = levels[at]!;
      const weight = columns.weight[x]!;
      const before = mixed[columns.before[x]! * levelCount + level]!;
      const after = mixed[columns.after[x]! * levelCount + level]!;
      const sum = before * (2 * cellWidth - weight) + after * weight;
      const down = floor(sum / unit);
      const rest = 2 * (sum - down * unit);
      values[at] = rest > unit || (rest === unit && down % 2 === 1) ? down + 1 : down;
    }
  }
}
