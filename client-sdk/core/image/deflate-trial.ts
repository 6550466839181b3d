/**
 * A zlib encoder on trial: what it chooses is held against the first tokens of a stream long before its first block is written, so
 * that a wrong candidate costs some thousand bytes. Finds nothing by itself. SPEC.md section 6.4.
 */
import type { ZlibParameters } from './deflate-encoder.js';
import { DeflateReader } from './deflate-reader.js';
import { PlainWindow } from './plain-window.js';
import { Unsplittable } from './raster-container.js';
import { ZlibEncoder } from './zlib-encoder.js';

/** Bytes of a stream that are looked at for its first tokens. */
const maxReadBytes = 65_536;
const readBytes = 4_096;

/** The first tokens of a stream, in the form of token-model.ts. */
export interface FirstTokens {
  readonly tokens: Int32Array;
  /** The first block has no more of them. */
  readonly isBlock: boolean;
}

/** The tokens of the first block, as far as it is looked at, or undefined where it has none. */
export function firstTokensOf(stream: Uint8Array): FirstTokens | undefined {
  const found: FirstTokens[] = [];
  const window = new PlainWindow();
  const reader = new DeflateReader({ window, from: () => window.end, onPart: ({ tokens, isLast }) => void found.push({ tokens, isBlock: isLast }) });
  try {
    for (let at = 0; at < Math.min(stream.length, maxReadBytes) && found.length === 0; at += readBytes) reader.push(stream.subarray(at, at + readBytes));
    if (found.length === 0) reader.cut();
  } catch (cause) {
    if (!(cause instanceof Unsplittable)) throw cause;
  }
  return found[0]?.tokens.length === 0 ? undefined : found[0];
}

/** One candidate. Gives what it writes to `onBytes`. */
export class ZlibTrial {
  readonly #encoder: ZlibEncoder;
  #first: FirstTokens | undefined;
  #compared = 0;

  constructor(candidate: ZlibParameters, onBytes: (bytes: Uint8Array) => void, first: FirstTokens | undefined) {
    this.#encoder = new ZlibEncoder(candidate, onBytes);
    this.#first = first;
  }

  /** Takes plain bytes; false where a token is another one. */
  push(bytes: Uint8Array): boolean {
    this.#encoder.push(bytes);
    return this.#isAsExpected();
  }

  finish(): void {
    this.#encoder.finish();
  }

  /** Gives its memory back. */
  close(): void {
    this.#encoder.close();
  }

  #isAsExpected(): boolean {
    const first = this.#first;
    if (first === undefined) return true;
    const chosen = this.#encoder.openTokens;
    const count = chosen.length;
    const { tokens, isBlock } = first;
    if (count < this.#compared || count > tokens.length) {
      // The block has been written, or is longer than what was looked at: from here on its bytes tell.
      this.#first = undefined;
      return count < this.#compared || !isBlock;
    }
    for (let i = this.#compared; i < count; i++) if (tokens[i] !== chosen[i]) return false;
    this.#compared = count;
    return true;
  }
}
