/**
 * Reads a source from its beginning to its end in pieces. SPEC.md section 12.
 */
import type { Source } from './core/image/splitter.js';
import type { Platform } from './ports.js';

/** Bytes read at once. */
export const pieceBytes = 1_048_576;
/** A file up to so large is hashed whole, by the platform's own cryptography; piece by piece a browser has ours alone, ten times slower. */
const maxWholeBytes = 8_388_608;

/** What a long reading needs of its run. */
export interface Reader {
  readonly connection: { readonly platform: Pick<Platform, 'crypto' | 'newHash'> };
  breatheSometimes(): Promise<void>;
}

/** SHA-256 of all bytes; `onBytes` is told how many were read so far. */
export async function hashSource(reader: Reader, source: Source, onBytes: (bytes: number) => void): Promise<Uint8Array> {
  const { crypto, newHash } = reader.connection.platform;
  if (source.size <= maxWholeBytes) {
    const whole = await crypto.sha256(await source.read(0, source.size));
    onBytes(source.size);
    await reader.breatheSometimes();
    return whole;
  }
  const hash = newHash();
  for (let at = 0; at < source.size; at += pieceBytes) {
    const length = Math.min(pieceBytes, source.size - at);
    hash.update(await source.read(at, length));
    onBytes(at + length);
    await reader.breatheSometimes();
  }
  return hash.digest();
}
