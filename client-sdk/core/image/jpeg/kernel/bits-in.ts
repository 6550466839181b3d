/**
 * The bits of one scan for reading, in windows: stuffing taken out, restart markers noted, padding handed out. Bytes lie in
 * descending order below `inEnd`, so that a load gives the bits from its top. ITU-T T.81 sections B.1.1.5 and F.1.2.3.
 */
import { eventsAt, inEnd, markersAt, maxMarkers, mcuBytes, rawAt, slackBytes } from './memory';

/** Position of the next bit in the window; the first that is not of this restart interval; and where more bytes are asked for. */
export let position: i32 = 0;
export let limit: i32 = 0;
export let ready: i32 = 0;
/** Padding and markers that were read and not handed out yet. */
export let eventCount: i32 = 0;
/** Whether a restart marker was wanted while none is ahead in the window, which is not the last. */
export let isMarkerUnknown: bool = false;

const endless: i32 = i32.MAX_VALUE;
/** Bytes in the window; and of the markers that are noted, those that were passed, and all. */
let filled: i32 = 0;
let markerFrom: i32 = 0;
let markerCount: i32 = 0;
/** Markers that may still be found: further ones are left out, as no MCU can follow them. */
let markersLeft: i32 = 0;
/** What lies at `rawAt`: how much of it was taken, and whether the scan ends there. */
let rawTaken: i32 = 0;
let rawLength: i32 = 0;
let isLast: bool = false;
/** Whether the byte before was the 0xFF of a stuffed byte or a marker. */
let isEscaped: bool = false;

/** Begins a scan that should have one marker less than `markers`. */
export function beginBits(markers: i32): void {
  position = limit = ready = eventCount = filled = markerFrom = markerCount = rawTaken = rawLength = 0;
  isLast = isEscaped = isMarkerUnknown = false;
  markersLeft = markers;
}

/** Takes note of bytes that lie at `rawAt`; those before have all been taken. */
export function addRaw(length: i32, isEnd: bool): void {
  rawTaken = 0;
  rawLength = length;
  isLast = isEnd;
}

/** Raw bytes that were not looked at yet. */
export function rawLeft(): i32 {
  return rawLength - rawTaken;
}

/** Begins the list of events anew. */
export function clearEvents(): void {
  eventCount = 0;
}

@inline export function seek(to: i32): void {
  position = to;
}

/** The next 57 bits or more from the top, from position `at`. */
@inline export function bitsAt(at: i32): u64 {
  return load<u64>(inEnd - 8 - <usize>(at >>> 3)) << <u64>(at & 7);
}

/** Moves the window on. @returns whether an MCU can be read; otherwise more raw bytes are needed. */
export function refill(): bool {
  dropRead();
  while (rawTaken < rawLength && markerCount < maxMarkers && filled < <i32>mcuBytes) unstuff();
  if (rawTaken == rawLength && isLast) {
    endBits();
    return true;
  }
  const isFull = markerCount == maxMarkers;
  // Markers may lie so near to each other that a block is read beyond what is filled, before it is found to pass its interval: then no bytes of other files.
  if (isFull) fillSlack();
  limit = nextLimit();
  ready = isFull ? load<i32>(markersAt + 4 * <usize>maxMarkers) : max(0, 8 * (filled - <i32>mcuBytes));
  return isFull || filled >= <i32>mcuBytes;
}

/** Leaves away whole bytes that were read. */
function dropRead(): void {
  const read = position >>> 3, rest = filled - read;
  if (read == 0 || rest < 0) return;
  memory.copy(inEnd - <usize>rest, inEnd - <usize>filled, <usize>rest);
  markerCount -= markerFrom;
  memory.copy(markersAt, markersAt + 8 * <usize>markerFrom, 8 * <usize>markerCount);
  markerFrom = 0;
  for (let at = markersAt, end = markersAt + 8 * <usize>markerCount; at < end; at += 8) store<i32>(at, load<i32>(at) - 8 * read);
  filled = rest;
  position &= 7;
}

function endBits(): void {
  if (isEscaped) {
    store<u8>(inEnd - 1 - <usize>filled, 0xff);
    filled++;
    isEscaped = false;
  }
  fillSlack();
  ready = endless;
  limit = nextLimit();
}

/** Zeros behind what is filled: more than a block takes. */
function fillSlack(): void {
  memory.fill(inEnd - <usize>filled - slackBytes, 0, slackBytes);
}

/** Where this restart interval ends, if that is known. */
function nextLimit(): i32 {
  if (markerFrom < markerCount) return load<i32>(markersAt + 8 * <usize>markerFrom);
  return ready == endless ? 8 * filled : endless;
}

/** Takes raw bytes as far as they go, or until no more markers can be noted. */
function unstuff(): void {
  let from = rawAt + <usize>rawTaken, to = inEnd - <usize>filled;
  const end = rawAt + <usize>rawLength;
  while (from < end) {
    if (isEscaped) {
      isEscaped = false;
      const next = load<u8>(from++);
      if (next == 0) {
        store<u8>(--to, 0xff);
      } else if (markersLeft > 0) {
        markersLeft--;
        const marker = markersAt + 8 * <usize>markerCount;
        store<i32>(marker, 8 * <i32>(inEnd - to));
        store<i32>(marker, (<i32>next - 0xd0) & 0xff, 4);
        if (++markerCount == maxMarkers) break;
      }
    }
    const bytes = v128.load(from), escapes = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(-1)));
    const plain = min(<usize>ctz(escapes | 0x10000), end - from);
    v128.store(to - 16, v128.shuffle<u8>(bytes, bytes, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    from += plain;
    to -= plain;
    if (plain < 16 && from < end) {
      isEscaped = true;
      from++;
    }
  }
  rawTaken = <i32>(from - rawAt);
  filled = <i32>(inEnd - to);
}

/** Passes the padding and the next restart marker, whatever its number. @returns whether it was there. */
export function passRestart(): bool {
  const isKnown = markerFrom < markerCount;
  isMarkerUnknown = !isKnown && ready != endless;
  if (!isKnown && !isMarkerUnknown) return false;
  takePadding(isKnown ? load<i32>(markersAt + 8 * <usize>markerFrom, 4) : 0);
  if (position != limit) return false;
  const event = eventsAt + 4 * <usize>(eventCount - 1);
  store<i32>(event, load<i32>(event) | 1 << 24);
  markerFrom++;
  limit = nextLimit();
  return true;
}

/** Passes the padding at the end. */
export function passEnd(): void {
  takePadding(0);
}

/** Notes the bits up to the next byte: a byte of them, how many they are, and the number of the marker; then whether it was passed. */
function takePadding(marker: i32): void {
  const count = -position & 7, bits = <i32>load<u8>(inEnd - 1 - <usize>(position >>> 3)) & ((1 << count) - 1);
  store<i32>(eventsAt + 4 * <usize>(eventCount++), bits | count << 8 | marker << 16);
  position += count;
}
