/**
 * AC coefficients of progressive scans: bits to coefficients and back. Runs of ended bands are written as libjpeg writes them: as
 * long as they can be, or until the correction bits that wait fill its buffer. ITU-T T.81 sections G.1.2.2 and G.1.2.3.
 */
import { bitsAt, position, seek } from './bits-in';
import { put } from './bits-out';
import { codeOf, codeOfSmall, codeOfValue, entryOf, valueOf } from './codes';
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
/** Of the block's coefficients that were other than zero before this scan, those that are to come. */
let passing: u64 = 0;
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

/** Leaves away blocks of the run that have no bits. */
@inline export function skipRun(blocks: i32): void {
  run -= blocks;
}

/** Reads a block of the first scan of a band, before which no run is left. @returns whether its codes made sense. */
export function readFirst(at: usize, placesAt: usize): bool {
  let from = position, bits = bitsAt(from), mark = from + 25, places: u64 = 0;
  let isGood = true;
  for (let index = first; index <= last; index++) {
    // A code and its value take at most 31 bits, and 57 were loaded.
    if (from > mark) {
      bits = bitsAt(from);
      mark = from + 25;
    }
    const entry = entryOf(ac, bits), zeros = entry >> 12 & 15;
    let taken = entry & 255, value = entry >> 16;
    index += zeros;
    if (value == 0) {
      const size = entry >> 8 & 15;
      bits <<= <u64>taken;
      from += taken;
      if (size == 0) {
        if (entry == 0) isGood = false;
        if (zeros == 15) continue;
        run = (1 << zeros) - 1 + <i32>(bits >>> 1 >>> <u64>(63 - zeros));
        from += zeros;
        break;
      }
      value = valueOf(bits, size);
      taken = size;
    }
    bits <<= <u64>taken;
    from += taken;
    if (index > last) {
      isGood = false;
      break;
    }
    store<i16>(at + <usize>load<u8>(orderAt + <usize>index), <i16>(value << low));
    places |= <u64>1 << <u64>index;
  }
  seek(from);
  if (places != 0) store<u64>(placesAt, load<u64>(placesAt) | places);
  return isGood;
}

/** Reads a block of a further scan of a band. @returns whether its codes made sense. */
export function readFurther(at: usize, placesAt: usize): bool {
  const before = load<u64>(placesAt);
  let index = first;
  passing = before & band;
  while (run == 0 && index <= last) {
    const bits = bitsAt(position), entry = entryOf(ac, bits), zeros = entry >> 12 & 15, size = entry >> 8 & 15, taken = entry & 255;
    let value = 0;
    if (size > 0) {
      // The size is one, and its bit may have been read with the code.
      if (size > 1) return false;
      value = entry >> 16;
      seek(position + taken);
      if (value == 0) {
        value = <i64>(bits << <u64>taken) < 0 ? 1 : -1;
        seek(position + 1);
      }
    } else if (zeros < 15) {
      if (entry == 0) return false;
      run = (1 << zeros) + <i32>(bits << <u64>taken >>> 1 >>> <u64>(63 - zeros));
      seek(position + taken + zeros);
      break;
    } else {
      seek(position + taken);
    }
    index = pass(at, index, zeros);
    if (value != 0) {
      if (index > last) return false;
      store<i16>(at + <usize>load<u8>(orderAt + <usize>index), <i16>(value << low));
      store<u64>(placesAt, load<u64>(placesAt) | <u64>1 << <u64>index);
    }
    index++;
  }
  if (run == 0) return true;
  run--;
  if (passing != 0) passRest(at);
  return true;
}

/** Passes as many zeros, correcting what is between them. @returns the index of the zero behind them, or 64 beyond the band. */
function pass(at: usize, from: i32, zeros: i32): i32 {
  let index = from, left = zeros, next = <i32>ctz(passing);
  for (; left >= next - index && next < 64; next = <i32>ctz(passing)) {
    left -= next - index;
    index = next + 1;
    passing &= passing - 1;
    correct(at, next, bitsAt(position));
    seek(position + 1);
  }
  return left >= next - index ? 64 : index + left;
}

/** Corrects all that are to come. */
function passRest(at: usize): void {
  let from = position, bits = bitsAt(from), mark = from + 56, left = passing;
  for (; left != 0; left &= left - 1) {
    if (from > mark) {
      bits = bitsAt(from);
      mark = from + 56;
    }
    correct(at, <i32>ctz(left), bits);
    bits <<= 1;
    from++;
  }
  seek(from);
}

/** Corrects a coefficient by the bit at the top of `bits`. */
@inline function correct(at: usize, index: i32, bits: u64): void {
  const place = at + <usize>load<u8>(orderAt + <usize>index), value = <i32>load<i16>(place), sign = value >> 31;
  const change = <i32>(bits >>> 63) << low & ~((value ^ sign) - sign);
  store<i16>(place, <i16>(value + ((change ^ sign) - sign)));
}

/** Writes a block of the first scan of a band. */
export function writeFirst(at: usize, placesAt: usize): void {
  let next = first;
  if ((load<u64>(placesAt) & band) != 0) {
    let found = (placesAbove(at, low) & band) >>> <u64>first;
    if (found != 0) writeRun();
    while (found != 0) {
      let zeros = <i32>ctz(found);
      found = found >>> <u64>zeros >>> 1;
      next += zeros + 1;
      for (; zeros > 15; zeros -= 16) writeSymbol(0xf0);
      const full = <i32>load<i16>(at + <usize>load<u8>(orderAt - 1 + <usize>next)), sign = full >> 31;
      const value = ((full ^ sign) - sign >> low ^ sign) - sign;
      const code = <u32>(value + 16) < 32 ? codeOfSmall(ac, zeros, value + 16) : codeOfValue(ac, zeros, value);
      put(code >>> 32, <i32>code);
    }
  }
  if (next <= last && ++run == maxRun) writeRun();
}

/** Writes a block of a further scan of a band. */
export function writeFurther(at: usize, placesAt: usize): void {
  let old: u64 = 0, fresh: u64 = 0;
  if ((load<u64>(placesAt) & band) != 0) {
    splitPlaces(at, low);
    old = above & band;
    fresh = odds & band & ~old;
  }
  // Correction bits of this block wait behind those of the run, until a code is written before them.
  let own: u64 = 0, count = 0, zeros = 0, next = first;
  for (let found = old | fresh; found != 0; found &= found - 1) {
    const index = <i32>ctz(found);
    zeros += index - next;
    next = index + 1;
    if (zeros > 15 && fresh >>> <u64>index != 0) {
      for (; zeros > 15; zeros -= 16) {
        writeRun();
        writeSymbol(0xf0);
        put(own, count);
        own = count = 0;
      }
    }
    if ((old >>> <u64>index & 1) != 0) {
      own = own << 1 | odds >>> <u64>index & 1;
      count++;
    } else {
      writeRun();
      const code = codeOf(ac, zeros << 4 | 1);
      put(code >>> 32 | <u64>(<i32>load<i16>(at + <usize>load<u8>(orderAt + <usize>index)) > 0 ? 1 : 0), <i32>code);
      put(own, count);
      own = count = zeros = 0;
    }
  }
  if (zeros == 0 && next > last && count == 0) return;
  run++;
  if (count > 0) {
    store<u64>(waitingAt, own);
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
