/**
 * How all coefficients of a frequency changed alike: by the factor that its quantisation changed by, and the constant
 * coefficient by a step as well. What comes out between two integers says which of them is likelier. SPEC.md section 5.13.
 */
import { fault } from '../../errors.js';
import { codeNumber, numberContexts, type CorrectionCoder } from '../correction-coder.js';
import { fold, unfold } from '../patch-map.js';
import { naturalOrder } from './coefficients.js';
import { blockValues, pairsOf } from './coefficient-prediction.js';

/** A coefficient b of frequency k becomes the integer nearest to (b * factors[k] + (k = 0 ? offset : 0)) / 2^shifts[k]. */
export interface Gains {
  readonly isFractional: boolean;
  readonly shifts: Uint8Array;
  readonly factors: Int32Array;
  readonly offset: number;
}

/** Coefficients as they are expected, and what speaks against it. */
export interface Expectation {
  readonly values: Int16Array;
  /**
   * How far what was computed lies from the integer, in eighths: 0 to 4, positive where the integer above is the next
   * nearest. Empty where nothing was computed.
   */
  readonly leanings: Int8Array;
}

const { abs, clz32, floor, min } = Math;
/** Most bits of a fraction, and how many more it has than the largest coefficient. */
const maxShift = 12;
const spareBits = 3;
/** Highest factor, and how far the constant coefficient may be moved. */
export const maxFactor = 255;
const maxOffset = 0x3ff;
const maxNumber = 0x7fffff;

const isFractionalContext = 0;
const factorContext = 1;
const offsetContext = factorContext + numberContexts;
/** Contexts that `codeGains` needs. */
export const gainContexts = offsetContext + numberContexts;

/** The largest magnitude of each frequency. */
export function largestOf(values: Int16Array): Int32Array {
  const pairs = pairsOf(values);
  const largest = new Int32Array(blockValues);
  for (let j = 0; j < pairs.length; j++) {
    const pair = pairs[j]!;
    if (pair === 0) continue;
    const k = (2 * j) & 63;
    const one = abs((pair << 16) >> 16);
    const other = abs(pair >> 16);
    if (one > largest[k]!) largest[k] = one;
    if (other > largest[k + 1]!) largest[k + 1] = other;
  }
  return largest;
}

/** Bits of the fractions of each frequency's factor. */
export function shiftsOf(largest: Int32Array, isFractional: boolean): Uint8Array {
  return Uint8Array.from(largest, (magnitude) => (isFractional ? min(maxShift, 32 - clz32(magnitude) + spareBits) : 0));
}

/** Whether the gains can be written. */
export function areGains({ shifts, factors, offset }: Gains): boolean {
  return factors.every((factor, k) => factor >= 0 && factor <= maxFactor * 2 ** shifts[k]!) && abs(offset) <= maxOffset * 2 ** shifts[0]!;
}

/** Whether the gains leave coefficients up to these as they are. */
export function areIdle({ shifts, factors, offset }: Gains, largest: Int32Array): boolean {
  return offset === 0 && factors.every((factor, k) => largest[k] === 0 || factor === 2 ** shifts[k]!);
}

/** Codes the gains of frequencies that occur (a reader's are ignored). Throws DiceError `recipe-invalid` for those that no writer makes. */
export function codeGains(coder: CorrectionCoder, largest: Int32Array, gains: Gains | undefined): Gains {
  const isFractional = coder.bit(isFractionalContext, gains?.isFractional === true ? 1 : 0) === 1;
  const shifts = shiftsOf(largest, isFractional);
  const factors = Int32Array.from(shifts, (shift) => 2 ** shift);
  let [before, shiftBefore] = [1, 0];
  for (const k of naturalOrder) {
    if (largest[k] === 0) continue;
    const expected = floor(before * 2 ** (shifts[k]! - shiftBefore));
    const step = fold((gains?.factors[k] ?? 0) - expected);
    before = expected + unfold(codeNumber(coder, factorContext, step, maxNumber));
    if (before < 0 || before > maxFactor * 2 ** shifts[k]!) throw malformed();
    shiftBefore = shifts[k]!;
    factors[k] = before;
  }
  const offset = unfold(codeNumber(coder, offsetContext, fold(gains?.offset ?? 0), maxNumber));
  const coded = { isFractional, shifts, factors, offset };
  if (!areGains(coded) || areIdle(coded, largest)) throw malformed();
  return coded;
}

/** What becomes of coefficients. Throws DiceError `recipe-invalid` where one leaves its 16 bits. */
export function expected(values: Int16Array, { shifts, factors, offset }: Gains): Expectation {
  const made = new Int16Array(values.length);
  const leanings = new Int8Array(values.length);
  // Floats divide by powers of two without a rest, and are below 2^53 throughout.
  const gains = Float64Array.from(factors, (factor, k) => factor / 2 ** shifts[k]!);
  const step = offset / 2 ** shifts[0]!;
  const pairs = pairsOf(values);
  let beyond = 0;
  for (let j = 0; j < pairs.length; j++) {
    if (pairs[j] === 0 && (step === 0 || (j & 31) !== 0)) continue;
    for (let i = 2 * j; i < 2 * j + 2; i++) {
      const k = i & 63;
      // The offset comes with its sign, all else is the same for both signs.
      const exact = values[i]! * gains[k]! + (k === 0 ? step : 0);
      const size = abs(exact);
      const whole = floor(size + 0.5);
      if (whole > 0x7fff) beyond = whole;
      const eighths = floor((size - whole) * 8 + 0.5);
      made[i] = exact < 0 ? -whole : whole;
      leanings[i] = exact < 0 ? -eighths : eighths;
    }
  }
  if (beyond > 0) throw fault('recipe-invalid', 'A coefficient of a patch leaves its 16 bits.');
  return { values: made, leanings };
}

function malformed(): Error {
  return fault('recipe-invalid', 'A patch has gains that no writer makes.');
}
