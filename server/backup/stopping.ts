/**
 * How long work on a backup ends when the operator wants it to: between two pieces, by an error that is not one of the disk.
 */
import { StorageError } from '../ports/errors.js';

/** Throws where the operator wants to stop. */
export function refuseStopped(stop: AbortSignal): void {
  if (stop.aborted) throw new StorageError('stopped', { retryable: true });
}
