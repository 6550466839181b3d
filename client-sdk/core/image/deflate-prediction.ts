/**
 * Finds the prediction of deflate streams whose encoder is not known by its parameters: chooses a model on the first
 * part, then gathers the corrections of the whole in one more pass, in bounded memory. SPEC.md section 6.7.
 */
import { TooManyCorrections } from './correction-coder.js';
import type { PredictedTokens } from './deflate-encoder.js';
import { maxCorrectionBytes, newCorrections, TokenSplit } from './deflate-tokens.js';
import { chooseModel, TokenSample } from './encoder-choice.js';
import { maxContainerBytes } from './image-limits.js';

/** Streams of one encoder, one after the other, each in pieces from its start. */
export interface DeflateStreams {
  /** Bytes of all of them. */
  readonly streamBytes: number;
  /** May be called more than once. */
  streams(): AsyncIterable<AsyncIterable<Uint8Array> | Iterable<Uint8Array>>;
}

/** Plain bytes and streams that a model is chosen on. */
const maxSampledBytes = 524_288;
const maxSamples = 64;

/** The model and the corrections of the streams, or undefined where these would be too long to pay. Throws Unsplittable where one is damaged. */
export async function predictedTokens(file: DeflateStreams): Promise<PredictedTokens | undefined> {
  const model = chooseModel(await samplesOf(file));
  const corrections = newCorrections(Math.min(maxContainerBytes, maxCorrectionBytes(file.streamBytes)));
  try {
    for await (const stream of file.streams()) {
      const split = new TokenSplit(model, corrections);
      for await (const piece of stream) split.push(piece);
      split.finish();
    }
    return { kind: 'tokens', model, corrections: corrections.finish() };
  } catch (cause) {
    if (cause instanceof TooManyCorrections) return undefined;
    throw cause;
  }
}

async function samplesOf(file: DeflateStreams): Promise<readonly TokenSample[]> {
  const samples: TokenSample[] = [];
  let sampledBytes = 0;
  for await (const stream of file.streams()) {
    const sample = new TokenSample();
    for await (const piece of stream) {
      sample.push(piece);
      if (sample.isFull) break;
    }
    sample.end();
    samples.push(sample);
    sampledBytes += sample.window.end;
    if (sampledBytes >= maxSampledBytes || samples.length === maxSamples) break;
  }
  return samples;
}
