/**
 * State of the whole store that survives restarts: small texts by name, and what the database measures of itself.
 */
import { stat } from 'node:fs/promises';
import type { StoreState } from '../../ports/world.js';
import { translated, type StoreDatabase } from './database.js';

const generationName = 'generation';
const heldName = 'held';

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
    truncateLog: () => new Promise((resolve) => { resolve(translated('truncating the log', () => { db.truncateLog(); })); }),
  };
}

async function fileBytes(file: string): Promise<number> {
  const sizes = await Promise.all(['', '-wal', '-shm'].map((suffix) => stat(file + suffix).then(({ size }) => size, () => 0)));
  return sizes.reduce((sum, size) => sum + size, 0);
}
