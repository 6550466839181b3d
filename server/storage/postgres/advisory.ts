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

/** How long a move waits: the connection of one that was killed is noticed soon, not at once. */
const movingTimeoutMs = 5_000;
const lockNotHad = '55P03';

/** Holds the database for a move, alone. False where a server that starts, or another move, holds it too long. The end of the connection lets go. */
export async function lockForMove(client: Client): Promise<boolean> {
  try {
    await client.query(`SET lock_timeout = ${movingTimeoutMs}`);
    await client.query('SELECT pg_advisory_lock($1)', [keyOf(movingName)]);
    return true;
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === lockNotHad) return false;
    throw error;
  }
}

/** No move holds the database now. Whoever begins to serve it looks; the end of the connection lets go. */
export async function isFreeOfMoves(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock_shared($1) AS held', [keyOf(movingName)]);
  return rows[0]?.held === true;
}

const movingName = 'moving';

/** A lock is named by 64 bits. */
function keyOf(name: string): string {
  return createHash('sha256').update(`dice/lock/${name}`).digest().readBigInt64BE().toString();
}
