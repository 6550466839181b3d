/**
 * Rows of accounts that were closed: the closing itself, what is left to do of it, and doing it step by step. Each function runs
 * inside a transaction that its caller holds.
 */
import type { AccountId } from '../../../client-sdk/protocol/ids.js';
import type { ClosingAccount } from '../../ports/account-store.js';
import { idBlob, idColumn } from './columns.js';
import type { StoreDatabase } from './database.js';
import { removeImage, type ImageColumns } from './image-rows.js';
import { findOwner } from './owner-rows.js';

/** One step of clearing. */
export interface ClearStep {
  readonly now: number;
  readonly limit: number;
}

/** A step is short, and leaves are small. */
const leavesAtOnce = 5_000;
const dropLeavesSql = 'DELETE FROM head_leaf WHERE owner = ? AND image_id IN (SELECT image_id FROM head_leaf WHERE owner = ? LIMIT ?)';

const closeSql = 'INSERT OR IGNORE INTO closed_account (account_id, closed_at, is_recorded) VALUES (?, ?, ?)';

/** Closes an account that has a row. */
export function close(db: StoreDatabase, accountId: AccountId, now: number): boolean {
  if (!dropAccount(db, accountId)) return false;
  db.query(closeSql).run(idBlob(accountId), now, 0);
  return true;
}

/** Closes as a pack tells it. */
export function reclose(db: StoreDatabase, accountId: AccountId, closedAt: number): void {
  dropAccount(db, accountId);
  db.query(closeSql).run(idBlob(accountId), closedAt, 1);
}

export function isClosed(db: StoreDatabase, accountId: AccountId): boolean {
  return db.query('SELECT 1 FROM closed_account WHERE account_id = ?').get(idBlob(accountId)) !== undefined;
}

/** A request that was under way may have written for the account after it was closed: then its owner row is there again. */
const closingSql = `SELECT c.* FROM closed_account c LEFT JOIN owner o ON o.account_id = c.account_id
  WHERE c.is_recorded = 0 OR o.id IS NOT NULL ORDER BY c.closed_at, c.account_id LIMIT ?`;

export function listClosing(db: StoreDatabase, limit: number): readonly ClosingAccount[] {
  const rows = db.query<{ account_id: Uint8Array; closed_at: number; is_recorded: number }>(closingSql).all(limit);
  return rows.map((row) => ({ accountId: idColumn<AccountId>(row.account_id), closedAt: row.closed_at, isRecorded: row.is_recorded === 1 }));
}

export function noteClosed(db: StoreDatabase, accountId: AccountId): void {
  db.query('UPDATE closed_account SET is_recorded = 1 WHERE account_id = ?').run(idBlob(accountId));
}

/** Removes some images of a closed account, or, where it has none, all else. */
export function clear(db: StoreDatabase, accountId: AccountId, { now, limit }: ClearStep): boolean {
  const owner = findOwner(db, accountId);
  if (owner === undefined || !isClosed(db, accountId)) return true;
  const images = db.query<ImageColumns>('SELECT * FROM image WHERE owner = ? LIMIT ?').all(owner, limit);
  for (const image of images) removeImage(db, image, now);
  if (images.length > 0) return false;
  if (db.query(dropLeavesSql).run(owner, owner, leavesAtOnce).changes > 0) return false;
  for (const table of ['upload', 'proof_spending', 'tombstone', 'received_day', 'usage_day', 'head', 'head_tree']) db.query(`DELETE FROM ${table} WHERE owner = ?`).run(owner);
  db.query('DELETE FROM owner WHERE id = ?').run(owner);
  return true;
}

/** Sessions and invitations go with the row, pins and nonces with the upload sessions. */
function dropAccount(db: StoreDatabase, accountId: AccountId): boolean {
  const owner = findOwner(db, accountId) ?? 0;
  db.query('DELETE FROM upload WHERE owner = ?').run(owner);
  return db.query('DELETE FROM account WHERE owner = ?').run(owner).changes === 1;
}
