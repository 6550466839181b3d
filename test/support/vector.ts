/**
 * A test vector as its JSON file holds it, and strict access to its members. Bytes are lower-case hex.
 */
import { bytesOfHex } from '../../client-sdk/protocol/bytes.js';
import type { Json } from '../../client-sdk/protocol/schema.js';

/** What goes in. */
export type VectorInput = Readonly<Record<string, Json>>;

/** One file: one thing tested. Either `output` or the code of the expected failure. */
export interface Vector {
  readonly why: string;
  readonly operation: string;
  readonly input: VectorInput;
  readonly output?: Json;
  readonly failure?: string;
}

/** The member as bytes. */
export function bytesIn(input: VectorInput, name: string): Uint8Array {
  const bytes = bytesOfHex(textIn(input, name));
  if (bytes === undefined) throw new TypeError(`${name} is not hex`);
  return bytes;
}

/** The member as text. */
export function textIn(input: VectorInput, name: string): string {
  const value = input[name];
  if (typeof value !== 'string') throw new TypeError(`${name} is no text`);
  return value;
}

/** The member as a number. */
export function numberIn(input: VectorInput, name: string): number {
  const value = input[name];
  if (typeof value !== 'number') throw new TypeError(`${name} is no number`);
  return value;
}

/** The member as an object. */
export function objectIn(input: VectorInput, name: string): VectorInput {
  const value = input[name];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError(`${name} is no object`);
  return value as VectorInput; // An object that is no array: Array.isArray does not narrow a readonly array away.
}

/** The member as a list of objects. */
export function listIn(input: VectorInput, name: string): readonly VectorInput[] {
  const value = input[name];
  if (!Array.isArray(value)) throw new TypeError(`${name} is no list`);
  return value.map((item: Json) => objectIn({ item }, 'item'));
}
