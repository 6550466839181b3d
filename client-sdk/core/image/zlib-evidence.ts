/**
 * Which zlib parameters the first tokens of a stream speak for, found without deflating anything: what zlib never does, and what its
 * levels would have done. A wrong answer costs a prediction in the place of parameters, never exactness. SPEC.md section 6.4.
 */
import type { CorrectionCoder } from './correction-coder.js';
import { fixedBlock, storedBlock } from './deflate-block.js';
import { maxMatchBytes, minMatchBytes } from './deflate-code.js';
import type { ZlibParameters } from './deflate-encoder.js';
import { TokenSample } from './encoder-choice.js';
import { zlibModel, type EncoderModel } from './encoder-model.js';
import { Unsplittable } from './raster-container.js';
import { firstContexts, TokenModel } from './token-model.js';

/** Tokens that are held against the levels, and how many may differ: once, and one of so many. The model is off by two at most. */
const maxTokens = 4_000;
const differingAtOnce = 8;
const tokensPerDiffering = 500;
/** A level that differs by so many more than the best is not it. */
const slack = 4;
/** Bytes at the end of a window that zlib does not reach. */
const unreachedBytes = 262;
/** Levels from this on defer matches, and filtered ones then have none this short. */
const firstLazyLevel = 4;
const shortFiltered = 5;
/** Streams that are looked at. */
const maxStreams = 64;

/** The candidates that may have written `streams`, in their order; all where a stream cannot be read. */
export function plausibleParameters(candidates: readonly ZlibParameters[], streams: readonly Uint8Array[]): readonly ZlibParameters[] {
  const samples = samplesOf(streams);
  if (samples === undefined) return candidates;
  const habits = habitsOf(samples);
  const able = candidates.filter((candidate) => isAble(candidate, habits));
  const judged = new Map<string, number>();
  const differing = able.map((candidate) => {
    const model = modelOf(candidate);
    if (model === undefined) return 0;
    const key = Object.values(model).join();
    const known = judged.get(key) ?? differingTokens(samples, model);
    judged.set(key, known);
    return known;
  });
  const fewest = Math.min(...differing);
  return able.filter((_, i) => differing[i]! <= fewest + slack && differing[i]! < Infinity);
}

/** The beginnings of the streams, as many as have enough tokens together. */
function samplesOf(streams: readonly Uint8Array[]): readonly TokenSample[] | undefined {
  const samples: TokenSample[] = [];
  let tokens = 0;
  try {
    for (const stream of streams.slice(0, maxStreams)) {
      const sample = new TokenSample();
      sample.push(stream);
      sample.end();
      samples.push(sample);
      tokens += sample.parts.reduce((sum, part) => sum + part.tokens.length, 0);
      if (tokens >= maxTokens) break;
    }
    return samples;
  } catch (cause) {
    if (cause instanceof Unsplittable) return undefined;
    throw cause;
  }
}

interface Habits {
  readonly hasMatches: boolean;
  readonly shortest: number;
  readonly farthest: number;
  readonly areFixed: boolean;
  /** The one size of the first blocks that others follow, 0 where none is known, -1 where they differ. */
  readonly blockTokens: number;
  /** The most tokens of a first block. */
  readonly mostTokens: number;
}

function habitsOf(samples: readonly TokenSample[]): Habits {
  let shortest = maxMatchBytes;
  let farthest = 0;
  let areFixed = true;
  let [blockTokens, mostTokens] = [0, 0];
  for (const { parts } of samples) {
    for (const { tokens, type } of parts) {
      areFixed &&= type === fixedBlock || type === storedBlock;
      for (const token of tokens) {
        if (token < 0x10000) continue;
        shortest = Math.min(shortest, token >>> 16);
        farthest = Math.max(farthest, token & 0xffff);
      }
    }
    const [first] = parts;
    if (first === undefined || first.type === storedBlock) continue;
    mostTokens = Math.max(mostTokens, first.tokens.length);
    if (!first.isLast || first.isFinal) continue;
    blockTokens = blockTokens === 0 || blockTokens === first.tokens.length ? first.tokens.length : -1;
  }
  return { hasMatches: farthest > 0, shortest, farthest, areFixed, blockTokens, mostTokens };
}

/** What zlib can never do speaks against a candidate. */
function isAble({ level, memLevel, strategy, windowBits }: ZlibParameters, habits: Habits): boolean {
  const full = (1 << (memLevel + 6)) - 1;
  if (habits.mostTokens > full || (habits.blockTokens !== 0 && habits.blockTokens !== full)) return false;
  if (habits.farthest > (1 << windowBits) - unreachedBytes) return false;
  if (strategy === 2) return !habits.hasMatches;
  if (strategy === 3) return habits.farthest <= 1;
  if (strategy === 4) return habits.areFixed;
  return strategy === 0 || level < firstLazyLevel || !habits.hasMatches || habits.shortest > shortFiltered;
}

/** The model of a candidate; those without matches, and with runs only, are judged by what they can do. */
function modelOf({ level, memLevel, strategy, windowBits }: ZlibParameters): EncoderModel | undefined {
  if (strategy === 2 || strategy === 3) return undefined;
  const minLength = strategy === 1 && level >= firstLazyLevel ? shortFiltered + 1 : minMatchBytes;
  return { ...zlibModel(level), hashBits: memLevel + 7, minLength, maxDistance: (1 << windowBits) - unreachedBytes };
}

/** How many of the first tokens a model does not foretell; Infinity where they are too many. */
function differingTokens(samples: readonly TokenSample[], model: EncoderModel): number {
  const counter = new DifferenceCounter();
  let seen = 0;
  for (const sample of samples) {
    const stream = new TokenModel(sample.window, model);
    for (const part of sample.parts) {
      for (const token of part.tokens) {
        if (seen++ === maxTokens) return counter.count;
        stream.code(counter, token);
        if (counter.count > differingAtOnce + seen / tokensPerDiffering) return Infinity;
      }
      stream.skip(part.storedBytes);
    }
  }
  return counter.count;
}

/** Writes nothing, and counts the tokens that were foretold wrongly. */
class DifferenceCounter implements CorrectionCoder {
  count = 0;

  bit(index: number, bit: number): number {
    if (index < firstContexts && bit === 0) this.count++;
    return bit;
  }

  raw(value: number): number {
    return value;
  }
}
