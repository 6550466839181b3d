/**
 * Reads an index in PostgreSQL out, row by row, in one transaction that cannot write. For moving a store to another engine. As a source it also
 * keeps every server out for as long as it is open.
 */
import type { Client } from 'pg';
import { bytesOfHex, hexOf } from '../../../client-sdk/protocol/bytes.js';
import { StorageError } from '../../ports/errors.js';
import type { Cell, IndexReader, IndexSource, MovedRow, ReadTable, RowBatch } from '../../ports/index-move.js';
import { lockForMove } from './advisory.js';
import { bytesColumn } from './columns.js';
import { connectTo, packagedMigrations } from './database.js';
import { codeOf, translating } from './failure.js';
import { refuseOtherSchema, type Applied } from './migrate.js';
import { movedSql } from './moved-tables.js';

const fetchRows = 1_000;
/** An image may have 131,072 T1s. */
const fetchImages = 5;
const batchBytes = 4_194_304;
/** What a T1 of a list takes in memory, about, as an object of its own. */
const hashCost = 400;
/** How long transactions under way may take to end. */
const lockTimeoutMs = 5_000;
const lockNotHad = '55P03';

/**
 * Opens the index at `url` for reading, and shuts servers out: those that start are told so, and one that was there makes no row any more. StorageError where
 * a server serves it.
 */
export function openIndexSource(url: string): Promise<IndexSource> {
  return translating('opening the index for reading', async () => {
    const client = await connectTo(url);
    try {
      if (!(await lockForMove(client))) throw inUse();
      await begin(client);
      await shutServersOut(client);
      const { rows } = await client.query<Applied>('SELECT number, sha256 FROM schema_migration ORDER BY number');
      refuseOtherSchema(rows, packagedMigrations);
      return new PostgresIndexReader(client);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  });
}

/** A reader of an index that comes to be, as it is when this is called. */
export function openIndexReader(url: string): Promise<IndexReader> {
  return translating('opening the index for reading', async () => {
    const client = await connectTo(url);
    await begin(client);
    return new PostgresIndexReader(client);
  });
}

/** Hours may pass between two statements' rows, so nothing of the session may time out. */
async function begin(client: Client): Promise<void> {
  await client.query('SET idle_in_transaction_session_timeout = 0');
  await client.query('SET statement_timeout = 0');
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
}

/**
 * Every transaction of a server that writes locks its row of this table, and entering writes to it: none of that goes beside this lock. It is taken before
 * the first question, so the snapshot is of after it.
 */
async function shutServersOut(client: Client): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
  await client.query('LOCK TABLE process IN EXCLUSIVE MODE').catch((error: unknown) => { throw codeOf(error) === lockNotHad ? inUse() : error; });
  const { rows: [row] } = await client.query<{ count: number }>('SELECT COUNT(*) AS count FROM process WHERE lease_until > clock_timestamp()');
  if ((row?.count ?? 0) > 0) throw inUse();
}

function inUse(): StorageError {
  return new StorageError('the database is in use: stop every server of this store, and wait 15 seconds where one was killed', { retryable: false });
}

class PostgresIndexReader implements IndexSource {
  constructor(private readonly client: Client) {}

  count(table: ReadTable): Promise<number> {
    const { from, where } = movedSql[table];
    return translating('counting rows', async () => {
      const { rows: [row] } = await this.client.query<{ count: number }>(`SELECT COUNT(*) AS count FROM ${from}${where === undefined ? '' : ` WHERE ${where}`}`);
      return row?.count ?? 0;
    });
  }

  async *batches(table: ReadTable, cursor: string | undefined): AsyncIterable<RowBatch> {
    const width = movedSql[table].columns.length;
    const key = cursor === undefined ? [] : parseCursor(cursor);
    await translating('reading rows', () => this.client.query(`DECLARE moved NO SCROLL CURSOR FOR ${selectOf(table, key)}`));
    try {
      for (;;) {
        const found = await translating('reading rows', async () => {
          const { rows } = await this.client.query<SqlValue[]>({ text: `FETCH ${table === 'image' ? fetchImages : fetchRows} FROM moved`, rowMode: 'array' });
          return rows;
        });
        if (found.length === 0) return;
        yield* batchesOf(found, width);
      }
    } finally {
      await this.client.query('CLOSE moved').catch(() => undefined);
    }
  }

  readState(name: string): Promise<string | undefined> {
    return translating('reading the state', async () => {
      const { rows: [row] } = await this.client.query<{ value: string }>('SELECT value FROM store_state WHERE name = $1', [name]);
      return row?.value;
    });
  }

  /** Nothing was changed; the end of the connection lets go of the locks. */
  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}

type SqlValue = number | string | Uint8Array | readonly Uint8Array[] | null;

/** Values of a cursor stand in the text, for a cursor takes no parameters here: numbers and hex of this program's own making. */
function selectOf(table: ReadTable, from: readonly (number | string | Uint8Array)[]): string {
  const { columns, from: tables, where, key } = movedSql[table];
  const names = key.map(([expression]) => expression);
  const values = from.map((value, index) => `${literal(value)}::${key[index]?.[1] ?? 'text'}`);
  const after = from.length === 0 ? [] : [`(${names.join(', ')}) > (${values.join(', ')})`];
  const conditions = [...(where === undefined ? [] : [where]), ...after];
  const condition = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `SELECT ${[...columns, ...names].join(', ')} FROM ${tables}${condition}${names.length === 0 ? '' : ` ORDER BY ${names.join(', ')}`}`;
}

function literal(value: number | string | Uint8Array): string {
  if (typeof value === 'number') return String(Math.trunc(value));
  if (value instanceof Uint8Array) return `'\\x${hexOf(value)}'`;
  // Names of the state: quotes and backslashes are doubled, whatever the server takes backslashes for.
  return `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

function* batchesOf(found: readonly (readonly SqlValue[])[], width: number): Generator<RowBatch> {
  let rows: MovedRow[] = [];
  let bytes = 0;
  for (const [at, values] of found.entries()) {
    const cells = values.slice(0, width).map(cellOf);
    rows.push(cells);
    bytes += cells.reduce<number>((sum, cell) => sum + (cell instanceof Uint8Array ? cell.length : Array.isArray(cell) ? hashCost * cell.length : 8), 0);
    if (bytes < batchBytes && at < found.length - 1) continue;
    yield { rows, cursor: formatCursor(values.slice(width)) };
    [rows, bytes] = [[], 0];
  }
}

function cellOf(value: SqlValue): Cell {
  if (value instanceof Uint8Array) return bytesColumn(value);
  return typeof value === 'object' && value !== null ? value.map(bytesColumn) : value;
}

/** Bytes as an object of one member: nothing else in a key is an object. */
function formatCursor(key: readonly SqlValue[]): string {
  return JSON.stringify(key.map((value) => (value instanceof Uint8Array ? { hex: hexOf(value) } : value)));
}

function parseCursor(cursor: string): readonly (number | string | Uint8Array)[] {
  const key = JSON.parse(cursor) as readonly (number | string | { readonly hex: string })[]; // only this program writes it
  return key.map((value) => (typeof value === 'object' ? (bytesOfHex(value.hex) ?? new Uint8Array(0)) : value));
}
