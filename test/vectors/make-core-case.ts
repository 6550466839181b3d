/**
 * What the generators of vectors share: a case, and fixed bytes to make cases of.
 */
import { bytesOfHex, hexOf } from '../../client-sdk/protocol/bytes.js';
import type { Json } from '../../client-sdk/protocol/schema.js';
import { fixedRandom } from '../support/fixed-random.js';
import type { VectorInput } from '../support/vector.js';

/** A vector before its output is computed. */
export interface Case {
  /** Below test/vectors, without `.json`. */
  readonly path: string;
  readonly why: string;
  readonly operation: string;
  readonly input: VectorInput;
  readonly failure?: string;
}

/** Runs an operation, for inputs that are outputs of others. */
export type Produce = (operation: string, input: VectorInput) => Promise<Json>;

/** `length` fixed bytes named by `seed`, as hex. */
export function fixed(seed: string, length: number): string {
  return hexOf(fixedRandom(seed)(length));
}

/** A hex text with one bit flipped; bit 0 is the most significant of byte 0; negative bits count from the end. */
export function flipped(hex: string, bit: number): string {
  const bytes = bytesOfHex(hex);
  if (bytes === undefined) throw new TypeError('not hex');
  const at = bit < 0 ? 8 * bytes.length + bit : bit;
  bytes[at >>> 3] = (bytes[at >>> 3] ?? 0) ^ (128 >>> (at & 7));
  return hexOf(bytes);
}

/** An output that is text. */
export function asText(json: Json): string {
  if (typeof json !== 'string') throw new TypeError('not text');
  return json;
}

/** A member of an output that is an object, as text. */
export function memberOf(json: Json, name: string): string {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new TypeError('not an object');
  return asText((json as Readonly<Record<string, Json>>)[name] ?? null); // An object that is no array.
}
