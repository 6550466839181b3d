/**
 * Chooses the tokens of a block: matches by chains of four bytes, deferred by a byte where a longer one follows, and fewer and fewer
 * searches where nothing is found. SPEC.md section 5.2 fixes each choice.
 */
import { countsAt, hashBits, headsAt, linksAt, maxTokens, plainAt, tokensAt, windowBytes } from './memory';
import { distanceSlot, endSymbol, lengthSlot, literalSymbols } from './symbols';

const minMatch: i32 = 4;
const maxMatch: i32 = 258;
const multiplier: u32 = 0x9e3779b1;
/** Candidates of a search; a match of `nice` bytes ends it; one of `lazy` is not deferred. */
const chain: i32 = 8;
const nice: i32 = 128;
const lazy: i32 = 32;
/** After so many bytes without a match (as a power of two) another byte at a time is passed over, up to `maxSkip`. */
const skipBits: i32 = 5;
const maxSkip: i32 = 16;
/** Tokens that one round may add. */
const roundTokens: i32 = 2 * maxMatch;

let at: i32 = 0;
let end: i32 = 0;
let misses: i32 = 0;
let count: i32 = 0;
let distance: i32 = 0;

/** Begins a stream of `length` plain bytes, which lie in the area for them. */
export function beginTokens(length: i32): void {
  at = 0;
  end = length;
  misses = 0;
  memory.fill(headsAt, 0, 4 << hashBits);
}

/** Plain bytes that no block has yet. */
export function bytesLeft(): i32 {
  return end - at;
}

/** Fills the block with tokens, and counts their symbols. Answers how many tokens it has. */
export function chooseTokens(): i32 {
  memory.fill(countsAt, 0, 4 * 320);
  count = 0;
  while (at < end && count < maxTokens - roundTokens) {
    const length = search(at, minMatch - 1);
    if (length == 0) pass();
    else match(length);
  }
  add(countsAt + 4 * <usize>endSymbol);
  return count;
}

/** Bytes without a match. */
function pass(): void {
  const bytes = min(end - at, 1 + min(maxSkip, misses++ >> skipBits));
  for (let i = 0; i < bytes; i++) literal();
}

function literal(): void {
  const byte = <u32>load<u8>(plainAt + <usize>(at++));
  store<u32>(tokensAt + 4 * <usize>(count++), byte);
  add(countsAt + 4 * <usize>byte);
}

/** The match that was found here, or one of those that begin after it. */
function match(found: i32): void {
  misses = 0;
  let length = found, taken = distance, searched = at + 1;
  while (length < lazy && count < maxTokens - maxMatch) {
    const longer = search(at + 1, length);
    searched = at + 2;
    if (longer == 0) break;
    literal();
    length = longer;
    taken = distance;
  }
  store<u32>(tokensAt + 4 * <usize>(count++), <u32>length << 16 | <u32>taken);
  add(countsAt + 4 * <usize>(endSymbol + 1 + lengthSlot(length)));
  add(countsAt + 4 * <usize>(literalSymbols + distanceSlot(taken)));
  at += length;
  for (; searched < at; searched++) if (end - searched >= minMatch) insert(searched, keyAt(searched));
}

@inline function keyAt(place: i32): usize {
  return <usize>(load<u32>(plainAt + <usize>place) * multiplier >>> (32 - hashBits));
}

/** Heads and links are places + 1; none is 0. */
@inline function insert(place: i32, key: usize): void {
  store<i32>(linksAt + 4 * <usize>(place & (windowBytes - 1)), load<i32>(headsAt + 4 * key));
  store<i32>(headsAt + 4 * key, place + 1);
}

/** Inserts a place and answers the length of the first of the longest matches there of more than `best` bytes, or 0. */
function search(place: i32, best: i32): i32 {
  const most = min(maxMatch, end - place);
  if (most < minMatch) return 0;
  const key = keyAt(place), own = plainAt + <usize>place;
  let candidate = load<i32>(headsAt + 4 * key) - 1, found = 0;
  insert(place, key);
  if (best >= most) return 0;
  const word = load<u32>(own);
  for (let left = chain; left > 0 && candidate >= 0 && place - candidate < windowBytes; left--) {
    const other = plainAt + <usize>candidate;
    if (load<u32>(other) == word && load<u8>(other + <usize>best) == load<u8>(own + <usize>best)) {
      const length = common(other, own, most);
      if (length > best) {
        best = found = length;
        distance = place - candidate;
        if (length >= nice || length == most) break;
      }
    }
    candidate = load<i32>(linksAt + 4 * <usize>(candidate & (windowBytes - 1))) - 1;
  }
  return found;
}

/** Equal bytes, at most `most`; the first four are. */
@inline function common(other: usize, own: usize, most: i32): i32 {
  let length = minMatch;
  while (length + 8 <= most) {
    const differing = load<u64>(other + <usize>length) ^ load<u64>(own + <usize>length);
    if (differing != 0) return length + <i32>(ctz(differing) >> 3);
    length += 8;
  }
  while (length < most && load<u8>(other + <usize>length) == load<u8>(own + <usize>length)) length++;
  return length;
}

@inline function add(at: usize): void {
  store<u32>(at, load<u32>(at) + 1);
}
