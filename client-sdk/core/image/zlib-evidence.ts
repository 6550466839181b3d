/**
 * Which zlib parameters cannot have written a stream, as its first tokens tell without anything being deflated: blocks of another size,
 * matches that a strategy or a window does not allow. Never excludes those that did. SPEC.md section 6.4.
 */
import { fixedBlock, storedBlock, type BlockPart } from './deflate-block.js';
import { maxMatchBytes } from './deflate-code.js';
import type { ZlibParameters } from './deflate-encoder.js';
import { DeflateReader } from './deflate-reader.js';
import { PlainWindow } from './plain-window.js';
import { Unsplittable } from './raster-container.js';

/** Tokens that are looked at, together. */
const maxTokens = 40_000;
/** Bytes at the end of a window that zlib does not reach. */
const unreachedBytes = 262;
/** Levels from this on defer matches, and filtered ones then have none this short. */
const firstLazyLevel = 4;
const shortFiltered = 5;
/** Streams that are looked at, and bytes of one. */
const maxStreams = 64;
const maxReadBytes = 131_072;
const readBytes = 8_192;

/** The candidates that may have written `streams`, in their order; all where a stream cannot be read. */
export function possibleParameters(candidates: readonly ZlibParameters[], streams: readonly Uint8Array[]): readonly ZlibParameters[] {
  const parts = firstParts(streams);
  if (parts === undefined) return candidates;
  const habits = habitsOf(parts);
  return candidates.filter((candidate) => isAble(candidate, habits));
}

/** The first blocks of the streams, of as many as have enough tokens together. */
function firstParts(streams: readonly Uint8Array[]): readonly BlockPart[] | undefined {
  const parts: BlockPart[] = [];
  let tokens = 0;
  try {
    for (const stream of streams.slice(0, maxStreams)) {
      const part = firstPart(stream);
      if (part === undefined) continue;
      parts.push(part);
      tokens += part.tokens.length;
      if (tokens >= maxTokens) break;
    }
    return parts;
  } catch (cause) {
    if (cause instanceof Unsplittable) return undefined;
    throw cause;
  }
}

/** The first block, as far as it is looked at. */
function firstPart(stream: Uint8Array): BlockPart | undefined {
  const parts: BlockPart[] = [];
  const window = new PlainWindow();
  const reader = new DeflateReader({ window, from: () => window.end, onPart: (part) => void parts.push(part) });
  const looked = stream.subarray(0, maxReadBytes);
  for (let at = 0; at < looked.length && parts.length === 0; at += readBytes) reader.push(looked.subarray(at, at + readBytes));
  if (parts.length === 0 && looked.length === stream.length) reader.finish();
  if (parts.length === 0) reader.cut();
  return parts[0];
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

function habitsOf(parts: readonly BlockPart[]): Habits {
  let shortest = maxMatchBytes;
  let farthest = 0;
  let areFixed = true;
  let [blockTokens, mostTokens] = [0, 0];
  for (const { tokens, type, isLast, isFinal } of parts) {
    if (type === storedBlock) continue;
    areFixed &&= type === fixedBlock;
    for (const token of tokens) {
      if (token < 0x10000) continue;
      shortest = Math.min(shortest, token >>> 16);
      farthest = Math.max(farthest, token & 0xffff);
    }
    mostTokens = Math.max(mostTokens, tokens.length);
    if (!isLast || isFinal) continue;
    blockTokens = blockTokens === 0 || blockTokens === tokens.length ? tokens.length : -1;
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
