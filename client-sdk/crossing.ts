/**
 * Values and errors between threads: byte arrays move instead of being copied, errors keep class, code and message, and nothing
 * but what is meant crosses. SPEC.md section 12.
 */
import { DiceError, type DiceErrorCode, type IntegrityStep } from './core/errors.js';
import type { RefusalExtra } from './protocol/refusals.js';

/** An error as a value. */
export interface CrossingError {
  /** Undefined: it is no DiceError. */
  readonly code: DiceErrorCode | undefined;
  readonly name: string;
  readonly message: string;
  readonly extra: RefusalExtra & { readonly step?: IntegrityStep };
}

/** A value ready to cross, and the buffers that go with it. */
export interface Crossing<T> {
  readonly value: T;
  readonly transfer: readonly ArrayBuffer[];
}

/** Smaller arrays are copied: that is cheaper, and they may be in use elsewhere. */
const movedFromBytes = 1_024;

/**
 * `value` (plain objects, arrays, byte arrays and simple values) for postMessage. Its byte arrays from 1 KiB on move where they are
 * all of their buffer: the sender gives them up.
 */
export function crossing<T>(value: T): Crossing<T> {
  const transfer = new Set<ArrayBuffer>();
  // The walk answers a value of the same shape.
  return { value: walk(value, transfer) as T, transfer: [...transfer] };
}

/** The error without its cause, which may hold what cannot cross. */
export function crossingError(thrown: unknown): CrossingError {
  if (!(thrown instanceof DiceError)) {
    const error = thrown instanceof Error ? thrown : new Error('It failed for no known reason.');
    return { code: undefined, name: error.name, message: error.message, extra: {} };
  }
  const { missing, retryAfterSeconds, step } = thrown.extra;
  const extra = { ...(missing === undefined ? {} : { missing }), ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }), ...(step === undefined ? {} : { step }) };
  return { code: thrown.code, name: thrown.name, message: thrown.message, extra };
}

/** The error that crossed. */
export function errorOf({ code, name, message, extra }: CrossingError): Error {
  if (code !== undefined) return new DiceError(code, message, extra);
  return name === 'RangeError' ? new RangeError(message) : new Error(message);
}

function walk(value: unknown, transfer: Set<ArrayBuffer>): unknown {
  if (value instanceof Uint8Array) return movable(value, transfer);
  if (Array.isArray(value)) return value.map((member) => walk(member, transfer));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, walk(member, transfer)]));
}

/** A view would drag all of its buffer along. */
function movable(bytes: Uint8Array, transfer: Set<ArrayBuffer>): Uint8Array {
  const { buffer } = bytes;
  const isAll = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length;
  if (!isAll || bytes.length < movedFromBytes) return Uint8Array.from(bytes);
  transfer.add(buffer);
  return bytes;
}
