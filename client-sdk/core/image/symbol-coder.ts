/**
 * Range asymmetric numeral coding of prediction errors: two states that share one run of 16-bit words, a table look-up a
 * symbol and no branch on what is read. It knows levels and symbols, not pictures. SPEC.md section 5.5.
 *
 * Words are written from the last symbol to the first, and read backwards from the end of the code.
 */
import { fault } from '../errors.js';
import { levelTables, precisionBits } from './residual-levels.js';

/** A state is 2^15 .. 2^31 - 1 between two symbols, and begins (in reading: ends) as 2^15. */
const lowest = 0x8000;
const stateWords = 4;
const slotMask = (1 << precisionBits) - 1;

/** What is left to read. */
export interface SymbolReader {
  /** In the order of reading, followed by as many zeros as there are symbols. */
  readonly words: Uint16Array;
  readonly wordCount: number;
  at: number;
  even: number;
  odd: number;
}

let writerWords = new Uint16Array(0);
let readerWords = new Uint16Array(0);

/**
 * The code of `count` symbols in rows of `width`: `codes` holds `level << 8 | symbol + 128` of each. Answers a view that is
 * valid until the next call.
 */
export function encodeSymbols(codes: Uint16Array, count: number, width: number): Uint16Array {
  if (writerWords.length < count + stateWords) writerWords = new Uint16Array(count + stateWords);
  const words = writerWords;
  const { parts } = levelTables();
  let even = lowest;
  let odd = lowest;
  let at = 0;
  for (let row = count - width; row >= 0; row -= width) {
    let i = row + width - 1;
    if ((width & 1) === 1) {
      const part = parts[codes[i--]!]!;
      const frequency = part & 0x1fff;
      const over = ((frequency << 19) - 1 - even) >> 31;
      words[at] = even;
      at -= over;
      even >>>= over & 16;
      const quotient = (even / frequency) | 0;
      even = (quotient << precisionBits) + (even - Math.imul(quotient, frequency)) + (part >> 13);
    }
    for (; i > row; i -= 2) {
      const oddPart = parts[codes[i]!]!;
      const evenPart = parts[codes[i - 1]!]!;
      const oddFrequency = oddPart & 0x1fff;
      const evenFrequency = evenPart & 0x1fff;
      const oddOver = ((oddFrequency << 19) - 1 - odd) >> 31;
      words[at] = odd;
      at -= oddOver;
      odd >>>= oddOver & 16;
      const oddQuotient = (odd / oddFrequency) | 0;
      odd = (oddQuotient << precisionBits) + (odd - Math.imul(oddQuotient, oddFrequency)) + (oddPart >> 13);
      const evenOver = ((evenFrequency << 19) - 1 - even) >> 31;
      words[at] = even;
      at -= evenOver;
      even >>>= evenOver & 16;
      const evenQuotient = (even / evenFrequency) | 0;
      even = (evenQuotient << precisionBits) + (even - Math.imul(evenQuotient, evenFrequency)) + (evenPart >> 13);
    }
  }
  for (const state of [odd, even]) {
    words[at++] = state;
    words[at++] = state >>> 16;
  }
  return words.subarray(0, at);
}

/**
 * A reader of the words that end with `code`, of which the bytes before `from` are something else. At most `count` symbols
 * will be read. Valid until the next call. Throws DiceError `recipe-invalid` where the states are none.
 */
export function newSymbolReader(code: Uint8Array, from: number, count: number): SymbolReader {
  const wordCount = Math.min(Math.max(0, code.length - from) >> 1, count + stateWords);
  const length = wordCount + count + stateWords + 2;
  if (readerWords.length < length) readerWords = new Uint16Array(length);
  const words = readerWords;
  for (let i = 0, from = code.length - 2; i < wordCount; i++, from -= 2) words[i] = code[from]! | (code[from + 1]! << 8);
  words.fill(0, wordCount, length);
  const even = (words[0]! << 16) | words[1]!;
  const odd = (words[2]! << 16) | words[3]!;
  if (wordCount < stateWords || even < lowest || odd < lowest) throw fault('recipe-invalid', 'A tile is coded wrongly.');
  return { words, wordCount, at: stateWords, even, odd };
}

/**
 * Reads a row of `width` symbols into `symbols`; `offsets` holds the first slot of the level of each. Answers a negative
 * number if one of them is the escape.
 */
export function decodeRow(reader: SymbolReader, slots: Int32Array, offsets: Int32Array, symbols: Int32Array, width: number): number {
  const { words } = reader;
  let { at, even, odd } = reader;
  let escape = 0;
  let x = 0;
  for (; x < width - 1; x += 2) {
    const one = slots[offsets[x]! + (even & slotMask)]!;
    const other = slots[offsets[x + 1]! + (odd & slotMask)]!;
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
    symbols[x] = a;
    symbols[x + 1] = b;
    escape |= (a + 127) | (b + 127);
  }
  if (x < width) {
    const one = slots[offsets[x]! + (even & slotMask)]!;
    even = Math.imul((one >>> 12) & 0xfff, even >>> precisionBits) + (one & 0xfff);
    const under = (even - lowest) >> 31;
    even = (even << (under & 16)) | (words[at]! & under);
    at -= under;
    symbols[x] = one >> 24;
    escape |= (one >> 24) + 127;
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
