/**
 * Finds earlier copies of the bytes at a place of a stream in the order in which an encoder of the zlib family
 * would see them: chains of equal hashes, nearest first, under the limits of that encoder. SPEC.md section 6.7.
 */
import { maxMatchBytes } from './deflate-code.js';
import type { EncoderModel } from './encoder-model.js';
import { leapBytes, LeapingChains } from './leaping-chains.js';
import type { PlainWindow } from './plain-window.js';

// Taken once: looking them up costs where globals are not plain objects.
const { imul, min, max } = Math;
const ringBytes = 65_536;
const ringMask = ringBytes - 1;
/** Steps along chains when an exact copy is named by its rank. */
const maxRankSteps = 512;
/** The highest rank that is used. */
export const maxRank = 255;
/** Steps along chains that a stream may take: so many at once, and so many for each of its bytes. */
const workAtOnce = 4_194_304;
const workPerByte = 128;
/** One search may take this share of what is left, as a shift, and in any case so many steps. */
const searchShift = 10;
const poorChain = 8;
/** Models with chains from this length on have longer keys, and searches of so many candidates use them; what is found is the same. */
const leapChain = 512;
const leapSearch = 128;
/** Bits of the table of three bytes beside that of four. */
const shortHashBits = 15;
const shortHashMultiplier = 0x1e35a7bd;

/** The chains of one stream. */
export class MatchFinder {
  /** What the last search found: no match is length 0. */
  length = 0;
  distance = 0;
  /** Position from which on nothing has been inserted. */
  inserted = 0;
  #work = workAtOnce;
  readonly #heads: Int32Array;
  readonly #shortHeads: Int32Array;
  readonly #previous = new Int32Array(ringBytes).fill(-1);
  readonly #width: number;
  readonly #shift: number;
  readonly #mask: number;
  readonly #multiplier: number;
  readonly #maxDistance: number;
  readonly #addend: number;
  readonly #leaps: LeapingChains | undefined;

  constructor(
    private readonly window: PlainWindow,
    private readonly model: EncoderModel,
  ) {
    this.#width = model.multiplier === 0 ? 3 : 4;
    this.#mask = (1 << model.hashBits) - 1;
    this.#shift = model.multiplier === 0 ? Math.ceil(model.hashBits / 3) : model.hasMiddleHash ? 16 : 32 - model.hashBits;
    this.#addend = model.hasMiddleHash ? 1 : 0;
    this.#multiplier = model.multiplier;
    this.#maxDistance = model.maxDistance;
    this.#heads = new Int32Array(1 << model.hashBits).fill(-1);
    this.#shortHeads = new Int32Array(model.hasShortTable ? 1 << shortHashBits : 0).fill(-1);
    const canLeap = model.parsing === 'lazy' && model.multiplier === 0 && !model.hasShortTable && model.insert >= maxMatchBytes && model.chain >= leapChain;
    this.#leaps = canLeap ? new LeapingChains(window, model.hashBits) : undefined;
  }

