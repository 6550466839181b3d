/**
 * The window of vanilla zlib, and its chains: the first of the longest matches among so many candidates. Walks chains of longer keys where
 * zlib walks those of three bytes, and knows from the ordinals in these how far zlib would have come. SPEC.md section 6.4.
 */
import { hashCountsAt, longBits, longerAt, longestAt, ordinalsAt, zlibHeadsAt, zlibLinksAt, zlibWindowAt } from './memory';

export const minMatchBytes: i32 = 3;
export const maxMatchBytes: i32 = 258;
/** Bytes at the end of a window that zlib does not reach. */
export const unreachedBytes: i32 = 262;
/** Places are counted anew after so many bytes: all windows together have more. */
const epochBytes: i32 = 1 << 24;
/** A chain of a longer key may have other keys too: so many steps more than candidates, then the plain chain is walked. */
const freeSteps: i32 = 64;
const firstMultiplier: u32 = 0x9e3779b1;
const secondMultiplier: u32 = 0x6a09e667;
const longLinksOffset: usize = 4 << longBits;

/** Place of the first byte of the window. */
let base: i32 = 0;
/** Bytes of half a window, and how far back zlib looks. */
export let size: i32 = 0;
export let maxDistance: i32 = 0;
/** What the last search found: no match is length 0. */
export let length: i32 = 0;
export let distance: i32 = 0;
let mask: i32 = 0;
let shift: i32 = 0;
let hashMask: i32 = 0;
/** Bytes of the longer keys; 0 where there is none. */
let longerBytes: i32 = 0;
let longestBytes: i32 = 0;
/** The search that goes on: where, how many bytes can be equal, how many end it, the farthest place, how many candidates. */
let here: i32 = 0;
let most: i32 = 0;
let enough: i32 = 0;
let lowest: i32 = 0;
let chain: i32 = 0;

/** Begins with nothing in the window. Places in tables are places + 1: none is 0. */
export function beginChains(windowBits: i32, hashBits: i32, longer: i32, longest: i32): void {
  size = 1 << windowBits;
  maxDistance = size - unreachedBytes;
  mask = size - 1;
  shift = (hashBits + 2) / minMatchBytes;
  hashMask = (1 << hashBits) - 1;
  longerBytes = longer;
  longestBytes = longest;
  base = 0;
  memory.fill(zlibHeadsAt, 0, <usize>4 << hashBits);
  memory.fill(zlibLinksAt, 0, <usize>4 << windowBits);
  if (longer > 0) {
    memory.fill(hashCountsAt, 0, <usize>2 << hashBits);
    memory.fill(longerAt, 0, 2 * longLinksOffset);
  }
  if (longest > 0) memory.fill(longestAt, 0, 2 * longLinksOffset);
}

/** Moves the second half to the first, of which `used` bytes are used. */
export function slide(used: i32): void {
  memory.copy(zlibWindowAt, zlibWindowAt + <usize>size, <usize>used);
  base += size;
  if (base < epochBytes) return;
  base -= epochBytes;
  lower(zlibHeadsAt, 4 * (hashMask + 1));
  lower(zlibLinksAt, 4 * size);
  if (longerBytes > 0) lower(longerAt, 2 * <i32>longLinksOffset);
  if (longestBytes > 0) lower(longestAt, 2 * <i32>longLinksOffset);
}

function lower(from: usize, bytes: i32): void {
  for (let at = from; at < from + <usize>bytes; at += 4) store<i32>(at, max(0, load<i32>(at) - epochBytes));
}

/** Inserts the places from `at` to before `end` of the window; at least three bytes are known at each, and the last known one is before `known`. */
export function insert(at: i32, end: i32, known: i32): void {
  const hasOrdinals = longerBytes > 0;
  for (let i = at; i < end; i++) {
    const from = zlibWindowAt + <usize>i;
    const hash = (<i32>load<u8>(from) << (2 * shift) ^ <i32>load<u8>(from, 1) << shift ^ <i32>load<u8>(from, 2)) & hashMask;
    const slot = (base + i) & mask, head = zlibHeadsAt + 4 * <usize>hash;
    store<i32>(zlibLinksAt + 4 * <usize>slot, load<i32>(head));
    store<i32>(head, base + i + 1);
    if (!hasOrdinals) continue;
    const counter = hashCountsAt + 2 * <usize>hash, count = load<u16>(counter);
    store<u16>(ordinalsAt + 2 * <usize>slot, count);
    store<u16>(counter, count + 1);
  }
  if (longerBytes > 0) insertLong(longerAt, longerBytes, at, min(end, known - longerBytes + 1));
  if (longestBytes > 0) insertLong(longestAt, longestBytes, at, min(end, known - longestBytes + 1));
}

function insertLong(tables: usize, bytes: i32, at: i32, end: i32): void {
  for (let i = at; i < end; i++) {
    const from = zlibWindowAt + <usize>i;
    const more = bytes == 4 ? 0 : <u32>load<u16>(from, 4);
    const key = load<u32>(from) * firstMultiplier + more * secondMultiplier >>> (32 - longBits);
    const head = tables + 4 * <usize>key;
    store<i32>(tables + longLinksOffset + 4 * <usize>((base + i) & mask), load<i32>(head));
    store<i32>(head, base + i + 1);
  }
}

