/**
 * Reads a raw deflate stream (RFC 1951) into its blocks and tokens, and unfolds it into a window. It takes the
 * streams that zlib takes, and nothing else: what it refuses is not predicted. SPEC.md section 6.7.
 */
import { dynamicBlock, fixedBlock, maxPartBytes, maxPartTokens, storedBlock, type BlockPart, type CodeStep, type DynamicCode } from './deflate-block.js';
import {
  codeSpace, decodeTable, distanceBase, distanceExtra, distanceSymbols, endSymbol, fixedDistanceLengths, fixedLiteralLengths, isUsableCode, lengthBase,
  lengthExtra, literalSymbols, maxCodeBits, maxMatchBytes, oddMatchLength, precodeOrder, precodeSymbols, type DecodeTable,
} from './deflate-code.js';
import type { PlainWindow } from './plain-window.js';
import { Unsplittable } from './raster-container.js';

/** Bytes that hold any header of a block, and any token. */
const maxHeaderBytes = 640;
const maxTokenBytes = 8;
const oddSlot = 27;
const oddExtra = 31;

/** What a reader works with. */
export interface DeflateReaderSetting {
  readonly window: PlainWindow;
  /** Position before which (less 32 KiB) the window may forget. */
  readonly from: () => number;
  readonly onPart: (part: BlockPart) => void;
}

/** Feeds a stream. Throws Unsplittable where it is damaged. */
export class DeflateReader {
  /** The final block was read. */
  isEnded = false;
  /** Bits of the last byte after the stream. */
  padding = 0;
  #input = new Uint8Array(0);
  #at = 0;
  #isWhole = false;
  #bits = 0;
  #bitCount = 0;
  #inBlock = false;
  #isFirst = true;
  #isFinal = false;
  #type = storedBlock;
  #storedLeft = -1;
  #storedPadding = 0;
  #storedBytes = 0;
  #code: DynamicCode | undefined;
  #literals: DecodeTable | undefined;
  #distances: DecodeTable | undefined;
  #tokens = new Int32Array(4_096);
  #count = 0;
  #partStart = 0;

  constructor(private readonly setting: DeflateReaderSetting) {}

  /** Takes the next bytes. */
  push(bytes: Uint8Array): void {
    const rest = this.#input.subarray(this.#at);
    const joined = new Uint8Array(rest.length + bytes.length);
    joined.set(rest);
    joined.set(bytes, rest.length);
    this.#input = joined;
    this.#at = 0;
    this.#run();
  }

