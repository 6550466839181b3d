/**
 * Writes a raw deflate stream (RFC 1951) block by block from given tokens and codes. It decides nothing. SPEC.md section 6.7.
 */
import { dynamicBlock, type DynamicCode } from './deflate-block.js';
import {
  codeWords, distanceBase, distanceExtra, distanceSlot, distanceSymbols, endSymbol, fixedDistanceLengths, fixedLiteralLengths, lengthBase,
  lengthExtra, lengthSlot,
} from './deflate-code.js';
import { putHeader } from './dynamic-code.js';

const chunkBytes = 32_768;
/** The longest thing that is written in one step. */
const stepBytes = 16;

/** Gives the stream to `onBytes` in pieces, which it may keep. */
export class DeflateWriter {
  #out = new Uint8Array(chunkBytes);
  #at = 0;
  #bits = 0;
  #bitCount = 0;
  #literalWords: Uint16Array = new Uint16Array(0);
  #literalLengths: Uint8Array = new Uint8Array(0);
  #distanceWords: Uint16Array = new Uint16Array(0);
  #distanceLengths: Uint8Array = new Uint8Array(0);

  constructor(private readonly onBytes: (bytes: Uint8Array) => void) {}

  /** Begins a block; `code` belongs to dynamic ones. */
  begin(type: number, isFinal: boolean, code: DynamicCode | undefined): void {
    this.#put((isFinal ? 1 : 0) | (type << 1), 3);
    const literals = type === dynamicBlock && code !== undefined ? code.literals : fixedLiteralLengths;
    const distances = type === dynamicBlock && code !== undefined ? code.distances : fixedDistanceLengths;
    if (type === dynamicBlock && code !== undefined) putHeader(code, (value, bits) => { this.#put(value, bits); });
    this.#literalLengths = literals;
    this.#distanceLengths = distances;
    this.#literalWords = codeWords(literals);
    this.#distanceWords = codeWords(distances);
  }

  /** Writes `count` tokens; false where one has no word in the block's code. */
  tokens(tokens: Int32Array, count: number): boolean {
    for (let i = 0; i < count; i++) {
      const token = tokens[i]!;
      const isWritten = token < 256 ? this.#literal(token) : this.#match(token >>> 16, token & 0xffff);
      if (!isWritten) return false;
    }
    return true;
  }

  /** The end of a block; false where it has no word. */
  endBlock(): boolean {
    return this.#literal(endSymbol);
  }

  /** The rest of the header of a stored block. */
  stored(length: number, padding: number): void {
    const gap = -this.#bitCount & 7;
    this.#put(padding & ((1 << gap) - 1), gap);
    this.#put(length, 16);
    this.#put(~length & 0xffff, 16);
  }

  /** Bytes of a stored block. */
  bytes(bytes: Uint8Array): void {
    this.flush();
    this.onBytes(bytes);
  }

  /** Gives out all whole bytes. */
  flush(): void {
    if (this.#at > 0) this.onBytes(this.#out.slice(0, this.#at));
    this.#at = 0;
  }

  /** Fills the last byte with `padding`, and gives out what is left. */
  finish(padding: number): void {
    const gap = -this.#bitCount & 7;
    this.#put(padding & ((1 << gap) - 1), gap);
    this.flush();
  }

  #put(value: number, count: number): void {
    this.#bits |= value << this.#bitCount;
    this.#bitCount += count;
    while (this.#bitCount >= 8) {
      this.#out[this.#at++] = this.#bits;
      this.#bits >>>= 8;
      this.#bitCount -= 8;
    }
    if (this.#at > chunkBytes - stepBytes) this.flush();
  }

  #literal(symbol: number): boolean {
    const length = this.#literalLengths[symbol]!;
    this.#put(this.#literalWords[symbol]!, length);
    return length > 0;
  }

  #match(length: number, distance: number): boolean {
    const slot = lengthSlot[length]!;
    const lengthBits = this.#literalLengths[endSymbol + 1 + slot]!;
    const near = distanceSlot(distance);
    const distanceBits = this.#distanceLengths[near]!;
    if (lengthBits === 0 || distanceBits === 0 || near >= distanceSymbols) return false;
    this.#put(this.#literalWords[endSymbol + 1 + slot]!, lengthBits);
    this.#put(Math.min(length, 258) - lengthBase[slot]!, lengthExtra[slot]!);
    this.#put(this.#distanceWords[near]!, distanceBits);
    this.#put(distance - distanceBase[near]!, distanceExtra[near]!);
    return true;
  }
}
