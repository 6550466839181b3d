/**
 * An index in SQLite that comes to be by a move from another engine: rows come in batches, each a transaction that notes how far it went. A note keeps
 * servers away until the move has ended.
 */
import { asRehash, idOfBytes, type AccountId } from '../../../client-sdk/protocol/ids.js';
import { cursorName, noteName, type IndexTarget, type MovedRow, type MovedTable, type ReadTable, type RowBatch } from '../../ports/index-move.js';
import { openDatabase, type StoreDatabase } from './database.js';
import { SqliteIndexReader } from './index-reader.js';
import { moveKeys } from './key-moving.js';
import { emptied, isOfStore, movedSql, used } from './moved-tables.js';
import { findOwner } from './owner-rows.js';
import { link } from './reference-rows.js';
import { tagOfRehash } from './tag-columns.js';
import { recountDays } from './usage-days.js';

/** Opens the index in `file`, which is made where it is missing. The caller holds the lock of the data directory. */
export function openIndexTarget(file: string): IndexTarget {
  const db = openDatabase({ file });
  try {
    return new SqliteIndexTarget(db, new SqliteIndexReader(file));
  } catch (error) {
    db.close();
    throw error;
  }
}

const putSql = 'INSERT OR REPLACE INTO store_state (name, value) VALUES (?, ?)';
const valueSql = 'SELECT value FROM store_state WHERE name = ?';
const noteKey = `named.${noteName}`;
const journalKey = (name: string): string => `migration.${name}`;

class SqliteIndexTarget implements IndexTarget {
  constructor(
    private readonly db: StoreDatabase,
    private readonly reader: SqliteIndexReader,
  ) {}

  count(table: ReadTable): Promise<number> {
    return this.reader.count(table);
  }

  batches(table: ReadTable, cursor: string | undefined): AsyncIterable<RowBatch> {
    return this.reader.batches(table, cursor);
  }

  note(): Promise<string | undefined> {
    return this.db.read('reading the note of the move', () => this.db.query<{ value: string }>(valueSql).get(noteKey)?.value);
  }

  async isEmpty(): Promise<boolean> {
    for (const table of used) if ((await this.count(table)) > 0) return false;
    return true;
  }

  begin(note: string): Promise<void> {
    return this.db.write('noting the move', () => { this.db.query(putSql).run(noteKey, note); });
  }

  journal(): Promise<ReadonlyMap<string, string>> {
    return this.db.read('reading the journal of the move', () => {
      const rows = this.db.query<{ name: string; value: string }>("SELECT substr(name, 11) AS name, value FROM store_state WHERE name LIKE 'migration.%'").all();
      return new Map(rows.map(({ name, value }) => [name, value]));
    });
  }

  jot(name: string, text: string | undefined): Promise<void> {
    return this.db.write('writing the journal of the move', () => {
      if (text === undefined) this.db.query('DELETE FROM store_state WHERE name = ?').run(journalKey(name));
      else this.db.query(putSql).run(journalKey(name), text);
    });
  }

  load(table: MovedTable, { rows, cursor }: RowBatch): Promise<void> {
    return this.db.write(`moving rows of ${table}`, () => {
      if (table === 'block') loadBlocks(this.db, rows);
      else if (table === 'copy') loadCopies(this.db, rows);
      else if (table === 'image') loadImages(this.db, rows);
      else for (const row of rows) this.db.query(movedSql[table].insert ?? '').run(...row);
      this.db.query(putSql).run(journalKey(cursorName(table)), cursor);
    });
  }

  clear(): Promise<void> {
    return this.db.write('beginning the index anew', () => {
      for (const table of emptied) this.db.query(`DELETE FROM ${table}`).run();
      this.db.query("UPDATE key_moving SET moved_to = x'', young = 0, united_to = 0").run();
      this.db.query(`DELETE FROM store_state WHERE (${isOfStore}) OR name LIKE ?`).run(journalKey('cursor.%'));
    });
  }

  finish(): Promise<void> {
    return this.db.write('ending the move', () => {
      this.db.query('UPDATE owner SET trashed_images = (SELECT COUNT(*) FROM image WHERE image.owner = owner.id AND trashed_at IS NOT NULL)').run();
      for (const id of this.db.query<number>('SELECT id FROM owner').pluck().all()) recountDays(this.db, id);
      this.db.query(`DELETE FROM store_state WHERE NOT (${isOfStore})`).run();
    });
  }

  async close(): Promise<void> {
    await this.reader.close();
    this.db.close();
  }
}

function loadBlocks(db: StoreDatabase, rows: readonly MovedRow[]): void {
  const insert = db.query(movedSql.block.insert ?? '');
  const touch = db.query('INSERT INTO unreferenced (tag, touched_at) VALUES (?, ?)');
  for (const row of rows) {
    const id = Number(insert.run(...row.slice(0, 7)).lastInsertRowid);
    if (row[7] !== null) touch.run(id, row[7]);
  }
  moveKeys(db, { keys: rows.length, received: rows.length });
}

function loadCopies(db: StoreDatabase, rows: readonly MovedRow[]): void {
  const insert = db.query('INSERT INTO copy (tag, pack, offset) VALUES (?, ?, ?)');
  for (const [t1, pack, offset] of rows) insert.run(tagOf(db, t1)?.id ?? 0, pack, offset); // 0 fails the foreign key
}

function loadImages(db: StoreDatabase, rows: readonly MovedRow[]): void {
  const insert = db.query(movedSql.image.insert ?? '');
  for (const row of rows) {
    const image = Number(insert.run(...row.slice(0, -1)).lastInsertRowid);
    const [account] = row;
    const owner = account instanceof Uint8Array ? (findOwner(db, idOfBytes<AccountId>(account)) ?? 0) : 0;
    const rehashes = row.at(-1);
    const tags = Array.isArray(rehashes) ? rehashes.flatMap((rehash: unknown) => tagOf(db, rehash) ?? []) : [];
    // Sums of owners and the table of unreferenced blocks came with their own rows: nothing is new.
    link(db, { image, owner }, tags.map(({ id, length }) => ({ id, length, isNew: false })));
  }
}

function tagOf(db: StoreDatabase, t1: unknown): { readonly id: number; readonly length: number } | undefined {
  return t1 instanceof Uint8Array ? tagOfRehash(db, asRehash(t1)) : undefined;
}
