/**
 * Advisory locks: the one thing here that is PostgreSQL's own, used by the migration and by the gate and nowhere else. A lock belongs to a
 * connection, and a connection that ends lets go of it. They are of one database: two stores in two databases never meet.
 */
import { createHash } from 'node:crypto';
import type { Client } from 'pg';

/** Locks `name`, at once or not at all. */
export async function tryLock(client: Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [keyOf(name)]);
  return rows[0]?.held === true;
}

/** Locks `name`; waits for as long as another connection holds it. */
export async function lock(client: Client, name: string): Promise<void> {
  await client.query('SELECT pg_advisory_lock($1)', [keyOf(name)]);
}

/** Lets go of `name`. Where the connection is gone already, so is the lock. */
export async function unlock(client: Client, name: string): Promise<void> {
  await client.query('SELECT pg_advisory_unlock($1)', [keyOf(name)]);
}

/**
 * A move of the store holds its database alone; whoever begins to serve it looks whether one does. At once or not at all; the end of the connection
 * lets go.
 */
export async function lockMoving(client: Client, how: 'exclusive' | 'shared'): Promise<boolean> {
  const ask = how === 'exclusive' ? 'pg_try_advisory_lock' : 'pg_try_advisory_lock_shared';
  const { rows } = await client.query<{ held: boolean }>(`SELECT ${ask}($1) AS held`, [keyOf('moving')]);
  return rows[0]?.held === true;
}

/** A lock is named by 64 bits. */
function keyOf(name: string): string {
  return createHash('sha256').update(`dice/lock/${name}`).digest().readBigInt64BE().toString();
}