  /** Inserts all positions before `end` that were not yet. */
  insertTo(end: number): void {
    if (end <= this.inserted) return;
    const last = min(end, this.window.end - this.#width + 1);
    const heads = this.#heads;
    const previous = this.#previous;
    const hasShort = this.#shortHeads.length > 0;
    this.#work = min(workAtOnce, this.#work + workPerByte * (end - this.inserted));
    for (let position = this.inserted; position < last; position++) {
      const hash = this.#hash(position - this.window.base);
      previous[position & ringMask] = heads[hash]!;
      heads[hash] = position;
      this.#leaps?.insert(position, hash);
      if (hasShort) this.#shortHeads[this.#shortHash(position - this.window.base)] = position;
    }
    this.inserted = end;
  }

  /** Passes over positions up to `end` without inserting them. */
  skipTo(end: number): void {
    if (end <= this.inserted) return;
    this.#work = min(workAtOnce, this.#work + workPerByte * (end - this.inserted));
    this.inserted = end;
  }

  /** The longest match at `position` of more than `best` bytes among the first `chain` candidates, the nearest of equals. */
  search(position: number, best: number, chain: number): void {
    const { window } = this;
    this.length = 0;
    const maxLength = min(maxMatchBytes, window.end - position);
    if (maxLength < this.#width || best >= maxLength) return;
    const { bytes, base } = window;
    const at = position - base;
    const limit = max(0, position - this.#maxDistance);
    let longest = best;
    let found = -1;
    if (this.#shortHeads.length > 0 && longest < 3) {
      found = this.#shortCandidate(position, limit);
      if (found >= 0) longest = 3;
    }
    const nice = min(this.model.nice, maxLength);
    const previous = this.#previous;
    const hash = this.#hash(at);
    let candidate = this.#heads[hash]!;
    while (candidate >= position) candidate = previous[candidate & ringMask]!;
    let left = min(chain, max(poorChain, this.#work >> searchShift));
    if (this.#leaps !== undefined && candidate >= limit && maxLength >= leapBytes && left >= leapSearch) {
      const leaps = this.#leaps;
      if (leaps.search({ position, hash, first: candidate, limit, chain: left, best, nice, maxLength }, previous)) {
        this.#work -= leaps.seen + leaps.compared;
        this.length = leaps.found < 0 ? 0 : leaps.length;
        this.distance = leaps.found < 0 ? this.distance : position - leaps.found;
        return;
      }
    }
    const before = left;
    let compared = 0;
    // Kept in variables: this loop is most of the work of a prediction.
    const first = bytes[at]!;
    const second = bytes[at + 1]!;
    let last = bytes[at + longest]!;
    let lastButOne = bytes[at + longest - 1]!;
    let offset = longest - base;
    while (candidate >= limit && left > 0) {
      left--;
      if (bytes[candidate + offset] === last && bytes[candidate + offset - 1] === lastButOne) {
        const from = candidate - base;
        if (bytes[from] === first && bytes[from + 1] === second) {
          let length = 2;
          while (length < maxLength && bytes[from + length] === bytes[at + length]) length++;
          compared += length >> 3;
          if (length > longest) {
            longest = length;
            found = candidate;
            if (length >= nice) break;
            last = bytes[at + longest]!;
            lastButOne = bytes[at + longest - 1]!;
            offset = longest - base;
          }
        }
      }
      candidate = previous[candidate & ringMask]!;
    }
    this.#work -= compared;
    this.#work -= before - left;
    if (found < 0) return;
    this.length = longest;
    this.distance = position - found;
  }

  /** The length of the copy at `distance`, or 0 where it is shorter than three bytes. */
  searchAt(position: number, distance: number): void {
    this.length = 0;
    if (distance > position) return;
    const length = this.#common(position, position - distance, min(maxMatchBytes, this.window.end - position));
    if (length < 3) return;
    this.length = length;
    this.distance = distance;
  }

  /**
   * Looks along the chain of `position` for copies of at least `length` bytes, and stops at the one at `distance` or, where that is 0, at
   * the one of rank `rank` (0 is the nearest). Answers [rank, distance] of it, or undefined.
   */
  rank(position: number, length: number, wanted: { readonly distance: number; readonly rank: number }): readonly [number, number] | undefined {
    const limit = max(0, position - this.#maxDistance);
    if (position + max(length, this.#width) > this.window.end) return undefined;
    let candidate = this.#heads[this.#hash(position - this.window.base)]!;
    while (candidate >= position) candidate = this.#previous[candidate & ringMask]!;
    let rank = 0;
    const work = this.#work;
    const maxSteps = work > 0 ? maxRankSteps : poorChain;
    const last = wanted.distance === 0 ? limit : max(limit, position - wanted.distance);
    for (let steps = 0; candidate >= last && steps < maxSteps && rank <= maxRank; steps++) {
      this.#work--;
      if (this.window.at(candidate + length - 1) === this.window.at(position + length - 1) && this.#common(position, candidate, length) === length) {
        if (wanted.distance === 0 ? rank === wanted.rank : candidate === last) return [rank, position - candidate];
        rank++;
      }
      candidate = this.#previous[candidate & ringMask]!;
    }
    // A reader does not look for what was not found: its work must be the same.
    this.#work = work;
    return undefined;
  }

  /** Bytes, at most `max`, that are equal at both positions. */
  #common(position: number, candidate: number, max: number): number {
    const { bytes, base } = this.window;
    const at = position - base;
    const from = candidate - base;
    let length = 0;
    while (length < max && bytes[from + length] === bytes[at + length]) length++;
    this.#work -= length >> 3;
    return length;
  }

  /** The nearest place of the same three bytes, if the table of such has it. */
  #shortCandidate(position: number, limit: number): number {
    const candidate = this.#shortHeads[this.#shortHash(position - this.window.base)]!;
    return candidate >= limit && candidate < position && this.#common(position, candidate, 3) === 3 ? candidate : -1;
  }

  #hash(at: number): number {
    const { bytes } = this.window;
    if (this.#multiplier === 0) {
      return ((bytes[at]! << (2 * this.#shift)) ^ (bytes[at + 1]! << this.#shift) ^ bytes[at + 2]!) & this.#mask;
    }
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    return (imul(word + this.#addend, this.#multiplier) >>> this.#shift) & this.#mask;
  }

  #shortHash(at: number): number {
    const { bytes } = this.window;
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    return imul(word, shortHashMultiplier) >>> (32 - shortHashBits);
  }
}
