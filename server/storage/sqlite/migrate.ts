/**
 * Brings a database to the newest schema: numbered files, applied forward, in order, each in one transaction, and remembered
 * with the SHA-256 of its text. An applied migration never changes; a database of a newer program is refused.
 */
import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Database } from 'better-sqlite3';
import { StorageError } from '../../ports/errors.js';

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  readonly sha256: string;
}

/** A migration that a database has. */
export interface Applied {
  readonly number: number;
  readonly sha256: string;
}

const namePattern = /^(\d{4})_[a-z0-9_]+\.sql$/;
const table = `CREATE TABLE IF NOT EXISTS schema_migration (
  number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL
) STRICT`;

/**
 * Applies what `folder` has and the database has not. Answers how many that were. Repeatable. StorageError where an applied
 * migration was changed or is unknown to `folder`, or where numbers are not 1, 2, 3, ...
 */
export function migrate(connection: Database, folder: string): number {
  connection.exec(table);
  const migrations = readMigrations(folder);
  const applied = connection.prepare<[], Applied>('SELECT number, sha256 FROM schema_migration ORDER BY number').all();
  for (const { number, sha256 } of applied) {
    const known = migrations[number - 1];
    if (known === undefined) throw refused(`the database has migration ${number}, which this program does not know. ${wayOut(connection)}`);
    if (known.sha256 !== sha256) throw refused(`migration ${known.name} was changed after it had been applied. ${wayOut(connection)}`);
  }
  const pending = migrations.slice(applied.length);
  for (const migration of pending) apply(connection, migration);
  return pending.length;
}

/** A newer program, or rot: which of them it is the operator knows. */
function wayOut({ name }: Database): string {
  return `Use the version of the program that the store was last used with. If that is this one, ${name} is damaged: stop the server and put it back from a backup, or run dice-admin rebuild-index --anew, which keeps it aside and makes a new one from the packs.`;
}

/** How many migrations `folder` has. */
export function countMigrations(folder: string): number {
  return readMigrations(folder).length;
}

/** StorageError unless the database has exactly what `folder` has: for those that may change nothing. */
export function refuseOtherSchema(applied: readonly Applied[], folder: string): void {
  const known = readMigrations(folder);
  if (applied.length === known.length && applied.every(({ sha256 }, index) => sha256 === known[index]?.sha256)) return;
  throw refused('the index has another schema than this program makes. Start this version of the server once and stop it, or use the version that the store was last used with');
}

function readMigrations(folder: string): readonly Migration[] {
  const names = readdirSync(folder).filter((name) => namePattern.test(name)).sort();
  return names.map((name, index) => {
    const number = Number(namePattern.exec(name)?.[1]);
    if (number !== index + 1) throw refused(`migration ${name} stands where number ${index + 1} is expected`);
    const text = readFileSync(path.join(folder, name), 'utf8');
    return { number, name, text, sha256: hash('sha256', text, 'hex') };
  });
}

function apply(connection: Database, migration: Migration): void {
  const insert = connection.prepare('INSERT INTO schema_migration (number, name, sha256) VALUES (?, ?, ?)');
  const all = connection.transaction(() => {
    connection.exec(migration.text);
    insert.run(migration.number, migration.name, migration.sha256);
  });
  try {
    all.immediate();
  } catch (error) {
    if (!isOfRows(error)) throw error;
    throw refused(`migration ${migration.name} finds rows that its schema does not allow (${error.message}), and changed nothing: ${connection.name} is damaged. Put it back from a backup, or run dice-admin rebuild-index --anew, which keeps it aside and makes a new one from the packs.`);
  }
}

/** Adding a column has all rows checked. */
function isOfRows(error: unknown): error is { readonly message: string } {
  return typeof error === 'object' && error !== null && 'message' in error && 'code' in error && /^SQLITE_(ERROR|MISMATCH|CONSTRAINT)/.test(String(error.code));
}

function refused(message: string): StorageError {
  return new StorageError(message, { retryable: false });
}