  /** After the last byte of the stream. */
  finish(): void {
    this.#isWhole = true;
    this.#run();
    if (!this.isEnded) throw damaged();
    this.padding = this.#bits & ((1 << (this.#bitCount & 7)) - 1);
    if (this.#at - (this.#bitCount >> 3) !== this.#input.length) throw damaged();
  }

  /** Gives out what has been read of a part. */
  cut(): void {
    if (this.#inBlock && this.#type !== storedBlock) this.#endPart(false);
  }

  #has(bytes: number): boolean {
    if (this.#isWhole) {
      if (this.#at > this.#input.length + 4) throw damaged();
      return true;
    }
    return this.#input.length - this.#at >= bytes;
  }

  #run(): void {
    while (!this.isEnded) {
      if (!this.#inBlock) {
        if (!this.#has(maxHeaderBytes)) return;
        this.#begin();
      } else if (this.#type === storedBlock) {
        if (!this.#readStored()) return;
      } else if (!this.#readTokens()) return;
    }
  }

  #take(count: number): number {
    while (this.#bitCount < count) {
      this.#bits |= (this.#at < this.#input.length ? this.#input[this.#at]! : 0) << this.#bitCount;
      this.#at++;
      this.#bitCount += 8;
    }
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#bitCount -= count;
    return value;
  }

  #symbol(table: DecodeTable): number {
    while (this.#bitCount < maxCodeBits) {
      this.#bits |= (this.#at < this.#input.length ? this.#input[this.#at]! : 0) << this.#bitCount;
      this.#at++;
      this.#bitCount += 8;
    }
    const entry = table.entries[this.#bits & (table.entries.length - 1)]!;
    if (entry === 0) throw damaged();
    this.#bits >>>= entry & 15;
    this.#bitCount -= entry & 15;
    return entry >>> 4;
  }

  #begin(): void {
    this.#isFinal = this.#take(1) === 1;
    this.#type = this.#take(2);
    this.#inBlock = true;
    this.#isFirst = true;
    this.#code = undefined;
    this.#partStart = this.setting.window.end;
    if (this.#type === storedBlock) this.#beginStored();
    else if (this.#type === fixedBlock) {
      this.#literals = decodeTable(fixedLiteralLengths);
      this.#distances = decodeTable(fixedDistanceLengths);
    } else if (this.#type === dynamicBlock) {
      this.#code = this.#readCode();
      this.#literals = decodeTable(this.#code.literals);
      this.#distances = decodeTable(this.#code.distances);
    } else throw damaged();
  }

  #beginStored(): void {
    this.#storedPadding = this.#take(this.#bitCount & 7);
    const length = this.#take(16);
    if ((length ^ 0xffff) !== this.#take(16)) throw damaged();
    this.#storedBytes = length;
    this.#storedLeft = length;
    // Whole bytes that were read ahead go back.
    this.#at -= this.#bitCount >> 3;
    this.#bits = 0;
    this.#bitCount = 0;
  }

  #readStored(): boolean {
    const { window, from } = this.setting;
    const piece = this.#input.subarray(this.#at, this.#at + this.#storedLeft);
    window.append(piece, from());
    this.#at += piece.length;
    this.#storedLeft -= piece.length;
    if (this.#storedLeft > 0) {
      if (this.#isWhole) throw damaged();
      return false;
    }
    this.#endPart(true);
    return true;
  }

  /** Reads tokens while there are bytes for them; false where more are needed. */
  #readTokens(): boolean {
    const { window } = this.setting;
    window.reserve(2 * maxMatchBytes, this.setting.from());
    const literals = this.#literals!;
    for (;;) {
      if (!this.#has(maxTokenBytes)) return false;
      const symbol = this.#symbol(literals);
      if (symbol === endSymbol) {
        this.#endPart(true);
        return true;
      }
      if (this.#count === this.#tokens.length) this.#grow();
      if (window.bytes.length - (window.end - window.base) < maxMatchBytes) window.reserve(65_536, this.setting.from());
      if (symbol < endSymbol) {
        window.bytes[window.end++ - window.base] = symbol;
        this.#tokens[this.#count++] = symbol;
      } else this.#tokens[this.#count++] = this.#match(symbol - endSymbol - 1);
      if (this.#count === maxPartTokens || window.end - this.#partStart >= maxPartBytes) {
        this.#endPart(false);
        return true;
      }
    }
  }

  #match(slot: number): number {
    const { window } = this.setting;
    if (slot >= lengthBase.length) throw damaged();
    const extra = this.#take(lengthExtra[slot]!);
    const length = lengthBase[slot]! + extra;
    const distanceSlot = this.#symbol(this.#distances!);
    if (distanceSlot >= distanceSymbols) throw damaged();
    const distance = distanceBase[distanceSlot]! + this.#take(distanceExtra[distanceSlot]!);
    if (distance > window.end) throw damaged();
    const { bytes } = window;
    let at = window.end - window.base;
    for (const end = at + length; at < end; at++) bytes[at] = bytes[at - distance]!;
    window.end += length;
    return ((slot === oddSlot && extra === oddExtra ? oddMatchLength : length) << 16) | distance;
  }

  #grow(): void {
    const larger = new Int32Array(Math.min(maxPartTokens, 2 * this.#tokens.length));
    larger.set(this.#tokens);
    this.#tokens = larger;
  }

  #endPart(isLast: boolean): void {
    this.setting.onPart({
      type: this.#type,
      isFinal: this.#isFinal,
      isFirst: this.#isFirst,
      isLast,
      code: this.#code,
      tokens: this.#tokens.slice(0, this.#count),
      storedBytes: this.#type === storedBlock ? this.#storedBytes : 0,
      padding: this.#storedPadding,
    });
    this.#count = 0;
    this.#isFirst = false;
    this.#partStart = this.setting.window.end;
    this.#inBlock = !isLast;
    this.isEnded = isLast && this.#isFinal;
  }

  #readCode(): DynamicCode {
    const literalCount = 257 + this.#take(5);
    const distanceCount = 1 + this.#take(5);
    const precodeCount = 4 + this.#take(4);
    if (literalCount > literalSymbols || distanceCount > distanceSymbols) throw damaged();
    const precode = new Uint8Array(precodeSymbols);
    for (let i = 0; i < precodeCount; i++) precode[precodeOrder[i]!] = this.#take(3);
    if (codeSpace(precode) !== 1 << maxCodeBits) throw damaged();
    const table = decodeTable(precode);
    const lengths = new Uint8Array(literalCount + distanceCount);
    const steps: CodeStep[] = [];
    for (let at = 0; at < lengths.length; ) {
      const step = this.#step(table);
      if (at + step.count > lengths.length || (step.symbol === 16 && at === 0)) throw damaged();
      lengths.fill(step.symbol < 16 ? step.symbol : step.symbol === 16 ? lengths[at - 1]! : 0, at, at + step.count);
      at += step.count;
      steps.push(step);
    }
    const literals = new Uint8Array(literalSymbols);
    const distances = new Uint8Array(distanceSymbols);
    literals.set(lengths.subarray(0, literalCount));
    distances.set(lengths.subarray(literalCount));
    if (literals[endSymbol] === 0 || !isUsableCode(literals) || !isUsableCode(distances)) throw damaged();
    return { literals, distances, literalCount, distanceCount, steps, precode, precodeCount };
  }

  #step(table: DecodeTable): CodeStep {
    const symbol = this.#symbol(table);
    if (symbol < 16) return { symbol, count: 1 };
    if (symbol === 16) return { symbol, count: 3 + this.#take(2) };
    return symbol === 17 ? { symbol, count: 3 + this.#take(3) } : { symbol, count: 11 + this.#take(7) };
  }
}

function damaged(): Error {
  return new Unsplittable('a deflate stream that cannot be taken apart');
}
