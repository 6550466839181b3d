/**
 * Unsigned integers of 1 to 8 bytes, 7 bits each, low bits first (LEB128, shortest form only), and run-length
 * lists of them: what the small tables of a skeleton are made of. SPEC.md section 6.3.
 */
import { fault } from '../errors.js';

/** Values and how often each stands in a row. */
export type Runs = readonly (readonly [value: number, count: number])[];

/** Appends bytes and integers to a growing array. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A non-negative safe integer. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  /** `value` big-endian in `size` bytes, at most 4. */
  fixed(value: number, size: number): void {
    for (let k = size - 1; k >= 0; k--) this.byte((value >>> (8 * k)) & 0xff);
  }

  bytes(part: Uint8Array): void {
    this.#reserve(part.length);
    this.#bytes.set(part, this.#length);
    this.#length += part.length;
  }

  get length(): number {
    return this.#length;
  }

  /** All that was written, as a copy. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** All that was written, and begins anew. */
  drain(): Uint8Array<ArrayBuffer> {
    const written = this.take();
    this.#length = 0;
    return written;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + more));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Reads what a ByteWriter wrote. Every method throws DiceError `recipe-invalid` where the bytes are malformed. */
export class ByteReader {
  #at = 0;

  constructor(private readonly source: Uint8Array) {}

  get remaining(): number {
    return this.source.length - this.#at;
  }

  byte(): number {
    const value = this.source[this.#at++];
    if (value === undefined) throw fault('recipe-invalid', 'A table ends early.');
    return value;
  }

  /** An integer of at most `max`. */
  varint(max: number): number {
    let value = 0;
    let scale = 1;
    for (let k = 0; k < 8; k++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > max || (byte === 0 && k > 0)) break;
        return value;
      }
      scale *= 0x80;
    }
    throw fault('recipe-invalid', 'An integer of a table is out of bounds or not in its shortest form.');
  }

  /** A big-endian integer of `size` bytes, at most 4. */
  fixed(size: number): number {
    let value = 0;
    for (let k = 0; k < size; k++) value = value * 256 + this.byte();
    return value;
  }

  bytes(length: number): Uint8Array {
    if (length > this.remaining) throw fault('recipe-invalid', 'A table ends early.');
    this.#at += length;
    return this.source.subarray(this.#at - length, this.#at);
  }

  end(): void {
    if (this.remaining > 0) throw fault('recipe-invalid', 'Bytes follow a table.');
  }
}

/** Gathers values into runs as they come. */
export class RunList {
  readonly #runs: [number, number][] = [];

  add(value: number): void {
    const last = this.#runs.at(-1);
    if (last?.[0] === value) last[1]++;
    else this.#runs.push([value, 1]);
  }

  get runs(): Runs {
    return this.#runs;
  }
}

/** The bytes of `runs`: value and count of each as varints. */
export function encodeRuns(runs: Runs): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  for (const [value, count] of runs) {
    writer.varint(value);
    writer.varint(count);
  }
  return writer.take();
}

/**
 * Runs of values up to `maxValue`, `maxCount` values in all. Throws DiceError `recipe-invalid` for anything
 * that `encodeRuns` of a RunList would not have written.
 */
export function decodeRuns(bytes: Uint8Array, maxValue: number, maxCount: number): Runs {
  const reader = new ByteReader(bytes);
  const runs: [number, number][] = [];
  let total = 0;
  while (reader.remaining > 0) {
    const value = reader.varint(maxValue);
    const count = reader.varint(maxCount);
    total += count;
    if (count === 0 || total > maxCount || runs.at(-1)?.[0] === value) throw fault('recipe-invalid', 'A list of runs is malformed.');
    runs.push([value, count]);
  }
  return runs;
}
