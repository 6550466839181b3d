/**
 * Finds the match that zlib would take at a place of its window: the first of the longest among so many candidates of its chains. Walks
 * chains of longer keys where zlib walks those of three bytes, and knows from the ordinals in these how far zlib would have come.
 * SPEC.md section 6.4.
 */
import { commonBytes, isSameKey } from './common-bytes.js';
import { maxMatchBytes, minMatchBytes } from './deflate-code.js';

// Taken once: looking them up costs where globals are not plain objects.
const { imul, min, max, ceil } = Math;
/** Bytes at the end of a window that zlib does not reach. */
export const unreachedBytes = 262;
/** Places are counted anew after so many bytes: they stay small integers. */
const epochBytes = 1 << 24;
/** Bits of the tables of longer keys. */
const longBits = 15;
/** A chain of a longer key may have other keys too: so many steps more than candidates, then the plain chain is walked. */
const freeSteps = 64;
const firstMultiplier = 0x9e3779b1;
const secondMultiplier = 0x6a09e667;

/** Bounds of one search. */
export interface SearchBounds {
  /** Candidates of three bytes that are looked at. */
  readonly chain: number;
  /** A match of this length ends the search. */
  readonly nice: number;
}

/** A window of two halves as zlib has it, and the chains of its places. */
export class ZlibSearch {
  readonly window: Uint8Array;
  /** Place of the first byte of `window`. */
  base = 0;
  /** What the last search found: no match is length 0. */
  length = 0;
  distance = 0;
  readonly maxDistance: number;
  readonly #mask: number;
  readonly #shift: number;
  readonly #hashMask: number;
  /** Places are kept as place + 1: none is 0. */
  readonly #heads: Int32Array;
  readonly #links: Int32Array;
  /** How many places of the same hash came before each place; and of each hash, so far. Both modulo 65,536, which no window exceeds. */
  readonly #ordinals: Uint16Array;
  readonly #counts: Uint16Array;
  readonly #longer: LongChain | undefined;
  readonly #longest: LongChain | undefined;
  /** The search that goes on: where, how many bytes can be equal, how many end it, the farthest place, how many candidates. */
  #at = 0;
  #most = 0;
  #nice = 0;
  #lowest = 0;
  #chain = 0;

  /** `keys` are lengths of longer keys: none, one, or two ascending ones; 4 or 6. */
  constructor(windowBits: number, hashBits: number, keys: readonly number[]) {
    const size = 1 << windowBits;
    this.window = new Uint8Array(2 * size + maxMatchBytes);
    this.maxDistance = size - unreachedBytes;
    this.#mask = size - 1;
    this.#shift = ceil(hashBits / minMatchBytes);
    this.#hashMask = (1 << hashBits) - 1;
    this.#heads = new Int32Array(1 << hashBits);
    this.#links = new Int32Array(size);
    this.#ordinals = new Uint16Array(keys.length === 0 ? 0 : size);
    this.#counts = new Uint16Array(keys.length === 0 ? 0 : 1 << hashBits);
    const [longer, longest] = keys.map((bytes) => ({ bytes, heads: new Int32Array(1 << longBits), links: new Int32Array(size) }));
    this.#longer = longer;
    this.#longest = longest;
  }

