/**
 * The stores on SQLite: the contracts, and what is theirs alone: migrations, durability settings, the lock, the
 * state of the store, failures.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { AccountId, UploadId } from '../../client-sdk/protocol/ids.js';
import { CorruptionError, StorageError } from '../../server/ports/errors.js';
import { createAccountStore } from '../../server/storage/sqlite/account-store.js';
import { openDatabase, type StoreDatabase } from '../../server/storage/sqlite/database.js';
import { lockDirectory } from '../../server/storage/sqlite/directory-lock.js';
import { createHeadStore } from '../../server/storage/sqlite/head-store.js';
import { createImageStore } from '../../server/storage/sqlite/image-store.js';
import { createStoreState } from '../../server/storage/sqlite/store-state.js';
import { isRehash, nextKeysSql } from '../../server/storage/sqlite/tag-seek.js';
import { createTagStore } from '../../server/storage/sqlite/tag-store.js';
import { temporaryDirectories } from '../support/temp-directory.js';
import { accountStoreContract } from './account-store-contract.js';
import { headStoreContract } from './head-store-contract.js';
import { imageStoreContract } from './image-store-contract.js';
import { alice, begin, blockFrom, imageFrom, isBefore, newMigrations, type Stores } from './store-fixture.js';
import { tagStoreContract } from './tag-store-contract.js';

const temporary = temporaryDirectories();
const migrations = path.resolve('migrations/sqlite');

function storesOf(file: string): Stores {
  const db = openDatabase({ file });
  return {
    tags: createTagStore(db),
    images: createImageStore(db),
    accounts: createAccountStore(db),
    heads: createHeadStore(db),
    reopen() {
      db.close();
      return Promise.resolve(storesOf(file));
    },
    close() {
      db.close();
      return Promise.resolve();
    },
  };
}

const make = async (): Promise<Stores> => storesOf(path.join(await temporary(), 'index.sqlite'));
tagStoreContract('sqlite', make);
imageStoreContract('sqlite', make);
accountStoreContract('sqlite', make);
headStoreContract('sqlite', make);

describe('the SQLite database', () => {
  it('syncs fully, also when an existing file is opened', async () => {
    const file = path.join(await temporary(), 'folder', 'index.sqlite');
    for (let round = 0; round < 2; round++) {
      const db = openDatabase({ file });
      expect(db.connection.pragma('synchronous', { simple: true })).toBe(2);
      expect(db.connection.pragma('journal_mode', { simple: true })).toBe('wal');
      expect(db.connection.pragma('foreign_keys', { simple: true })).toBe(1);
      expect(db.connection.pragma('busy_timeout', { simple: true })).toBe(5_000);
      db.close();
      db.close();
    }
  });

  it('truncates the log on closing, and measures its files', async () => {
    const file = path.join(await temporary(), 'index.sqlite');
    const db = openDatabase({ file });
    const state = createStoreState(db);
    await state.write('a', 'x'.repeat(100_000));
    const before = await state.databaseFileBytes();
    expect(before).toBeGreaterThan((await stat(file)).size);
    await state.truncateLog();
    expect((await stat(`${file}-wal`)).size).toBe(0);
    expect(await state.databaseFileBytes()).toBeLessThan(before);
    db.close();
    await expect(stat(`${file}-wal`)).rejects.toThrow('ENOENT');
  });

  it('applies migrations once, and refuses changed, unknown and missing ones', async () => {
    const directory = await temporary();
    const file = path.join(directory, 'index.sqlite');
    const folder = path.join(directory, 'migrations');
    const { more, gap, numbers } = newMigrations(migrations);
    await cp(migrations, folder, { recursive: true });
    openDatabase({ file, migrations: folder }).close();
    await writeFile(path.join(folder, more), 'CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT;');
    const db = openDatabase({ file, migrations: folder });
    expect(db.connection.prepare('SELECT number FROM schema_migration').pluck().all()).toEqual(numbers);
    db.close();
    expect(() => openDatabase({ file })).toThrow(/does not know/);
    await writeFile(path.join(folder, more), 'CREATE TABLE other (id INTEGER PRIMARY KEY) STRICT;');
    expect(() => openDatabase({ file, migrations: folder })).toThrow(`${more} was changed`);
    await writeFile(path.join(folder, gap), '');
    expect(() => openDatabase({ file: path.join(directory, 'new.sqlite'), migrations: folder })).toThrow(StorageError);
  });

  it('takes nothing of a migration that fails in the middle', async () => {
    const directory = await temporary();
    const file = path.join(directory, 'index.sqlite');
    const folder = path.join(directory, 'migrations');
    const { more } = newMigrations(migrations);
    await cp(migrations, folder, { recursive: true });
    await writeFile(path.join(folder, more), 'CREATE TABLE half (id INTEGER PRIMARY KEY) STRICT; NONSENSE;');
    expect(() => openDatabase({ file, migrations: folder })).toThrow(/near "NONSENSE".*changed nothing/);
    const db = openDatabase({ file });
    expect(db.connection.prepare("SELECT name FROM sqlite_schema WHERE name = 'half'").get()).toBeUndefined();
    db.close();
  });

  it('names the way out where a row that rotted keeps a store of the schema before from being brought forward', async () => {
    const directory = await temporary();
    const [file, folder] = [path.join(directory, 'index.sqlite'), path.join(directory, 'migrations')];
    await cp(migrations, folder, { recursive: true, filter: isBefore(12) });
    const before = openDatabase({ file, migrations: folder });
    before.connection.pragma('ignore_check_constraints = ON');
    before.connection.exec('INSERT INTO tag (t1, t, code, length, pack, offset, state) VALUES (randomblob(32), randomblob(32), 1, 1, 1, 1, 7)');
    before.close();
    expect(() => openDatabase({ file })).toThrow(/migration 0012.*index\.sqlite is damaged.*rebuild-index --anew/);
    openDatabase({ file, migrations: folder }).close();
  });

  it('names a damaged file as corruption, and use after closing as an outage', async () => {
    const file = path.join(await temporary(), 'index.sqlite');
    await writeFile(file, Buffer.alloc(8_192, 7));
    expect(() => openDatabase({ file })).toThrow(CorruptionError);
    const stores = await make();
    await stores.close();
    await expect(stores.accounts.count()).rejects.toBeInstanceOf(StorageError);
  });

  it('commits the writes of one turn together, each with its own outcome', async () => {
    const file = path.join(await temporary(), 'index.sqlite');
    const db = openDatabase({ file });
    const put = (name: string) => (): void => { db.query('INSERT INTO store_state (name, value) VALUES (?, ?)').run(name, 'x'); };
    const names = (): unknown => db.connection.prepare("SELECT name FROM store_state WHERE name LIKE 'n%' ORDER BY name").pluck().all();
    const logBytes = async (): Promise<number> => (await stat(`${file}-wal`)).size;
    const before = await logBytes();
    const failing = db.write('failing', () => { put('n-half')(); throw new Error('it fails'); });
    const twice = [db.write('putting', put('n-twice')), db.write('putting', put('n-twice'))];
    const many = Array.from({ length: 40 }, (_, i) => db.write('putting', put(`n${String(i).padStart(2, '0')}`)));
    await expect(failing).rejects.toThrow('it fails');
    expect((await Promise.allSettled(twice)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await Promise.all(many);
    expect(names()).toEqual(['n-twice', ...many.map((_, i) => `n${String(i).padStart(2, '0')}`)]);
    const together = (await logBytes()) - before;
    for (let i = 0; i < 40; i++) await db.write('putting', put(`one by one ${i}`));
    expect((await logBytes()) - before - together).toBeGreaterThan(4 * together);
    db.close();
  });

  it('syncs before it answers a write, and not before it answers a note', async () => {
    const db = openDatabase({ file: path.join(await temporary(), 'index.sqlite') });
    const level = (): number => Number(db.connection.pragma('synchronous', { simple: true }));
    const levels = await Promise.all([db.note('noting', level), db.write('writing', level)]);
    expect([...levels, level()]).toEqual([2, 2, 2]);
    expect(await db.note('noting', level)).toBe(1);
    expect(await db.write('writing', level)).toBe(2);
    const last = db.write('writing', level);
    db.close();
    expect(await last).toBe(2);
    await expect(db.write('writing', level)).rejects.toBeInstanceOf(StorageError);
  });

  it('answers a full disk as full, and takes nothing of that step', async () => {
    const db: StoreDatabase = openDatabase({ file: path.join(await temporary(), 'index.sqlite') });
    const stores = { tags: createTagStore(db), images: createImageStore(db) };
    const scope = await begin(stores, alice, 1);
    const pages = Number(db.connection.pragma('page_count', { simple: true }));
    db.connection.pragma(`max_page_count = ${pages + 4}`);
    const blocks = Array.from({ length: 2_000 }, (_, number) => blockFrom(number));
    await expect(stores.tags.file(scope, blocks)).rejects.toMatchObject({ name: 'StorageError', options: { isFull: true } });
    expect(await stores.tags.figures()).toMatchObject({ blocks: 0 });
    db.connection.pragma('max_page_count = 100000');
    expect(await stores.tags.file(scope, blocks)).toBe(true);
    expect(await stores.images.commit(scope, imageFrom(1, blocks), undefined)).toEqual({ kind: 'stored' });
    db.close();
  });
});

describe('the index', () => {
  it('finds and lists rows by the first bytes of T1, never by reading them all', async () => {
    const db = openDatabase({ file: path.join(await temporary(), 'index.sqlite') });
    const plan = (sql: string): string => db.connection.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...Array.from(sql.matchAll(/\?/g), () => 0)).map(({ detail }) => detail).join();
    expect(plan(`SELECT * FROM tag WHERE ${isRehash}`)).toMatch(/SEARCH tag USING INTEGER PRIMARY KEY.*SEARCH young_key USING PRIMARY KEY.*SEARCH old_key USING PRIMARY KEY/);
    expect(plan(nextKeysSql)).toMatch(/SEARCH young_key USING PRIMARY KEY.*SEARCH old_key USING PRIMARY KEY/);
    expect(plan(nextKeysSql)).not.toMatch(/TEMP/);
    db.close();
  });

  it('takes few bytes for a block, and fewer still for a reference of a near copy', async () => {
    const db = openDatabase({ file: path.join(await temporary(), 'index.sqlite') });
    const stores = { tags: createTagStore(db), images: createImageStore(db) };
    const scope = await begin(stores, alice, 1);
    const bytes = (like: string): number => Number(db.connection.prepare('SELECT SUM(pgsize) FROM dbstat WHERE name LIKE ?').pluck().get(like));
    const blocks = Array.from({ length: 2_000 }, (_, number) => blockFrom(number, { pack: 1 + (number >> 9), offset: number * 100_000, length: 30_000 }));
    await stores.tags.file(scope, blocks);
    expect(bytes('tag%') / blocks.length).toBeLessThan(120);
    const empty = bytes('refer%');
    for (let number = 0; number < 16; number++) {
      await stores.tags.file(scope, blocks.filter((_, index) => index % 40 === number));
      await stores.images.commit(scope, imageFrom(number, blocks.filter((_, index) => index >= 1_000 || index % 40 === number)), undefined);
    }
    expect((bytes('refer%') - empty) / (16 * 1_000)).toBeLessThan(3);
    db.close();
  });
});

describe('the state of the store', () => {
  it('begins empty and keeps what is written, names apart from its own', async () => {
    const file = path.join(await temporary(), 'index.sqlite');
    let db = openDatabase({ file });
    let state = createStoreState(db);
    expect([await state.generation(), await state.isHeld(), await state.read('realm')]).toEqual([0, false, undefined]);
    await state.setGeneration(4);
    await state.setHeld(true);
    await state.write('realm', 'localhost');
    await state.write('generation', 'mine');
    db.close();
    db = openDatabase({ file });
    state = createStoreState(db);
    expect([await state.generation(), await state.isHeld(), await state.read('realm'), await state.read('generation')]).toEqual([4, true, 'localhost', 'mine']);
    await state.setHeld(false);
    expect(await state.isHeld()).toBe(false);
    const upload = { uploadId: '1'.repeat(32) as UploadId, accountId: '2'.repeat(32) as AccountId, expiresAt: 20, receivedBytes: 0 }; // 32 hex digits have the form of every id
    await createTagStore(db).beginUpload(upload, 10, 1);
    expect([await state.countOpen(19), await state.countOpen(20)]).toEqual([{ sessions: 0, uploads: 1 }, { sessions: 0, uploads: 0 }]);
    expect(await state.isMigrated()).toBe(true);
    db.connection.exec("INSERT INTO schema_migration (number, name, sha256) VALUES (9999, 'x', 'x')");
    expect(await state.isMigrated()).toBe(false);
    db.close();
  });
});

describe('the lock of a data directory', () => {
  it('is held once, and free again after release', async () => {
    const directory = path.join(await temporary(), 'data');
    const first = lockDirectory(directory);
    expect(first).toBeDefined();
    expect(lockDirectory(directory)).toBeUndefined();
    first?.release();
    first?.release();
    const second = lockDirectory(directory);
    expect(second).toBeDefined();
    second?.release();
  });

  it('is not taken for held where its file can only be read, for two processes could do that at a time', async () => {
    const directory = await temporary();
    lockDirectory(directory)?.release();
    await chmod(directory, 0o755);
    await chmod(path.join(directory, 'lock.sqlite'), 0o444);
    // Nothing is read-only to root.
    const isRoot = process.getuid?.() === 0;
    try {
      if (isRoot) process.seteuid?.(65_534);
      expect(() => lockDirectory(directory)).toThrow(StorageError);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it('is released by the death of the process that held it', async () => {
    const directory = await temporary();
    const lockModule = pathToFileURL(path.resolve('dist/server/storage/sqlite/directory-lock.js')).href;
    const script = `import { lockDirectory } from ${JSON.stringify(lockModule)};
      globalThis.lock = lockDirectory(${JSON.stringify(directory)}); // kept, or the collector of garbage would release it
      if (globalThis.lock !== undefined) process.stdout.write('held');
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(child.stdout, 'data')) as [Buffer]; // a pipe without encoding gives buffers
    expect(String(said)).toBe('held');
    expect(lockDirectory(directory)).toBeUndefined();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lock = lockDirectory(directory);
    expect(lock).toBeDefined();
    lock?.release();
  });
});
