/**
 * The five row filters of PNG (third edition, section 9), both ways. SPEC.md section 6.4.
 */

/** Two rows of a pass: this one and the one above (zeros above the first). */
export interface RowPair {
  readonly row: Uint8Array;
  readonly above: Uint8Array;
  /** Bytes between a byte and its left neighbour. */
  readonly step: number;
}

/** Highest filter type. */
export const maxFilterType = 4;

/** Turns the filtered bytes in `pair.row` into samples, in place. */
export function unfilterRow(type: number, { row, above, step }: RowPair): void {
  const { length } = row;
  const first = Math.min(step, length);
  if (type === 1) {
    for (let i = step; i < length; i++) row[i] = row[i]! + row[i - step]!;
  } else if (type === 2) {
    for (let i = 0; i < length; i++) row[i] = row[i]! + above[i]!;
  } else if (type === 3) {
    for (let i = 0; i < first; i++) row[i] = row[i]! + (above[i]! >>> 1);
    for (let i = step; i < length; i++) row[i] = row[i]! + ((row[i - step]! + above[i]!) >>> 1);
  } else if (type === 4) {
    for (let i = 0; i < first; i++) row[i] = row[i]! + above[i]!;
    for (let i = step; i < length; i++) row[i] = row[i]! + paeth(row[i - step]!, above[i]!, above[i - step]!);
  }
}

/** Writes the filtered bytes of `pair.row` to `target`, which has its length. */
export function filterRow(type: number, { row, above, step }: RowPair, target: Uint8Array): void {
  const { length } = row;
  const first = Math.min(step, length);
  if (type === 0) {
    target.set(row);
  } else if (type === 1) {
    for (let i = 0; i < first; i++) target[i] = row[i]!;
    for (let i = step; i < length; i++) target[i] = row[i]! - row[i - step]!;
  } else if (type === 2) {
    for (let i = 0; i < length; i++) target[i] = row[i]! - above[i]!;
  } else if (type === 3) {
    for (let i = 0; i < first; i++) target[i] = row[i]! - (above[i]! >>> 1);
    for (let i = step; i < length; i++) target[i] = row[i]! - ((row[i - step]! + above[i]!) >>> 1);
  } else {
    for (let i = 0; i < first; i++) target[i] = row[i]! - above[i]!;
    for (let i = step; i < length; i++) target[i] = row[i]! - paeth(row[i - step]!, above[i]!, above[i - step]!);
  }
}

function paeth(left: number, up: number, corner: number): number {
  const byLeft = Math.abs(up - corner);
  const byUp = Math.abs(left - corner);
  const byCorner = Math.abs(left + up - 2 * corner);
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}
