/**
 * Tables of a JPEG file as its recipe has them in its params: deflated, with the segments that most files have as a dictionary.
 * SPEC.md section 6.8.
 */
import { deflateRaw, Inflate } from 'pako';
import { concat } from '../../../protocol/bytes.js';
import { fault } from '../../errors.js';
import { standardSegments } from './standard-codes.js';

/** The dictionary: headers as libjpeg writes them, then the typical codes. */
const dictionary = concat(
  Uint8Array.of(0xff, 0xdd, 0, 4, 0, 0, 0xff, 0xdb, 0, 0x84, 0, 0xff, 0xdb, 0, 0x43, 1, 0xff, 0xc2, 0, 17, 8, 0xff, 0xc4, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 1, 0x3f, 0),
  Uint8Array.of(0xff, 0xda, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 0x3f, 0, 0xff, 0xc0, 0, 17, 8, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1),
  standardSegments,
  Uint8Array.of(0xff, 0xdb, 0, 0x43, 0),
);

/** The bytes, deflated. */
export function packInline(bytes: Uint8Array): Uint8Array {
  return deflateRaw(bytes, { level: 9, windowBits: 13, memLevel: 4, dictionary });
}

/** The `length` bytes that `packed` holds. Throws DiceError `recipe-invalid` where it holds others, or anything follows them. */
export function unpackInline(packed: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  const stream = new Inflate({ raw: true, dictionary, chunkSize: length + 1 });
  stream.onData = (data) => {
    // Without the option `to`, pako gives byte arrays.
    const chunk = data as Uint8Array;
    if (chunk.length > length - at) throw malformed();
    bytes.set(chunk, at);
    at += chunk.length;
  };
  const ended = { status: -1 };
  stream.onEnd = (status) => {
    ended.status = status;
  };
  stream.push(packed, true);
  // The types leave out zlib's own state, which alone knows of bytes that follow the stream.
  const { strm } = stream as unknown as { readonly strm: { readonly avail_in: number } };
  if (ended.status !== 0 || strm.avail_in !== 0 || at !== length) throw malformed();
  return bytes;
}

function malformed(): Error {
  return fault('recipe-invalid', 'The tables of a file do not inflate.');
}
