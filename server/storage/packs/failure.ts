/**
 * Errors of the file system, turned into the two errors of the ports. Absence is told apart before.
 */
import { CorruptionError, StorageError } from '../../ports/errors.js';

const fullCodes = new Set(['ENOSPC', 'EDQUOT']);
const passingCodes = new Set(['EAGAIN', 'EBUSY', 'EINTR', 'EMFILE', 'ENFILE', 'ETIMEDOUT']);

/** `error` as a StorageError that names what was being done; errors of the ports stay what they are. */
export function storageErrorOf(error: unknown, doing: string): StorageError | CorruptionError {
  if (error instanceof StorageError || error instanceof CorruptionError) return error;
  const code = codeOf(error);
  const options = { retryable: passingCodes.has(code), isFull: fullCodes.has(code), cause: error };
  return new StorageError(`${doing}: ${code === '' ? 'failed' : code}`, options);
}

/** The file system says that there is no such file. */
export function isAbsent(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

/** Runs `step`; undefined where the file that it needs is not there. */
export async function unlessAbsent<T>(step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Runs `step`; what it throws becomes an error of the ports. */
export async function guarded<T>(doing: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw storageErrorOf(error, doing);
  }
}

/** The code that the file system gave an error; '' where it gave none. */
export function codeOf(error: unknown): string {
  // Told by its member: an error of another realm is no instance of this one's Error.
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
