/**
 * An index as it stood after the first migrations: made from them alone, with the rows of a later index as far as the schema of that time had room for them. What an
 * index derives by itself is left to its triggers, and to the migrations that come.
 */
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { packagedMigrations } from '../../server/storage/sqlite/database.js';
import { migrate } from '../../server/storage/sqlite/migrate.js';

/** Kept by triggers, or one row that a migration writes. */
const derived = new Set(['schema_migration', 'tag_span', 'old_key', 'young_key', 'key_moving', 'pack_use']);

interface Named {
  readonly name: string;
}

/** How many migrations there are. */
export function migrationNames(): readonly string[] {
  return readdirSync(packagedMigrations).filter((name) => name.endsWith('.sql')).sort();
}

/** Makes the index `file` of the first `count` migrations, with the rows of `later`. `folder` is an empty place for these migrations. */
export function makeEarlierIndex(file: string, { later, count, folder }: { readonly later: string; readonly count: number; readonly folder: string }): void {
  mkdirSync(folder, { recursive: true });
  for (const name of migrationNames().slice(0, count)) copyFileSync(path.join(packagedMigrations, name), path.join(folder, name));
  const index = new Sqlite(file);
  try {
    index.pragma('auto_vacuum = INCREMENTAL');
    index.pragma('journal_mode = WAL');
    index.pragma('foreign_keys = OFF');
    migrate(index, folder);
    index.prepare('ATTACH ? AS later').run(later);
    const tables = index.prepare<[], Named>("SELECT name FROM main.sqlite_master WHERE type = 'table'").all().filter(({ name }) => !derived.has(name));
    for (const { name } of tables) copyRows(index, name);
    index.exec('DETACH later');
  } finally {
    index.close();
  }
}

function copyRows(index: Sqlite.Database, table: string): void {
  const columnsOf = (schema: string): readonly string[] => index.prepare<[string, string], Named>('SELECT name FROM pragma_table_info(?, ?)').all(table, schema).map(({ name }) => name);
  const there = new Set(columnsOf('later'));
  const shared = columnsOf('main').filter((name) => there.has(name)).join(', ');
  index.exec(`INSERT INTO main.${table} (${shared}) SELECT ${shared} FROM later.${table}`);
}
