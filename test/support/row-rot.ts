/**
 * Damage inside rows: one bit of one value of a row that a seed chooses, of those tables that decide what is found, served and swept. Nothing in the database hears of it but its
 * indexes. Random bytes of the file seldom meet such a value.
 */
import Database from 'better-sqlite3';
import type { Below } from './file-rot.js';
import { withoutTriggers } from './triggers.js';

const tables = ['tag', 'tag_span', 'image', 'pack_use', 'referrer', 'reference_run', 'copy', 'account', 'owner', 'young_key'] as const;

type Row = Readonly<Record<string, unknown>>;

/** Flips a bit of a value in the database at `file`. Says in words what it did. */
export function rotRow(file: string, below: Below): string {
  const db = new Database(file);
  db.pragma('foreign_keys = OFF');
  db.pragma('ignore_check_constraints = ON');
  try {
    const table = tables[below(tables.length)] ?? 'tag';
    const rows = db.prepare<[], Row>(`SELECT * FROM ${table}`).all();
    const row = rows[below(rows.length)] ?? {};
    const columns = Object.keys(row).filter((column) => typeof row[column] === 'number' || (Buffer.isBuffer(row[column]) && row[column].length > 0));
    const column = columns[below(columns.length)] ?? '';
    const now = flipped(row[column], below);
    const { changes } = withoutTriggers(db, table, () => db.prepare(`UPDATE OR REPLACE ${table} SET ${column} = ? WHERE ${columns.map((name) => `${name} IS ?`).join(' AND ')}`).run(now, ...columns.map((name) => row[name])));
    if (changes === 0) throw new Error(`${table}.${column} has not changed`);
    return `${table}.${column}: ${told(row[column])} became ${told(now)}`;
  } finally {
    db.close();
  }
}

function flipped(value: unknown, below: Below): unknown {
  // Numbers have the bits that those of a small store use, and some above.
  if (typeof value === 'number') return BigInt(value) ^ (1n << BigInt(below(18)));
  if (!Buffer.isBuffer(value)) return value;
  const copy = Buffer.from(value);
  const at = below(copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << below(8));
  return copy;
}

function told(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString('hex').slice(0, 20) : String(value);
}
