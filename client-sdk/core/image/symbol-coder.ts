/**
 * Range asymmetric numeral coding of prediction errors: two states that share one run of 16-bit words, a table look-up a
 * symbol and no branch on what is read. It knows levels and symbols, not pictures. SPEC.md section 5.4.
 *
 * Words are written from the last symbol to the first, and read backwards from the end of the code.
 */
import { fault } from '../errors.js';
import { levelTables, precisionBits } from './residual-levels.js';
import { classScratch, errorScratch, magnitudeScratch, wordScratch } from './tile-scratch.js';

/** Room for classes. */
const maxClasses = 16;
const { slots, parts } = levelTables();
const words = wordScratch;
const errors = errorScratch;
const classes = classScratch;
const magnitudes = magnitudeScratch;
/** The tables of the plane at hand, by class. */
const codes = new Int32Array(maxClasses);
const offsets = new Int32Array(maxClasses);
const plainReaches = new Int32Array(maxClasses);

/** A state is 2^15 .. 2^31 - 1 between two symbols, and begins (in reading: ends) as 2^15. */
const lowest = 0x8000;
const stateWords = 4;
const slotMask = (1 << precisionBits) - 1;

/** The levels of a plane's classes, as tables for the hot loops. */
export interface Levels {
  /** Place of symbol 0 among the parts. */
  readonly codes: Int32Array;
  /** First slot. */
  readonly offsets: Int32Array;
  /** Largest error that is a symbol, or -1 where raw bits follow each. */
  readonly plainReaches: Int32Array;
  /** Largest error, or part of one above its raw bits, that is a symbol. */
  readonly reaches: Int32Array;
  readonly lowBits: Int32Array;
  /** One bit for each class with raw bits. */
  readonly lowClasses: number;
  /** Raw bits in the code of those above the reach. */
  readonly escapeBits: Int32Array;
}

/** Takes what an error needs besides a symbol, and answers the symbol. */
export interface Remainders {
  take(levels: Levels, k: number, error: number): number;
}

/** How the errors of a plane are coded. */
export interface SymbolSource {
  readonly levels: Levels;
  readonly rest: Remainders;
}

/** What is written so far. */
export interface SymbolWriter {
  at: number;
  even: number;
  odd: number;
}

/** What is left to read. */
export interface SymbolReader {
  at: number;
  even: number;
  odd: number;
}

/** Takes the tables of a plane for the rows that follow. */
export function useLevels(levels: Levels): void {
  codes.set(levels.codes);
  offsets.set(levels.offsets);
  plainReaches.set(levels.plainReaches);
}

/** A writer of symbols, from the last to the first. Valid until the next call. */
export function newSymbolWriter(): SymbolWriter {
  return { at: 0, even: lowest, odd: lowest };
}

/** Writes the `width` errors of the scratch from `row` on. */
export function encodeRow(writer: SymbolWriter, { levels, rest }: SymbolSource, row: number, width: number): void {
  let { at, even, odd } = writer;
  let i = row + width - 1;
  if ((width & 1) === 1) {
    const k = classes[i]!;
    const part = parts[codes[k]! + rest.take(levels, k, errors[i]!)]!;
    i--;
    const frequency = part & 0x1fff;
    const over = ((frequency << 19) - 1 - even) >> 31;
    words[at] = even;
    at -= over;
    even >>>= over & 16;
    const quotient = (even / frequency) | 0;
    even = even + Math.imul(quotient, (1 << precisionBits) - frequency) + (part >> 13);
  }
  for (; i > row; i -= 2) {
    const k = classes[i]!;
    let error = errors[i]!;
    const reach = plainReaches[k]!;
    if (((error + reach) | (reach - error)) < 0) error = rest.take(levels, k, error);
    const part = parts[codes[k]! + error]!;
    const frequency = part & 0x1fff;
    const over = ((frequency << 19) - 1 - odd) >> 31;
    words[at] = odd;
    at -= over;
    odd >>>= over & 16;
    const quotient = (odd / frequency) | 0;
    odd = odd + Math.imul(quotient, (1 << precisionBits) - frequency) + (part >> 13);

    const evenK = classes[i - 1]!;
    let evenError = errors[i - 1]!;
    const evenReach = plainReaches[evenK]!;
    if (((evenError + evenReach) | (evenReach - evenError)) < 0) evenError = rest.take(levels, evenK, evenError);
    const evenPart = parts[codes[evenK]! + evenError]!;
    const evenFrequency = evenPart & 0x1fff;
    const evenOver = ((evenFrequency << 19) - 1 - even) >> 31;
    words[at] = even;
    at -= evenOver;
    even >>>= evenOver & 16;
    const evenQuotient = (even / evenFrequency) | 0;
    even = even + Math.imul(evenQuotient, (1 << precisionBits) - evenFrequency) + (evenPart >> 13);
  }
  writer.at = at;
  writer.even = even;
  writer.odd = odd;
}

