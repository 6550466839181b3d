/**
 * AC coefficients of progressive scans: bits to coefficients and back. Runs of ended bands are written as libjpeg writes them: as
 * long as they can be, or until the correction bits that wait fill its buffer. ITU-T T.81 sections G.1.2.2 and G.1.2.3.
 */
import { bitsAt, position, seek } from './bits-in';
import { free, keepBits, put, word, writeWord } from './bits-out';
import { codeOf, codeOfSmall, codeOfValue, entryOf, longEntry, shortEntry, valueOf } from './codes';
import { correctionsAt, orderAt } from './memory';
import { above, odds, placesAbove, splitPlaces } from './zigzag';

/** Blocks of the run of ended bands that is being read or written. */
export let run: i32 = 0;

/** Blocks of the longest run of ended bands. */
const maxRun: i32 = 0x7fff;
/** Correction bits beyond which a run is written: the next block may have 63 more, and libjpeg's buffer has room for 1000. */
const maxCorrections: i32 = 937;

let first: i32 = 0;
let last: i32 = 0;
let low: i32 = 0;
/** Bits of the band in the places of a block. */
let band: u64 = 0;
let ac: usize = 0;
/** Correction bits of the blocks in the run, and where their next goes. */
let waiting: i32 = 0;
let waitingAt: usize = correctionsAt;

/** Begins a scan of the coefficients `from` to `to`. */
export function beginBand(from: i32, to: i32, lowBits: i32, code: usize): void {
  first = from;
  last = to;
  low = lowBits;
  band = ((<u64>2 << <u64>to) - 1) & ~((<u64>1 << <u64>from) - 1);
  ac = code;
  run = waiting = 0;
  waitingAt = correctionsAt;
}

/** Passes up to so many blocks of the run, which have no bits in a first scan. @returns how many. */
@inline export function skipRun(blocks: i32): i32 {
  const count = min(run, blocks);
  run -= count;
  return count;
}

/** Reads a block of the first scan of a band, before which no run is left. @returns whether its codes made sense. */
export function readFirst(at: usize, placesAt: usize): bool {
  let from = position, next = bitsAt(from), places: u64 = 0, isGood = true;
  for (let index = first; index <= last; index++) {
    // As in blocks.ts: 57 bits, of which 31 or less are taken, and what is left is enough to look the next code up.
    const bits = bitsAt(from);
    let entry = shortEntry(ac, next);
    if (entry == 0) entry = longEntry(ac, bits);
    const zeros = entry >> 12 & 15;
    index += zeros;
    from += entry & 255;
    next = bits << <u64>(entry & 255);
    if ((entry & 0xf00) == 0) {
      if (entry == 0) isGood = false;
      if (zeros == 15) continue;
      run = (1 << zeros) - 1 + <i32>(next >>> 1 >>> <u64>(63 - zeros));
      from += zeros;
      break;
    }
    if (index > last) {
      isGood = false;
      break;
    }
    store<i16>(at + <usize>load<u8>(orderAt + <usize>index), <i16>(valueOf(entry, bits) << low));
    places |= <u64>1 << <u64>index;
  }
  seek(from);
  if (places != 0) store<u64>(placesAt, load<u64>(placesAt) | places);
  return isGood;
}

