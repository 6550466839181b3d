/**
 * How zlib, and most encoders after it, write the lengths of a code: runs as steps, and no lengths that are zero at the end.
 * SPEC.md section 6.7.
 */
import type { CodeStep } from './deflate-block.js';

/** Lengths up to the last that is not zero, at least `min`. */
export function usedOf(lengths: Uint8Array, min: number): number {
  let used = lengths.length;
  while (used > min && lengths[used - 1] === 0) used--;
  return used;
}

/** The step that is usual at `at` of lengths that end at `end`; `isAfter`: the length before is the same. */
export function usualStep(lengths: Uint8Array, at: number, { end, isAfter }: { readonly end: number; readonly isAfter: boolean }): CodeStep {
  return stepOf(lengths[at]!, runOf(lengths, at, end), isAfter);
}

function runOf(lengths: Uint8Array, at: number, end: number): number {
  let run = 1;
  while (at + run < end && lengths[at + run] === lengths[at]) run++;
  return run;
}

function stepOf(length: number, run: number, isAfter: boolean): CodeStep {
  if (length === 0 && run >= 11) return { symbol: 18, count: Math.min(run, 138) };
  if (length === 0 && run >= 3) return { symbol: 17, count: run };
  if (length > 0 && isAfter && run >= 3) return { symbol: 16, count: Math.min(run, 6) };
  return { symbol: length, count: 1 };
}
