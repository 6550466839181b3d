/**
 * Tables of a JPEG file as its recipe has them in its params: deflated, with the segments that most files have as a dictionary.
 * SPEC.md section 6.8.
 */
import { concat } from '../../../protocol/bytes.js';
import { fault } from '../../errors.js';
import { inflateWhole } from '../inflate-whole.js';
import { zlibStream } from '../zlib-encoder.js';
import { quantisationSegments } from './quantisation-tables.js';
import { standardSegments } from './standard-codes.js';

/** The quality of the tables that the dictionary ends with, nearest to what is deflated, is the most usual. */
const qualities = [...Array.from({ length: 50 }, (_, i) => 50 + i).filter((quality) => quality !== 75 && quality !== 90), 90, 75];

/** The dictionary: tables by quality, headers as libjpeg writes them, those of its progressive scans, then the typical codes. */
const dictionary = concat(
  ...qualities.map(quantisationSegments),
  ...progressiveScans(),
  Uint8Array.of(0xff, 0xdd, 0, 4, 0, 0, 0xff, 0xdb, 0, 0x84, 0, 0xff, 0xdb, 0, 0x43, 1, 0xff, 0xc2, 0, 17, 8, 0xff, 0xc4, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 1, 0x3f, 0),
  Uint8Array.of(0xff, 0xda, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 0x3f, 0, 0xff, 0xc0, 0, 17, 8, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1),
  standardSegments,
  Uint8Array.of(0xff, 0xdb, 0, 0x43, 0),
);

const settings = { level: 9, memLevel: 4, strategy: 0, windowBits: 14 } as const;

/** The bytes, deflated. */
export function packInline(bytes: Uint8Array): Uint8Array {
  return zlibStream(bytes, settings, dictionary);
}

/** The `length` bytes that `packed` holds. Throws DiceError `recipe-invalid` where it holds others, or anything follows them. */
export function unpackInline(packed: Uint8Array, length: number): Uint8Array {
  const bytes = inflateWhole(packed, length, dictionary);
  if (bytes.length !== length) throw fault('recipe-invalid', 'The tables of a file have another length.');
  return bytes;
}

/** The SOS segments of a picture of one component, then of three; a DHT segment follows most of them. */
function progressiveScans(): readonly Uint8Array[] {
  const one = (component: number, ...rest: readonly number[]): Uint8Array => Uint8Array.of(0xff, 0xda, 0, 8, 1, component, ...rest, 0xff, 0xc4, 0);
  const all = (first: readonly number[], rest: readonly number[]): Uint8Array => Uint8Array.of(0xff, 0xda, 0, 12, 3, ...first, ...rest, 0xff, 0xc4, 0);
  const bands = [[0, 1, 5, 2], [0, 6, 0x3f, 2], [0, 1, 0x3f, 0x21]];
  return [
    one(1, 0, 0, 0, 1), one(1, 0, 0, 0, 0x10),
    all([1, 0, 2, 0x11, 3, 0x11], [0, 0, 1]), one(3, 1, 1, 0x3f, 1), one(2, 1, 1, 0x3f, 1), all([1, 0, 2, 0, 3, 0], [0, 0, 0x10]),
    one(3, 1, 1, 0x3f, 0x10), one(2, 1, 1, 0x3f, 0x10),
    ...bands.map((band) => one(1, ...band)), one(1, 0, 1, 0x3f, 0x10),
  ];
}
