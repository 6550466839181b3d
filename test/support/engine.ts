/**
 * The engine on which a suite has its server's index. A suite that takes one runs over both: what a hostile client may not do, it may not do on either.
 */
import type { Config } from '../../server/config.js';
import { postgresServer } from './postgres-server.js';

/** Where servers of a suite keep their index. */
export interface Engine {
  readonly name: 'SQLite' | 'PostgreSQL';
  /** Settings of a server whose index is new and empty. */
  settings(): Promise<Partial<Config>>;
}

/** A file in the server's own directory. */
export const sqlite: Engine = { name: 'SQLite', settings: () => Promise.resolve({}) };

/** A database on a PostgreSQL that runs while the tests of a file do; called once at the top of the file. */
export function postgres(): Engine {
  const server = postgresServer();
  return { name: 'PostgreSQL', settings: async () => ({ databaseUrl: await server.freshDatabase() }) };
}
