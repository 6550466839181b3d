/**
 * The one canonical encoding of everything that is sealed or signed: the DAG-CBOR subset of CBOR (RFC 8949
 * section 4.2.1 with the map order of RFC 7049 section 3.9: shorter keys first, then bytewise), without
 * floats and tags. Decoding refuses whatever encoding would not have written. SPEC.md section 1.
 */
import { compareBytes, concat, textOf, utf8 } from '../protocol/bytes.js';
import { fault } from './errors.js';

/** What can be encoded. Numbers are safe integers. */
export type CborValue = null | boolean | number | string | Uint8Array | readonly CborValue[] | CborMap;
/** A map with text keys. */
export interface CborMap {
  readonly [key: string]: CborValue;
}

const maxDepth = 16;

/** The canonical bytes of `value`. */
export function encodeCbor(value: CborValue): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return concat(...parts);
}

function write(value: CborValue, parts: Uint8Array[]): void {
  if (value === null) parts.push(Uint8Array.of(0xf6));
  else if (typeof value === 'boolean') parts.push(Uint8Array.of(value ? 0xf5 : 0xf4));
  else if (typeof value === 'number') writeInteger(value, parts);
  else if (typeof value === 'string') writeBytes(3, utf8(value), parts);
  else if (value instanceof Uint8Array) writeBytes(2, value, parts);
  else if (isArray(value)) {
    parts.push(head(4, value.length));
    for (const item of value) write(item, parts);
  } else writeMap(value, parts);
}

function isArray(value: readonly CborValue[] | CborMap): value is readonly CborValue[] {
  return Array.isArray(value);
}

function writeInteger(value: number, parts: Uint8Array[]): void {
  if (!Number.isSafeInteger(value)) throw new RangeError('only safe integers have a canonical encoding');
  parts.push(value < 0 ? head(1, -1 - value) : head(0, value));
}

function writeBytes(major: 2 | 3, bytes: Uint8Array, parts: Uint8Array[]): void {
  parts.push(head(major, bytes.length), bytes);
}

function writeMap(value: CborMap, parts: Uint8Array[]): void {
  const entries = Object.entries(value).map(([key, member]) => ({ key: utf8(key), member }));
  entries.sort((a, b) => compareKeys(a.key, b.key));
  parts.push(head(5, entries.length));
  for (const { key, member } of entries) {
    writeBytes(3, key, parts);
    write(member, parts);
  }
}

function compareKeys(a: Uint8Array, b: Uint8Array): number {
  return a.length - b.length || compareBytes(a, b);
}

function head(major: number, argument: number): Uint8Array {
  const top = major << 5;
  if (argument < 24) return Uint8Array.of(top | argument);
  if (argument < 0x100) return Uint8Array.of(top | 24, argument);
  if (argument < 0x10000) return Uint8Array.of(top | 25, argument >>> 8, argument);
  const wide = argument >= 0x100000000;
  const bytes = new Uint8Array(wide ? 9 : 5);
  bytes[0] = top | (wide ? 27 : 26);
  const view = new DataView(bytes.buffer);
  if (wide) view.setBigUint64(1, BigInt(argument));
  else view.setUint32(1, argument);
  return bytes;
}

/** The value of `bytes`. Throws DiceError `sealed-invalid` unless they are the canonical encoding of one value. */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const reader = new CborReader(bytes);
  const value = reader.value(0);
  if (!reader.isAtEnd()) throw malformed('bytes follow the value');
  return value;
}

class CborReader {
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  isAtEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  value(depth: number): CborValue {
    if (depth > maxDepth) throw malformed('it is nested too deep');
    const first = this.#byte();
    const major = first >>> 5;
    if (major === 7) return this.#simple(first);
    const argument = this.#argument(first & 31);
    if (major === 0) return argument;
    if (major === 1) return this.#negative(argument);
    if (major === 2) return this.#take(argument).slice();
    if (major === 3) return this.#text(argument);
    if (major === 4) return this.#array(argument, depth);
    if (major === 5) return this.#map(argument, depth);
    throw malformed('it has a tag');
  }

  #byte(): number {
    const byte = this.bytes[this.#at++];
    if (byte === undefined) throw malformed('it ends early');
    return byte;
  }

  #take(length: number): Uint8Array {
    if (length > this.bytes.length - this.#at) throw malformed('it ends early');
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  #argument(low: number): number {
    if (low < 24) return low;
    if (low > 27) throw malformed('it has an indefinite or reserved length');
    const size = 1 << (low - 24);
    let argument = 0;
    for (const byte of this.#take(size)) argument = argument * 256 + byte;
    const smallest = size === 1 ? 24 : 2 ** (4 * size);
    if (argument < smallest || !Number.isSafeInteger(argument)) throw malformed('an integer is not in its shortest form');
    return argument;
  }

  #negative(argument: number): number {
    const value = -1 - argument;
    if (!Number.isSafeInteger(value)) throw malformed('an integer is too large');
    return value;
  }

  #simple(first: number): CborValue {
    if (first === 0xf4) return false;
    if (first === 0xf5) return true;
    if (first === 0xf6) return null;
    throw malformed('it has a float or an unknown simple value');
  }

  #text(length: number): string {
    const text = textOf(this.#take(length));
    if (text === undefined) throw malformed('a text is not UTF-8');
    return text;
  }

  #array(length: number, depth: number): readonly CborValue[] {
    if (length > this.bytes.length - this.#at) throw malformed('it ends early');
    return Array.from({ length }, () => this.value(depth + 1));
  }

  #map(length: number, depth: number): CborMap {
    const members: [string, CborValue][] = [];
    for (let i = 0; i < length; i++) {
      const first = this.#byte();
      if (first >>> 5 !== 3) throw malformed('a key is not text');
      const key = this.#text(this.#argument(first & 31));
      const previous = members[i - 1]?.[0];
      if (previous !== undefined && compareKeys(utf8(previous), utf8(key)) >= 0) {
        throw malformed('its keys are not in canonical order, or one is doubled');
      }
      members.push([key, this.value(depth + 1)]);
    }
    return Object.fromEntries(members);
  }
}

function malformed(what: string): Error {
  return fault('sealed-invalid', `Its encoding is refused: ${what}.`);
}
