/**
 * The choices of vanilla zlib's deflate: a block's tokens, one block after the other. The window is filled and slid as zlib does it, for that
 * shows in rare bytes. SPEC.md section 6.4.
 */
import { countsAt, tokensAt, waitingAt, waitingBytes, zlibWindowAt } from './memory';
import { distanceSlot, endSymbol, lengthSlot, literalSymbols } from './symbols';
import {
  beginChains, distance as foundDistance, insert, length as foundLength, maxDistance, maxMatchBytes, minMatchBytes, search, size, slide, unreachedBytes,
} from './zlib-chains';

/** What `parse` answers: it wants bytes, a block is full, all is parsed. */
const enum Outcome { Wanting, Full, Done }
/** How tokens are chosen. */
const enum Way { Literals, Runs, Greedy, Lazy }

/** Matches of three bytes from farther away are not taken, and filtered streams take none up to five bytes. */
const farDistance: i32 = 4_096;
const shortFiltered: i32 = 5;
/** Places so near the end of what is known may lack bytes of their keys. */
const longestKey: i32 = 6;
/** Waiting bytes that one filling may ask for. */
const fillBytes: usize = 0x10000;

let way: i32 = Way.Lazy;
let good: i32 = 0;
let lazy: i32 = 0;
let nice: i32 = 0;
let chain: i32 = 0;
let shortest: i32 = 0;
let maxTokens: i32 = 0;
/** Places of the window: where the next token may begin. Bytes of the window from there. */
let at: i32 = 0;
let known: i32 = 0;
/** Bytes that wait, and whether others will come to be put with them. */
let from: usize = waitingAt;
let to: usize = waitingAt;
let hasMore: bool = false;
let isWaiting: bool = false;
let length: i32 = 0;
let distance: i32 = 0;
let tokens: i32 = 0;
/** Where the block began and ends; less than 0 where zlib has forgotten its begin. */
let blockFrom: i32 = 0;
let blockTo: i32 = 0;
let isFull: bool = false;
/** Places before the stream that are not inserted yet. */
let uninserted: i32 = 0;

/** Begins a stream: bits of the window and of the hash, lengths of longer keys, the way, and what its level asks of searches. */
export function beginZlib(windowBits: i32, hashBits: i32, longer: i32, longest: i32): void {
  beginChains(windowBits, hashBits, longer, longest);
  at = known = 0;
  from = to = waitingAt;
  isWaiting = isFull = false;
  length = minMatchBytes - 1;
  blockFrom = uninserted = 0;
  beginTokens();
}

/** How tokens are chosen, of which a block has at most `most`; `isFiltered`: short matches are not taken. */
export function setLevel(chosenWay: i32, most: i32, isFiltered: i32, goodLength: i32, lazyLength: i32, niceLength: i32, chainLength: i32): void {
  way = chosenWay;
  maxTokens = most;
  shortest = isFiltered != 0 ? shortFiltered : 0;
  good = goodLength;
  lazy = lazyLength;
  nice = niceLength;
  chain = chainLength;
}

/** Takes what waits as bytes that came before the stream: matches may reach them. At most half a window. */
export function takeDictionary(bytes: i32): void {
  memory.copy(zlibWindowAt, waitingAt, <usize>bytes);
  at = blockFrom = bytes;
  uninserted = min(bytes, longestKey);
  insert(0, bytes - uninserted, bytes);
}

/** Inserts the places before the stream that had too few bytes after them. */
function insertRest(): void {
  for (let i = at - uninserted; uninserted > 0 && at + known - i >= minMatchBytes; i++, uninserted--) insert(i, i + 1, at + known);
}

/** Where further plain bytes are to be put, and how many have room. */
export function waitingPlace(): usize {
  const left = to - from;
  if (from > waitingAt) memory.copy(waitingAt, from, left);
  from = waitingAt;
  to = waitingAt + left;
  return to;
}
export function waitingRoom(): i32 {
  return <i32>(waitingAt + waitingBytes - to);
}

/** Goes on with `added` further bytes; `more`: others of the same push will come, before any decision is taken without them. `isLast`: no others ever. */
export function parse(added: i32, more: i32, isLast: i32): i32 {
  to += <usize>added;
  hasMore = more != 0;
  const last = isLast != 0;
  if (isFull) beginBlock();
  const outcome = way == Way.Literals ? literals(last) : way == Way.Runs ? runs(last) : way == Way.Greedy ? greedy(last) : defer(last);
  if (outcome != Outcome.Done) return outcome;
  if (isWaiting) put(<u32>load<u8>(zlibWindowAt + <usize>at - 1));
  isWaiting = false;
  endBlock();
  return Outcome.Done;
}

/** Tokens of the block. */
export function zlibTokens(): i32 {
  return tokens;
}

/** Where the block's plain bytes begin and end in the window; the begin is negative where they are not at hand. */
export function blockStart(): i32 {
  return blockFrom;
}
export function blockEnd(): i32 {
  return blockTo;
}

function beginTokens(): void {
  tokens = 0;
  memory.fill(countsAt, 0, 4 * 320);
}

