/**
 * Owners: the small integers that stand for account ids, and the sums kept for each. An owner is made by the first
 * thing written for its account; it needs no account row, so that a rebuild may meet images before accounts.
 */
import type { AccountId } from '../../../client-sdk/protocol/ids.js';
import { idBlob } from './columns.js';
import type { StoreDatabase } from './database.js';
import { recountDays } from './usage-days.js';

/** The sums of an owner, or a change of them. */
export interface OwnerSums {
  readonly images: number;
  readonly blocks: number;
  readonly cipherBytes: number;
  readonly manifestBytes: number;
  readonly entryBytes: number;
  readonly previews: number;
  readonly previewBytes: number;
}

/** The owner of `accountId`, or undefined where nothing was ever written for it. */
export function findOwner(db: StoreDatabase, accountId: AccountId): number | undefined {
  return db.query<{ id: number }>('SELECT id FROM owner WHERE account_id = ?').get(idBlob(accountId))?.id;
}

/** The owner of `accountId`, made where it is missing. */
export function ensureOwner(db: StoreDatabase, accountId: AccountId): number {
  return findOwner(db, accountId) ?? Number(db.query('INSERT INTO owner (account_id) VALUES (?)').run(idBlob(accountId)).lastInsertRowid);
}

const growSql = `UPDATE owner SET images = images + ?, blocks = blocks + ?, cipher_bytes = cipher_bytes + ?,
  manifest_bytes = manifest_bytes + ?, entry_bytes = entry_bytes + ?, previews = previews + ?, preview_bytes = preview_bytes + ? WHERE id = ?`;

/** Adds `sign` times `growth` to the sums of `owner`. */
export function growOwner(db: StoreDatabase, owner: number, { growth, sign }: { readonly growth: OwnerSums; readonly sign: 1 | -1 }): void {
  const { images, blocks, cipherBytes, manifestBytes, entryBytes, previews, previewBytes } = growth;
  db.query(growSql).run(...[images, blocks, cipherBytes, manifestBytes, entryBytes, previews, previewBytes].map((value) => sign * value), owner);
}

const recountSql = `UPDATE owner SET (blocks, cipher_bytes) = (
  SELECT COUNT(*), COALESCE(SUM(length), 0) FROM tag WHERE id IN (SELECT tag FROM referrer WHERE owner = ?)
) WHERE id = ?`;

/** Counts the blocks of `owner` anew, and its days. Slow: only for repairs. */
export function recountOwner(db: StoreDatabase, owner: number): void {
  db.query(recountSql).run(owner, owner);
  recountDays(db, owner);
}

const sessionSql = `SELECT COALESCE(SUM(length), 0) AS bytes FROM tag WHERE id IN (
  SELECT p.tag FROM upload u JOIN pin p ON p.upload = u.id WHERE u.owner = ? AND u.expires_at > ?
    AND NOT EXISTS (SELECT 1 FROM referrer r WHERE r.tag = p.tag AND r.owner = p.owner)
)`;

/** Cipher bytes of blocks that upload sessions of `owner` live at `now` pin and none of its images refers to. */
export function sessionBytes(db: StoreDatabase, owner: number, now: number): number {
  return db.query<{ bytes: number }>(sessionSql).get(owner, now)?.bytes ?? 0;
}
