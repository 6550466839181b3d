/**
 * Blocks of sequential scans, and DC coefficients of all scans: bits to coefficients and back. ITU-T T.81 sections F.1.2, F.2.2 and
 * G.1.2.1.
 */
import { bitsAt, position, seek } from './bits-in';
import { free, keepBits, put, word, writeWord } from './bits-out';
import { codeOf, entryOf, valueOf } from './codes';
import { orderAt } from './memory';
import { acOf, beforeOf, dcOf, keepBefore } from './parts';
import { placesOf } from './zigzag';

/** Reads a DC coefficient. @returns whether its code is one. */
export function readDc(part: usize, at: usize, low: i32): bool {
  const bits = bitsAt(position), entry = entryOf(dcOf(part), bits);
  if (entry == 0) return false;
  const taken = entry & 255, size = entry >> 8 & 15;
  let value = entry >> 16;
  if (value == 0 && size > 0) {
    value = valueOf(bits << <u64>taken, size);
    seek(position + taken + size);
  } else {
    seek(position + taken);
  }
  value += beforeOf(part);
  keepBefore(part, value);
  store<i16>(at, <i16>(value << low));
  return true;
}

/** Reads one more bit of a DC coefficient. */
export function readBit(at: usize, low: i32): void {
  const bit = <i32>(bitsAt(position) >>> 63);
  seek(position + 1);
  store<i16>(at, <i16>(<i32>load<i16>(at) | bit << low));
}

/** Reads a block. @returns whether its codes made sense. */
export function readBlock(part: usize, at: usize): bool {
  if (!readDc(part, at, 0)) return false;
  const ac = acOf(part);
  let from = position, bits = bitsAt(from), last = from + 25;
  for (let index = 1; index < 64; index++) {
    // A code and its value take at most 31 bits, and 57 were loaded.
    if (from > last) {
      bits = bitsAt(from);
      last = from + 25;
    }
    const entry = entryOf(ac, bits);
    let taken = entry & 255, value = entry >> 16;
    if (value == 0) {
      const size = entry >> 8 & 15;
      if (size == 0) {
        if (entry == 0) return false;
        from += taken;
        if ((entry & 0xf000) != 0xf000) break;
        bits <<= <u64>taken;
        index += 15;
        continue;
      }
      value = valueOf(bits << <u64>taken, size);
      taken += size;
    }
    from += taken;
    bits <<= <u64>taken;
    index += entry >> 12 & 15;
    if (index > 63) return false;
    store<i16>(at + <usize>load<u8>(orderAt + <usize>index), <i16>value);
  }
  seek(from);
  return true;
}

/** Writes a DC coefficient. */
export function writeDc(part: usize, at: usize, low: i32): void {
  const value = <i32>load<i16>(at) >> low, difference = value - beforeOf(part);
  keepBefore(part, value);
  const size = 32 - clz(abs(difference));
  // Coefficients of 16 bits can lie 17 bits apart; no code has more than 15, and what is written is compared.
  if (size > 15) return;
  const code = codeOf(dcOf(part), size);
  put(code >>> 32 | <u64>(difference + (difference >> 31) & (1 << size) - 1), <i32>code);
}

/** Writes one more bit of a DC coefficient. */
export function writeBit(at: usize, low: i32): void {
  put(<u64>(<i32>load<i16>(at) >> low & 1), 1);
}

/** Writes a block, from the coefficient that is not zero to the next. */
export function writeBlock(part: usize, at: usize): void {
  writeDc(part, at, 0);
  const ac = acOf(part);
  let bits = word, room = free, order = orderAt, places = placesOf(at) >>> 1;
  while (places != 0) {
    let run = <i32>ctz(places);
    places = places >>> <u64>run >>> 1;
    order += <usize>(run + 1);
    if (run > 15) {
      keepBits(bits, room);
      for (const code = codeOf(ac, 0xf0); run > 15; run -= 16) put(code >>> 32, <i32>code);
      bits = word;
      room = free;
    }
    const value = <i32>load<i16>(at + <usize>load<u8>(order)), sign = value >> 31, size = 32 - clz((value ^ sign) - sign);
    // No code is of values of 16 bits.
    if (size > 15) continue;
    const code = codeOf(ac, run << 4 | size), all = code >>> 32 | <u64>(value + sign & (1 << size) - 1);
    room -= <i32>code;
    if (room >= 0) {
      bits |= all << <u64>room;
      continue;
    }
    writeWord(bits | all >>> <u64>-room);
    room += 64;
    bits = all << <u64>room;
  }
  keepBits(bits, room);
  if (order == orderAt + 63) return;
  const code = codeOf(ac, 0);
  put(code >>> 32, <i32>code);
}
