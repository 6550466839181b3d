/**
 * Brings a database to the newest schema: numbered files, applied forward, in order, each in one transaction, and remembered
 * with the SHA-256 of its text. An applied migration never changes; a database of a newer program is refused. Of processes that start
 * at once one migrates and the others wait.
 */
import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Client } from 'pg';
import { StorageError } from '../../ports/errors.js';
import { lock, unlock } from './advisory.js';

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
const lockName = 'migration';
const tableSql = 'CREATE TABLE IF NOT EXISTS schema_migration (number integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL)';

/**
 * Applies what `folder` has and the database has not. Answers whether the database had no schema before, and how many migrations are known. Repeatable. StorageError where an
 * applied migration was changed or is unknown to `folder`, or where numbers are not 1, 2, 3, ...
 */
export async function migrate(client: Client, folder: string): Promise<{ readonly isNew: boolean; readonly known: number }> {
  const migrations = readMigrations(folder);
  await lock(client, lockName);
  try {
    // Asked first: a role that may not create tables can serve a database that is up to date.
    const { rows: [table] } = await client.query<{ exists: boolean }>("SELECT to_regclass('schema_migration') IS NOT NULL AS exists");
    if (table?.exists !== true) await client.query(tableSql);
    const { rows: applied } = await client.query<Applied>('SELECT number, sha256 FROM schema_migration ORDER BY number');
    refuseUnknown(applied, migrations);
    for (const migration of migrations.slice(applied.length)) await apply(client, migration);
    return { isNew: applied.length === 0, known: migrations.length };
  } finally {
    await unlock(client, lockName);
  }
}

function refuseUnknown(applied: readonly Applied[], migrations: readonly Migration[]): void {
  for (const { number, sha256 } of applied) {
    const known = migrations[number - 1];
    if (known === undefined) throw refused(`the database has migration ${number}, which this program does not know`);
    if (known.sha256 !== sha256) throw refused(`migration ${known.name} was changed after it had been applied`);
  }
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

async function apply(client: Client, { number, name, text, sha256 }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(text);
    await client.query('INSERT INTO schema_migration (number, name, sha256) VALUES ($1, $2, $3)', [number, name, sha256]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

function refused(message: string): StorageError {
  return new StorageError(message, { retryable: false });
}