/** Ends writing. Answers a view of the words. */
export function finishSymbols(writer: SymbolWriter): Uint16Array {
  for (const state of [writer.odd, writer.even]) {
    words[writer.at++] = state;
    words[writer.at++] = state >>> 16;
  }
  return words.subarray(0, writer.at);
}

/**
 * A reader of the words that end with `code`, of which the bytes before `from` are something else. At most `count` symbols
 * will be read. Valid until the next call. Throws DiceError `recipe-invalid` where the states are none.
 */
export function newSymbolReader(code: Uint8Array, from: number, count: number): SymbolReader {
  const wordCount = Math.min(Math.max(0, code.length - from) >> 1, count + stateWords);
  const length = wordCount + count + stateWords + 2;
  for (let i = 0, from = code.length - 2; i < wordCount; i++, from -= 2) words[i] = code[from]! | (code[from + 1]! << 8);
  words.fill(0, wordCount, length);
  const even = (words[0]! << 16) | words[1]!;
  const odd = (words[2]! << 16) | words[3]!;
  if (wordCount < stateWords || even < lowest || odd < lowest) throw fault('recipe-invalid', 'A tile is coded wrongly.');
  return { at: stateWords, even, odd };
}

/**
 * Reads a row of `width` symbols into the errors' scratch, under the classes that begin theirs, and their magnitudes from `row`
 * on. Answers a negative number if one of them is the escape.
 */
export function decodeRow(reader: SymbolReader, width: number, row: number): number {
  let { at, even, odd } = reader;
  let escape = 0;
  let x = 0;
  for (let to = row; x < width - 1; x += 2, to += 2) {
    const one = slots[offsets[classes[x]!]! + (even & slotMask)]!;
    const other = slots[offsets[classes[x + 1]!]! + (odd & slotMask)]!;
    even = Math.imul((one >>> 12) & 0xfff, even >>> precisionBits) + (one & 0xfff);
    odd = Math.imul((other >>> 12) & 0xfff, odd >>> precisionBits) + (other & 0xfff);
    const evenUnder = (even - lowest) >> 31;
    even = (even << (evenUnder & 16)) | (words[at]! & evenUnder);
    at -= evenUnder;
    const oddUnder = (odd - lowest) >> 31;
    odd = (odd << (oddUnder & 16)) | (words[at]! & oddUnder);
    at -= oddUnder;
    const a = one >> 24;
    const b = other >> 24;
    errors[x] = a;
    errors[x + 1] = b;
    magnitudes[to] = (a ^ (a >> 31)) - (a >> 31);
    magnitudes[to + 1] = (b ^ (b >> 31)) - (b >> 31);
    escape |= (a + 127) | (b + 127);
  }
  if (x < width) {
    const one = slots[offsets[classes[x]!]! + (even & slotMask)]!;
    even = Math.imul((one >>> 12) & 0xfff, even >>> precisionBits) + (one & 0xfff);
    const under = (even - lowest) >> 31;
    even = (even << (under & 16)) | (words[at]! & under);
    at -= under;
    const a = one >> 24;
    errors[x] = a;
    magnitudes[row + x] = (a ^ (a >> 31)) - (a >> 31);
    escape |= a + 127;
  }
  reader.at = at;
  reader.even = even;
  reader.odd = odd;
  return escape;
}

/** Throws DiceError `recipe-invalid` unless the states are back where writing began, and the words are used up to byte `from`. */
export function expectSymbolEnd(reader: SymbolReader, code: Uint8Array, from: number): void {
  const isAtStart = reader.even === lowest && reader.odd === lowest;
  if (!isAtStart || code.length - 2 * reader.at !== from) throw fault('recipe-invalid', 'A tile has bytes after its end.');
}