/** Reads a block of a further scan of a band. @returns whether its codes made sense. */
export function readFurther(at: usize, placesAt: usize): bool {
  // Coefficients that were other than zero before this scan, and of them those to come; and places to come of zeros.
  const before = load<u64>(placesAt), old = before & band;
  if (run > 0 && old == 0) {
    run--;
    return true;
  }
  let left = old, zerosLeft = ~old & (<u64>-1 << <u64>first), places = before;
  // Correction bits of all that were passed, the first one in front.
  let corrections: u64 = 0, from = position, isGood = true;
  for (let index = run > 0 ? 64 : first; index <= last; index++) {
    const bits = bitsAt(from), entry = entryOf(ac, bits), size = entry >> 8 & 15, taken = entry & 255;
    let zeros = entry >> 12 & 15;
    if (size == 0) {
      if (entry == 0) isGood = false;
      if (zeros < 15) {
        run = isGood ? (1 << zeros) + <i32>(bits << <u64>taken >>> 1 >>> <u64>(63 - zeros)) : 0;
        from += taken + zeros;
        break;
      }
    } else if (size > 1) {
      isGood = false;
      break;
    }
    from += taken;
    for (; zeros > 3; zeros--) zerosLeft &= zerosLeft - 1;
    zerosLeft = select(zerosLeft & zerosLeft - 1, zerosLeft, (zeros & 1) != 0);
    const fewer = zerosLeft & zerosLeft - 1;
    zerosLeft = select(fewer & fewer - 1, zerosLeft, (zeros & 2) != 0);
    // None if there is no further zero: then all are below.
    const zero = zerosLeft & -zerosLeft, below = zero - 1, passed = <i32>popcnt(left & below);
    index = <i32>ctz(zero);
    zerosLeft ^= zero;
    left &= ~below;
    // A code and its value take at most 17 bits, and 57 were loaded.
    corrections = corrections << <u64>passed | (passed <= 40 ? bits << <u64>taken >>> 1 >>> <u64>(63 - passed) : nextBits(from, passed));
    from += passed;
    if (size == 0) continue;
    if (index > last) {
      isGood = false;
      break;
    }
    const value = <i32>(bits << <u64>(taken - 1) >>> 63 << 1) - 1;
    store<i16>(at + <usize>load<u8>(orderAt + <usize>index), <i16>(value << low));
    places |= zero;
  }
  if (run > 0) {
    run--;
    const passed = <i32>popcnt(left);
    corrections = corrections << <u64>passed | nextBits(from, passed);
    from += passed;
    left = 0;
  }
  seek(from);
  if (corrections != 0) correct(at, old, corrections << <u64>-popcnt(old ^ left));
  if (places != before) store<u64>(placesAt, places);
  return isGood;
}

/** The next 0 to 63 bits. */
@inline function nextBits(from: i32, count: i32): u64 {
  const bits = bitsAt(from);
  if (count <= 57) return bits >>> 1 >>> <u64>(63 - count);
  return bits >>> 32 << <u64>(count - 32) | bitsAt(from + 32) >>> <u64>(96 - count);
}

/** Corrects coefficients by the bits from the top, until no more of them are set. */
function correct(at: usize, places: u64, bits: u64): void {
  for (let left = places, rest = bits; rest != 0; rest <<= 1, left &= left - 1) {
    const place = at + <usize>load<u8>(orderAt + <usize>ctz(left)), value = <i32>load<i16>(place), sign = value >> 31;
    const change = <i32>(rest >>> 63) << low & ~((value ^ sign) - sign);
    store<i16>(place, <i16>(value + ((change ^ sign) - sign)));
  }
}

/** Writes a block of the first scan of a band. */
export function writeFirst(at: usize, placesAt: usize): void {
  let next = first;
  if ((load<u64>(placesAt) & band) != 0) {
    let found = (placesAbove(at, low) & band) >>> <u64>first;
    if (found != 0) writeRun();
    let bits = word, room = free;
    while (found != 0) {
      let zeros = <i32>ctz(found);
      found = found >>> <u64>zeros >>> 1;
      next += zeros + 1;
      if (zeros > 15) {
        keepBits(bits, room);
        for (; zeros > 15; zeros -= 16) writeSymbol(0xf0);
        bits = word;
        room = free;
      }
      const full = <i32>load<i16>(at + <usize>load<u8>(orderAt - 1 + <usize>next)), sign = full >> 31;
      const value = ((full ^ sign) - sign >> low ^ sign) - sign;
      const code = <u32>(value + 16) < 32 ? codeOfSmall(ac, zeros, value + 16) : codeOfValue(ac, zeros, value);
      room -= <i32>code;
      if (room >= 0) {
        bits |= code >>> 32 << <u64>room;
      } else {
        writeWord(bits | code >>> 32 >>> <u64>-room);
        room += 64;
        bits = code >>> 32 << <u64>room;
      }
    }
    keepBits(bits, room);
  }
  if (next <= last && ++run == maxRun) writeRun();
}

