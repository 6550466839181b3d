/**
 * A deflate stream through its tokens and back in one step, in pieces of odd sizes.
 */
import { encoderOf, type PredictedTokens } from '../../client-sdk/core/image/deflate-encoder.js';
import { predictedTokens } from '../../client-sdk/core/image/deflate-prediction.js';
import { newCorrections, TokenSplit } from '../../client-sdk/core/image/deflate-tokens.js';
import type { EncoderModel } from '../../client-sdk/core/image/encoder-model.js';
import { concat } from '../../client-sdk/protocol/bytes.js';

/** The prediction that a splitter would find, or undefined. */
export function predict(...streams: readonly Uint8Array[]): Promise<PredictedTokens | undefined> {
  const pieces = function* (stream: Uint8Array): Generator<Uint8Array, void, undefined> {
    for (let at = 0; at < stream.length; at += 4_999) yield stream.subarray(at, at + 4_999);
  };
  return predictedTokens({
    streamBytes: streams.reduce((sum, stream) => sum + stream.length, 0),
    async *streams() {
      for (const stream of streams) yield await Promise.resolve(pieces(stream));
    },
  });
}

/** The corrections of a stream under a model, however long. */
export function correctionsOf(stream: Uint8Array, model: EncoderModel): Uint8Array {
  const corrections = newCorrections(0x3fffffff);
  const split = new TokenSplit(model, corrections);
  for (let at = 0; at < stream.length; at += 333) split.push(stream.subarray(at, at + 333));
  split.finish();
  return corrections.finish();
}

/** The stream of a prediction. Throws as an encoder does. */
export function joinTokens(method: Omit<PredictedTokens, 'kind'>, plain: Uint8Array, pieceBytes = 7_001): Uint8Array {
  const parts: Uint8Array[] = [];
  const encoder = encoderOf({ kind: 'tokens', ...method }, (part) => void parts.push(part));
  for (let at = 0; at < plain.length; at += pieceBytes) encoder.push(plain.subarray(at, at + pieceBytes));
  encoder.finish();
  return concat(...parts);
}
