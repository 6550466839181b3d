/**
 * Finds the zlib parameters under which the plain bytes give the very stream of a file: candidates that the first tokens allow are tried in
 * the order of their likelihood, each until its first wrong byte. Work is bounded by counts, never by a clock, so that every
 * client finds the same. SPEC.md section 6.4.
 */
import type { ZlibParameters } from './deflate-encoder.js';
import { type FirstTokens, firstTokensOf, ZlibTrial } from './deflate-trial.js';
import type { SplitEffort } from './splitter.js';
import { possibleParameters } from './zlib-evidence.js';

/** What is known of a stream. */
export interface DeflateSample {
  /** Plain bytes from the start. */
  readonly plain: Uint8Array;
  /** The stream from its start: all of it where `isWhole`, else at least what `plain` can give. */
  readonly stream: Uint8Array;
  /** Both are complete. */
  readonly isWhole: boolean;
  /** The two bytes before the stream (RFC 1950): hints only. */
  readonly header: Uint8Array;
}

/** Plain bytes fed to all candidates together, those of the slow levels counted twice. */
const workBytes = 33_554_432;
const slowLevel = 8;
const pieceBytes = 4_096;
/** What a quick search verifies: so many plain bytes, and so many of the stream. */
const quickPlainBytes = 131_072;
const quickStreamBytes = 24_576;

/** level, memory level, strategy: what the common encoders use, most frequent first. */
const common: readonly (readonly [number, number, number])[] = [
  [9, 8, 0], [6, 8, 3], [6, 8, 1], [9, 8, 1], [9, 9, 1], [6, 8, 0], [7, 9, 1], [6, 9, 1],
];

/**
 * The parameters that reproduce all `samples` (one stream each, at least one), or undefined. A `quick` search judges by the first part of
 * them: its answer is to be held against the whole, which a join does in any case.
 */
export function findParameters(samples: readonly DeflateSample[], effort: SplitEffort = 'whole'): ZlibParameters | undefined {
  const first = firstTokensOf(samples[0]!.stream);
  let work = 0;
  for (const candidate of possibleParameters(candidatesOf(samples[0]!.header), samples.map(({ stream }) => stream))) {
    const fit = new Fit(candidate, effort);
    for (const [i, sample] of samples.entries()) {
      if (!fit.tryOn(sample, i === 0 ? first : undefined)) break;
      if (fit.isEnough) break;
    }
    work += fit.fedBytes * (candidate.level >= slowLevel ? 2 : 1);
    if (fit.isEqual) return candidate;
    if (work > workBytes) return undefined;
  }
  return undefined;
}

/** All candidates, the likely ones first. */
function candidatesOf(header: Uint8Array): readonly ZlibParameters[] {
  const declared = Math.max(9, (header[0]! >>> 4) + 8);
  const windows = declared < 15 ? [declared, 15] : [15];
  const hint = header[1]! >>> 6;
  const sets = [...common];
  for (const memLevel of [8, 9]) {
    for (let level = 1; level <= 9; level++) for (const strategy of [0, 1, 4]) sets.push([level, memLevel, strategy]);
    for (const strategy of [2, 3]) sets.push([6, memLevel, strategy]);
  }
  const all = windows.flatMap((windowBits) => sets.map(([level, memLevel, strategy]) => ({ level, memLevel, strategy, windowBits })));
  const distinct = new Map(all.map((set) => [Object.values(set).join(), { kind: 'zlib' as const, ...set }]));
  const fits = (set: ZlibParameters): boolean => hintOf(set) === hint;
  return [...[...distinct.values()].filter(fits), ...[...distinct.values()].filter((set) => !fits(set))];
}

/** The two bits by which zlib's header tells its level. */
function hintOf(set: ZlibParameters): number {
  if (set.strategy >= 2 || set.level < 2) return 0;
  if (set.level < 6) return 1;
  return set.level === 6 ? 2 : 3;
}

/** How far one candidate was found right. */
class Fit {
  isEqual = true;
  fedBytes = 0;
  #streamBytes = 0;

  constructor(
    private readonly candidate: ZlibParameters,
    private readonly effort: SplitEffort,
  ) {}

  /** A quick search has seen enough. */
  get isEnough(): boolean {
    return this.effort === 'quick' && this.fedBytes >= quickPlainBytes && this.#streamBytes >= quickStreamBytes;
  }

  /** Goes on with one stream; `first` are the tokens that it begins with. */
  tryOn(sample: DeflateSample, first: FirstTokens | undefined): boolean {
    let seen = 0;
    const trial = new ZlibTrial(this.candidate, (bytes) => {
      this.isEqual &&= doesMatch(sample, seen, bytes);
      seen += bytes.length;
      this.#streamBytes += bytes.length;
    }, first);
    try {
      return this.#judge(trial, sample, () => seen);
    } finally {
      trial.close();
    }
  }

  #judge(trial: ZlibTrial, sample: DeflateSample, seen: () => number): boolean {
    for (let start = 0; start < sample.plain.length; start += pieceBytes) {
      const piece = sample.plain.subarray(start, start + pieceBytes);
      // First the call: it hears of bytes that are wrong.
      const isExpected = trial.push(piece);
      this.isEqual &&= isExpected;
      this.fedBytes += piece.length;
      if (!this.isEqual || this.isEnough) return this.isEqual;
    }
    if (!sample.isWhole) return true;
    trial.finish();
    this.isEqual &&= seen() === sample.stream.length;
    return this.isEqual;
  }
}

/** `bytes` stand at `at` of the stream, as far as it is known. */
function doesMatch(sample: DeflateSample, at: number, bytes: Uint8Array): boolean {
  const { stream, isWhole } = sample;
  const end = Math.min(bytes.length, stream.length - at);
  if (end < bytes.length && isWhole) return false;
  for (let i = 0; i < end; i++) if (stream[at + i] !== bytes[i]) return false;
  return true;
}
