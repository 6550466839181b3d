/**
 * The lock of a data directory: one process at a time. It is an exclusive transaction on a small database of its own,
 * so that the operating system releases it when the process dies, however it dies. It protects no single file.
 */
import Sqlite, { type Database } from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { StorageError } from '../../ports/errors.js';
import { codeOf, translated } from './database.js';

/** A held lock. */
export interface DirectoryLock {
  /** Repeatable. */
  release(): void;
}

/** Locks `directory`, which is made where it is missing; undefined where another process, or this one, holds it. */
export function lockDirectory(directory: string): DirectoryLock | undefined {
  const file = path.join(directory, 'lock.sqlite');
  return translated('locking the data directory', file, () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const connection = new Sqlite(file, { timeout: 0 });
    if (!hold(connection)) return undefined;
    return { release: () => { connection.close(); } };
  });
}

function hold(connection: Database): boolean {
  try {
    connection.pragma('journal_mode = MEMORY');
    connection.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    connection.close();
    if (codeOf(error)?.startsWith('SQLITE_BUSY') === true) return false;
    if (codeOf(error) === 'SQLITE_NOTADB') throw new StorageError(`${connection.name} is damaged. Nothing is in it: remove it.`, { retryable: false, cause: error });
    throw error;
  }
}
