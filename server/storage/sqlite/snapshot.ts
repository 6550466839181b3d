/**
 * A copy of the index as it is at one moment, made while a server writes it; and what the copy tells of the packs that belong to it. The copy is one file
 * without a log, so it may lie on a file system that shares no memory between processes.
 */
import { existsSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { CorruptionError, StorageError } from '../../ports/errors.js';
import { noteName } from '../../ports/index-move.js';
import type { StoreState } from '../../ports/world.js';
import { packagedMigrations, translated } from './database.js';
import { refuseOtherSchema, type Applied } from './migrate.js';

/** How to copy. */
export interface SnapshotOrder {
  /** Called once when the moment is fixed: what the copy names is there now. */
  readonly onTaken: () => Promise<void>;
  /** Called now and then; what it throws ends the copying. */
  readonly onProgress: (pages: { readonly done: number; readonly total: number }) => void;
}

/** What the copy says. */
export interface SnapshotFacts {
  readonly generation: number;
  readonly isHeld: boolean;
  readonly storeId: string | undefined;
  /** By pack: where the payload that lies last would end if records had no headers. A pack without rows is not in it. */
  readonly ends: ReadonlyMap<number, number>;
  /** Reads what is named in the state of the store. */
  readonly state: Pick<StoreState, 'read'>;
}

const pagesAtOnce = 2_048;
const endsSql = `SELECT pack, MAX(last) AS last FROM (
  SELECT pack, MAX(offset + length) AS last FROM tag GROUP BY pack
  UNION ALL SELECT copy.pack, MAX(copy.offset + tag.length) FROM copy JOIN tag ON tag.id = copy.tag GROUP BY copy.pack
  UNION ALL SELECT manifest_pack, MAX(manifest_offset + manifest_length) FROM image GROUP BY manifest_pack
  UNION ALL SELECT preview_pack, MAX(preview_offset + preview_length) FROM image WHERE preview_pack IS NOT NULL GROUP BY preview_pack
  UNION ALL SELECT pack, MAX(offset + length) FROM account GROUP BY pack
) GROUP BY pack`;

/**
 * A copy that is put back alone, over packs that the store went on writing, has to be older than they are; else the store would not be held, and what came since
 * be collected. A step of the generation marks the index first, so the packs may be one behind it: two less is less than either.
 */
const olderSql = "UPDATE store_state SET value = CAST(MAX(0, CAST(value AS INTEGER) - 2) AS TEXT) WHERE name = 'core.generation'";

/** Copies the index in `file` to `target`, over whatever is there. Rejects with StorageError, CorruptionError or what the order throws. */
export async function copyIndex(file: string, target: string, order: SnapshotOrder): Promise<void> {
  if (!existsSync(file)) throw new StorageError(`${file} is missing: there is no index to copy`, { retryable: false });
  const source = translated('opening the index', file, () => openSource(file));
  try {
    // A reader keeps the moment at which it began, whatever is written meanwhile, and the copying is done through it.
    translated('reading the index', file, () => {
      source.exec('BEGIN');
      refuseOtherSchema(source.prepare<[], Applied>('SELECT number, sha256 FROM schema_migration ORDER BY number').all(), packagedMigrations);
    });
    await order.onTaken();
    await copyPages(source, target, order);
  } finally {
    source.close();
  }
}

/**
 * Makes the copy one file without a log, reads all of it, takes its generation back, and answers what it says. Throws CorruptionError where it is damaged, StorageError where it cannot be
 * read or a move into it has not ended.
 */
export function settleSnapshot(file: string): SnapshotFacts {
  try {
    return translated('reading the copy of the index', file, () => settled(file));
  } catch (error) {
    if (error instanceof CorruptionError) throw damagedCopy(file, error);
    throw error;
  }
}

function settled(file: string): SnapshotFacts {
  const copy = new Sqlite(file, { fileMustExist: true });
  try {
    copy.pragma('locking_mode = EXCLUSIVE');
    copy.pragma('journal_mode = DELETE');
    const [verdict] = copy.pragma('quick_check(1)') as readonly { readonly quick_check: string }[]; // one text for each thing that is wrong, or "ok"
    const wrong = verdict?.quick_check ?? 'nothing can be read';
    if (isReadFailure(wrong)) throw new StorageError(`reading the copy of the index: ${wrong}`, { retryable: true });
    if (wrong !== 'ok') throw new CorruptionError(wrong);
    copy.prepare(olderSql).run();
    return factsOf(copy);
  } finally {
    copy.close();
  }
}

const ioError = 10;

/** SQLite's check tells a page that the disk did not give like one that is wrong, but for the code in the text, whose last byte is the kind. */
function isReadFailure(verdict: string): boolean {
  return (Number(/error code=(\d+)/.exec(verdict)?.[1] ?? 0) & 255) === ioError;
}

/** Which of the two disks it was nobody knows yet. */
function damagedCopy(file: string, cause: CorruptionError): CorruptionError {
  return new CorruptionError(`the copy of the index that was just made, ${file}, is damaged. Make the backup again; if this is told again, the index itself is: run dice-admin check on the store.`, { cause });
}

function factsOf(copy: Database): SnapshotFacts {
  const rows = copy.prepare<[], { name: string; value: string }>('SELECT name, value FROM store_state').all();
  const values = new Map(rows.map(({ name, value }) => [name, value]));
  if (values.has(`named.${noteName}`)) throw new StorageError('the index holds a move that has not ended: run dice-admin migrate-storage again to end it', { retryable: false });
  const ends = copy.prepare<[], { pack: number; last: number }>(endsSql).all();
  return {
    generation: Number(values.get('core.generation') ?? 0),
    isHeld: values.get('core.held') === 'true',
    storeId: values.get('named.store-id'),
    ends: new Map(ends.map(({ pack, last }) => [pack, last])),
    state: { read: (name) => Promise.resolve(values.get(`named.${name}`)) },
  };
}

/** Not read-only: a log that a killed server left must be taken in before anything can be read. Nothing else is written. */
function openSource(file: string): Database {
  const source = new Sqlite(file, { fileMustExist: true, timeout: 5_000 });
  source.pragma('query_only = ON');
  source.pragma('trusted_schema = OFF');
  return source;
}

async function copyPages(source: Database, target: string, { onProgress }: SnapshotOrder): Promise<void> {
  try {
    await source.backup(target, {
      progress({ totalPages, remainingPages }) {
        onProgress({ done: totalPages - remainingPages, total: totalPages });
        return pagesAtOnce;
      },
    });
  } catch (error) {
    translated('copying the index', source.name, () => { throw error; });
  }
}
