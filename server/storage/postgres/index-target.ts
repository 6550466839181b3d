/**
 * An index in PostgreSQL that comes to be by a move from another engine: rows come in batches, each a transaction that notes how far it went. A note keeps
 * servers away until the move has ended.
 */
import type { Client } from 'pg';
import { StorageError } from '../../ports/errors.js';
import { cursorName, noteName, type IndexReader, type IndexTarget, type MovedRow, type MovedTable, type ReadTable, type RowBatch } from '../../ports/index-move.js';
import { lockForMove } from './advisory.js';
import { openDatabase, type StoreDatabase } from './database.js';
import { openIndexReader } from './index-reader.js';
import { addImageSql, addingSql, emptied, isOfStore, used } from './moved-tables.js';
import type { Session } from './session.js';
import { recountDays } from './usage-days.js';

/** Opens the index at `url`, whose schema is made where it is missing. StorageError where another move or a server has it open. */
export async function openIndexTarget(url: string): Promise<IndexTarget> {
  const db = await openDatabase({ url });
  try {
    const holding = await db.connect();
    if (await lockForMove(holding)) return new PostgresIndexTarget(db, { url, holding });
    await holding.end();
    throw new StorageError('the database to move to is in use by a server, or by another move', { retryable: false });
  } catch (error) {
    await db.close();
    throw error;
  }
}

const putSql = 'INSERT INTO store_state (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value';
const valueSql = 'SELECT value FROM store_state WHERE name = $1';
const journalSql = "SELECT substr(name, 11) AS name, value FROM store_state WHERE name LIKE 'migration.%'";
const noteKey = `named.${noteName}`;
const journalKey = (name: string): string => `migration.${name}`;

class PostgresIndexTarget implements IndexTarget {
  constructor(
    private readonly db: StoreDatabase,
    private readonly opened: { readonly url: string; readonly holding: Client },
  ) {}

  count(table: ReadTable): Promise<number> {
    return this.reading((reader) => reader.count(table));
  }

  async *batches(table: ReadTable, cursor: string | undefined): AsyncIterable<RowBatch> {
    const reader = await openIndexReader(this.opened.url);
    try {
      yield* reader.batches(table, cursor);
    } finally {
      await reader.close();
    }
  }

  async note(): Promise<string | undefined> {
    return (await this.db.look('reading the note of the move', (session) => session.get<{ value: string }>(valueSql, noteKey)))?.value;
  }

  async isEmpty(): Promise<boolean> {
    for (const table of used) if ((await this.count(table)) > 0) return false;
    return true;
  }

  async begin(note: string): Promise<void> {
    await this.db.write('noting the move', (session) => session.run(putSql, noteKey, note));
  }

  async journal(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.db.look('reading the journal of the move', (session) => session.all<{ name: string; value: string }>(journalSql));
    return new Map(rows.map(({ name, value }) => [name, value]));
  }

  async jot(name: string, text: string | undefined): Promise<void> {
    await this.db.write('writing the journal of the move', (session) => text === undefined
      ? session.run('DELETE FROM store_state WHERE name = $1', journalKey(name))
      : session.run(putSql, journalKey(name), text));
  }

  async load(table: MovedTable, { rows, cursor }: RowBatch): Promise<void> {
    await this.db.write(`moving rows of ${table}`, async (session) => {
      if (table === 'image') for (const row of rows) await session.run(addImageSql, ...row);
      else await add(session, table, rows);
      await session.run(putSql, journalKey(cursorName(table)), cursor);
    });
  }

  async clear(): Promise<void> {
    await this.db.write('beginning the index anew', async (session) => {
      await session.run(`TRUNCATE ${emptied.join(', ')} RESTART IDENTITY`);
      await session.run(`DELETE FROM store_state WHERE (${isOfStore}) OR name LIKE $1`, journalKey('cursor.%'));
    });
  }

  async finish(): Promise<void> {
    // Or the first questions would be planned as for empty tables.
    await this.db.look('measuring the tables', (session) => session.run(`ANALYZE ${emptied.join(', ')}`));
    const owners = await this.db.look('looking for the owners', (session) => session.all<{ id: number }>('SELECT id FROM owner'));
    for (const { id } of owners) await this.db.write('counting days', (session) => recountDays(session, id));
    await this.db.write('ending the move', (session) => session.run("DELETE FROM store_state WHERE name = 'named.migration' OR name LIKE 'migration.%'"));
  }

  async close(): Promise<void> {
    await this.opened.holding.end().catch(() => undefined);
    await this.db.close();
  }

  private async reading<T>(ask: (reader: IndexReader) => Promise<T>): Promise<T> {
    const reader = await openIndexReader(this.opened.url);
    try {
      return await ask(reader);
    } finally {
      await reader.close();
    }
  }
}

/** All rows in one statement: an array for each column. */
async function add(session: Session, table: Exclude<MovedTable, 'image'>, rows: readonly MovedRow[]): Promise<void> {
  const { types, sql } = addingSql[table];
  const arrays = types.map((_, column) => rows.map((row) => row[column]));
  const names = types.map((_, column) => `c${column + 1}`);
  const from = types.map((type, column) => `$${column + 1}::${type}[]`);
  const given = `WITH r AS (SELECT * FROM unnest(${from.join(', ')}) WITH ORDINALITY AS u(${[...names, 'n'].join(', ')}))`;
  await session.run(`${given}${sql.startsWith(',') ? '' : ' '}${sql}`, ...arrays);
}
