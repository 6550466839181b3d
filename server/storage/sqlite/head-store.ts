/**
 * The head store on SQLite. A head is replaced in one transaction, by whoever knows the newest one's counter. SPEC.md section 14.
 */
import { idBytes } from '../../../client-sdk/protocol/limits.js';
import type { AccountId } from '../../../client-sdk/protocol/ids.js';
import type { HeadReplacement, HeadStore, HeadTree, KeptHead } from '../../ports/head-store.js';
import { isClosed } from './closed-rows.js';
import type { StoreDatabase } from './database.js';
import { ensureOwner, findOwner } from './owner-rows.js';

const treeSql = 'SELECT counter, root, crown FROM head_tree WHERE owner = ?';
const listSql = 'SELECT counter, sealed FROM head WHERE owner = ? AND counter > ? ORDER BY counter LIMIT ?';
const leavesSql = 'SELECT leaf FROM head_leaf WHERE owner = ? AND image_id BETWEEN ? AND ? ORDER BY image_id LIMIT ?';

/** The head store of `db`. It owns nothing: the database is closed by who opened it. */
export function createHeadStore(db: StoreDatabase): HeadStore {
  const owned = <T>(accountId: AccountId, nothing: T, look: (owner: number) => T): T => {
    const owner = findOwner(db, accountId);
    return owner === undefined ? nothing : look(owner);
  };
  return {
    find: (accountId) => db.read('finding a head', () => owned(accountId, undefined, (owner) => treeOf(db, owner))),
    list: (accountId, after, limit) => db.read('listing heads', () => owned(accountId, [], (owner) => db.query<KeptHead>(listSql).all(owner, after, limit).map(keptHead))),
    leaves: (accountId, { from, to, limit }) =>
      db.read('reading leaves', () => owned(accountId, [], (owner) => db.query<{ leaf: Uint8Array }>(leavesSql).all(owner, from, to, limit).map(({ leaf }) => Uint8Array.from(leaf)))),
    replace: (accountId, replacement) => db.write('replacing a head', () => replace(db, accountId, replacement)),
  };
}

function treeOf(db: StoreDatabase, owner: number): HeadTree | undefined {
  const row = db.query<HeadTree>(treeSql).get(owner);
  return row === undefined ? undefined : { counter: row.counter, root: Uint8Array.from(row.root), crown: Uint8Array.from(row.crown) };
}

function keptHead({ counter, sealed }: KeptHead): KeptHead {
  return { counter, sealed: Uint8Array.from(sealed) };
}

function replace(db: StoreDatabase, accountId: AccountId, { tree, sealed, leaves, forgetTo }: HeadReplacement): boolean {
  if (isClosed(db, accountId)) return false;
  const owner = ensureOwner(db, accountId);
  if ((treeOf(db, owner)?.counter ?? 0) + 1 !== tree.counter) return false;
  db.query('INSERT OR REPLACE INTO head_tree (owner, counter, root, crown) VALUES (?, ?, ?, ?)').run(owner, tree.counter, tree.root, tree.crown);
  db.query('INSERT INTO head (owner, counter, sealed) VALUES (?, ?, ?)').run(owner, tree.counter, sealed);
  const put = db.query('INSERT OR REPLACE INTO head_leaf (owner, image_id, leaf) VALUES (?, ?, ?)');
  for (const leaf of leaves) put.run(owner, leaf.subarray(0, idBytes), leaf);
  db.query('DELETE FROM head WHERE owner = ? AND counter <= ?').run(owner, forgetTo);
  return true;
}
