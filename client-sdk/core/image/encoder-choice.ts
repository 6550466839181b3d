/**
 * Chooses the model of an encoder by trying the known ones on the first tokens of a stream. Work is bounded by counts, so that every
 * client chooses the same. A poor choice costs corrections, never exactness. SPEC.md section 6.7.
 */
import { CorrectionWriter, TooManyCorrections } from './correction-coder.js';
import type { BlockPart } from './deflate-block.js';
import { maxDistance, minMatchBytes, oddMatchLength } from './deflate-code.js';
import { DeflateReader } from './deflate-reader.js';
import { knownModels, type EncoderModel } from './encoder-model.js';
import { PlainWindow } from './plain-window.js';
import { tokenContexts, TokenModel } from './token-model.js';

/** Tokens on which all models are tried, and so many of the best go on to the next trial. */
const trials = [
  { tokens: 2_000, best: 6 },
  { tokens: 12_000, best: 2 },
  { tokens: 24_000, best: 2 },
] as const;
const lastTokens = 12_000;
/** Plain bytes of a sample; a piece of the stream unfolds to at most 1032 times its size. */
const maxSampleBytes = 786_432;
const pieceBytes = 1_024;
/** A model whose corrections are longer by less than this share of the stream is as good, and the faster one is taken. */
const equalShare = 1 / 150;
/** A model that sees four bytes only is not tried where matches of three are more than this share. */
const shortShare = 1 / 500;
/** So few matches are taken for exceptions. */
const rareShare = 1 / 1_000;
/** Distances beyond which encoders do not take three bytes. */
const farDistances = [4_096, 8_192, maxDistance] as const;

/** The first part of a stream: tokens in parts, with the bytes that they unfold to. */
export class TokenSample {
  readonly window = new PlainWindow();
  readonly #parts: BlockPart[] = [];
  readonly #reader: DeflateReader;
  #streamBytes = 0;

  constructor() {
    this.#reader = new DeflateReader({ window: this.window, from: () => 0, onPart: (part) => this.#parts.push(part) });
  }

  /** Takes the next bytes of the stream. Throws Unsplittable where it is damaged. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.isFull; at += pieceBytes) {
      const piece = bytes.subarray(at, at + pieceBytes);
      this.#reader.push(piece);
      this.#streamBytes += piece.length;
    }
  }

  /** Further bytes would not be looked at. */
  get isFull(): boolean {
    return this.window.end >= maxSampleBytes || this.#reader.isEnded;
  }

  /** After the last push; where the sample is not full, the stream has ended. */
  end(): void {
    if (!this.isFull) this.#reader.finish();
    this.#reader.cut();
    this.window.isEnded = true;
  }

  get streamBytes(): number {
    return this.#streamBytes;
  }

  get parts(): readonly BlockPart[] {
    return this.#parts;
  }
}

/** The model with the fewest corrections on `samples` (each the beginning of a stream of one encoder), nearly so where that is faster. */
export function chooseModel(samples: readonly TokenSample[]): EncoderModel {
  let models = plausibleModels(samples);
  let results: readonly Ranked[] = [];
  for (const { tokens, best } of trials) {
    results = ranked(samples, models, tokens).slice(0, best);
    models = results.map(({ model }) => model);
  }
  const best = results[0]!;
  const streamBytes = samples.reduce((sum, sample) => sum + sample.streamBytes, 0);
  const good = results.filter(({ bytes }) => bytes <= best.bytes + streamBytes * equalShare);
  const fastest = good.reduce((one, other) => (other.model.chain < one.model.chain ? other : one)).model;
  if (fastest.multiplier !== 0 || fastest.parsing === 'none' || fastest.parsing === 'fixed') return fastest;
  // The same encoder with twice the memory.
  return ranked(samples, [fastest, { ...fastest, hashBits: 16 }], lastTokens)[0]!.model;
}

interface Ranked {
  readonly model: EncoderModel;
  readonly bytes: number;
}

