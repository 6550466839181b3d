/**
 * Huffman codes as tables that the outside has put down: how an entry is found. ITU-T T.81 annex C.
 *
 * For reading, a word for each ten bits: bits 0 to 7 are the bits that it takes, 8 to 11 the size of the symbol, 12 to 15 its run, and
 * the upper 16 its value, if its bits are among the ten. For longer codes, behind them: 17 limits, 17 offsets, and the entries of all
 * symbols without values. For writing, two words for each symbol: its bits and those of its value, and its code before as many zeros;
 * behind them, from `fillSmall`, two words for each run and value of -16 to 15: the bits, and code and value.
 */
export const lookBits: i32 = 10;
const limitsAt: usize = 4 << lookBits;
const offsetsAt: usize = limitsAt + 4 * 17;
const entriesAt: usize = offsetsAt + 4 * 17;

/** The entry of a code that begins at the top of `bits`, or 0 if there is none. */
@inline export function entryOf(table: usize, bits: u64): i32 {
  const entry = load<i32>(table + (<usize>(bits >>> <u64>(64 - lookBits)) << 2));
  return entry != 0 ? entry : longEntry(table, <i32>(bits >>> 48));
}

function longEntry(table: usize, bits: i32): i32 {
  for (let length = lookBits + 1; length <= 16; length++) {
    const at = table + (<usize>length << 2);
    if (bits < load<i32>(at, limitsAt)) return load<i32>(table + (<usize>(load<i32>(at, offsetsAt) + (bits >>> (16 - length))) << 2), entriesAt);
  }
  return 0;
}

/** The value whose `size` bits, one or more, are at the top of `bits`. */
@inline export function valueOf(bits: u64, size: i32): i32 {
  const value = <i32>(bits >>> <u64>(64 - size));
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}

/** What writes a symbol: bits in the lower word, and the code, above room for a value, in the upper one. */
@inline export function codeOf(table: usize, symbol: i32): u64 {
  return load<u64>(table + (<usize>symbol << 3));
}

/** What writes a run of up to 15 zeros and a value: bits in the lower word, code and value in the upper one. */
export function codeOfValue(table: usize, run: i32, value: i32): u64 {
  const sign = value >> 31, size = 32 - clz((value ^ sign) - sign);
  // No code is of values of 16 bits; what is written is compared.
  if (size > 15) return 0;
  return codeOf(table, run << 4 | size) | <u64>(value + sign & (1 << size) - 1) << 32;
}

const smallAt: usize = 8 * 256;

/** The same for a value of -16 to 15, given with 16 added. */
@inline export function codeOfSmall(table: usize, run: i32, raised: i32): u64 {
  return load<u64>(table + (<usize>(run << 5 | raised) << 3), smallAt);
}

/** Prepares `codeOfSmall`. */
export function fillSmall(table: usize): void {
  for (let run = 0; run < 16; run++) {
    for (let raised = 0; raised < 32; raised++) store<u64>(table + (<usize>(run << 5 | raised) << 3), codeOfValue(table, run, raised - 16), smallAt);
  }
}
