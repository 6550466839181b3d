/**
 * The blocks of vanilla zlib: gathers tokens until its buffer is full, then writes them stored, with the fixed code or with their own,
 * whichever zlib takes. Knows nothing of how tokens are chosen. SPEC.md section 6.4.
 */
import { dynamicBlock, fixedBlock, storedBlock, type DynamicCode } from './deflate-block.js';
import {
  distanceExtra, distanceSlot, distanceSymbols, endSymbol, fixedDistanceLengths, fixedLiteralLengths, lengthExtra, lengthSlot, literalSymbols,
} from './deflate-code.js';
import { DeflateWriter } from './deflate-writer.js';
import { usualCode } from './dynamic-code.js';

const headBits = 3;
/** Bits of a dynamic block's three counts. */
const countBits = 14;
const precodeLengthBits = 3;
/** Extra bits of the steps 16, 17 and 18. */
const stepExtra = [2, 3, 7] as const;
/** Bytes of a stored block's lengths. */
const storedHeadBytes = 4;

/** The stream of one encoder. */
export class ZlibBlocks {
  /** Tokens of the open block, in the form of token-model.ts: the first `count`. */
  readonly tokens: Int32Array;
  count = 0;
  readonly #writer: DeflateWriter;
  readonly #literals = new Uint32Array(literalSymbols);
  readonly #distances = new Uint32Array(distanceSymbols);

  /** `isFixed`: no block has a code of its own. `onBytes` may keep what it is given. */
  constructor(
    memLevel: number,
    private readonly isFixed: boolean,
    onBytes: (bytes: Uint8Array) => void,
  ) {
    this.tokens = new Int32Array((1 << (memLevel + 6)) - 1);
    this.#writer = new DeflateWriter(onBytes);
  }

  /** Takes a byte; true where the block must be ended. */
  literal(byte: number): boolean {
    this.tokens[this.count++] = byte;
    this.#literals[byte]!++;
    return this.count === this.tokens.length;
  }

  /** Takes a match; true where the block must be ended. */
  match(length: number, distance: number): boolean {
    this.tokens[this.count++] = (length << 16) | distance;
    this.#literals[endSymbol + 1 + lengthSlot[length]!]!++;
    this.#distances[distanceSlot(distance)]!++;
    return this.count === this.tokens.length;
  }

  /** Ends the block of `bytes` plain bytes, which are at hand in `plain` unless zlib has forgotten them. */
  end(plain: Uint8Array | undefined, bytes: number, isFinal: boolean): void {
    const writer = this.#writer;
    this.#literals[endSymbol] = 1;
    const code = usualCode(this.#literals, this.#distances);
    const ownBits = codeBits(code) + this.#tokenBits(code.literals, code.distances);
    const [own, fixed] = [ownBits, this.#tokenBits(fixedLiteralLengths, fixedDistanceLengths)].map((bits) => (bits + headBits + 7) >>> 3) as [number, number];
    if (plain !== undefined && bytes + storedHeadBytes <= Math.min(own, fixed)) {
      writer.begin(storedBlock, isFinal, undefined);
      writer.stored(bytes & 0xffff, 0);
      writer.bytes(plain.slice());
    } else {
      writer.begin(this.isFixed || fixed <= own ? fixedBlock : dynamicBlock, isFinal, code);
      writer.tokens(this.tokens, this.count);
      writer.endBlock();
    }
    if (isFinal) writer.finish(0);
    else writer.flush();
    this.count = 0;
    this.#literals.fill(0);
    this.#distances.fill(0);
  }

  #tokenBits(literals: Uint8Array, distances: Uint8Array): number {
    let bits = 0;
    for (const [symbol, count] of this.#literals.entries()) bits += count * (literals[symbol]! + (lengthExtra[symbol - endSymbol - 1] ?? 0));
    for (const [symbol, count] of this.#distances.entries()) bits += count * (distances[symbol]! + distanceExtra[symbol]!);
    return bits;
  }
}

/** Bits that the header of a dynamic block takes after its type. */
function codeBits({ precode, precodeCount, steps }: DynamicCode): number {
  return steps.reduce((sum, { symbol }) => sum + precode[symbol]! + (stepExtra[symbol - 16] ?? 0), countBits + precodeLengthBits * precodeCount);
}
