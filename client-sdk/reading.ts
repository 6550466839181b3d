/**
 * Reads a source from its beginning to its end in pieces. SPEC.md section 12.
 */
import type { Source } from './core/image/splitter.js';
import type { Platform } from './ports.js';

/** Bytes read at once. */
export const pieceBytes = 1_048_576;

/** What a long reading needs of its run. */
export interface Reader {
  readonly connection: { readonly platform: Platform };
  breatheSometimes(): Promise<void>;
}

/** SHA-256 of all bytes; `onBytes` is told how many were read so far. */
export async function hashSource(reader: Reader, source: Source, onBytes: (bytes: number) => void): Promise<Uint8Array> {
  const hash = reader.connection.platform.newHash();
  for (let at = 0; at < source.size; at += pieceBytes) {
    const length = Math.min(pieceBytes, source.size - at);
    hash.update(await source.read(at, length));
    onBytes(at + length);
    await reader.breatheSometimes();
  }
  return hash.digest();
}