  /** Moves the second half to the first, of which `used` bytes are used. */
  slide(used: number): void {
    const size = this.#mask + 1;
    this.window.copyWithin(0, size, size + used);
    this.base += size;
    if (this.base < epochBytes) return;
    this.base -= epochBytes;
    for (const chain of [{ heads: this.#heads, links: this.#links }, this.#longer, this.#longest]) {
      if (chain === undefined) continue;
      for (const table of [chain.heads, chain.links]) for (let i = 0; i < table.length; i++) table[i] = max(0, table[i]! - epochBytes);
    }
  }

  /** Inserts the places from `at` to before `end` of the window; at least three bytes are known at each, and the last known one is before `known`. */
  insert(at: number, end: number, known: number): void {
    const { window, base } = this;
    const mask = this.#mask;
    const shift = this.#shift;
    const hashMask = this.#hashMask;
    const heads = this.#heads;
    const links = this.#links;
    const ordinals = this.#ordinals;
    const counts = this.#counts;
    const hasOrdinals = ordinals.length > 0;
    for (let i = at; i < end; i++) {
      const hash = ((window[i]! << (2 * shift)) ^ (window[i + 1]! << shift) ^ window[i + 2]!) & hashMask;
      const slot = (base + i) & mask;
      links[slot] = heads[hash]!;
      heads[hash] = base + i + 1;
      if (hasOrdinals) ordinals[slot] = counts[hash]!++;
    }
    if (this.#longer !== undefined) insertLong(this.#longer, window, base, mask, at, min(end, known - this.#longer.bytes + 1));
    if (this.#longest !== undefined) insertLong(this.#longest, window, base, mask, at, min(end, known - this.#longest.bytes + 1));
  }

  /** The longest match at `at`, which was inserted last, of more than `best` (at least 2) bytes; `known` bytes are known from there. */
  search(at: number, known: number, best: number, { chain, nice }: SearchBounds): void {
    this.length = 0;
    const most = min(maxMatchBytes, known);
    if (best >= most) return;
    const { base } = this;
    const slot = (base + at) & this.#mask;
    const head = this.#links[slot]! - 1;
    // zlib takes its first candidate from one byte farther than the others, and none at the start of its window.
    const farthest = base + at - this.maxDistance;
    const lowest = max(base + 1, head === farthest ? farthest : farthest + 1);
    if (head < lowest) return;
    this.#at = at;
    this.#most = most;
    this.#nice = min(nice, most);
    this.#lowest = lowest;
    this.#chain = chain;
    const longer = this.#longer;
    if (longer === undefined) this.#walk(head, chain, best, maxMatchBytes);
    else if (best < longer.bytes - 1) this.#walkThenLeap(longer, head, best);
    else this.#leap(longer, best, base + at);
  }

  /** Along the chain of three bytes from `candidate`, of which at most `left` are looked at, to the first match of `wanted` bytes. */
  #walk(candidate: number, left: number, best: number, wanted: number): void {
    const { window, base } = this;
    const at = this.#at;
    const most = this.#most;
    const lowest = this.#lowest;
    const links = this.#links;
    const mask = this.#mask;
    const enough = min(this.#nice, wanted);
    let length = best;
    let last = window[at + best]!;
    let lastButOne = window[at + best - 1]!;
    for (; candidate >= lowest && left > 0; left--, candidate = links[candidate & mask]! - 1) {
      const from = candidate - base;
      if (window[from + length] !== last || window[from + length - 1] !== lastButOne) continue;
      const found = commonBytes(window, from, at, most);
      if (found <= length) continue;
      length = found;
      this.length = found;
      this.distance = base + at - candidate;
      if (found >= enough) return;
      last = window[at + found]!;
      lastButOne = window[at + found - 1]!;
    }
  }

  /** The first match that is long enough for the longer keys, then these. */
  #walkThenLeap(longer: LongChain, head: number, best: number): void {
    const wanted = longer.bytes - 1;
    this.#walk(head, this.#chain, best, wanted);
    if (this.length >= wanted && this.length < this.#nice) this.#leap(longer, this.length, this.base + this.#at - this.distance);
  }

  /** Along the chains of the longest keys that a match of more than `best` bytes must share; candidates not before `before` have been looked at. */
  #leap(longer: LongChain, best: number, before: number): void {
    const longest = this.#longest;
    if (longest === undefined || best >= longest.bytes - 1) this.#leapAlong(longest ?? longer, best, before, maxMatchBytes);
    else {
      const isFound = this.#leapAlong(longer, best, before, longest.bytes - 1);
      if (isFound) this.#leapAlong(longest, this.length, this.base + this.#at - this.distance, maxMatchBytes);
    }
  }

  /** Along one chain to the first match of `wanted` bytes; false where the search has ended. */
  #leapAlong({ bytes, links }: LongChain, best: number, before: number, wanted: number): boolean {
    const { window, base } = this;
    const at = this.#at;
    const most = this.#most;
    const nice = this.#nice;
    const lowest = this.#lowest;
    const chain = this.#chain;
    const mask = this.#mask;
    const ordinals = this.#ordinals;
    if (most < bytes) return false;
    const own = ordinals[(base + at) & mask]!;
    let length = best;
    let candidate = links[(base + at) & mask]! - 1;
    let wasted = 0;
    for (let steps = 0; candidate >= lowest; steps++, candidate = links[candidate & mask]! - 1) {
      if (candidate >= before) {
        if (++wasted > freeSteps) return this.#goBack(before, length);
        continue;
      }
      const from = candidate - base;
      if (steps >= chain) {
        // As many as zlib looks at, if all of them are in its chain.
        if (isSameKey(window, from, at) && ((own - ordinals[candidate & mask]!) & 0xffff) > chain) return false;
        if (steps > chain + freeSteps) return this.#goBack(before, length);
      }
      if (window[from + length] !== window[at + length] || window[from + length - 1] !== window[at + length - 1]) {
        // Every fourth is looked at: where other keys fill the chain, zlib's own is the shorter one.
        if ((steps & 3) === 3 && !isSameKey(window, from, at) && (wasted += 4) > freeSteps) return this.#goBack(before, length);
        continue;
      }
      const found = commonBytes(window, from, at, most);
      if (found <= length) continue;
      if (((own - ordinals[candidate & mask]!) & 0xffff) > chain) return false;
      length = found;
      this.length = found;
      this.distance = base + at - candidate;
      before = candidate;
      if (found >= nice) return false;
      if (found >= wanted) return true;
    }
    return false;
  }

  /** Goes on after the candidate `before` by the plain chain. */
  #goBack(before: number, best: number): boolean {
    const mask = this.#mask;
    const left = this.#chain - ((this.#ordinals[(this.base + this.#at) & mask]! - this.#ordinals[before & mask]!) & 0xffff);
    this.#walk(this.#links[before & mask]! - 1, left, best, maxMatchBytes);
    return false;
  }
}

/** The chain of longer keys. */
interface LongChain {
  /** Bytes of its key. */
  readonly bytes: number;
  readonly heads: Int32Array;
  readonly links: Int32Array;
}

/** Inserts the places from `at` to before `end`. */
function insertLong({ bytes, heads, links }: LongChain, window: Uint8Array, base: number, mask: number, at: number, end: number): void {
  for (let i = at; i < end; i++) {
    const word = window[i]! | (window[i + 1]! << 8) | (window[i + 2]! << 16) | (window[i + 3]! << 24);
    const more = bytes === 4 ? 0 : window[i + 4]! | (window[i + 5]! << 8);
    const key = (imul(word, firstMultiplier) + imul(more, secondMultiplier)) >>> (32 - longBits);
    links[(base + i) & mask] = heads[key]!;
    heads[key] = base + i + 1;
  }
}
