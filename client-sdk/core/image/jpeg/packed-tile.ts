/**
 * Tiles of coefficients in a fraction of their memory, while a large file waits for its tiles to be read again: only those that are
 * not zero. Neither a format nor a code: it never leaves the splitter.
 */
import { blocksOf, coefficientShapeOf, type CoefficientShape, newCoefficients } from '../content.js';

/** A tile that `unpackTile` makes again. */
export interface PackedTile {
  readonly shape: CoefficientShape;
  /** Of each coefficient that is not zero: how many places it lies behind the one before. Zeros stand where that is too far. */
  readonly gaps: Uint16Array;
  readonly values: Int16Array;
}

const maxGap = 0xffff;

/** The tile, packed; undefined where that would be no smaller. */
export function packTile(content: Uint8Array): PackedTile | undefined {
  const shape = coefficientShapeOf(content);
  const all = valuesIn(content);
  const count = entriesOf(all);
  if (2 * count >= all.length) return undefined;
  const gaps = new Uint16Array(count);
  const values = new Int16Array(count);
  let last = 0;
  let to = 0;
  for (let at = 0; at < all.length; at++) {
    if (all[at] === 0 && at - last < maxGap) continue;
    gaps[to] = at - last;
    values[to++] = all[at]!;
    last = at;
  }
  return { shape, gaps, values };
}

function entriesOf(all: Int16Array): number {
  let count = 0;
  let last = 0;
  for (let at = 0; at < all.length; at++) {
    if (all[at] === 0 && at - last < maxGap) continue;
    count++;
    last = at;
  }
  return count;
}

/** The tile's content. */
export function unpackTile({ shape, gaps, values }: PackedTile): Uint8Array {
  const content = newCoefficients(shape);
  const all = valuesIn(content);
  let at = 0;
  for (let from = 0; from < values.length; from++) {
    at += gaps[from]!;
    all[at] = values[from]!;
  }
  return content;
}

/** A view of the coefficients, which lie at an even place of their own array. */
function valuesIn(content: Uint8Array): Int16Array {
  const { buffer, byteOffset, byteLength } = blocksOf(content);
  return new Int16Array(buffer, byteOffset, byteLength / 2);
}
