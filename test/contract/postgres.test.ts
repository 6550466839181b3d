/**
 * The stores on PostgreSQL: the contracts, and what is theirs alone: migrations, failures, the shape of statements, the state of the
 * store. What several processes do at once is in test/integration.
 */
import { cp, readdir, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { ImageId } from '../../client-sdk/protocol/ids.js';
import type { AccountId, UploadId } from '../../client-sdk/protocol/ids.js';
import { CorruptionError, StorageError } from '../../server/ports/errors.js';
import { createAccountStore } from '../../server/storage/postgres/account-store.js';
import { commit, purge } from '../../server/storage/postgres/commit.js';
import { openDatabase } from '../../server/storage/postgres/database.js';
import { translated } from '../../server/storage/postgres/failure.js';
import { file } from '../../server/storage/postgres/filing.js';
import { setTrashed } from '../../server/storage/postgres/image-lists.js';
import { createHeadStore } from '../../server/storage/postgres/head-store.js';
import { createImageStore } from '../../server/storage/postgres/image-store.js';
import type { Session } from '../../server/storage/postgres/session.js';
import { createStoreState } from '../../server/storage/postgres/store-state.js';
import { createTagStore } from '../../server/storage/postgres/tag-store.js';
import { pinOwned } from '../../server/storage/postgres/upload-rows.js';
import { postgresServer } from '../support/postgres-server.js';
import { temporaryDirectories } from '../support/temp-directory.js';
import { accountStoreContract } from './account-store-contract.js';
import { headStoreContract } from './head-store-contract.js';
import { imageStoreContract } from './image-store-contract.js';
import { alice, begin, blockFrom, imageFrom, newMigrations, rehashes, type Stores } from './store-fixture.js';
import { tagStoreContract } from './tag-store-contract.js';

const server = postgresServer();
const temporary = temporaryDirectories();
const migrations = path.resolve('migrations/postgres');

async function storesOf(url: string): Promise<Stores> {
  const db = await openDatabase({ url });
  return {
    tags: createTagStore(db),
    images: createImageStore(db),
    accounts: createAccountStore(db),
    heads: createHeadStore(db),
    async reopen() {
      await db.close();
      return storesOf(url);
    },
    close: () => db.close(),
  };
}

/** The schema is made once, and each store begins with a copy of it. */
let schema: Promise<string> | undefined;

async function makeSchema(): Promise<string> {
  const url = await server.freshDatabase();
  await (await openDatabase({ url })).close();
  return url;
}

const copyOfSchema = async (): Promise<string> => server.copyOf(await (schema ??= makeSchema()));
const make = async (): Promise<Stores> => storesOf(await copyOfSchema());
tagStoreContract('postgres', make);
imageStoreContract('postgres', make);
accountStoreContract('postgres', make);
headStoreContract('postgres', make);

/** Rows of a question that no store asks. */
async function ask<Row extends object>(url: string, sql: string): Promise<readonly Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('the migrations of PostgreSQL', () => {
  it('are applied by one of several processes that start at once', async () => {
    const url = await server.freshDatabase();
    const opened = await Promise.all(Array.from({ length: 4 }, () => openDatabase({ url })));
    expect(opened.filter(({ isNew }) => isNew)).toHaveLength(1);
    for (const db of opened) await db.close();
    const again = await openDatabase({ url });
    expect(again.isNew).toBe(false);
    await again.close();
    await again.close();
  });

  it('are applied once, and changed, unknown and missing ones are refused', async () => {
    const url = await copyOfSchema();
    const folder = path.join(await temporary(), 'migrations');
    await cp(migrations, folder, { recursive: true });
    const names = newMigrations(migrations);
    const more = path.join(folder, names.more);
    await writeFile(more, 'CREATE TABLE more (id bigint PRIMARY KEY);');
    await (await openDatabase({ url, migrations: folder })).close();
    const applied = await ask<{ number: number }>(url, 'SELECT number FROM schema_migration ORDER BY number');
    expect(applied.map(({ number }) => number)).toEqual(names.numbers);
    await expect(openDatabase({ url })).rejects.toThrow(/does not know/);
    await writeFile(more, 'CREATE TABLE other (id bigint PRIMARY KEY);');
    await expect(openDatabase({ url, migrations: folder })).rejects.toThrow(`${names.more} was changed`);
    await writeFile(path.join(folder, names.gap), '');
    await expect(openDatabase({ url, migrations: folder })).rejects.toBeInstanceOf(StorageError);
  });

  it('leave nothing of one that fails in the middle', async () => {
    const url = await copyOfSchema();
    const folder = path.join(await temporary(), 'migrations');
    await cp(migrations, folder, { recursive: true });
    await writeFile(path.join(folder, '0009_bad.sql'), 'CREATE TABLE half (id bigint PRIMARY KEY); NONSENSE;');
    await expect(openDatabase({ url, migrations: folder })).rejects.toBeInstanceOf(StorageError);
    expect(await ask(url, "SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);
    await (await openDatabase({ url })).close();
  });

  it('are numbered and named as those of SQLite are', async () => {
    expect(await readdir(migrations)).toEqual(await readdir(path.resolve('migrations/sqlite')));
  });
});

describe('failures of PostgreSQL', () => {
  it('answer an unreachable server, a wrong password and use after closing as outages, and never tell the password', async () => {
    const listener = net.createServer((socket) => { socket.destroy(); });
    await new Promise<void>((resolve) => { listener.listen(0, '127.0.0.1', resolve); });
    const address = listener.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const broken = await openDatabase({ url: `postgres://dice:secret-word@127.0.0.1:${port ?? 0}/store` }).catch((error: unknown) => error);
    expect(broken).toMatchObject({ name: 'StorageError', options: { retryable: true } });
    await new Promise((resolve) => { listener.close(resolve); });
    const url = new URL(await copyOfSchema());
    url.password = 'secret-word';
    const refused = await openDatabase({ url: url.href }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'StorageError', options: { retryable: false } });
    expect(`${String(broken)} ${String(refused)}`).not.toMatch(/secret-word/);
    const stores = await make();
    await stores.close();
    await expect(stores.accounts.count()).rejects.toBeInstanceOf(StorageError);
  });

  it('refuse a server that forgets what it acknowledged', async () => {
    const url = await copyOfSchema();
    await ask(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`);
    await expect(openDatabase({ url })).rejects.toThrow(/synchronous_commit/);
  });

  it('take back a connection that the server ended, and go on', async () => {
    const url = await copyOfSchema();
    const stores = await storesOf(url);
    expect(await stores.accounts.count()).toBe(0);
    await ask(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
    const counted = await stores.accounts.count().catch(() => stores.accounts.count());
    expect(counted).toBe(0);
    await stores.close();
  });

  it('are told apart by their code', () => {
    const failure = (code: string): unknown => translated('doing', Object.assign(new pg.DatabaseError('told', 4, 'error'), { code }));
    for (const code of ['40001', '40P01', '57P01', '08006', '53300']) expect(failure(code)).toMatchObject({ name: 'StorageError', options: { retryable: true } });
    for (const code of ['23505', '42P01']) expect(failure(code)).toMatchObject({ name: 'StorageError', options: { retryable: false } });
    expect(failure('53100')).toMatchObject({ name: 'StorageError', options: { isFull: true } });
    for (const code of ['XX001', 'XX002']) expect(failure(code)).toBeInstanceOf(CorruptionError);
    const bug = new TypeError('a bug');
    expect(translated('doing', bug)).toBe(bug);
    expect(translated('doing', new Error('Connection terminated unexpectedly'))).toMatchObject({ name: 'StorageError', options: { retryable: true } });
  });

  it('run a step again as a whole that got in the way of another, and give up in the end', async () => {
    const db = await openDatabase({ url: await copyOfSchema() });
    const collision = Object.assign(new pg.DatabaseError('told', 4, 'error'), { code: '40001' });
    let tries = 0;
    const third = await db.write('trying', async (session) => {
      await session.run("INSERT INTO store_state (name, value) VALUES ('x', '')");
      if (++tries < 3) throw collision;
      return tries;
    });
    expect(third).toBe(3);
    await expect(db.write('trying', () => Promise.reject(collision))).rejects.toMatchObject({ name: 'StorageError', options: { retryable: true } });
    await db.close();
  });
});

describe('statements of PostgreSQL', () => {
  it('do not grow in number with the blocks of a list', async () => {
    const db = await openDatabase({ url: await copyOfSchema() });
    const tags = createTagStore(db);
    const during = (work: (session: Session) => Promise<unknown>): Promise<number> => db.write('counting', async (session) => {
      const { counting, asked } = countingSession(session);
      await work(counting);
      return asked();
    });
    const counted = async (blocks: number, upload: number): Promise<readonly number[]> => {
      const list = Array.from({ length: blocks }, (_, index) => blockFrom(upload * 10_000 + index));
      const scope = await begin({ tags }, alice, upload);
      return [
        await during((session) => file(session, scope, list)),
        await during((session) => pinOwned(session, scope, rehashes(list))),
        await during((session) => commit(session, scope, { image: imageFrom(upload, list), quotaBytes: 2 ** 40 })),
        await during((session) => purgeAtOnce(session, imageFrom(upload, []).imageId)),
      ];
    };
    const few = await counted(2, 1);
    expect(await counted(2_000, 2)).toEqual(few);
    expect(Math.max(...few)).toBeLessThanOrEqual(13);
    await db.close();
  });
});

async function purgeAtOnce(session: Session, imageId: ImageId): Promise<void> {
  await setTrashed(session, { accountId: alice, imageId }, 2_000);
  expect(await purge(session, { accountId: alice, imageId }, 2_000)).toBe(true);
}

/** A session that asks `session`, and how often it did. */
function countingSession(session: Session): { readonly counting: Session; readonly asked: () => number } {
  let count = 0;
  const next = (): Session => {
    count++;
    return session;
  };
  return {
    counting: {
      all: (sql, ...parameters) => next().all(sql, ...parameters),
      get: (sql, ...parameters) => next().get(sql, ...parameters),
      run: (sql, ...parameters) => next().run(sql, ...parameters),
    },
    asked: () => count,
  };
}

describe('the state of the store on PostgreSQL', () => {
  it('begins empty and keeps what is written, names apart from its own', async () => {
    const url = await copyOfSchema();
    let db = await openDatabase({ url });
    let state = createStoreState(db);
    expect([await state.generation(), await state.isHeld(), await state.read('realm')]).toEqual([0, false, undefined]);
    await state.setGeneration(4);
    await state.setHeld(true);
    await state.write('realm', 'localhost');
    await state.write('generation', 'mine');
    await db.close();
    db = await openDatabase({ url });
    state = createStoreState(db);
    expect([await state.generation(), await state.isHeld(), await state.read('realm'), await state.read('generation')]).toEqual([4, true, 'localhost', 'mine']);
    await state.setHeld(false);
    expect(await state.isHeld()).toBe(false);
    const upload = { uploadId: '1'.repeat(32) as UploadId, accountId: '2'.repeat(32) as AccountId, expiresAt: 20, receivedBytes: 0 }; // 32 hex digits have the form of every id
    await createTagStore(db).beginUpload(upload, 10, 1);
    expect([await state.countOpen(19), await state.countOpen(20)]).toEqual([{ sessions: 0, uploads: 1 }, { sessions: 0, uploads: 0 }]);
    expect(await state.isMigrated()).toBe(true);
    await db.write('going further', (session) => session.run("INSERT INTO schema_migration (number, name, sha256) VALUES (9999, 'x', 'x')"));
    expect(await state.isMigrated()).toBe(false);
    expect(await state.databaseFileBytes()).toBeGreaterThan(1_000_000);
    await state.truncateLog();
    await db.close();
  });

  it('tells when the server was started anew under a process', async () => {
    const db = await openDatabase({ url: await copyOfSchema() });
    const state = createStoreState(db);
    const before = await state.incarnation();
    expect(await state.incarnation()).toBe(before);
    await server.restart();
    // Connections of before may be tried first, once each.
    const after = await state.incarnation().catch(() => state.incarnation());
    expect([after === before, after === '']).toEqual([false, false]);
    await db.close();
  });
});
