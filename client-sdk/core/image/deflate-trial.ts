/**
 * A zlib encoder on trial: what it chooses is held against the first tokens of a stream long before its first block is written, so
 * that a wrong candidate costs some thousand bytes. Finds nothing by itself. SPEC.md section 6.4.
 */
import { Deflate } from 'pako';
import { minMatchBytes } from './deflate-code.js';
import type { ZlibParameters } from './deflate-encoder.js';
import { DeflateReader } from './deflate-reader.js';
import { PlainWindow } from './plain-window.js';
import { Unsplittable } from './raster-container.js';

/** The members of zlib's own state that hold the tokens of the block that is being gathered: three bytes each. */
interface BlockState {
  readonly pending_buf: Uint8Array;
  readonly sym_buf: number;
  readonly sym_next: number;
}

/** Small, so that the first wrong byte of a candidate is seen soon. */
const chunkBytes = 512;
const stateBytesOfToken = 3;
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
  readonly #deflate: Deflate;
  readonly #state: BlockState;
  #first: FirstTokens | undefined;
  #compared = 0;

  constructor(candidate: ZlibParameters, onBytes: (bytes: Uint8Array) => void, first: FirstTokens | undefined) {
    const { level, memLevel, strategy, windowBits } = candidate;
    // The search has 1..9 and 0..4, as pako's literal types ask.
    const options = { level: level as 1, memLevel, strategy: strategy as 0, windowBits, raw: true, chunkSize: chunkBytes };
    this.#deflate = new Deflate(options);
    this.#deflate.onData = (chunk) => {
      // Without the option `to`, pako gives byte arrays.
      onBytes(chunk as Uint8Array);
    };
    this.#deflate.onEnd = () => undefined;
    // The types leave out zlib's own state, which alone knows of tokens that are not yet written.
    this.#state = (this.#deflate as unknown as { readonly strm: { readonly state: BlockState } }).strm.state;
    this.#first = first;
  }

  /** Takes plain bytes; false where a token is another one. */
  push(bytes: Uint8Array): boolean {
    this.#deflate.push(bytes, false);
    return this.#isAsExpected();
  }

  finish(): void {
    this.#deflate.push(new Uint8Array(0), true);
  }

  #isAsExpected(): boolean {
    const first = this.#first;
    if (first === undefined) return true;
    const { pending_buf: buffer, sym_buf: start, sym_next: bytes } = this.#state;
    const { tokens, isBlock } = first;
    const count = bytes / stateBytesOfToken;
    if (count < this.#compared || count > tokens.length) {
      // The block has been written, or is longer than what was looked at: from here on its bytes tell.
      this.#first = undefined;
      return count < this.#compared || !isBlock;
    }
    for (let i = this.#compared, at = start + stateBytesOfToken * i; i < count; i++, at += stateBytesOfToken) {
      const distance = buffer[at]! | (buffer[at + 1]! << 8);
      const last = buffer[at + 2]!;
      if (tokens[i] !== (distance === 0 ? last : ((last + minMatchBytes) << 16) | distance)) return false;
    }
    this.#compared = count;
    return true;
  }
}
