/**
 * Chains of longer keys beside those of zlib's three bytes, for streams of which every place is inserted: finds what a search along the long
 * chain of three bytes would find, and tells how many candidates that would have seen, without seeing them. SPEC.md section 6.7.
 */
import { commonBytes, isSameKey } from './common-bytes.js';
import type { PlainWindow } from './plain-window.js';

// Taken once: looking them up costs where globals are not plain objects.
const { imul, max, min } = Math;
const ringBytes = 65_536;
const ringMask = ringBytes - 1;
/** Bytes of the longer keys; a search begins with the plain chain until its match is as long as a key but one. */
const shortKey = 4;
const longKey = 6;
const keyBits = 15;
/** Bytes that must be known after a place. */
export const leapBytes = longKey;
/** Other keys may stand in a chain: so many steps more than candidates, then the plain search is made. */
const freeSteps = 64;
const firstMultiplier = 0x9e3779b1;
const secondMultiplier = 0x6a09e667;

/** A search among the candidates of one hash. */
export interface ChainSearch {
  readonly position: number;
  readonly hash: number;
  /** The nearest candidate, and the farthest place of one. */
  readonly first: number;
  readonly limit: number;
  /** Candidates that are looked at. */
  readonly chain: number;
  /** Only longer matches count; one of `nice` bytes ends the search; none is longer than `maxLength`. */
  readonly best: number;
  readonly nice: number;
  readonly maxLength: number;
}

/** The longer chains of one stream. */
export class LeapingChains {
  /** What the last search found: no match is place -1. */
  found = -1;
  length = 0;
  /** Candidates that the search would have seen, and eighths of the bytes that it would have compared. */
  seen = 0;
  compared = 0;
  readonly #shortHeads = new Int32Array(1 << keyBits).fill(-1);
  readonly #shortLinks = new Int32Array(ringBytes);
  readonly #longHeads = new Int32Array(1 << keyBits).fill(-1);
  readonly #longLinks = new Int32Array(ringBytes);
  /** Of each place: its hash, and how many of the same came before it. */
  readonly #hashes = new Uint16Array(ringBytes);
  readonly #ordinals = new Int32Array(ringBytes);
  /** Of each hash: places so far, and those before `#expired`. */
  readonly #counts: Int32Array;
  readonly #gone: Int32Array;
  #expired = 0;

  constructor(
    private readonly window: PlainWindow,
    hashBits: number,
  ) {
    this.#counts = new Int32Array(1 << hashBits);
    this.#gone = new Int32Array(1 << hashBits);
  }

  /** Inserts the next place. */
  insert(position: number, hash: number): void {
    const { bytes, base, end } = this.window;
    const slot = position & ringMask;
    this.#expireTo(position - ringBytes + 1);
    this.#hashes[slot] = hash;
    this.#ordinals[slot] = this.#counts[hash]!++;
    if (position + longKey > end) return;
    const at = position - base;
    const short = shortHash(bytes, at);
    this.#shortLinks[slot] = this.#shortHeads[short]!;
    this.#shortHeads[short] = position;
    const long = longHash(bytes, at);
    this.#longLinks[slot] = this.#longHeads[long]!;
    this.#longHeads[long] = position;
  }

  /** Sets the fields above; false where the plain search has to be made. `links` are the plain chain. */
  search(wanted: ChainSearch, links: Int32Array): boolean {
    const { first, limit, hash, chain, best } = wanted;
    if (limit < this.#expired) return false;
    this.found = -1;
    this.length = best;
    this.compared = 0;
    this.#expireTo(limit);
    this.seen = min(chain, this.#ordinals[first & ringMask]! - this.#gone[hash]! + 1);
    let before = wanted.position;
    if (best < shortKey - 1) {
      before = this.#walk(wanted, links);
      if (before < 0) return true;
    }
    for (let isLong = this.length >= longKey - 1; ; isLong = true) {
      before = this.#leap(wanted, before, isLong);
      if (before === again) return false;
      if (before < 0) return true;
    }
  }

  /** Along the plain chain to a match of three bytes; answers its place, or -1 where the search has ended. */
  #walk({ position, first, nice, maxLength, best }: ChainSearch, links: Int32Array): number {
    const { bytes, base } = this.window;
    const at = position - base;
    let candidate = first;
    for (let steps = 1; steps <= this.seen; steps++, candidate = links[candidate & ringMask]!) {
      const from = candidate - base;
      if (bytes[from + best] !== bytes[at + best] || bytes[from + 1] !== bytes[at + 1] || bytes[from] !== bytes[at]) continue;
      const length = commonBytes(bytes, from, at, maxLength);
      this.compared += length >> 3;
      if (length <= best) continue;
      this.found = candidate;
      this.length = length;
      if (length < nice) return candidate;
      this.seen = steps;
      return -1;
    }
    return -1;
  }

  /** Along a longer chain, past `before`; answers where a match is long enough for the next one, -1 at the end, or `again`. */
  #leap({ position, first, limit, chain, nice, maxLength }: ChainSearch, before: number, isLong: boolean): number {
    const { bytes, base } = this.window;
    const links = isLong ? this.#longLinks : this.#shortLinks;
    const ordinals = this.#ordinals;
    const at = position - base;
    const own = ordinals[first & ringMask]!;
    let { length } = this;
    let candidate = isLong ? this.#longHeads[longHash(bytes, at)]! : this.#shortHeads[shortHash(bytes, at)]!;
    let wasted = 0;
    for (let steps = 0; candidate >= limit; steps++, candidate = links[candidate & ringMask]!) {
      if (candidate >= before) {
        if (++wasted > freeSteps) return again;
        continue;
      }
      const from = candidate - base;
      if (steps >= chain) {
        if (isSameKey(bytes, from, at) && own - ordinals[candidate & ringMask]! >= chain) return -1;
        if (steps > chain + freeSteps) return again;
      }
      if (bytes[from + length] !== bytes[at + length] || bytes[from + length - 1] !== bytes[at + length - 1]) {
        if ((steps & 3) === 3 && !isSameKey(bytes, from, at) && (wasted += 4) > freeSteps) return again;
        continue;
      }
      const common = commonBytes(bytes, from, at, maxLength);
      // Of those that count for nothing some may be of another hash.
      if (common < 8 && common <= length) continue;
      const rank = own - ordinals[candidate & ringMask]!;
      if (rank >= chain) return -1;
      this.compared += common >> 3;
      if (common <= length) continue;
      length = common;
      this.found = candidate;
      this.length = common;
      if (common >= nice) {
        this.seen = rank + 1;
        return -1;
      }
      if (!isLong && common >= longKey - 1) return candidate;
    }
    return -1;
  }

  /** Counts the places before `limit` as gone. */
  #expireTo(limit: number): void {
    for (let place = this.#expired; place < limit; place++) this.#gone[this.#hashes[place & ringMask]!] = this.#ordinals[place & ringMask]! + 1;
    this.#expired = max(this.#expired, limit);
  }
}

/** An answer of a search that has to be made along the plain chain. */
const again = -2;

function shortHash(bytes: Uint8Array, at: number): number {
  const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  return imul(word, firstMultiplier) >>> (32 - keyBits);
}

function longHash(bytes: Uint8Array, at: number): number {
  const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  const more = bytes[at + 4]! | (bytes[at + 5]! << 8);
  return (imul(word, firstMultiplier) + imul(more, secondMultiplier)) >>> (32 - keyBits);
}
