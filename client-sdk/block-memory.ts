/**
 * Blocks that several downloads share: near copies refer to the same ones, and each is fetched once while it is remembered. What is in it
 * was opened without a fault; whoever takes a block out opens it again, with all checks. SPEC.md section 12.
 */
import { hexOf } from './protocol/bytes.js';
import type { BlockFrame } from './protocol/frames.js';

const defaultBytes = 33_554_432;

/** The blocks that were used last, up to so many bytes of ciphers. */
export class BlockMemory {
  readonly #frames = new Map<string, BlockFrame>();
  #bytes = 0;

  constructor(private readonly maxBytes = defaultBytes) {}

  /** A copy of the block with this tag, where it is remembered. */
  find(tag: Uint8Array): BlockFrame | undefined {
    const key = hexOf(tag);
    const frame = this.#frames.get(key);
    if (frame === undefined) return undefined;
    this.#frames.delete(key);
    this.#frames.set(key, frame);
    return { ...frame, cipher: new Uint8Array(frame.cipher) };
  }

  /** Remembers a block that was opened; its bytes are given up. */
  keep(tag: Uint8Array, frame: BlockFrame): void {
    const key = hexOf(tag);
    if (this.#frames.has(key)) return;
    this.#frames.set(key, frame);
    this.#bytes += frame.cipher.length;
    for (const [oldest, { cipher }] of this.#frames) {
      if (this.#bytes <= this.maxBytes) break;
      this.#frames.delete(oldest);
      this.#bytes -= cipher.length;
    }
  }
}
