/**
 * The head store on PostgreSQL. A head is replaced in one transaction, with its owner locked, by whoever knows the newest one's counter.
 * SPEC.md section 14.
 */
import { idBytes } from '../../../client-sdk/protocol/limits.js';
import type { AccountId } from '../../../client-sdk/protocol/ids.js';
import type { HeadReplacement, HeadStore, HeadTree, KeptHead } from '../../ports/head-store.js';
import { isClosed } from './closed-rows.js';
import { idBlob } from './columns.js';
import type { StoreDatabase } from './database.js';
import { ensureOwner } from './owner-rows.js';
import type { Session } from './session.js';

const ownerSql = '(SELECT id FROM owner WHERE account_id = $1)';
const findSql = `SELECT counter, root, crown FROM head_tree WHERE owner = ${ownerSql}`;
const listSql = `SELECT counter, sealed FROM head WHERE owner = ${ownerSql} AND counter > $2 ORDER BY counter LIMIT $3`;
const leavesSql = `SELECT leaf FROM head_leaf WHERE owner = ${ownerSql} AND image_id BETWEEN $2 AND $3 ORDER BY image_id LIMIT $4`;
const putTreeSql = `INSERT INTO head_tree (owner, counter, root, crown) VALUES ($1, $2, $3, $4)
  ON CONFLICT (owner) DO UPDATE SET counter = EXCLUDED.counter, root = EXCLUDED.root, crown = EXCLUDED.crown`;
const putLeavesSql = `INSERT INTO head_leaf (owner, image_id, leaf) SELECT $1, l.id, l.leaf FROM unnest($2::bytea[], $3::bytea[]) AS l(id, leaf)
  ON CONFLICT (owner, image_id) DO UPDATE SET leaf = EXCLUDED.leaf`;

/** The head store of `db`. It owns nothing: the database is closed by who opened it. */
export function createHeadStore(db: StoreDatabase): HeadStore {
  return {
    find: (accountId) => db.look('finding a head', (session) => session.get<HeadTree>(findSql, idBlob(accountId))),
    list: (accountId, after, limit) => db.look('listing heads', (session) => session.all<KeptHead>(listSql, idBlob(accountId), after, limit)),
    leaves: async (accountId, { from, to, limit }) =>
      (await db.look('reading leaves', (session) => session.all<{ leaf: Uint8Array }>(leavesSql, idBlob(accountId), from, to, limit))).map(({ leaf }) => leaf),
    replace: (accountId, replacement) => db.write('replacing a head', (session) => replace(session, accountId, replacement)),
  };
}

async function replace(session: Session, accountId: AccountId, { tree, sealed, leaves, forgetTo }: HeadReplacement): Promise<boolean> {
  if (await isClosed(session, accountId)) return false;
  const owner = await ensureOwner(session, accountId);
  const stored = await session.get<{ counter: number }>('SELECT counter FROM head_tree WHERE owner = $1', owner);
  if ((stored?.counter ?? 0) + 1 !== tree.counter) return false;
  await session.run(putTreeSql, owner, tree.counter, tree.root, tree.crown);
  await session.run('INSERT INTO head (owner, counter, sealed) VALUES ($1, $2, $3)', owner, tree.counter, sealed);
  await session.run(putLeavesSql, owner, leaves.map((leaf) => leaf.subarray(0, idBytes)), leaves);
  await session.run('DELETE FROM head WHERE owner = $1 AND counter <= $2', owner, forgetTo);
  return true;
}
