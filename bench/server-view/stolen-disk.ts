/**
 * A data directory as somebody has it who took the disk: the index, the packs and the secrets beside them, without any
 * password. Nothing in it is changed: SQLite looks at a copy of the database with its log, because even a reader of a
 * log may write beside it, and all else is opened for reading alone. SQLite with packs in the directory; no other engine.
 */
import { createHash, createHmac } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { bytesOfHex } from '../../client-sdk/protocol/bytes.js';
import type { ScannedRecord } from '../../server/ports/block-store.js';
import { packOfName } from '../../server/storage/packs/pack-folder.js';
import { scanRecords } from '../../server/storage/record-format/pack-scan.js';

/** Begin with `open`, end with `close`. */
export class StolenDisk {
  private constructor(
    readonly dataDirectory: string,
    private readonly scratch: string,
    /** The copy of the index. */
    readonly index: Database.Database,
  ) {}

  /** Throws where there is no index of SQLite. */
  static async open(dataDirectory: string): Promise<StolenDisk> {
    const source = path.join(dataDirectory, 'dice.db');
    if (!(await isFile(source))) throw new Error(`${dataDirectory} holds no dice.db: a store whose index is SQLite is looked at, in its data directory`);
    const scratch = await mkdtemp(path.join(tmpdir(), 'dice-view-'));
    try {
      const copy = path.join(scratch, 'dice.db');
      // A database of gigabytes costs nothing where the file system can share its bytes.
      await copyFile(source, copy, constants.COPYFILE_FICLONE);
      if (await isFile(`${source}-wal`)) await copyFile(`${source}-wal`, `${copy}-wal`, constants.COPYFILE_FICLONE);
      return new StolenDisk(dataDirectory, scratch, new Database(copy));
    } catch (cause) {
      await rm(scratch, { recursive: true, force: true });
      throw cause;
    }
  }

  /** Small files beside index and packs, by name: their text, trimmed. */
  async secrets(): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const name of ['dice-store.json', 'store-key', 'salt-key', 'setup-token']) {
      const file = path.join(this.dataDirectory, name);
      if (await isFile(file)) found.set(name, (await readFile(file, 'utf8')).trim());
    }
    return found;
  }

  /** Paths of all files, relative to the data directory. */
  async files(): Promise<readonly string[]> {
    const entries = await readdir(this.dataDirectory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => path.relative(this.dataDirectory, path.join(entry.parentPath, entry.name))).sort();
  }

  /** Every intact record of every pack, in the order in which they were appended. The store key lies beside the packs. */
  async *records(): AsyncGenerator<ScannedRecord, void, void> {
    const key = bytesOfHex((await this.secrets()).get('store-key') ?? '');
    if (key === undefined) throw new Error('the store key is missing or damaged');
    const folder = path.join(this.dataDirectory, 'packs');
    const packs = (await readdir(folder)).flatMap((name) => packOfName(name) ?? []).sort((a, b) => a - b);
    for (const pack of packs) yield* recordsOf(path.join(folder, `pack-${String(pack).padStart(10, '0')}.dice`), pack, key);
  }

  /** All rows of a query. The caller names the columns as the migrations have them. */
  rows<Row>(sql: string, ...values: readonly unknown[]): readonly Row[] {
    return this.index.prepare<unknown[], Row>(sql).all(...values);
  }

  async close(): Promise<void> {
    this.index.close();
    await rm(this.scratch, { recursive: true, force: true });
  }
}

async function* recordsOf(file: string, pack: number, key: Uint8Array): AsyncGenerator<ScannedRecord, void, void> {
  const handle = await open(file, 'r');
  try {
    yield* scanRecords({
      file: { read: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead },
      pack,
      end: (await handle.stat()).size,
      mac: (message) => createHmac('sha256', key).update(message).digest(),
      sha256: (bytes) => createHash('sha256').update(bytes).digest(),
      onDamage: () => undefined,
    });
  } finally {
    await handle.close();
  }
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() === true;
}
