/**
 * Tables of a JPEG file as its recipe has them in its params: deflated, with the segments that most files have as a dictionary.
 * SPEC.md section 6.8.
 */
import { deflateRaw } from 'pako';
import { concat } from '../../../protocol/bytes.js';
import { fault } from '../../errors.js';
import { inflateWhole } from '../inflate-whole.js';
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
  const bytes = inflateWhole(packed, length, dictionary);
  if (bytes.length !== length) throw fault('recipe-invalid', 'The tables of a file have another length.');
  return bytes;
}
