/**
 * What a step costs PostgreSQL, in counts that no busy machine changes: statements, the rows that they answered, rows written and fetched by table, and
 * bytes of the log.
 */
import type { StoreDatabase } from '../../server/storage/postgres/database.js';
import type { Parameters, Session } from '../../server/storage/postgres/session.js';

/** Of one step. */
export interface Work {
  /** Texts in the order in which they were asked. */
  readonly statements: readonly string[];
  /** Rows answered by all of them together. */
  readonly answered: number;
  /** By table: inserted, updated, deleted, taken back or not. Tables in which nothing was written are left out. */
  readonly written: Readonly<Record<string, readonly number[]>>;
  /** By table of those that grow with the blocks: rows that indexes led to. */
  readonly fetched: Readonly<Record<string, number>>;
  readonly logBytes: number;
}

interface TableColumns {
  readonly name: string;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly fetched: number;
}

const byBlock = new Set(['tag', 'unreferenced', 'copy', 'pin', 'reference']);
const tablesSql = `SELECT relname AS name, n_tup_ins AS inserted, n_tup_upd AS updated, n_tup_del AS deleted, COALESCE(idx_tup_fetch, 0) AS fetched
  FROM pg_stat_xact_user_tables ORDER BY relname`;
const logSql = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint AS bytes";

/** Runs `step` in a transaction of `db` and measures it. */
export function workOf(db: StoreDatabase, step: (session: Session) => Promise<unknown>): Promise<Work> {
  return db.write('measuring a step', async (session) => {
    const { recording, statements, answered } = recorded(session);
    // Tables as small as a test's would be read whole, or not, as it happens.
    for (const setting of ['enable_seqscan = off', 'enable_hashjoin = off', 'enable_mergejoin = off', 'plan_cache_mode = force_generic_plan']) await session.run(`SET LOCAL ${setting}`);
    const [tables, logged] = [await session.all<TableColumns>(tablesSql), await logBytes(session)];
    await step(recording);
    const now = await logBytes(session);
    return { statements, answered: answered(), logBytes: now - logged, ...grown(tables, await session.all<TableColumns>(tablesSql)) };
  });
}

async function logBytes(session: Session): Promise<number> {
  return (await session.get<{ bytes: number }>(logSql))?.bytes ?? 0;
}

function grown(before: readonly TableColumns[], after: readonly TableColumns[]): Pick<Work, 'written' | 'fetched'> {
  const [written, fetched]: [Record<string, readonly number[]>, Record<string, number>] = [{}, {}];
  for (const table of after) {
    const was = before.find(({ name }) => name === table.name) ?? { inserted: 0, updated: 0, deleted: 0, fetched: 0 };
    const counts = [table.inserted - was.inserted, table.updated - was.updated, table.deleted - was.deleted];
    if (counts.some((count) => count > 0)) written[table.name] = counts;
    if (byBlock.has(table.name) && table.fetched > was.fetched) fetched[table.name] = table.fetched - was.fetched;
  }
  return { written, fetched };
}

/** A session that asks `session`, and what it asked. */
function recorded(session: Session): { readonly recording: Session; readonly statements: readonly string[]; readonly answered: () => number } {
  const statements: string[] = [];
  let answered = 0;
  return {
    statements,
    answered: () => answered,
    recording: {
      async all<Row>(sql: string, ...parameters: Parameters) {
        statements.push(sql);
        const rows = await session.all<Row>(sql, ...parameters);
        answered += rows.length;
        return rows;
      },
      async get<Row>(sql: string, ...parameters: Parameters) {
        statements.push(sql);
        const row = await session.get<Row>(sql, ...parameters);
        answered += row === undefined ? 0 : 1;
        return row;
      },
      run(sql, ...parameters) {
        statements.push(sql);
        return session.run(sql, ...parameters);
      },
    },
  };
}
