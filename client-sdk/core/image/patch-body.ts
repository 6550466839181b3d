/**
 * The body of a patch: one run of the coder of corrections, cut short. It knows nothing of what is coded. SPEC.md section 5.9.
 */
import { CorrectionReader, TooManyCorrections } from './correction-coder.js';
import { carry } from './range-coder.js';

/** Bytes of a written run of the coder that a patch leaves out: they are zero. */
export const droppedBytes = 3;

/**
 * A finished run of the coder without its last three bytes. These hold the low 23 bits of a number anywhere in a range
 * of at least 2^23: rounded up they are zero.
 */
export function shortened(bytes: Uint8Array): Uint8Array {
  const length = bytes.length - droppedBytes;
  if (bytes.subarray(length).some((byte) => byte !== 0)) carry(bytes, length);
  return bytes.subarray(0, length);
}

/** A reader of a shortened run with so many contexts. Throws DiceError `recipe-invalid` for an empty one. */
export function readerOf(contexts: number, body: Uint8Array): CorrectionReader {
  const padded = new Uint8Array(body.length + droppedBytes);
  padded.set(body);
  return new CorrectionReader(contexts, padded);
}

/** Runs `write`; answers false where it would have written too much. */
export function isWithin(write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (error instanceof TooManyCorrections) return false;
    throw error;
  }
}
