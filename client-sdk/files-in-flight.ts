/**
 * How many files are on their way at once, by their sizes: four of a megabyte or more, up to 32 small ones, so that what small ones ask
 * of the server goes together and large ones do not fill the memory. SPEC.md section 12.
 */
import { ByteGate } from './byte-gate.js';

const large = 4;
const largeBytes = 1_048_576;
const smallBytes = 131_072;

/** Files at once where all are small. */
export const mostInFlight = (large * largeBytes) / smallBytes;

/** A gate for files. */
export class FilesInFlight {
  readonly #gate = new ByteGate(large * largeBytes);

  /** Waits until a file of `size` bytes may be on its way; call the answer when it is not any more. Throws `cancelled`. */
  async enter(size: number, signal: AbortSignal | undefined): Promise<() => void> {
    const share = shareOf(size);
    await this.#gate.enter(share, signal);
    return () => { this.#gate.leave(share); };
  }
}

/** Files of `size` bytes that are on their way at once, at most. */
export function filesAtOnce(size: number): number {
  return (large * largeBytes) / shareOf(size);
}

function shareOf(size: number): number {
  return Math.min(Math.max(size, smallBytes), largeBytes);
}
