/**
 * The probabilities of the predicted mode: two estimates for each bit, one under the energy of the errors around a
 * sample and one under two single errors, averaged. The first starts from a table, the second from the first.
 * SPEC.md section 5.7.
 */
import { minRange, carry, type RangeDecoder, type RangeEncoder } from './range-coder.js';
import { classes, escapes, firstEscape, secondEscape } from './tile-contexts-layout.js';
import { priors } from './tile-priors.js';

/** Adaptation: 1/64 and 1/32. */
const firstRate = 6;
const secondRate = 5;

/** Both tables, at their start. A zero in `second` stands for "as the first says". */
export interface Contexts {
  readonly first: Uint16Array;
  readonly second: Uint16Array;
}

const contexts: Contexts = {
  first: new Uint16Array(firstEscape + classes * escapes),
  second: new Uint16Array(secondEscape + classes * escapes),
};

/** Fresh contexts. Valid until the next call. */
export function newContexts(): Contexts {
  contexts.first.set(priors);
  contexts.second.fill(0);
  return contexts;
}

/** Decisions in order: even entries are `first << 1 | bit`, or `~(value << 5 | bits)` for raw bits; odd ones `second`. */
export type Decisions = Int32Array;

/** Writes `count` decisions. */
export function encodeDecisions(encoder: RangeEncoder, { first, second }: Contexts, decisions: Decisions, count: number): void {
  const bytes = encoder.bytes;
  let { at, low, range } = encoder;
  for (let i = 0; i < count; i += 2) {
    const decision = decisions[i]!;
    if (decision >= 0) {
      const a = decision >> 1;
      const b = decisions[i + 1]!;
      const p = first[a]!;
      let q = second[b]!;
      if (q === 0) q = p;
      const bound = Math.imul(range >>> 15, (p + q) >>> 2);
      // All ones for a one: no branch that nothing predicts.
      const mask = -(decision & 1);
      const zero = 0xffff & ~mask;
      low = (low + (bound & mask)) | 0;
      range = bound + ((range - (bound << 1)) & mask);
      first[a] = p + (((p ^ zero) >>> firstRate) ^ mask) - mask;
      second[b] = q + (((q ^ zero) >>> secondRate) ^ mask) - mask;
    } else {
      range >>>= ~decision & 31;
      low = (low + Math.imul(range, ~decision >> 5)) | 0;
    }
    if (low < 0) {
      carry(bytes, at);
      low &= 0x7fffffff;
    }
    while (range < minRange) {
      bytes[at++] = low >>> 23;
      low = (low & 0x7fffff) << 8;
      range <<= 8;
    }
  }
  encoder.at = at;
  encoder.low = low;
  encoder.range = range;
}

/** Reads one decision. */
export function decodeDecision(decoder: RangeDecoder, { first, second }: Contexts, a: number, b: number): number {
  const p = first[a]!;
  let q = second[b]!;
  if (q === 0) q = p;
  const bound = Math.imul(decoder.range >>> 15, (p + q) >>> 2);
  const code = decoder.code;
  // All ones for a one: no branch that nothing predicts.
  const mask = (bound - 1 - (code >>> 1)) >> 31;
  const zero = 0xffff & ~mask;
  let range = bound + ((decoder.range - (bound << 1)) & mask);
  first[a] = p + (((p ^ zero) >>> firstRate) ^ mask) - mask;
  second[b] = q + (((q ^ zero) >>> secondRate) ^ mask) - mask;
  let rest = (code - ((bound << 1) & mask)) | 0;
  while (range < minRange) {
    const at = decoder.at++;
    rest = (rest << 8) | (at < decoder.bytes.length ? decoder.bytes[at]! : 0);
    range <<= 8;
  }
  decoder.range = range;
  decoder.code = rest;
  return mask & 1;
}