/** Writes a block of a further scan of a band. */
export function writeFurther(at: usize, placesAt: usize): void {
  if ((load<u64>(placesAt) & band) == 0) {
    if (++run == maxRun) writeRun();
    return;
  }
  splitPlaces(at, low);
  let old = above & band, fresh = odds & band & ~old, next = first;
  // Correction bits wait behind those of the run, until a code is written before them. Those of this block, the first one in front:
  let corrections: u64 = 0;
  for (let left = old, bits = odds; left != 0; left &= left - 1) corrections = corrections << 1 | bits >>> <u64>ctz(left) & 1;
  if (fresh != 0) writeRun();
  let bits = word, room = free;
  for (; fresh != 0; fresh &= fresh - 1) {
    const index = <i32>ctz(fresh), code = <i32>load<i16>(at + <usize>load<u8>(orderAt + <usize>index)) > 0 ? 1 : 0;
    let passed = old & (<u64>1 << <u64>index) - 1, zeros = index - next - <i32>popcnt(passed);
    if (zeros > 15) {
      // A code of 16 zeros is written where the next coefficient behind them is, whether it is new or not.
      const behind = old ^ passed;
      keepBits(bits, room);
      zeros = 0;
      for (let found = passed | <u64>1 << <u64>index; found != 0; found &= found - 1) {
        const place = <i32>ctz(found);
        zeros += place - next;
        next = place + 1;
        for (; zeros > 15; zeros -= 16) {
          const before = old & (<u64>1 << <u64>place) - 1, count = popcnt(before);
          old ^= before;
          writeSymbol(0xf0);
          put(corrections >>> popcnt(old) & (<u64>1 << count) - 1, <i32>count);
        }
      }
      passed = old ^ behind;
      bits = word;
      room = free;
    }
    const symbol = codeOf(ac, zeros << 4 | 1), count = popcnt(passed);
    old ^= passed;
    next = index + 1;
    // Up to 17 bits of code and value, and up to 62 of corrections.
    if (count > 40) {
      keepBits(bits, room);
      put(symbol >>> 32 | <u64>code, <i32>symbol);
      put(corrections >>> popcnt(old) & (<u64>1 << count) - 1, <i32>count);
      bits = word;
      room = free;
      continue;
    }
    const all = (symbol >>> 32 | <u64>code) << count | corrections >>> popcnt(old) & (<u64>1 << count) - 1;
    room -= <i32>symbol + <i32>count;
    if (room >= 0) {
      bits |= all << <u64>room;
    } else {
      writeWord(bits | all >>> <u64>-room);
      room += 64;
      bits = all << <u64>room;
    }
  }
  keepBits(bits, room);
  const count = <i32>popcnt(old);
  if (count == 0 && next > last) return;
  run++;
  if (count > 0) {
    store<u64>(waitingAt, corrections & (<u64>1 << <u64>count) - 1);
    store<u64>(waitingAt, count, 8);
    waitingAt += 16;
    waiting += count;
  }
  if (run == maxRun || waiting > maxCorrections) writeRun();
}

/** Writes the run that is not written yet, and its correction bits. */
export function writeRun(): void {
  if (run == 0) return;
  const size = 31 - clz(run);
  writeSymbol(size << 4);
  put(run & ((1 << size) - 1), size);
  for (let at = correctionsAt; at < waitingAt; at += 16) put(load<u64>(at), load<i32>(at, 8));
  run = waiting = 0;
  waitingAt = correctionsAt;
}

@inline function writeSymbol(symbol: i32): void {
  const code = codeOf(ac, symbol);
  put(code >>> 32, <i32>code);
}
