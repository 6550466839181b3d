/**
 * Rows of accounts that were closed: the closing itself, what is left to do of it, and doing it step by step. The owner is locked first. Each
 * function runs inside a transaction that its caller holds.
 */
import type { AccountId } from '../../../client-sdk/protocol/ids.js';
import type { ClosingAccount } from '../../ports/account-store.js';
import { idBlob, idColumn } from './columns.js';
import { removeImage } from './image-rows.js';
import { lockOwner } from './owner-rows.js';
import type { Session } from './session.js';
import { dropUploads, dropUploadsOf } from './upload-rows.js';

/** One step of clearing. */
export interface ClearStep {
  readonly now: number;
  readonly limit: number;
}

const closeSql = 'INSERT INTO closed_account (account_id, closed_at, is_recorded) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING';

/** Closes an account that has a row. */
export async function close(session: Session, accountId: AccountId, now: number): Promise<boolean> {
  if (!(await dropAccount(session, accountId))) return false;
  await session.run(closeSql, idBlob(accountId), now, false);
  return true;
}

/** Closes as a pack tells it. */
export async function reclose(session: Session, accountId: AccountId, closedAt: number): Promise<void> {
  await dropAccount(session, accountId);
  await session.run(closeSql, idBlob(accountId), closedAt, true);
}

export async function isClosed(session: Session, accountId: AccountId): Promise<boolean> {
  return (await session.get('SELECT 1 AS one FROM closed_account WHERE account_id = $1', idBlob(accountId))) !== undefined;
}

/** A request that was under way may have written for the account after it was closed: then its owner row is there again. */
const closingSql = `SELECT c.* FROM closed_account c LEFT JOIN owner o ON o.account_id = c.account_id
  WHERE NOT c.is_recorded OR o.id IS NOT NULL ORDER BY c.closed_at, c.account_id LIMIT $1`;

export async function listClosing(session: Session, limit: number): Promise<readonly ClosingAccount[]> {
  const rows = await session.all<{ account_id: Uint8Array; closed_at: number; is_recorded: boolean }>(closingSql, limit);
  return rows.map((row) => ({ accountId: idColumn<AccountId>(row.account_id), closedAt: row.closed_at, isRecorded: row.is_recorded }));
}

export async function noteClosed(session: Session, accountId: AccountId): Promise<void> {
  await session.run('UPDATE closed_account SET is_recorded = true WHERE account_id = $1', idBlob(accountId));
}

/** Removes some images of a closed account, or, where it has none, all else. */
export async function clear(session: Session, accountId: AccountId, { now, limit }: ClearStep): Promise<boolean> {
  const owner = await lockOwner(session, accountId);
  if (owner === undefined || !(await isClosed(session, accountId))) return true;
  const images = await session.all<{ id: number }>('SELECT id FROM image WHERE owner = $1 ORDER BY id LIMIT $2 FOR UPDATE', owner, limit);
  for (const { id } of images) await removeImage(session, id, now);
  if (images.length > 0) return false;
  await dropUploads(session, 'owner = $1', [owner]);
  for (const table of ['proof_spending', 'tombstone', 'received_day', 'usage_day', 'head', 'head_tree', 'head_leaf']) await session.run(`DELETE FROM ${table} WHERE owner = $1`, owner);
  await session.run('DELETE FROM owner WHERE id = $1', owner);
  return true;
}

/** Sessions and invitations go with the row, pins and nonces with the upload sessions. */
async function dropAccount(session: Session, accountId: AccountId): Promise<boolean> {
  const owner = await dropUploadsOf(session, accountId);
  return owner !== undefined && (await session.run('DELETE FROM account WHERE owner = $1', owner)) === 1;
}
