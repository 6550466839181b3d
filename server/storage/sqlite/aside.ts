/**
 * Puts a database that SQLite cannot read aside, so that a new one can be made in its place. Removes nothing.
 */
import { existsSync, renameSync } from 'node:fs';
import { CorruptionError } from '../../ports/errors.js';
import { openDatabase } from './database.js';

/** `isAnew`: whatever its state. Answers where it lies now; undefined where it stays, sound, or there was none. Throws StorageError. */
export function setAside(file: string, isAnew: boolean, now: Date): string | undefined {
  if (!existsSync(file) || (!isAnew && isSound(file))) return undefined;
  const aside = `${file}.aside-${now.toISOString().replace(/[:.]/g, '-')}`;
  for (const suffix of ['-wal', '-shm', '']) if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  return aside;
}

/** Its structure, whole: a page that is read later must not stop a rebuild half way. */
function isSound(file: string): boolean {
  try {
    const db = openDatabase({ file });
    try {
      return db.connection.pragma('integrity_check(1)', { simple: true }) === 'ok';
    } finally {
      db.close();
    }
  } catch (error) {
    if (error instanceof CorruptionError) return false;
    throw error;
  }
}