/** The longest match at `at`, which was inserted last, of more than `best` (at least 2) bytes; `known` bytes are known from there. */
export function search(at: i32, known: i32, best: i32, candidates: i32, nice: i32): void {
  length = 0;
  most = min(maxMatchBytes, known);
  if (best >= most) return;
  const head = load<i32>(zlibLinksAt + 4 * <usize>((base + at) & mask)) - 1;
  // zlib takes its first candidate from one byte farther than the others, and none at the start of its window.
  const farthest = base + at - maxDistance;
  lowest = max(base + 1, head == farthest ? farthest : farthest + 1);
  if (head < lowest) return;
  here = at;
  enough = min(nice, most);
  chain = candidates;
  if (longerBytes == 0) walk(head, candidates, best, maxMatchBytes);
  else if (best < longerBytes - 1) walkThenLeap(head, best);
  else leap(best, base + at);
}

/** Along the chain of three bytes from `candidate`, of which at most `left` are looked at, to the first match of `wanted` bytes. */
function walk(candidate: i32, left: i32, best: i32, wanted: i32): void {
  const own = zlibWindowAt + <usize>here, until = min(enough, wanted);
  let found = best, last = load<u16>(own + <usize>best - 1);
  for (; candidate >= lowest && left > 0; left--, candidate = load<i32>(zlibLinksAt + 4 * <usize>(candidate & mask)) - 1) {
    const other = zlibWindowAt + <usize>(candidate - base);
    if (load<u16>(other + <usize>found - 1) != last) continue;
    const equal = common(other, own);
    if (equal <= found) continue;
    found = length = equal;
    distance = base + here - candidate;
    if (equal >= until) return;
    last = load<u16>(own + <usize>equal - 1);
  }
}

/** The first match that is long enough for the longer keys, then these. */
function walkThenLeap(head: i32, best: i32): void {
  const wanted = longerBytes - 1;
  walk(head, chain, best, wanted);
  if (length >= wanted && length < enough) leap(length, base + here - distance);
}

/** Along the chains of the longest keys that a match of more than `best` bytes must share; candidates not before `before` have been looked at. */
function leap(best: i32, before: i32): void {
  if (longestBytes == 0) leapAlong(longerAt, longerBytes, best, before, maxMatchBytes);
  else if (best >= longestBytes - 1) leapAlong(longestAt, longestBytes, best, before, maxMatchBytes);
  else if (leapAlong(longerAt, longerBytes, best, before, longestBytes - 1)) leapAlong(longestAt, longestBytes, length, base + here - distance, maxMatchBytes);
}

/** Along one chain to the first match of `wanted` bytes; false where the search has ended. */
function leapAlong(tables: usize, bytes: i32, best: i32, before: i32, wanted: i32): bool {
  if (most < bytes) return false;
  const own = zlibWindowAt + <usize>here, links = tables + longLinksOffset, ordinal = ordinalOf(base + here);
  let found = best, wasted = 0, candidate = load<i32>(links + 4 * <usize>((base + here) & mask)) - 1;
  for (let steps = 0; candidate >= lowest; steps++, candidate = load<i32>(links + 4 * <usize>(candidate & mask)) - 1) {
    if (candidate >= before) {
      if (++wasted > freeSteps) return goBack(before, found);
      continue;
    }
    const other = zlibWindowAt + <usize>(candidate - base);
    if (steps >= chain) {
      // As many as zlib looks at, if all of them are in its chain.
      if (isSameKey(other, own) && ((ordinal - ordinalOf(candidate)) & 0xffff) > chain) return false;
      if (steps > chain + freeSteps) return goBack(before, found);
    }
    if (load<u16>(other + <usize>found - 1) != load<u16>(own + <usize>found - 1)) {
      // Every fourth is looked at: where other keys fill the chain, zlib's own is the shorter one.
      if ((steps & 3) == 3 && !isSameKey(other, own) && (wasted += 4) > freeSteps) return goBack(before, found);
      continue;
    }
    const equal = common(other, own);
    if (equal <= found) continue;
    if (((ordinal - ordinalOf(candidate)) & 0xffff) > chain) return false;
    found = length = equal;
    distance = base + here - candidate;
    before = candidate;
    if (equal >= enough) return false;
    if (equal >= wanted) return true;
  }
  return false;
}

/** Goes on after the candidate `before` by the plain chain. */
function goBack(before: i32, best: i32): bool {
  const left = chain - ((ordinalOf(base + here) - ordinalOf(before)) & 0xffff);
  walk(load<i32>(zlibLinksAt + 4 * <usize>(before & mask)) - 1, left, best, maxMatchBytes);
  return false;
}

@inline function ordinalOf(place: i32): i32 {
  return <i32>load<u16>(ordinalsAt + 2 * <usize>(place & mask));
}

/** Whether the three bytes of zlib's key are the same. */
@inline function isSameKey(other: usize, own: usize): bool {
  return load<u16>(other) == load<u16>(own) && load<u8>(other, 2) == load<u8>(own, 2);
}

/** Bytes that follow both places alike, at most `most`. */
@inline function common(other: usize, own: usize): i32 {
  let equal = 0;
  for (; equal + 8 <= most; equal += 8) {
    const differing = load<u64>(other + <usize>equal) ^ load<u64>(own + <usize>equal);
    if (differing != 0) return equal + <i32>(ctz(differing) >> 3);
  }
  while (equal < most && load<u8>(other + <usize>equal) == load<u8>(own + <usize>equal)) equal++;
  return equal;
}
