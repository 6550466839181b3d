/**
 * How long work on a backup ends when the operator wants it to: between two pieces, by an error of its own, so that it is not taken for one of the disk.
 */
import { StorageError } from '../ports/errors.js';

/** The operator wanted it. The same work, begun again, goes on. */
export class Stopped extends StorageError {
  constructor() {
    super('stopped', { retryable: true });
  }
}

/** Throws where the operator wants to stop. */
export function refuseStopped(stop: AbortSignal): void {
  if (stop.aborted) throw new Stopped();
}
