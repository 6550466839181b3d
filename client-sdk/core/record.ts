/**
 * Reading decoded maps strictly: exactly the members that are expected, each of one kind. What a sealed object holds
 * was written by a client, but perhaps by a stranger's. SPEC.md section 1.
 */
import type { CborMap, CborValue } from './cbor.js';

/** `value` is a map. */
export function isMap(value: CborValue): value is CborMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** `value` is a list. */
export function isList(value: CborValue | undefined): value is readonly CborValue[] {
  return Array.isArray(value);
}

/** `map` has exactly the members of `names`. */
export function hasExactly<const Name extends string>(map: CborMap, names: readonly Name[]): map is CborMap & Readonly<Record<Name, CborValue>> {
  return Object.keys(map).length === names.length && names.every((name) => Object.hasOwn(map, name));
}

/** `value` is an integer from `min` to `max`. */
export function isInteger(value: CborValue | undefined, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;
}

/** `value` is a byte string of exactly `length` bytes. */
export function isBytes(value: CborValue | undefined, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length;
}
