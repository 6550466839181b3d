/**
 * Huffman codes as tables that the outside has put down: how an entry is found. ITU-T T.81 annex C.
 *
 * For reading, a word for each ten bits, or 0 if the code is longer: bits 0 to 7 are the bits of the code and its value, 8 to 11 the size
 * of the value, 12 to 15 the run, 16 to 23 the bits of the code, 24 to 29 the size from 64 or 0. For longer codes, behind them: 17 limits, 17 offsets, and the words of
 * all symbols. For writing, two words for each symbol: its bits and those of its value, and its code before as many zeros;
 * behind them, from `fillSmall`, two words for each run and value of -16 to 15: the bits, and code and value.
 */
export const lookBits: i32 = 10;
const limitsAt: usize = 4 << lookBits;
const offsetsAt: usize = limitsAt + 4 * 17;
const entriesAt: usize = offsetsAt + 4 * 17;

/** The entry of a code of up to ten bits that begins at the top of `bits`; else 0. */
@inline export function shortEntry(table: usize, bits: u64): i32 {
  return load<i32>(table + (<usize>(bits >>> <u64>(64 - lookBits)) << 2));
}

/** The entry of a longer code, or 0 if there is none. */
export function longEntry(table: usize, all: u64): i32 {
  const bits = <i32>(all >>> 48);
  for (let length = lookBits + 1; length <= 16; length++) {
    const at = table + (<usize>length << 2);
    if (bits < load<i32>(at, limitsAt)) return load<i32>(table + (<usize>(load<i32>(at, offsetsAt) + (bits >>> (16 - length))) << 2), entriesAt);
  }
  return 0;
}

@inline export function entryOf(table: usize, bits: u64): i32 {
  const entry = shortEntry(table, bits);
  return entry != 0 ? entry : longEntry(table, bits);
}

/** The value of an entry whose code begins at the top of `bits`, and whose size is not zero. */
@inline export function valueOf(entry: i32, bits: u64): i32 {
  // A shift looks at six bits only. A value that begins with a zero is the negative of its complement.
  const rest = bits << <u64>(entry >> 16), sign = ~(<i64>rest >> 63), magnitude = (rest ^ sign) >>> <u64>(entry >> 24);
  return (<i32>magnitude ^ <i32>sign) - <i32>sign;
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
