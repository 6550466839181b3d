/**
 * What a file is, by its first bytes alone: never by its name. SPEC.md section 6.1.
 */
import { pngSignature } from './png-header.js';
import type { Source } from './splitter.js';

/** Formats that are told apart. */
export type FileFormat = 'png' | 'tiff' | 'jpeg' | 'unknown';

const magics: readonly (readonly [FileFormat, Uint8Array])[] = [
  ['png', pngSignature],
  ['jpeg', Uint8Array.of(0xff, 0xd8, 0xff)],
  ['tiff', Uint8Array.of(0x49, 0x49, 42, 0)],
  ['tiff', Uint8Array.of(0x4d, 0x4d, 0, 42)],
  ['tiff', Uint8Array.of(0x49, 0x49, 43, 0)],
  ['tiff', Uint8Array.of(0x4d, 0x4d, 0, 43)],
];

/** The format that the first bytes announce. */
export async function formatOf(source: Source): Promise<FileFormat> {
  const head = await source.read(0, Math.min(pngSignature.length, source.size));
  const found = magics.find(([, magic]) => magic.every((byte, i) => head[i] === byte));
  return found?.[0] ?? 'unknown';
}
