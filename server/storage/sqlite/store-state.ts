/**
 * State of the whole store that survives restarts: small texts by name, and what the database measures of itself.
 */
import { stat } from 'node:fs/promises';
import { StorageError } from '../../ports/errors.js';
import type { OpenCounts, StoreState } from '../../ports/world.js';
import { codeOf, translated, type StoreDatabase } from './database.js';

const generationName = 'generation';
const heldName = 'held';
const migrationsSql = 'SELECT COUNT(*) AS count FROM schema_migration';
const openSql = `SELECT (SELECT COUNT(*) FROM session WHERE expires_at > ?) AS sessions, (SELECT COUNT(*) FROM upload WHERE expires_at > ?) AS uploads`;

/** The state kept in `db`. It owns nothing: the database is closed by who opened it. */
export function createStoreState(db: StoreDatabase): StoreState {
  const read = (name: string): Promise<string | undefined> =>
    db.read('reading the state', () => db.query<{ value: string }>('SELECT value FROM store_state WHERE name = ?').get(name)?.value);
  const write = (name: string, value: string): Promise<void> =>
    db.write('writing the state', () => { db.query('INSERT OR REPLACE INTO store_state (name, value) VALUES (?, ?)').run(name, value); });
  return {
    generation: async () => Number((await read(`core.${generationName}`)) ?? 0),
    setGeneration: (generation) => write(`core.${generationName}`, String(generation)),
    isHeld: async () => (await read(`core.${heldName}`)) === 'true',
    setHeld: (isHeld) => write(`core.${heldName}`, String(isHeld)),
    read: (name) => read(`named.${name}`),
    write: (name, value) => write(`named.${name}`, value),
    databaseFileBytes: () => fileBytes(db.connection.name),
    isMigrated: () => db.read('reading the schema', () => (db.query<{ count: number }>(migrationsSql).get()?.count ?? 0) === db.migrations),
    countOpen: (now) => db.read('counting what is open', () => db.query<OpenCounts>(openSql).get(now, now) ?? { sessions: 0, uploads: 0 }),
    incarnation: () => Promise.resolve('here'),
    findFaults: () => db.read('checking the database', () => findFaults(db)),
    truncateLog: () => truncateLog(db),
  };
}

/** At most a hundred. Where a page cannot be read at all, SQLite throws instead. */
function findFaults(db: StoreDatabase): readonly string[] {
  const told = db.query<string>('PRAGMA integrity_check(100)').pluck().all();
  const orphans = db.query<{ table: string; count: number }>('SELECT "table", COUNT(*) AS count FROM pragma_foreign_key_check GROUP BY "table"').all();
  return [...told.filter((line) => line !== 'ok'), ...orphans.map(({ table, count }) => `${String(count)} row(s) of ${table} lead to rows that are not there`)];
}

function truncateLog(db: StoreDatabase): Promise<void> {
  return new Promise((resolve) => {
    translated('truncating the log', db.connection.name, () => { db.truncateLog(); });
    resolve();
  });
}

async function fileBytes(file: string): Promise<number> {
  let sum = 0;
  for (const suffix of ['', '-wal', '-shm']) sum += await sizeOf(file + suffix);
  return sum;
}

/** The log is there only while the database is open. */
async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw new StorageError('measuring the database failed', { retryable: false, cause: error });
  }
}
