/**
 * Raw deflate (RFC 1951) taken apart piece by piece in bounded memory, by the pinned pako. Says where the
 * stream ends, so that what follows it is kept. SPEC.md section 6.4.
 */
import { constants, Inflate } from 'pako';

/** The members of pako's class that its published types leave out. */
interface InflateState {
  readonly ended: boolean;
  readonly strm: { readonly avail_in: number };
}

/** Largest piece that is inflated in one go: deflate unfolds at most 1032 times. */
const pieceBytes = 16_384;

/** Feeds a raw deflate stream; gives out what it unfolds to. */
export class InflateStream {
  readonly #inflate: Inflate & InflateState;
  #isDamaged = false;

  /** `onBytes` may keep what it is given, and may throw to stop. */
  constructor(onBytes: (bytes: Uint8Array) => void) {
    // pako keeps these two members on every instance; only its types are silent about them.
    this.#inflate = new Inflate({ raw: true, windowBits: 15, chunkSize: 65_536 }) as Inflate & InflateState;
    this.#inflate.onData = (chunk) => {
      onBytes(chunk instanceof Uint8Array ? chunk : new Uint8Array(chunk));
    };
    this.#inflate.onEnd = (status) => {
      this.#isDamaged = status !== 0;
    };
  }

  /** The final block has been read to its end. */
  get isEnded(): boolean {
    return this.#inflate.ended && !this.#isDamaged;
  }

  /** The bytes are no deflate stream. */
  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  /** Takes bytes of the stream, and answers how many belonged to it (fewer only at its end). */
  push(bytes: Uint8Array): number {
    let used = 0;
    while (used < bytes.length && !this.#inflate.ended) {
      const piece = bytes.subarray(used, used + pieceBytes);
      this.#inflate.push(piece, constants.Z_SYNC_FLUSH);
      used += piece.length - this.#unused();
    }
    return used;
  }

  /** Bytes of the last piece that lie after the stream's end. */
  #unused(): number {
    return this.#inflate.ended ? this.#inflate.strm.avail_in : 0;
  }
}
