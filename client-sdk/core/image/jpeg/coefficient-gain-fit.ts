/**
 * How a writer of patches finds the gains of a tile of coefficients: the factor under which most coefficients of a frequency come
 * out right. A reader needs none of it. SPEC.md section 5.13.
 */
import { areGains, areIdle, shiftsOf, type Gains } from './coefficient-gains.js';
import { blockValues, pairsOf } from './coefficient-prediction.js';

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
  const { ends, before, after } = changesOf(target, base);
  return Float64Array.from(ends, (end, k) => {
    const start = k === 0 ? 0 : ends[k - 1]!;
    return factorOf(before.subarray(start, end), after.subarray(start, end));
  });
}

function factorOf(before: Int16Array, after: Int16Array): number {
  let factor = 1;
  for (const [by, share] of rounds) {
    let [products, squares] = [0, 0];
    for (let i = 0; i < before.length; i++) {
      const value = before[i]!;
      const became = after[i]!;
      if (abs(became - factor * value) > by + share * abs(value)) continue;
      products += became * value;
      squares += value * value;
    }
    if (squares > 0) factor = products / squares;
  }
  return factor;
}

/** What became of the coefficients that were not zero, frequency by frequency. */
interface Changes {
  /** Where the ones of each frequency end, and those of the next begin. */
  readonly ends: Int32Array;
  readonly before: Int16Array;
  readonly after: Int16Array;
}

function changesOf(target: Int16Array, base: Int16Array): Changes {
  const places = placesUsed(base);
  const ends = new Int32Array(blockValues);
  for (let i = 0; i < places.length; i++) ends[places[i]! & 63] = ends[places[i]! & 63]! + 1;
  for (let k = 0, sum = 0; k < blockValues; k++) [ends[k], sum] = [sum, sum + ends[k]!];
  const [before, after] = [new Int16Array(places.length), new Int16Array(places.length)];
  // Until all are in place, an end is where the next one goes.
  for (let i = 0; i < places.length; i++) {
    const place = places[i]!;
    const at = ends[place & 63]!;
    ends[place & 63] = at + 1;
    before[at] = base[place]!;
    after[at] = target[place]!;
  }
  return { ends, before, after };
}

/** Where coefficients are not zero. */
function placesUsed(base: Int16Array): Int32Array {
  const pairs = pairsOf(base);
  const places = new Int32Array(base.length);
  let count = 0;
  for (let j = 0; j < pairs.length; j++) {
    const pair = pairs[j]!;
    if (pair === 0) continue;
    if (pair << 16 !== 0) places[count++] = 2 * j;
    if (pair >> 16 !== 0) places[count++] = 2 * j + 1;
  }
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
