/**
 * The binary stream in which blocks travel, both ways. SPEC.md section 7.
 *
 *   stream = magic "DBF1", frame*, end
 *   frame  = kind u8, T1 (32), code u16, length u32, C (length)     kind 1: block, kind 2: absent (length 0)
 *   end    = kind 0, count u32                                      count of frames before it
 *
 * A stream that stops before its end frame was cut off. Integers are big-endian.
 */
import { compareBytes, concat, u16, u32 } from './bytes.js';
import { asRehash, type Rehash } from './ids.js';
import { hashBytes, maxCipherBytes, maxFramesPerBatch, minCipherBytes } from './limits.js';
import { Refusal } from './refusals.js';

/** One block on its way: what its sender says of it, and the cipher itself. */
export interface BlockFrame {
  readonly kind: 'block';
  readonly rehash: Rehash;
  readonly code: number;
  readonly cipher: Uint8Array;
}

/** In an answer: the asked block cannot be served. */
export interface AbsentFrame {
  readonly kind: 'absent';
  readonly rehash: Rehash;
}

/** A frame of either kind. */
export type Frame = BlockFrame | AbsentFrame;

const magic = Uint8Array.of(0x44, 0x42, 0x46, 0x31);
const headBytes = 1 + hashBytes + 2 + 4;
const endBytes = 5;
/** Pieces that wait for the rest of their frame. */
const maxPending = 1_024;

/** Bytes of the empty stream: magic and end. */
export const streamOverheadBytes = magic.length + endBytes;
/** Bytes of a frame beside its cipher. */
export const frameOverheadBytes = headBytes;

/** The first bytes of a stream. */
export function encodeStart(): Uint8Array<ArrayBuffer> {
  return magic.slice();
}

/** The bytes before the cipher of a frame. */
export function encodeHead(frame: Frame): Uint8Array<ArrayBuffer> {
  if (frame.kind === 'absent') return concat(Uint8Array.of(2), frame.rehash, u16(0), u32(0));
  return concat(Uint8Array.of(1), frame.rehash, u16(frame.code), u32(frame.cipher.length));
}

/** The last bytes of a stream of `frames` frames. */
export function encodeEnd(frames: number): Uint8Array<ArrayBuffer> {
  return concat(Uint8Array.of(0), u32(frames));
}

/** A whole stream as pieces that share the ciphers' memory. */
export function encodeStream(frames: readonly Frame[]): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [encodeStart()];
  for (const frame of frames) {
    pieces.push(encodeHead(frame));
    if (frame.kind === 'block') pieces.push(frame.cipher);
  }
  pieces.push(encodeEnd(frames.length));
  return pieces;
}

/**
 * Reads a stream piece by piece. `push` returns the frames completed by a piece; `finish` must be called
 * at the end of input. Memory: one frame and one piece, however small pieces are; a frame that came with others in one piece is a view of it. Throws Refusal `frame-invalid` on any deviation,
 * after which the reader must not be used.
 */
export class FrameReader {
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #stage: 'start' | 'frames' | 'ended' = 'start';
  #count = 0;

  constructor(private readonly maxFrames = maxFramesPerBatch) {}

  push(piece: Uint8Array): readonly Frame[] {
    if (piece.length > 0) {
      this.#pending.push(piece);
      this.#pendingBytes += piece.length;
      // A sender of single bytes must not cost a hundred for each.
      if (this.#pending.length > maxPending) this.#pending = [concat(...this.#pending)];
    }
    const frames: Frame[] = [];
    for (let frame = this.#step(); frame !== undefined; frame = this.#step()) {
      if (frame !== 'again') frames.push(frame);
    }
    return frames;
  }

  /** Throws unless the end frame was the last thing read. */
  finish(): void {
    if (this.#stage !== 'ended') throw malformed('it ends before its end frame');
  }

  #step(): Frame | 'again' | undefined {
    if (this.#stage === 'start') return this.#readStart();
    if (this.#stage === 'ended') {
      if (this.#pendingBytes > 0) throw malformed('bytes follow its end frame');
      return undefined;
    }
    const kind = this.#pendingBytes > 0 ? this.#peek(1)[0] : undefined;
    if (kind === undefined) return undefined;
    if (kind === 0) return this.#readEnd();
    if (kind === 1 || kind === 2) return this.#readFrame(kind);
    throw malformed('it has a frame of an unknown kind');
  }

  #readStart(): 'again' | undefined {
    if (this.#pendingBytes < magic.length) return undefined;
    if (compareBytes(this.#take(magic.length), magic) !== 0) throw malformed('it does not begin with DBF1');
    this.#stage = 'frames';
    return 'again';
  }

  #readEnd(): 'again' | undefined {
    if (this.#pendingBytes < endBytes) return undefined;
    if (wordAt(this.#take(endBytes), 1) !== this.#count) throw malformed('its end frame counts other frames');
    this.#stage = 'ended';
    return 'again';
  }

  #readFrame(kind: 1 | 2): Frame | undefined {
    if (this.#pendingBytes < headBytes) return undefined;
    const length = wordAt(this.#peek(headBytes), headBytes - 4);
    const isLengthAllowed = kind === 2 ? length === 0 : length >= minCipherBytes && length <= maxCipherBytes;
    if (!isLengthAllowed) throw malformed('a frame has a length that no block has');
    if (this.#pendingBytes < headBytes + length) return undefined;
    if (++this.#count > this.maxFrames) throw malformed(`it has more than ${String(this.maxFrames)} frames`);
    const head = this.#take(headBytes);
    const rehash = asRehash(head.slice(1, 1 + hashBytes));
    const code = ((head[1 + hashBytes] ?? 0) << 8) | (head[2 + hashBytes] ?? 0);
    if (code > (kind === 2 ? 0 : 0x3ff)) throw malformed('a frame has a check code that no tag has');
    return kind === 2 ? { kind: 'absent', rehash } : { kind: 'block', rehash, code, cipher: this.#take(length) };
  }

  /** A view of the piece it came in where one piece holds it all, else a new array of nothing but it. */
  #peek(bytes: number): Uint8Array {
    const first = this.#pending[0];
    if (first !== undefined && first.length >= bytes) return first.subarray(0, bytes);
    const gathered = new Uint8Array(bytes);
    let at = 0;
    for (const piece of this.#pending) {
      if (at === bytes) break;
      const part = piece.subarray(0, bytes - at);
      gathered.set(part, at);
      at += part.length;
    }
    return gathered;
  }

  #take(bytes: number): Uint8Array {
    const taken = this.#peek(bytes);
    this.#pendingBytes -= bytes;
    let left = bytes;
    for (let first = this.#pending[0]; first !== undefined && left > 0; first = this.#pending[0]) {
      if (first.length > left) this.#pending[0] = first.subarray(left);
      else this.#pending.shift();
      left -= first.length;
    }
    return taken;
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return high * 0x10000 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
}

function malformed(what: string): Refusal {
  return new Refusal('frame-invalid', `The stream of blocks is refused: ${what}.`);
}
