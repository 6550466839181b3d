/**
 * A whole number given as an option.
 */
import { UsageError } from './exit-status.js';

/** The number in `text`. Throws UsageError naming the option and its range. */
export function numberOption(name: string, text: string, range: { readonly min: number; readonly max: number }): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (value < range.min || value > range.max) throw new UsageError(`${name} is a number from ${range.min} to ${range.max}`);
  return value;
}
