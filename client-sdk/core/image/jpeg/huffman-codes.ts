/**
 * A Huffman code of a JPEG file, as its DHT segment defines it, with the tables that read and write it fast.
 * It neither reads bits nor knows scans: kernel/codes.ts uses the tables. ITU-T T.81 annex C; SPEC.md section 6.8.
 */

/** Bits that one look at the reading table covers. */
const lookBits = 10;

/** What the definition holds: how many codes of each length, and their symbols in the order of their codes. */
export class HuffmanCodes {
  private reading: Int32Array | undefined;
  private writing: Int32Array | undefined;

  private constructor(
    private readonly counts: Uint8Array,
    private readonly symbols: Uint8Array,
  ) {}

  /** @returns the code, or undefined if the lengths leave no room for it. `counts` has 16 numbers, of lengths 1 to 16. */
  static of(counts: Uint8Array, symbols: Uint8Array): HuffmanCodes | undefined {
    let code = 0;
    for (let length = 1; length <= 16; length++) {
      code += counts[length - 1]!;
      if (code > 1 << length) return undefined;
      code <<= 1;
    }
    return new HuffmanCodes(counts, symbols);
  }

  /**
   * 1024 entries, looked up by the next ten bits. An entry is 0 if the code is longer; else bits 0 to 7 are the bits of the
   * code and of a value of its size, 8 to 11 the size, 12 to 15 the run, 16 to 23 the bits of the code, and 24 to 29 the
   * size from 64, or 0. Behind them lie
   * 2 x 17 entries for the longer codes, by length: the first left-aligned 16-bit code beyond that length, and what to
   * add to a code to find its symbol's entry; and then the entries of all symbols, in the order of their codes.
   */
  get look(): Int32Array {
    this.reading ??= readingTable(this.counts, this.symbols);
    return this.reading;
  }

  /** Two words for each of 256 symbols: the bits of its code and of a value of its size, and the code before as many zeros. */
  get codes(): Int32Array {
    this.writing ??= writingTable(this.counts, this.symbols);
    return this.writing;
  }
}

/** The table that writes without any code: the value alone. */
export const noCodes = writingTable(new Uint8Array(16), new Uint8Array(0));

const limits = 1 << lookBits;
const offsets = limits + 17;
const entries = offsets + 17;

function readingTable(counts: Uint8Array, symbols: Uint8Array): Int32Array {
  const table = new Int32Array(entries + symbols.length);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++) {
    table[offsets + length] = index - code;
    for (let left = counts[length - 1]!; left > 0; left--, code++, index++) {
      const symbol = symbols[index]!;
      const size = symbol & 15;
      const entry = ((-size & 63) << 24) | (length << 16) | (symbol << 8) | (length + size);
      table[entries + index] = entry;
      if (length <= lookBits) table.fill(entry, code << (lookBits - length), (code + 1) << (lookBits - length));
    }
    table[limits + length] = code << (16 - length);
    code <<= 1;
  }
  return table;
}

function writingTable(counts: Uint8Array, symbols: Uint8Array): Int32Array {
  const table = new Int32Array(512);
  for (let symbol = 0; symbol < 256; symbol++) table[2 * symbol] = symbol & 15;
  const known = new Uint8Array(256);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++) {
    for (let left = counts[length - 1]!; left > 0; left--, code++, index++) {
      const symbol = symbols[index]!;
      if (known[symbol] !== 0) continue;
      known[symbol] = 1;
      table[2 * symbol] = length + (symbol & 15);
      table[2 * symbol + 1] = code << (symbol & 15);
    }
    code <<= 1;
  }
  return table;
}
