/**
 * The two ways in which storage fails. Absence is neither: it is `undefined`. No port method reports an
 * outage as absence.
 */

/** The adapter could not do it. Nothing is known about what reached the disk beyond what the port promises. */
export class StorageError extends Error {
  override readonly name = 'StorageError';

  constructor(
    message: string,
    readonly options: { readonly retryable: boolean; readonly isFull?: boolean; readonly cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
  }
}

/** Stored bytes are not what was stored. Never retried, never healed silently. */
export class CorruptionError extends Error {
  override readonly name = 'CorruptionError';
}