/** The best first. */
function ranked(samples: readonly TokenSample[], models: readonly EncoderModel[], tokens: number): readonly Ranked[] {
  let best = Infinity;
  const results: Ranked[] = [];
  for (const model of models) {
    const bytes = measure(samples, model, { tokens, maxBytes: Math.min(2 * best + 64, 0x40000000) });
    if (bytes === undefined) continue;
    best = Math.min(best, bytes);
    results.push({ model, bytes });
  }
  return results.sort((a, b) => a.bytes - b.bytes);
}

/** Bytes of corrections, or undefined above `maxBytes`. */
function measure(
  samples: readonly TokenSample[],
  model: EncoderModel,
  { tokens, maxBytes }: { readonly tokens: number; readonly maxBytes: number },
): number | undefined {
  const coder = new CorrectionWriter(tokenContexts, maxBytes);
  let left = tokens;
  try {
    for (const sample of samples) {
      const stream = new TokenModel(sample.window, model);
      for (const part of sample.parts) {
        const taken = part.tokens.subarray(0, left);
        left -= taken.length;
        for (const token of taken) stream.code(coder, token);
        if (left === 0) return coder.length;
        stream.skip(part.storedBytes);
      }
    }
  } catch (cause) {
    if (cause instanceof TooManyCorrections) return undefined;
    throw cause;
  }
  return coder.length;
}

/** What the first tokens do not contradict, the most usual first, fitted to them. */
function plausibleModels(samples: readonly TokenSample[]): readonly EncoderModel[] {
  const habits = habitsOf(samples);
  const { matches, shortMatches, distance } = habits;
  const isShort = shortMatches > matches * shortShare;
  const all = knownModels().filter(({ model }) => {
    if (model.parsing === 'none') return true;
    if (model.parsing === 'fixed') return distance === model.fixedDistance;
    if (matches === 0) return false;
    const hasShort = model.multiplier === 0 || model.hasShortTable;
    return (hasShort || !isShort) && (model.multiplier !== 0 || model.hashBits === 15);
  });
  return all.map(({ model }) => fitted(model, habits));
}

/** What the tokens of samples have in common. */
interface Habits {
  readonly matches: number;
  /** Matches of three bytes. */
  readonly shortMatches: number;
  /** Shorter ones are as good as absent. */
  readonly minLength: number;
  /** Matches of three bytes from farther away are as good as absent. */
  readonly farDistance: number;
  /** The distance of all matches, or 0. */
  readonly distance: number;
}

function habitsOf(samples: readonly TokenSample[]): Habits {
  const lengths = new Uint32Array(oddMatchLength + 1);
  const far = new Uint32Array(farDistances.length);
  let distance = -1;
  for (const { parts } of samples) {
    for (const { tokens } of parts) {
      for (const token of tokens) {
        if (token < 256) continue;
        lengths[token >>> 16]!++;
        const own = token & 0xffff;
        if (token >>> 16 === minMatchBytes) far[farDistances.findIndex((limit) => own <= limit)]!++;
        distance = distance === -1 || distance === own ? own : 0;
      }
    }
  }
  const matches = lengths.reduce((sum, count) => sum + count, 0);
  const shortMatches = lengths[minMatchBytes]!;
  let minLength = minMatchBytes;
  for (let seen = shortMatches; minLength < 9 && seen <= matches * rareShare; seen += lengths[minLength]!) minLength++;
  let reach = farDistances.length - 1;
  for (let seen = far[reach]!; reach > 0 && seen <= shortMatches * rareShare; seen += far[reach]!) reach--;
  return { matches, shortMatches, minLength, farDistance: farDistances[reach]!, distance };
}

function fitted(model: EncoderModel, { minLength, farDistance }: Habits): EncoderModel {
  if (model.parsing === 'none' || model.parsing === 'fixed') return model;
  return { ...model, minLength: Math.max(model.minLength, minLength), farDistance: model.farDistance === maxDistance ? maxDistance : farDistance };
}
