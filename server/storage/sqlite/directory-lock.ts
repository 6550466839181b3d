/**
 * Locks of a data directory: the store's, one process at a time, and that of a backup, which runs beside it. Each is an exclusive transaction on a small
 * database of its own, so that the operating system releases it when the process dies, however it dies. It protects no single file.
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

/** `backup`: packs are being copied, and none is dropped meanwhile. */
export type LockKind = 'store' | 'backup';

/** Taken before anything else is looked at. */
export const lockNames: Readonly<Record<LockKind, string>> = { store: 'lock.sqlite', backup: 'backup.sqlite' };
/** Whoever only looks whether it is taken holds it for a moment. */
const waitMs: Readonly<Record<LockKind, number>> = { store: 0, backup: 2_000 };

/** Locks `directory`, which is made where it is missing; undefined where another process, or this one, holds it. */
export function lockDirectory(directory: string, kind: LockKind = 'store'): DirectoryLock | undefined {
  const file = path.join(directory, lockNames[kind]);
  return translated('locking the data directory', file, () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return take(file, waitMs[kind]);
  });
}

/** Somebody holds that lock now. */
export function isLocked(directory: string, kind: LockKind): boolean {
  const file = path.join(directory, lockNames[kind]);
  return translated('looking at a lock', file, () => {
    const lock = take(file, 0);
    lock?.release();
    return lock === undefined;
  });
}

function take(file: string, timeout: number): DirectoryLock | undefined {
  const connection = new Sqlite(file, { timeout });
  return hold(connection) ? { release: () => { connection.close(); } } : undefined;
}

function hold(connection: Database): boolean {
  try {
    connection.pragma('journal_mode = MEMORY');
    connection.exec('BEGIN EXCLUSIVE');
    // A file that could only be opened for reading begins the same way and excludes nobody: it is this that fails then. Never committed.
    connection.pragma('user_version = 1');
    return true;
  } catch (error) {
    connection.close();
    if (codeOf(error)?.startsWith('SQLITE_BUSY') === true) return false;
    if (codeOf(error) === 'SQLITE_NOTADB') throw new StorageError(`${connection.name} is damaged. Nothing is in it: remove it.`, { retryable: false, cause: error });
    throw error;
  }
}
