/**
 * The lock of a data directory: one process at a time. It is an exclusive transaction on a small database of its own,
 * so that the operating system releases it when the process dies, however it dies. It protects no single file.
 */
import Sqlite, { type Database } from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { codeOf, translated } from './database.js';

/** A held lock. */
export interface DirectoryLock {
  /** Repeatable. */
  release(): void;
}

/** Locks `directory`, which is made where it is missing; undefined where another process, or this one, holds it. */
export function lockDirectory(directory: string): DirectoryLock | undefined {
  return translated('locking the data directory', () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const connection = new Sqlite(path.join(directory, 'lock.sqlite'), { timeout: 0 });
    if (!hold(connection)) return undefined;
    return { release: () => { connection.close(); } };
  });
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
    throw error;
  }
}
