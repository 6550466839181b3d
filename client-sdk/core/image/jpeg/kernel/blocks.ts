/**
 * Blocks of sequential scans, and DC coefficients of all scans: bits to coefficients and back. ITU-T T.81 sections F.1.2, F.2.2 and
 * G.1.2.1.
 */
import { bitsAt, position, seek } from './bits-in';
import { free, keepBits, put, word, writeWord } from './bits-out';
import { codeOf, codeOfSmall, codeOfValue, entryOf, longEntry, shortEntry, valueOf } from './codes';
import { orderAt, orderedAt } from './memory';
import { acOf, beforeOf, dcOf, keepBefore } from './parts';
import { orderPlaces } from './zigzag';

/** Reads a DC coefficient. @returns whether its code is one. */
export function readDc(part: usize, at: usize, low: i32): bool {
  const bits = bitsAt(position), entry = entryOf(dcOf(part), bits);
  if (entry == 0) return false;
  const value = ((entry & 0xf00) == 0 ? 0 : valueOf(entry, bits)) + beforeOf(part);
  seek(position + (entry & 255));
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
  const ac = acOf(part);
  let from = position, bits = bitsAt(from), entry = entryOf(dcOf(part), bits);
  if (entry == 0) return false;
  const dc = ((entry & 0xf00) == 0 ? 0 : valueOf(entry, bits)) + beforeOf(part);
  keepBefore(part, dc);
  store<i16>(at, <i16>dc);
  from += entry & 255;
  // A shift looks at six bits only. What is known of the bits behind a code and its value, at most 31 of the 57 that were loaded, is enough to look the next code up.
  let next = bits << <u64>entry;
  for (let index = 1; index < 64; index++) {
    bits = bitsAt(from);
    entry = shortEntry(ac, next);
    if ((entry & 0xf00) == 0) {
      if (entry == 0) entry = longEntry(ac, bits);
      if ((entry & 0xf00) == 0) {
        if (entry == 0) return false;
        from += entry & 255;
        if ((entry & 0xf000) != 0xf000) break;
        next = bits << <u64>entry;
        index += 15;
        continue;
      }
    }
    from += entry & 255;
    next = bits << <u64>entry;
    index += entry >> 12 & 15;
    if (index > 63) return false;
    store<i16>(at + <usize>load<u8>(orderAt + <usize>index), <i16>valueOf(entry, bits));
  }
  seek(from);
  return true;
}

/** What writes the difference of a DC coefficient to the one before, as `codeOfValue`. */
@inline function codeOfDc(part: usize, at: usize, low: i32): u64 {
  const value = <i32>load<i16>(at) >> low, difference = value - beforeOf(part);
  keepBefore(part, value);
  return codeOfValue(dcOf(part), 0, difference);
}

/** Writes a DC coefficient. */
export function writeDc(part: usize, at: usize, low: i32): void {
  const code = codeOfDc(part, at, low);
  put(code >>> 32, <i32>code);
}

/** Writes one more bit of a DC coefficient. */
export function writeBit(at: usize, low: i32): void {
  put(<u64>(<i32>load<i16>(at) >> low & 1), 1);
}

/** Writes a block, from the coefficient that is not zero to the next. */
export function writeBlock(part: usize, at: usize): void {
  const ac = acOf(part);
  let bits = word, room = free, next = 1, places = orderPlaces(at) & ~1;
  for (let code = codeOfDc(part, at, 0); ; ) {
    room -= <i32>code;
    if (room >= 0) {
      bits |= code >>> 32 << <u64>room;
    } else {
      writeWord(bits | code >>> 32 >>> <u64>-room);
      room += 64;
      bits = code >>> 32 << <u64>room;
    }
    if (places == 0) break;
    const index = <i32>ctz(places), raised = <i32>load<i8>(orderedAt + <usize>index) + 16;
    let run = index - next;
    places &= places - 1;
    next = index + 1;
    if (run > 15) {
      keepBits(bits, room);
      for (const zeros = codeOf(ac, 0xf0); run > 15; run -= 16) put(zeros >>> 32, <i32>zeros);
      bits = word;
      room = free;
    }
    code = <u32>raised < 32 ? codeOfSmall(ac, run, raised) : codeOfValue(ac, run, <i32>load<i16>(at + <usize>load<u8>(orderAt + <usize>index)));
  }
  keepBits(bits, room);
  if (next > 63) return;
  const code = codeOf(ac, 0);
  put(code >>> 32, <i32>code);
}
