/**
 * A zlib stream (RFC 1950) taken apart as it passes by: two header bytes, the deflate stream, and whatever
 * follows it (checksum and strays). SPEC.md section 6.4.
 */
import { maxContainerBytes } from './image-limits.js';
import { InflateStream } from './inflate-stream.js';
import { Unsplittable } from './raster-container.js';
import { ByteWriter } from './varint.js';

/** Bytes before the deflate stream. */
export const zlibHeaderBytes = 2;

/** What hears of a stream's parts. */
export interface ZlibListener {
  /** Plain bytes, to keep. */
  onPlain(bytes: Uint8Array): void;
  /** Bytes of the deflate stream, not to keep. */
  onStream?(bytes: Uint8Array): void;
}

/** Feeds a zlib stream. Throws Unsplittable where it is damaged. */
export class ZlibReader {
  readonly header = new Uint8Array(zlibHeaderBytes);
  readonly #tail = new ByteWriter();
  readonly #inflate: InflateStream;
  #headerBytes = 0;

  constructor(private readonly listener: ZlibListener) {
    this.#inflate = new InflateStream((bytes) => {
      listener.onPlain(bytes);
    });
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (this.#headerBytes < zlibHeaderBytes && at < bytes.length) this.header[this.#headerBytes++] = bytes[at++]!;
    const rest = bytes.subarray(at);
    const used = rest.length === 0 ? 0 : this.#inflate.push(rest);
    if (this.#inflate.isDamaged) throw new Unsplittable('the deflate stream is damaged');
    if (used > 0) this.listener.onStream?.(rest.subarray(0, used));
    if (used === rest.length) return;
    this.#tail.bytes(rest.subarray(used));
    if (this.#tail.length > maxContainerBytes) throw new Unsplittable('too much follows the deflate stream');
  }

  /** What follows the deflate stream. Throws Unsplittable where the stream did not end. */
  end(): Uint8Array {
    if (!this.#inflate.isEnded) throw new Unsplittable('the deflate stream does not end');
    return this.#tail.take();
  }
}
