/**
 * How a writer of patches finds the gains of a tile of coefficients: the factor under which most coefficients of a frequency come
 * out right. A reader needs none of it. SPEC.md section 5.13.
 */
import { areGains, areIdle, shiftsOf, type Gains } from './coefficient-gains.js';
import { blockValues } from './coefficient-prediction.js';

const { abs, max, round } = Math;
/** Rounds in which the factors are found anew, each time from the coefficients that were near: within so many, and so many parts of themselves. */
const rounds: readonly (readonly [by: number, share: number])[] = [[Infinity, 0], [2, 0.5], [1.5, 0.05], [1, 0]];
/** Blocks of which a straight line through the constant coefficients says something. */
const leastBlocks = 16;

/** Integer gains and fractional ones, if any. `largest`: that of the base. */
export function fitGains(target: Int16Array, base: Int16Array, largest: Int32Array): readonly Gains[] {
  const found = factorsOf(target, base);
  const { factor, offset } = lineOf(target, base);
  found[0] = factor;
  const integers = gainsOf(found, offset, { largest, isFractional: false });
  const fractions = gainsOf(found, offset, { largest, isFractional: true });
  return [integers, fractions].filter((gains) => areGains(gains) && !areIdle(gains, largest));
}

function gainsOf(found: Float64Array, step: number, { largest, isFractional }: { readonly largest: Int32Array; readonly isFractional: boolean }): Gains {
  const shifts = shiftsOf(largest, isFractional);
  const factors = Int32Array.from(found, (factor, k) => max(isFractional ? 0 : 1, round(factor * 2 ** shifts[k]!)));
  return { isFractional, shifts, factors, offset: round(step * 2 ** shifts[0]!) };
}

/** The factor of each frequency. */
function factorsOf(target: Int16Array, base: Int16Array): Float64Array {
  const factors = new Float64Array(blockValues).fill(1);
  const used = placesUsed(base);
  for (const [by, share] of rounds) {
    const products = new Float64Array(blockValues);
    const squares = new Float64Array(blockValues);
    for (const i of used) {
      const value = base[i]!;
      const k = i & 63;
      if (abs(target[i]! - factors[k]! * value) > by + share * abs(value)) continue;
      products[k] = products[k]! + target[i]! * value;
      squares[k] = squares[k]! + value * value;
    }
    for (let k = 0; k < blockValues; k++) if (squares[k]! > 0) factors[k] = products[k]! / squares[k]!;
  }
  return factors;
}

/** Where coefficients are not zero. */
function placesUsed(base: Int16Array): Int32Array {
  const places = new Int32Array(base.length);
  let count = 0;
  for (let i = 0; i < base.length; i++) if (base[i] !== 0) places[count++] = i;
  return places.subarray(0, count);
}

/** The straight line through the constant coefficients. */
function lineOf(target: Int16Array, base: Int16Array): { readonly factor: number; readonly offset: number } {
  let [factor, offset] = [1, 0];
  for (const [by, share] of rounds) {
    let [count, across, down, squares, products] = [0, 0, 0, 0, 0];
    for (let i = 0; i < base.length; i += blockValues) {
      const [x, y] = [base[i]!, target[i]!];
      if (abs(y - factor * x - offset) > by + share * abs(x)) continue;
      count++;
      across += x;
      down += y;
      squares += x * x;
      products += x * y;
    }
    const spread = count * squares - across * across;
    if (count < leastBlocks || spread === 0) break;
    factor = (count * products - across * down) / spread;
    offset = (down - factor * across) / count;
  }
  return { factor, offset };
}
