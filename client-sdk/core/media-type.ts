/**
 * The media type of a file by its first bytes, for the listing. A hint for people, never a reason to decode anything.
 * SPEC.md section 10.
 */
import { utf8 } from '../protocol/bytes.js';

/** Bytes that `mediaTypeOfHead` wants to see, where the file has them. */
export const mediaHeadBytes = 16;

type Magic = readonly [type: string, at: number, bytes: Uint8Array];

const magics: readonly Magic[] = [
  ['image/png', 0, Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)],
  ['image/jpeg', 0, Uint8Array.of(0xff, 0xd8, 0xff)],
  ['image/tiff', 0, Uint8Array.of(0x49, 0x49, 42, 0)],
  ['image/tiff', 0, Uint8Array.of(0x4d, 0x4d, 0, 42)],
  ['image/tiff', 0, Uint8Array.of(0x49, 0x49, 43, 0)],
  ['image/tiff', 0, Uint8Array.of(0x4d, 0x4d, 0, 43)],
  ['image/gif', 0, utf8('GIF8')],
  ['image/webp', 8, utf8('WEBP')],
  ['image/bmp', 0, utf8('BM')],
  ['image/avif', 4, utf8('ftypavif')],
  ['image/heic', 4, utf8('ftypheic')],
  ['application/pdf', 0, utf8('%PDF-')],
  ['application/zip', 0, Uint8Array.of(0x50, 0x4b, 3, 4)],
];

/** The media type that `head` announces, or undefined. */
export function mediaTypeOfHead(head: Uint8Array): string | undefined {
  return magics.find(([, at, bytes]) => bytes.every((byte, i) => head[at + i] === byte))?.[0];
}
