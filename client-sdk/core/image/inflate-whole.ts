/**
 * Raw deflate streams (RFC 1951) that are whole in memory and a stranger's: inflated up to a bound. Streams in pieces are
 * inflate-stream.ts. SPEC.md sections 5.2 and 6.8.
 */
import { concat } from '../../protocol/bytes.js';
import { fault } from '../errors.js';
import { InflateStream } from './inflate-stream.js';

/**
 * At most `limit` bytes; it stops as soon as there are more. Throws DiceError `recipe-invalid` for more, for what is no such stream, and
 * for bytes behind it.
 */
export function inflateWhole(deflated: Uint8Array, limit: number, dictionary?: Uint8Array): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stream = new InflateStream((chunk) => {
    length += chunk.length;
    if (length > limit) throw fault('recipe-invalid', 'A deflated part of it inflates to too much.');
    chunks.push(chunk);
  }, dictionary);
  try {
    const used = stream.push(deflated);
    if (!stream.isEnded || used !== deflated.length) throw fault('recipe-invalid', 'A deflated part of it does not inflate.');
  } finally {
    stream.close();
  }
  return concat(...chunks);
}