/** The block was written. */
function beginBlock(): void {
  isFull = false;
  blockFrom = blockTo;
  beginTokens();
}

function endBlock(): void {
  blockTo = at;
  isFull = true;
}

/** Fills the window as far as its half allows: 1 where `wanted` bytes are known or no more will come, 0 where more may, -1 where the outside is asked first. */
function fill(wanted: i32, isLast: bool): i32 {
  if (known >= wanted) return 1;
  do {
    if (hasMore && to - from < fillBytes) return -1;
    let room = 2 * size - known - at;
    if (at >= size + maxDistance) {
      slide(size - room);
      at -= size;
      blockFrom -= size;
      blockTo -= size;
      room += size;
    }
    if (from == to) break;
    const taken = min(<i32>(to - from), room);
    memory.copy(zlibWindowAt + <usize>(at + known), from, <usize>taken);
    known += taken;
    from += <usize>taken;
    if (uninserted > 0) insertRest();
  } while (known < unreachedBytes && from < to);
  return known >= wanted || isLast ? 1 : 0;
}

/** True where the block is full. */
@inline function put(token: u32): bool {
  store<u32>(tokensAt + 4 * <usize>tokens, token);
  count(token);
  return ++tokens == maxTokens;
}

@inline function putMatch(bytes: i32, far: i32): bool {
  store<u32>(tokensAt + 4 * <usize>tokens, <u32>bytes << 16 | <u32>far);
  count(<u32>(endSymbol + 1 + lengthSlot(bytes)));
  count(<u32>(literalSymbols + distanceSlot(far)));
  return ++tokens == maxTokens;
}

@inline function count(symbol: u32): void {
  const place = countsAt + 4 * <usize>symbol;
  store<u32>(place, load<u32>(place) + 1);
}

@inline function skip(bytes: i32): void {
  at += bytes;
  known -= bytes;
}

function literals(isLast: bool): i32 {
  while (fill(1, isLast) > 0) {
    if (known == 0) return Outcome.Done;
    const full = put(<u32>load<u8>(zlibWindowAt + <usize>at));
    skip(1);
    if (full) return ended();
  }
  return Outcome.Wanting;
}

/** Matches at distance 1 only. */
function runs(isLast: bool): i32 {
  while (fill(maxMatchBytes + 1, isLast) > 0) {
    if (known == 0) return Outcome.Done;
    const most = at > 0 && known >= minMatchBytes ? min(maxMatchBytes, known) : 0, here = zlibWindowAt + <usize>at;
    let bytes = 0;
    while (bytes < most && load<u8>(here + <usize>bytes) == load<u8>(here - 1)) bytes++;
    const isMatch = bytes >= minMatchBytes;
    const full = isMatch ? putMatch(bytes, 1) : put(<u32>load<u8>(here));
    skip(isMatch ? bytes : 1);
    if (full) return ended();
  }
  return Outcome.Wanting;
}

/** Takes each match as it comes. */
function greedy(isLast: bool): i32 {
  while (fill(unreachedBytes, isLast) > 0) {
    if (known == 0) return Outcome.Done;
    const here = at;
    let bytes = 0;
    if (known >= minMatchBytes) {
      insert(here, here + 1, here + known);
      search(here, known, minMatchBytes - 1, chain, nice);
      bytes = foundLength;
    }
    const full = bytes > 0 ? putMatch(bytes, foundDistance) : put(<u32>load<u8>(zlibWindowAt + <usize>here));
    skip(max(1, bytes));
    if (bytes > 0 && bytes <= lazy && known >= minMatchBytes) insert(here + 1, here + bytes, at + known);
    if (full) return ended();
  }
  return Outcome.Wanting;
}

/** Defers each match by a byte, and takes it unless a longer one begins there. */
function defer(isLast: bool): i32 {
  while (fill(unreachedBytes, isLast) > 0) {
    if (known == 0) return Outcome.Done;
    const here = at, end = here + known, before = length, far = distance;
    length = minMatchBytes - 1;
    if (known >= minMatchBytes) {
      insert(here, here + 1, end);
      if (before < lazy) {
        search(here, known, max(before, shortest), before >= good ? chain >> 2 : chain, nice);
        if (foundLength > minMatchBytes || (foundLength == minMatchBytes && foundDistance <= farDistance)) {
          length = foundLength;
          distance = foundDistance;
        }
      }
    }
    if (before >= minMatchBytes && length <= before) {
      const full = putMatch(before, far);
      // What the match covers, which began a byte ago.
      insert(here + 1, min(here + before - 1, end - minMatchBytes + 1), end);
      skip(before - 1);
      isWaiting = false;
      length = minMatchBytes - 1;
      if (full) return ended();
    } else {
      const full = isWaiting && put(<u32>load<u8>(zlibWindowAt + <usize>here - 1));
      isWaiting = true;
      if (full) endBlock();
      skip(1);
      if (full) return Outcome.Full;
    }
  }
  return Outcome.Wanting;
}

function ended(): i32 {
  endBlock();
  return Outcome.Full;
}
