/**
 * Connections that hold advisory locks, ended under whoever holds them.
 */
import pg from 'pg';

/** As an operator, or a network, would end them, in the database at `url`. */
export async function endLockHolders(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  await client.end();
}
