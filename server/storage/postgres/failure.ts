/**
 * What PostgreSQL, its driver or the network threw, as errors of the ports. It knows SQLSTATE codes and no table.
 * Errors of neither, a bug above all, pass as they are.
 */
import pg from 'pg';
import { CorruptionError, StorageError } from '../../ports/errors.js';

/** A failure after which the whole transaction may succeed if it is run again. */
const repeatable = new Set(['40001', '40P01']);
/** A failure after which the same call may succeed later: no connection, a server that starts or stops, too many connections, no memory. */
const passing = /^(08|57P0[1-5]|53[234]|25P0[34]|55P03|57014|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND)/;
/** The driver gives these no code. */
const lostConnection = /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|The server does not|Query read timeout)/;

/** The SQLSTATE, or the code of the system, or undefined where there is neither. */
export function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The transaction was in another's way: run as a whole again, it may succeed. */
export function isRepeatable(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && repeatable.has(code);
}

/** `error` as an error of the ports. `doing` says what failed; nothing of the statement or of its values is told. */
export function translated(doing: string, error: unknown): unknown {
  if (error instanceof StorageError || error instanceof CorruptionError) return error;
  const code = codeOf(error);
  if (code === 'XX001' || code === 'XX002') return new CorruptionError(`${doing}: the database found damage in its files (${code})`, { cause: error });
  if (code !== undefined && (passing.test(code) || repeatable.has(code))) return new StorageError(`${doing}: ${code}`, { retryable: true, cause: error });
  if (code === '53100') return new StorageError(`${doing}: the disk of the database is full`, { retryable: false, isFull: true, cause: error });
  if (error instanceof pg.DatabaseError || code !== undefined) return new StorageError(`${doing}: ${code ?? 'unknown'}`, { retryable: false, cause: error });
  if (error instanceof Error && lostConnection.test(error.message)) return new StorageError(`${doing}: the connection was lost`, { retryable: true, cause: error });
  return error;
}

/** Runs `step`; what it throws becomes an error of the ports. */
export async function translating<T>(doing: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw translated(doing, error);
  }
}
