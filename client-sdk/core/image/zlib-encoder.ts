/**
 * Vanilla zlib as an encoder of raw deflate: the same bytes for the same pushes under the same parameters (the tests hold it against the
 * pinned pako), from faster searches. The window is filled and slid as zlib does it, for that shows in rare bytes. SPEC.md section 6.4.
 */
import { maxMatchBytes, minMatchBytes } from './deflate-code.js';
import { unreachedBytes, ZlibSearch, type SearchBounds } from './zlib-search.js';
import { ZlibBlocks } from './zlib-blocks.js';

/** The parameters of zlib's deflateInit2: levels 1 to 9, memory 1 to 9, strategies 0 to 4, windows of 9 to 15 bits. */
export interface ZlibSettings {
  readonly level: number;
  readonly memLevel: number;
  readonly strategy: number;
  readonly windowBits: number;
}

/** What zlib's levels ask of a search. */
interface Level extends SearchBounds {
  /** With a match of this length at hand the search looks at a quarter. */
  readonly good: number;
  /** Matches of this length are not deferred; where none is, longer ones are not inserted. */
  readonly lazy: number;
}

// Taken once: looking them up costs where globals are not plain objects.
const { min, max } = Math;
const none = new Uint8Array(0);
const filtered = 1;
const huffmanOnly = 2;
const runLength = 3;
const fixedOnly = 4;
const firstLazyLevel = 4;
/** Matches of three bytes from farther away are not taken, and filtered streams take none up to five bytes. */
const farDistance = 4_096;
const shortFiltered = 5;
/** Chains from this length on are walked by longer keys. */
const longChain = 64;

const levels: readonly Level[] = [
  [4, 4, 8, 4], [4, 5, 16, 8], [4, 6, 32, 32], [4, 4, 16, 16], [8, 16, 32, 32], [8, 16, 128, 128], [8, 32, 128, 256], [32, 128, 258, 1_024],
  [32, 258, 258, 4_096],
].map(([good, lazy, nice, chain]) => ({ good: good!, lazy: lazy!, nice: nice!, chain: chain! }));

/** Takes plain bytes, gives the stream block by block. */
export class ZlibEncoder {
  /** The open block: what was chosen and is not yet written. */
  readonly blocks: ZlibBlocks;
  readonly #search: ZlibSearch;
  readonly #level: Level;
  /** With a quarter of the candidates. */
  readonly #brief: Level;
  readonly #size: number;
  readonly #strategy: number;
  readonly #isLazy: boolean;
  /** Places of the window: where the next token may begin, and where the block began. */
  #at = 0;
  #blockStart = 0;
  /** Bytes of the window from `#at`. */
  #known = 0;
  #input: Uint8Array = none;
  #isWaiting = false;
  #length = minMatchBytes - 1;
  #distance = 0;

  /** `onBytes` may keep what it is given. */
  constructor({ level, memLevel, strategy, windowBits }: ZlibSettings, onBytes: (bytes: Uint8Array) => void) {
    const isLazy = level >= firstLazyLevel && strategy !== huffmanOnly && strategy !== runLength;
    this.#level = levels[level - 1]!;
    this.#brief = { ...this.#level, chain: this.#level.chain >> 2 };
    this.#size = 1 << windowBits;
    this.#strategy = strategy;
    const keys = !isLazy ? [] : strategy === filtered ? [shortFiltered + 1] : this.#level.chain >= longChain ? [4, 6] : [];
    this.#search = new ZlibSearch(windowBits, memLevel + 7, keys);
    this.blocks = new ZlibBlocks(memLevel, strategy === fixedOnly, onBytes);
    this.#isLazy = isLazy;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#input = bytes;
    this.#run(false);
    this.#input = none;
  }

