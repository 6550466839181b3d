/**
 * Reads the members of a recipe's map, which may come from a stranger: every one is named, typed and bounded,
 * and an unknown one is refused. SPEC.md section 6.1.
 */
import type { CborMap, CborValue } from '../cbor.js';
import { fault } from '../errors.js';

/** `value` as a map with exactly the members `names`. Throws DiceError `recipe-invalid` for anything else. */
export function mapOf(value: CborValue | undefined, names: readonly string[]): CborMap {
  if (!isMap(value) || Object.keys(value).length !== names.length || !names.every((name) => Object.hasOwn(value, name))) {
    throw fault('recipe-invalid', `A map must have the members ${names.join(', ')}.`);
  }
  return value;
}

/** `value` as a list of at most `max` values. */
export function listOf(value: CborValue | undefined, max: number): readonly CborValue[] {
  if (!isList(value) || value.length > max) throw fault('recipe-invalid', `A list must have at most ${max} values.`);
  return value;
}

/** `value` as an integer from `min` to `max`. */
export function integerOf(value: CborValue | undefined, min: number, max: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw fault('recipe-invalid', `A number must be from ${min} to ${max}.`);
}

function isList(value: CborValue | undefined): value is readonly CborValue[] {
  return Array.isArray(value);
}

function isMap(value: CborValue | undefined): value is CborMap {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && !Array.isArray(value);
}
