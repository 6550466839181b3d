/**
 * Reads an index in SQLite out, row by row, on connections that cannot write. For moving a store to another engine.
 */
import { existsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import Sqlite, { type Database } from 'better-sqlite3';
import { bytesOfHex, hexOf } from '../../../client-sdk/protocol/bytes.js';
import { StorageError } from '../../ports/errors.js';
import type { Cell, IndexReader, IndexSource, MovedRow, ReadTable, RowBatch } from '../../ports/index-move.js';
import { bytesColumn } from './columns.js';
import { openDatabase, packagedMigrations, translated } from './database.js';
import { refuseOtherSchema, type Applied } from './migrate.js';
import { movedSql } from './moved-tables.js';
import { joinTags } from './reference-rows.js';
import { unitedTo, uniteNext } from './twins.js';

const batchRows = 2_000;
const batchBytes = 4_194_304;
/** What a T1 of a list takes in memory, about, as an object of its own. */
const hashCost = 400;

/** Opens the index in `file` for reading, once equal rows of several accounts are one. The caller holds the lock of the data directory. Throws StorageError or CorruptionError. */
export function openIndexSource(file: string): IndexSource {
  if (!existsSync(file)) throw new StorageError(`${file} is missing: there is no index to move`, { retryable: false });
  const reader = new SqliteIndexReader(file);
  try {
    translated('reading the schema', file, () => { refuseOtherSchema(reader.ask<Applied>('SELECT number, sha256 FROM schema_migration ORDER BY number'), packagedMigrations); });
  } catch (error) {
    reader.closeNow();
    throw error;
  }
  reader.closeNow();
  translated('uniting rows of equal blocks', file, () => { uniteAll(file); });
  return new SqliteIndexReader(file);
}

/** Other engines have one row for each T1. */
function uniteAll(file: string): void {
  const db = openDatabase({ file });
  try {
    const unite = db.connection.transaction((after: number) => uniteNext(db, after));
    for (let after: number | undefined = unitedTo(db); after !== undefined; ) after = unite(after);
  } finally {
    db.close();
  }
}

/** An index that is read. Also the half of one that comes to be. */
export class SqliteIndexReader implements IndexReader {
  /** Rows are walked on one connection, which is busy then, and looked up on the other. */
  private readonly walking: Database;
  private readonly asking: Database;

  constructor(file: string) {
    [this.walking, this.asking] = translated('opening the index for reading', file, () => [openReadOnly(file), openReadOnly(file)]);
  }

  count(table: ReadTable): Promise<number> {
    const { from, where } = movedSql[table];
    const [row] = translated('counting rows', this.asking.name, () => this.ask<{ count: number }>(`SELECT COUNT(*) AS count FROM ${from}${where === undefined ? '' : ` WHERE ${where}`}`));
    return Promise.resolve(row?.count ?? 0);
  }

  async *batches(table: ReadTable, cursor: string | undefined): AsyncIterable<RowBatch> {
    const { columns } = movedSql[table];
    const key = cursor === undefined ? [] : parseCursor(cursor);
    const statement = translated('reading rows', this.walking.name, () => this.walking.prepare<unknown[], readonly SqlValue[]>(selectOf(table, cursor !== undefined)).raw());
    let rows: MovedRow[] = [];
    let bytes = 0;
    let last: readonly SqlValue[] = [];
    for (const found of walked(this.walking.name, statement.iterate(...key))) {
      const cells = this.cellsOf(table, found.slice(0, columns.length), found.at(-1));
      rows.push(cells);
      bytes += sizeOf(cells);
      last = found.slice(columns.length);
      if (rows.length < batchRows && bytes < batchBytes) continue;
      yield { rows, cursor: formatCursor(last) };
      // SQLite works in this very thread: signals, and memory that waits to be freed, get their turn.
      await setImmediate();
      [rows, bytes] = [[], 0];
    }
    if (rows.length > 0) yield { rows, cursor: formatCursor(last) };
  }

  readState(name: string): Promise<string | undefined> {
    return Promise.resolve(translated('reading the state', this.asking.name, () => this.ask<{ value: string }>('SELECT value FROM store_state WHERE name = ?', name)[0]?.value));
  }

  /** Rows of a question of the caller's. */
  ask<Row>(sql: string, ...values: readonly unknown[]): readonly Row[] {
    return this.asking.prepare<unknown[], Row>(sql).all(...values);
  }

  close(): Promise<void> {
    this.closeNow();
    return Promise.resolve();
  }

  closeNow(): void {
    this.walking.close();
    this.asking.close();
  }

  private cellsOf(table: ReadTable, values: readonly SqlValue[], key: SqlValue | undefined): MovedRow {
    const cells = values.map((value): Cell => (value instanceof Uint8Array ? bytesColumn(value) : value));
    return table === 'image' ? [...cells.slice(0, -1), this.rehashesOf(key)] : cells;
  }

  /** The T1s that the image of this row id refers to, sorted. */
  private rehashesOf(image: SqlValue | undefined): readonly Uint8Array[] {
    const sql = `SELECT tag.t1 FROM reference_run ${joinTags} WHERE reference_run.image = ? ORDER BY tag.t1`;
    return this.ask<{ t1: Uint8Array }>(sql, image).map(({ t1 }) => bytesColumn(t1));
  }
}

type SqlValue = number | string | Uint8Array | null;

function openReadOnly(file: string): Database {
  const connection = new Sqlite(file, { readonly: true, fileMustExist: true });
  connection.pragma('query_only = ON');
  connection.pragma('trusted_schema = OFF');
  return connection;
}

function selectOf(table: ReadTable, isFromMiddle: boolean): string {
  const { columns, from, where, key } = movedSql[table];
  const after = isFromMiddle ? [`(${key.join(', ')}) > (${key.map(() => '?').join(', ')})`] : [];
  const conditions = [...(where === undefined ? [] : [where]), ...after];
  const condition = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `SELECT ${[...columns, ...key].join(', ')} FROM ${from}${condition}${key.length === 0 ? '' : ` ORDER BY ${key.join(', ')}`}`;
}

/** What SQLite throws on the way becomes an error of the ports. */
function* walked(file: string, rows: Iterator<readonly SqlValue[]>): Generator<readonly SqlValue[]> {
  try {
    for (;;) {
      const next = translated('reading rows', file, () => rows.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    rows.return?.();
  }
}

function sizeOf(cells: MovedRow): number {
  return cells.reduce<number>((sum, cell) => sum + (cell instanceof Uint8Array || typeof cell === 'string' ? cell.length : Array.isArray(cell) ? hashCost * cell.length : 8), 0);
}

/** Bytes as an object of one member: nothing else in a key is an object. */
function formatCursor(key: readonly SqlValue[]): string {
  return JSON.stringify(key.map((value) => (value instanceof Uint8Array ? { hex: hexOf(value) } : value)));
}

function parseCursor(cursor: string): readonly SqlValue[] {
  const key = JSON.parse(cursor) as readonly (number | string | null | { readonly hex: string })[]; // only this program writes it
  return key.map((value) => (typeof value === 'object' && value !== null ? (bytesOfHex(value.hex) ?? new Uint8Array(0)) : value));
}
