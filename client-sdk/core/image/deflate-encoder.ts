/**
 * Makes a raw deflate stream again as some encoder once wrote it: vanilla zlib under its four parameters,
 * stored blocks of given lengths, or tokens as a model predicts and
 * corrections correct them. SPEC.md sections 6.4 and 6.7.
 */
import type { CborValue } from '../cbor.js';
import { fault } from '../errors.js';
import { readCorrections, TokenJoin } from './deflate-tokens.js';
import { describeModel, modelOf, modelValue, type EncoderModel } from './encoder-model.js';
import { maxPieces } from './image-limits.js';
import { integerOf, mapOf } from './recipe-members.js';
import { decodeRuns, encodeRuns, type Runs } from './varint.js';
import { ZlibEncoder } from './zlib-encoder.js';

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

/** The model of an encoder, and where it was wrong. */
export interface PredictedTokens {
  readonly kind: 'tokens';
  readonly model: EncoderModel;
  readonly corrections: Uint8Array;
}

/** How a stream was made. */
export type DeflateMethod = ZlibParameters | StoredBlocks | PredictedTokens;

/** Takes the plain bytes in order; gives the stream to its `onBytes`. */
export interface DeflateEncoder {
  push(bytes: Uint8Array): void;
  /** After the last byte. Throws DiceError `recipe-invalid` where stored blocks do not fit. */
  finish(): void;
  /** Gives back what it holds, where it may be given up before its end. */
  close?(): void;
}

/** Bytes of the longest stored block. */
const maxStoredBytes = 65_535;

/** An encoder that works as `method` says. `onBytes` may keep what it is given. */
export function encoderOf(method: DeflateMethod, onBytes: (bytes: Uint8Array) => void): DeflateEncoder {
  if (method.kind === 'stored') return new StoredEncoder(method.lengths, onBytes);
  if (method.kind === 'zlib') return new ZlibEncoder(method, onBytes);
  const corrections = readCorrections(method.corrections);
  const join = new TokenJoin(method.model, corrections, onBytes);
  return {
    push: (bytes) => {
      join.push(bytes);
    },
    finish: () => {
      join.finish();
      corrections.end();
    },
  };
}

/** The members of a recipe that name a method, and the sections that go with it (empty where it has none). */
export interface WrittenMethod {
  readonly value: CborValue;
  /** Lengths of stored blocks. */
  readonly stored: Uint8Array;
  readonly corrections: Uint8Array;
}

const none = new Uint8Array(0);

/** `method` as recipes write it. */
export function methodValue(method: DeflateMethod): WrittenMethod {
  if (method.kind === 'stored') return { value: { kind: 'stored' }, stored: encodeRuns(method.lengths), corrections: none };
  if (method.kind === 'tokens') {
    return { value: { kind: 'tokens', model: modelValue(method.model) }, stored: none, corrections: method.corrections };
  }
  const { kind, level, memLevel, strategy, windowBits } = method;
  return { value: { kind, level, memLevel, strategy, windowBits }, stored: none, corrections: none };
}

/** The method that a recipe names. Throws DiceError `recipe-invalid` for anything else. */
export function methodOf({ value, stored, corrections }: Omit<WrittenMethod, 'value'> & { readonly value: CborValue | undefined }): DeflateMethod {
  if (stored.length > 0 && corrections.length > 0) throw unknownMethod();
  if (stored.length > 0) {
    if (mapOf(value, ['kind'])['kind'] !== 'stored') throw unknownMethod();
    return { kind: 'stored', lengths: decodeRuns(stored, maxStoredBytes, maxPieces) };
  }
  if (corrections.length > 0) {
    const { kind, model } = mapOf(value, ['kind', 'model']);
    if (kind !== 'tokens') throw unknownMethod();
    return { kind, model: modelOf(model), corrections };
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
  if (method.kind === 'tokens') return `tokens like those of ${describeModel(method.model)}, ${method.corrections.length} bytes of corrections`;
  const strategies = ['', ' filtered', ' Huffman only', ' run-length', ' fixed'];
  return `zlib level ${method.level}${strategies[method.strategy] ?? ''}, memory ${method.memLevel}, window ${method.windowBits}`;
}

function unknownMethod(): Error {
  return fault('recipe-invalid', 'Its deflate parameters are unknown.');
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
