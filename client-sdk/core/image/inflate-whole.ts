/**
 * Raw deflate streams (RFC 1951) that are whole in memory and a stranger's: inflated up to a bound, by the pinned pako. Streams in
 * pieces are inflate-stream.ts. SPEC.md sections 5.2 and 6.8.
 */
import { Inflate } from 'pako';
import { fault } from '../errors.js';

const chunkBytes = 65_536;

/**
 * At most `limit` bytes; it stops as soon as there are more. Throws DiceError `recipe-invalid` for more, for what is no such stream, and
 * for bytes behind it.
 */
export function inflateWhole(deflated: Uint8Array, limit: number, dictionary?: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(limit);
  let length = 0;
  const stream = new Inflate({ raw: true, chunkSize: Math.min(chunkBytes, limit + 1), ...(dictionary === undefined ? {} : { dictionary }) });
  stream.onData = (data) => {
    // Without the option `to`, pako gives byte arrays.
    const chunk = data as Uint8Array;
    if (chunk.length > limit - length) throw fault('recipe-invalid', 'A deflated part of it inflates to too much.');
    bytes.set(chunk, length);
    length += chunk.length;
  };
  const ended = { status: -1 };
  stream.onEnd = (status) => {
    ended.status = status;
  };
  stream.push(deflated, true);
  // The types leave out zlib's own state, which alone knows of bytes that follow the stream.
  const { strm } = stream as unknown as { readonly strm: { readonly avail_in: number } };
  if (ended.status !== 0 || strm.avail_in !== 0) throw fault('recipe-invalid', 'A deflated part of it does not inflate.');
  return bytes.subarray(0, length);
}
