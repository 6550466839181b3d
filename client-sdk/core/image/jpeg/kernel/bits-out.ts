/**
 * The bits of one scan for writing, in windows: stuffing put in, padding and restart markers as the outside says. It knows no
 * coefficients. ITU-T T.81 sections B.1.1.5 and F.1.2.3.
 */
import { eventsAt, outAt, rawAt } from './memory';

/** Bits that wait, from the top of a word, and how much of it is free. */
export let word: u64 = 0;
export let free: i32 = 64;
/** Where the next byte goes. */
export let byteAt: usize = outAt;
/** Of the events that the outside has put down, those that were used, and all. */
export let eventFrom: i32 = 0;
export let eventEnd: i32 = 0;

/** Begins a scan. */
export function beginOut(): void {
  word = 0;
  free = 64;
  byteAt = outAt;
  eventFrom = eventEnd = 0;
}

/** Begins the list of events anew: a word each, its first byte what fills bytes up, its second the number of the marker. */
export function addEvents(count: i32): void {
  eventFrom = 0;
  eventEnd = count;
}

/** How many bytes of the window are the same as those at `rawAt`, of which there are `length`. */
export function sameBytes(length: i32): i32 {
  const end = min(length, <i32>(byteAt - outAt));
  let same = 0;
  for (; same + 16 <= end; same += 16) {
    if (v128.any_true(v128.xor(v128.load(outAt + <usize>same), v128.load(rawAt + <usize>same)))) break;
  }
  while (same < end && load<u8>(outAt + <usize>same) == load<u8>(rawAt + <usize>same)) same++;
  return same;
}

/** Begins the window anew. */
export function clearOut(): void {
  byteAt = outAt;
}

/** Takes over bits that a coder of blocks has kept in variables of its own. */
@inline export function keepBits(bits: u64, room: i32): void {
  word = bits;
  free = room;
}

/** Writes 0 to 32 bits; those of `bits` above them are zero. */
export function put(bits: u64, count: i32): void {
  let room = free - count;
  if (room >= 0) {
    word |= bits << <u64>room;
  } else {
    writeWord(word | bits >>> <u64>-room);
    room += 64;
    word = bits << <u64>room;
  }
  free = room;
}

/** Writes the 64 bits of a word. */
export function writeWord(bits: u64): void {
  // The bytes of the word that are 0xFF are zero in its complement.
  if (((~bits - 0x0101010101010101) & bits & 0x8080808080808080) == 0) {
    const all = i64x2.splat(bits);
    v128.store64_lane(byteAt, v128.shuffle<u8>(all, all, 7, 6, 5, 4, 3, 2, 1, 0, 7, 6, 5, 4, 3, 2, 1, 0), 0);
    byteAt += 8;
  } else {
    for (let shift: u64 = 64; shift > 0; ) writeByte(<u32>(bits >>> (shift -= 8)) & 0xff);
  }
}

/** Writes all whole bytes. */
export function flush(): void {
  for (; free <= 56; free += 8) {
    writeByte(<u32>(word >>> 56));
    word <<= 8;
  }
}

/** Writes padding as the next event says, and the restart marker behind it if there is one. */
export function writePadding(hasMarker: bool): void {
  const event = load<u32>(eventsAt + 4 * <usize>(eventFrom++)), count = free & 7;
  put(event & ((1 << count) - 1), count);
  flush();
  if (!hasMarker) return;
  store<u8>(byteAt, 0xff);
  store<u8>(byteAt, <u8>(0xd0 | event >>> 8 & 7), 1);
  byteAt += 2;
}

function writeByte(byte: u32): void {
  store<u8>(byteAt++, <u8>byte);
  if (byte == 0xff) store<u8>(byteAt++, 0);
}
