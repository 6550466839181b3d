/**
 * A PostgreSQL that recovers under its clients: one of its processes is killed, and the others begin anew with what the log has. Its incarnation is another one then, though its start is the same.
 */
import { setTimeout } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { openDatabase, type StoreDatabase } from '../../server/storage/postgres/database.js';
import { createStoreState } from '../../server/storage/postgres/store-state.js';
import { postgresServer } from '../support/postgres-server.js';

const server = postgresServer();
let url: string;
beforeEach(async () => { url = await server.freshDatabase(); });

async function asked<Row extends object>(sql: string): Promise<readonly Row[]> {
  const client = new pg.Client(url);
  // The end of the server is told to whoever is connected.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Asks again until there is an answer, for ten seconds. */
async function answered<T>(ask: () => Promise<T>): Promise<T> {
  for (let left = 200; ; left--) {
    try {
      return await ask();
    } catch (error) {
      if (left === 0) throw error;
      await setTimeout(50);
    }
  }
}

/** As the system does that has no memory left. Resolves when the server answers again. */
async function killOne(): Promise<void> {
  const victim = new pg.Client(url);
  const ended = new Promise<void>((resolve) => { victim.on('error', () => { resolve(); }); });
  await victim.connect();
  const { rows: [row] } = await victim.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  if (row === undefined) throw new Error('a connection has no process');
  process.kill(row.pid, 'SIGKILL');
  await ended;
  await answered(() => asked('SELECT 1'));
}

const startSql = 'SELECT pg_postmaster_start_time()::text AS start';

/** Databases of several processes, closed at the end. */
async function together<T>(count: number, use: (databases: readonly StoreDatabase[]) => Promise<T>): Promise<T> {
  const databases = await Promise.all(Array.from({ length: count }, () => openDatabase({ url })));
  try {
    return await use(databases);
  } finally {
    for (const database of databases) await database.close();
  }
}

describe('the incarnation', () => {
  it('is another one when the server recovered from the crash of one of its processes', () => together(1, async ([db]) => {
    if (db === undefined) throw new Error('no database');
    const state = createStoreState(db);
    const [before, started] = [await state.incarnation(), await asked(startSql)];
    expect(await state.incarnation()).toBe(before);
    await killOne();
    const after = await answered(() => state.incarnation());
    expect(await asked(startSql)).toEqual(started);
    expect(after).not.toBe(before);
    expect(await state.incarnation()).toBe(after);
  }), 30_000);

  it('is one for all who find none at once', () => together(4, async (databases) => {
    const states = databases.map(createStoreState);
    const holder = new pg.Client(url);
    await holder.connect();
    // All look before one of them writes.
    await holder.query('BEGIN; LOCK TABLE incarnation IN SHARE MODE');
    const asking = Promise.all(states.map((state) => state.incarnation()));
    const waiting = "SELECT count(*)::integer AS count FROM pg_locks WHERE relation = 'incarnation'::regclass AND NOT granted";
    try {
      await answered(async () => { expect(await asked(waiting)).toEqual([{ count: states.length }]); });
    } finally {
      await holder.end();
    }
    const [first, ...others] = await asking;
    expect(others).toEqual(others.map(() => first));
    expect(await Promise.all(states.map((state) => state.incarnation()))).toEqual([first, first, first, first]);
    expect(await asked('SELECT 1 FROM incarnation')).toHaveLength(1);
  }));

  it('stays where nothing was forgotten: while the server runs, and in what a clean stop keeps', () => together(1, async ([db]) => {
    if (db === undefined) throw new Error('no database');
    const state = createStoreState(db);
    await state.incarnation();
    const before = await asked('SELECT token FROM incarnation');
    await server.restart();
    expect(await asked('SELECT token FROM incarnation')).toEqual(before);
  }), 30_000);
});
