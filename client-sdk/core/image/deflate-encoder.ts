/**
 * Makes a raw deflate stream again as some encoder once wrote it: vanilla zlib under its four parameters (by
 * the pinned pako, whose output is that of zlib), or stored blocks of given lengths. SPEC.md section 6.4.
 */
import { Deflate } from 'pako';
import type { CborValue } from '../cbor.js';
import { fault } from '../errors.js';
import { maxPieces } from './image-limits.js';
import { integerOf, mapOf } from './recipe-members.js';
import { decodeRuns, encodeRuns, type Runs } from './varint.js';

/** The parameters of zlib's deflateInit2. */
export interface ZlibParameters {
  readonly kind: 'zlib';
  readonly level: number;
  readonly memLevel: number;
  readonly strategy: number;
  readonly windowBits: number;
}

/** Stored blocks only: their lengths. */
export interface StoredBlocks {
  readonly kind: 'stored';
  readonly lengths: Runs;
}

/** How a stream was made. */
export type DeflateMethod = ZlibParameters | StoredBlocks;

/** Takes the plain bytes in order; gives the stream to its `onBytes`. */
export interface DeflateEncoder {
  push(bytes: Uint8Array): void;
  /** After the last byte. Throws DiceError `recipe-invalid` where stored blocks do not fit. */
  finish(): void;
}

/** Bytes of the longest stored block. */
const maxStoredBytes = 65_535;

/** An encoder that works as `method` says; zlib gives its stream in pieces of `chunkSize`, stored blocks as they come. */
export function encoderOf(method: DeflateMethod, onBytes: (bytes: Uint8Array) => void, chunkSize = 65_536): DeflateEncoder {
  return method.kind === 'stored' ? new StoredEncoder(method.lengths, onBytes) : zlibEncoder(method, onBytes, chunkSize);
}

/** The members of a recipe that name `method`, and the section that goes with it (empty for zlib). */
export function methodValue(method: DeflateMethod): { readonly value: CborValue; readonly section: Uint8Array } {
  if (method.kind === 'stored') return { value: { kind: 'stored' }, section: encodeRuns(method.lengths) };
  const { kind, level, memLevel, strategy, windowBits } = method;
  return { value: { kind, level, memLevel, strategy, windowBits }, section: new Uint8Array(0) };
}

/** The method that a recipe names. Throws DiceError `recipe-invalid` for anything else. */
export function methodOf(value: CborValue | undefined, section: Uint8Array): DeflateMethod {
  if (section.length > 0) {
    if (mapOf(value, ['kind'])['kind'] !== 'stored') throw unknownMethod();
    return { kind: 'stored', lengths: decodeRuns(section, maxStoredBytes, maxPieces) };
  }
  const { kind, level, memLevel, strategy, windowBits } = mapOf(value, ['kind', 'level', 'memLevel', 'strategy', 'windowBits']);
  if (kind !== 'zlib') throw unknownMethod();
  return {
    kind,
    level: integerOf(level, 1, 9),
    memLevel: integerOf(memLevel, 1, 9),
    strategy: integerOf(strategy, 0, 4),
    windowBits: integerOf(windowBits, 9, 15),
  };
}

/** In words, for `dice info`. */
export function describeMethod(method: DeflateMethod): string {
  if (method.kind === 'stored') return 'stored blocks';
  const strategies = ['', ' filtered', ' Huffman only', ' run-length', ' fixed'];
  return `zlib level ${method.level}${strategies[method.strategy] ?? ''}, memory ${method.memLevel}, window ${method.windowBits}`;
}

function unknownMethod(): Error {
  return fault('recipe-invalid', 'Its deflate parameters are unknown.');
}

function zlibEncoder(parameters: ZlibParameters, onBytes: (bytes: Uint8Array) => void, chunkSize: number): DeflateEncoder {
  const { level, memLevel, strategy, windowBits } = parameters;
  // Checked to be 1..9 and 0..4 above or by the search, as pako's literal types ask.
  const options = { level: level as 1, memLevel, strategy: strategy as 0, windowBits, raw: true, chunkSize };
  const deflate = new Deflate(options);
  deflate.onData = (chunk) => {
    onBytes(chunk instanceof Uint8Array ? chunk : new Uint8Array(chunk));
  };
  deflate.onEnd = () => undefined;
  return {
    push: (bytes) => void deflate.push(bytes, false),
    finish: () => void deflate.push(new Uint8Array(0), true),
  };
}

class StoredEncoder implements DeflateEncoder {
  #run = 0;
  #used = 0;
  #open = 0;

  constructor(
    private readonly lengths: Runs,
    private readonly onBytes: (bytes: Uint8Array) => void,
  ) {}

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      while (this.#open === 0) this.#begin();
      const piece = bytes.subarray(at, at + this.#open);
      this.onBytes(piece.slice());
      this.#open -= piece.length;
      at += piece.length;
    }
  }

  finish(): void {
    while (this.#open === 0 && this.#run < this.lengths.length) this.#begin();
    if (this.#open > 0) throw fault('recipe-invalid', 'Stored blocks are longer than the picture.');
  }

  #begin(): void {
    const run = this.lengths[this.#run];
    if (run === undefined) throw fault('recipe-invalid', 'Stored blocks are shorter than the picture.');
    const [length, count] = run;
    this.#used++;
    if (this.#used === count) {
      this.#run++;
      this.#used = 0;
    }
    const isFinal = this.#run === this.lengths.length;
    this.#open = length;
    this.onBytes(Uint8Array.of(isFinal ? 1 : 0, length & 0xff, length >>> 8, ~length & 0xff, (~length >>> 8) & 0xff));
  }
}