  /** After the last byte. */
  finish(): void {
    this.#run(true);
    if (this.#isWaiting) this.blocks.literal(this.#search.window[this.#at - 1]!);
    this.#end(true);
  }

  /** Goes on as far as what is known allows. */
  #run(isLast: boolean): void {
    if (this.#strategy === huffmanOnly) this.#literals(isLast);
    else if (this.#strategy === runLength) this.#runs(isLast);
    else if (this.#isLazy) this.#lazy(isLast);
    else this.#greedy(isLast);
  }

  /** Fills the window as far as its half allows; false where fewer than `wanted` bytes are known and more may come. */
  #hasEnough(wanted: number, isLast: boolean): boolean {
    if (this.#known >= wanted) return true;
    const size = this.#size;
    const { window, maxDistance } = this.#search;
    do {
      let room = 2 * size - this.#known - this.#at;
      if (this.#at >= size + maxDistance) {
        this.#search.slide(size - room);
        this.#at -= size;
        this.#blockStart -= size;
        room += size;
      }
      if (this.#input.length === 0) break;
      const taken = this.#input.subarray(0, room);
      window.set(taken, this.#at + this.#known);
      this.#known += taken.length;
      this.#input = this.#input.subarray(room);
    } while (this.#known < unreachedBytes && this.#input.length > 0);
    return this.#known >= wanted || isLast;
  }

  #end(isFinal: boolean): void {
    const [start, end] = [this.#blockStart, this.#at];
    this.blocks.end(start >= 0 ? this.#search.window.subarray(start, end) : undefined, end - start, isFinal);
    this.#blockStart = end;
  }

  /** Passes over `bytes` bytes. */
  #skip(bytes: number): void {
    this.#at += bytes;
    this.#known -= bytes;
  }

  #literals(isLast: boolean): void {
    const { window } = this.#search;
    while (this.#hasEnough(1, isLast) && this.#known > 0) {
      const isFull = this.blocks.literal(window[this.#at]!);
      this.#skip(1);
      if (isFull) this.#end(false);
    }
  }

  /** Matches at distance 1 only. */
  #runs(isLast: boolean): void {
    const { window } = this.#search;
    while (this.#hasEnough(maxMatchBytes + 1, isLast) && this.#known > 0) {
      const at = this.#at;
      const most = at > 0 && this.#known >= minMatchBytes ? min(maxMatchBytes, this.#known) : 0;
      let length = 0;
      while (length < most && window[at + length] === window[at - 1]) length++;
      const isMatch = length >= minMatchBytes;
      const isFull = isMatch ? this.blocks.match(length, 1) : this.blocks.literal(window[at]!);
      this.#skip(isMatch ? length : 1);
      if (isFull) this.#end(false);
    }
  }

  /** Takes each match as it comes. */
  #greedy(isLast: boolean): void {
    const search = this.#search;
    const { window } = search;
    while (this.#hasEnough(unreachedBytes, isLast) && this.#known > 0) {
      const at = this.#at;
      search.length = 0;
      if (this.#known >= minMatchBytes) {
        search.insert(at, at + 1, at + this.#known);
        search.search(at, this.#known, minMatchBytes - 1, this.#level);
      }
      const { length } = search;
      const isFull = length > 0 ? this.blocks.match(length, search.distance) : this.blocks.literal(window[at]!);
      this.#skip(max(1, length));
      if (length > 0 && length <= this.#level.lazy && this.#known >= minMatchBytes) {
        search.insert(at + 1, at + length, this.#at + this.#known);
      }
      if (isFull) this.#end(false);
    }
  }

  /** Defers each match by a byte, and takes it unless a longer one begins there. */
  #lazy(isLast: boolean): void {
    const search = this.#search;
    const { blocks } = this;
    const { window } = search;
    const { lazy, good } = this.#level;
    const shortest = this.#strategy === filtered ? shortFiltered : 0;
    while (this.#hasEnough(unreachedBytes, isLast) && this.#known > 0) {
      const at = this.#at;
      const end = at + this.#known;
      const length = this.#length;
      const distance = this.#distance;
      this.#length = minMatchBytes - 1;
      if (this.#known >= minMatchBytes) {
        search.insert(at, at + 1, end);
        if (length < lazy) {
          search.search(at, this.#known, max(length, shortest), length >= good ? this.#brief : this.#level);
          if (search.length > minMatchBytes || (search.length === minMatchBytes && search.distance <= farDistance)) {
            this.#length = search.length;
            this.#distance = search.distance;
          }
        }
      }
      if (length >= minMatchBytes && this.#length <= length) {
        const isFull = blocks.match(length, distance);
        // What the match covers, which began a byte ago.
        search.insert(at + 1, min(at + length - 1, end - minMatchBytes + 1), end);
        this.#skip(length - 1);
        this.#isWaiting = false;
        this.#length = minMatchBytes - 1;
        if (isFull) this.#end(false);
      } else {
        const isFull = this.#isWaiting && blocks.literal(window[at - 1]!);
        this.#isWaiting = true;
        if (isFull) this.#end(false);
        this.#skip(1);
      }
    }
  }
}
