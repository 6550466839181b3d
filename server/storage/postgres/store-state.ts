/**
 * State of the whole store that survives restarts: small texts by name, and what the database measures of itself.
 */
import { randomBytes } from 'node:crypto';
import type { OpenCounts, StoreState } from '../../ports/world.js';
import type { StoreDatabase } from './database.js';

const generationName = 'generation';
const heldName = 'held';
const readSql = 'SELECT value FROM store_state WHERE name = $1';
const writeSql = 'INSERT INTO store_state (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value';
const migrationsSql = 'SELECT count(*)::int AS count FROM schema_migration';
const openSql = 'SELECT (SELECT count(*) FROM session WHERE expires_at > $1) AS sessions, (SELECT count(*) FROM upload WHERE expires_at > $1) AS uploads';
/** The server recovers from a crash of one of its processes without starting anew: the table is empty then. A standby has another start. */
const incarnationSql = "SELECT pg_postmaster_start_time()::text || ' ' || token AS text FROM incarnation";
/** Of many at once all are answered what the first one wrote. */
const drawSql = `INSERT INTO incarnation AS i (is_only, token) VALUES (true, $1) ON CONFLICT (is_only) DO UPDATE SET token = i.token
  RETURNING pg_postmaster_start_time()::text || ' ' || token AS text`;
const tokenBytes = 16;
const sizeSql = 'SELECT pg_database_size(current_database()) AS bytes';

/** The state kept in `db`. It owns nothing: the database is closed by who opened it. */
export function createStoreState(db: StoreDatabase): StoreState {
  const read = async (name: string): Promise<string | undefined> =>
    (await db.look('reading the state', (session) => session.get<{ value: string }>(readSql, name)))?.value;
  const write = async (name: string, value: string): Promise<void> => {
    await db.write('writing the state', (session) => session.run(writeSql, name, value));
  };
  return {
    generation: async () => Number((await read(`core.${generationName}`)) ?? 0),
    setGeneration: (generation) => write(`core.${generationName}`, String(generation)),
    isHeld: async () => (await read(`core.${heldName}`)) === 'true',
    setHeld: (isHeld) => write(`core.${heldName}`, String(isHeld)),
    read: (name) => read(`named.${name}`),
    write: (name, value) => write(`named.${name}`, value),
    databaseFileBytes: async () => (await db.look('measuring the database', (session) => session.get<{ bytes: number }>(sizeSql)))?.bytes ?? 0,
    isMigrated: async () => (await db.look('reading the schema', (session) => session.get<{ count: number }>(migrationsSql)))?.count === db.migrations,
    countOpen: async (now) => (await db.look('counting what is open', (session) => session.get<OpenCounts>(openSql, now))) ?? { sessions: 0, uploads: 0 },
    incarnation: () => incarnationOf(db),
    // Nothing that every server of this protocol answers.
    findFaults: () => Promise.resolve([]),
    // The server keeps and recycles its own log, for all of its databases.
    truncateLog: () => Promise.resolve(),
  };
}

async function incarnationOf(db: StoreDatabase): Promise<string> {
  type Answer = { readonly text: string } | undefined;
  const known: Answer = await db.look('asking what the database has forgotten', (session) => session.get(incarnationSql));
  const token = randomBytes(tokenBytes).toString('hex');
  const answer: Answer = known ?? (await db.write('noting that the database recovered', (session) => session.get(drawSql, token)));
  return answer?.text ?? '';
}
