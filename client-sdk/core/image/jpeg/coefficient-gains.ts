/**
 * How all coefficients of a frequency changed alike: by the factor that its quantisation changed by, and the constant
 * coefficient by a step as well. What comes out between two integers says which of them is likelier. SPEC.md section 5.13.
 */
import { fault } from '../../errors.js';
import { codeNumber, numberContexts, type CorrectionCoder } from '../correction-coder.js';
import { fold, unfold } from '../patch-map.js';
import { naturalOrder } from './coefficients.js';

/** A coefficient b of frequency k becomes the integer nearest to (b * factors[k] + (k = 0 ? offset : 0)) / 2^shifts[k]. */
export interface Gains {
  readonly isFractional: boolean;
  readonly shifts: Uint8Array;
  readonly factors: Int32Array;
  readonly offset: number;
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

function malformed(): Error {
  return fault('recipe-invalid', 'A patch has gains that no writer makes.');
}
