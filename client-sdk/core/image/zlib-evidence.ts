/**
 * Which zlib parameters cannot have written a stream, as its first tokens tell without anything being deflated: blocks of another size,
 * matches that a strategy or a window does not allow. Never excludes those that did. SPEC.md section 6.4.
 */
import { fixedBlock, storedBlock } from './deflate-block.js';
import { maxMatchBytes } from './deflate-code.js';
import type { ZlibParameters } from './deflate-encoder.js';
import { TokenSample } from './encoder-choice.js';
import { Unsplittable } from './raster-container.js';

/** Tokens that are looked at, together. */
const maxTokens = 40_000;
/** Bytes at the end of a window that zlib does not reach. */
const unreachedBytes = 262;
/** Levels from this on defer matches, and filtered ones then have none this short. */
const firstLazyLevel = 4;
const shortFiltered = 5;
/** Streams that are looked at. */
const maxStreams = 64;

/** The candidates that may have written `streams`, in their order; all where a stream cannot be read. */
export function possibleParameters(candidates: readonly ZlibParameters[], streams: readonly Uint8Array[]): readonly ZlibParameters[] {
  const samples = samplesOf(streams);
  if (samples === undefined) return candidates;
  const habits = habitsOf(samples);
  return candidates.filter((candidate) => isAble(candidate, habits));
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
