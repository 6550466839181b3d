/**
 * Errors of the S3 driver, turned into the two errors of the ports. What a service wrote into its answer is not passed on, for it may
 * repeat what was sent: only a status and a short code are named, never a credential, a signature or a body.
 */
import { CorruptionError, StorageError } from '../../ports/errors.js';

const fullCodes = new Set(['QuotaExceeded', 'InsufficientStorage', 'XMinioStorageFull']);
const passingStatuses = new Set([408, 409, 425, 429, 500, 502, 503, 504]);
const passingCodes = new Set([
  'TimeoutError', 'RequestTimeout', 'SlowDown', 'ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN',
]);

/** What an error of the driver says of itself. `status` is 0 where no answer came. */
export interface Answered {
  readonly status: number;
  readonly code: string;
}

/** `error` as an error of the ports that names what was being done; errors of the ports stay what they are. */
export function storageErrorOf(error: unknown, doing: string): StorageError | CorruptionError {
  if (error instanceof StorageError || error instanceof CorruptionError) return error;
  const { status, code } = answered(error);
  const options = { retryable: passingStatuses.has(status) || passingCodes.has(code), isFull: status === 507 || fullCodes.has(code) };
  const what = [...(status === 0 ? [] : [`status ${status}`]), ...(code === '' ? [] : [code])].join(', ');
  return new StorageError(`${doing}: the object store ${status === 0 ? 'could not be asked' : 'refused'}${what === '' ? '' : ` (${what})`}`, options);
}

/** Status and code of what the driver threw. The code is the service's word, cut down to what a code may look like. */
export function answered(error: unknown): Answered {
  if (typeof error !== 'object' || error === null) return { status: 0, code: '' };
  const status = '$metadata' in error ? statusOf(error.$metadata) : 0;
  const code = 'code' in error && status === 0 ? error.code : undefined;
  const name = 'name' in error ? error.name : undefined;
  return { status, code: plain(code) || plain(name) };
}

/** Runs `step`; what it throws becomes an error of the ports. */
export async function guarded<T>(doing: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw storageErrorOf(error, doing);
  }
}

/** An answer that no sound service gives. Asking again may help where a proxy stands between. */
export function oddAnswer(doing: string, what: string): StorageError {
  return new StorageError(`${doing}: the object store answered ${what}`, { retryable: true });
}

function statusOf(metadata: unknown): number {
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return 0;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : 0;
}

function plain(code: unknown): string {
  return typeof code === 'string' && /^[A-Za-z][A-Za-z0-9_.]{0,63}$/.test(code) ? code : '';
}
