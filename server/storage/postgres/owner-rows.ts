/**
 * Owners: the integers that stand for account ids, the sums kept for each, and the lock under which everything that an account has so
 * many of is decided. It comes before every other lock. Each function runs inside a transaction that its caller holds.
 */
import type { AccountId } from '../../../client-sdk/protocol/ids.js';
import { StorageError } from '../../ports/errors.js';
import { idBlob } from './columns.js';
import type { Session } from './session.js';
import { growDaySql, recountDays, type DayGrowth } from './usage-days.js';

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
export async function findOwner(session: Session, accountId: AccountId): Promise<number | undefined> {
  return (await session.get<{ id: number }>('SELECT id FROM owner WHERE account_id = $1', idBlob(accountId)))?.id;
}

/** As `findOwner`, and no other transaction decides on this owner until the end of this one. */
export async function lockOwner(session: Session, accountId: AccountId): Promise<number | undefined> {
  return (await session.get<{ id: number }>('SELECT id FROM owner WHERE account_id = $1 FOR NO KEY UPDATE', idBlob(accountId)))?.id;
}

/** As `lockOwner`, made where it is missing. Once it is there it may be removed by `clear` alone, so a second look is enough but for that. */
export async function ensureOwner(session: Session, accountId: AccountId): Promise<number> {
  for (let look = 0; look < 3; look++) {
    const id = await lockOwner(session, accountId);
    if (id !== undefined) return id;
    await session.run('INSERT INTO owner (account_id) VALUES ($1) ON CONFLICT (account_id) DO NOTHING', idBlob(accountId));
  }
  throw new StorageError('an owner came and went while it was being locked', { retryable: true });
}

const growSql = `WITH counted AS (${growDaySql('$1, $9, $10, $11, $12')})
  UPDATE owner SET images = images + $2, blocks = blocks + $3, cipher_bytes = cipher_bytes + $4, manifest_bytes = manifest_bytes + $5,
    entry_bytes = entry_bytes + $6, previews = previews + $7, preview_bytes = preview_bytes + $8 WHERE id = $1`;

/** A change of the sums of an owner, and of one of its days. */
export interface OwnerGrowth {
  readonly growth: OwnerSums;
  readonly sign: 1 | -1;
  readonly day: DayGrowth;
}

/** Adds `sign` times `growth` to the sums of `owner`, and `day` as it is. */
export async function growOwner(session: Session, owner: number, { growth, sign, day }: OwnerGrowth): Promise<void> {
  const { images, blocks, cipherBytes, manifestBytes, entryBytes, previews, previewBytes } = growth;
  const sums = [images, blocks, cipherBytes, manifestBytes, entryBytes, previews, previewBytes].map((value) => sign * value);
  await session.run(growSql, owner, ...sums, day.day, day.images, day.blocks, day.cipherBytes);
}

const recountSql = `UPDATE owner SET blocks = s.blocks, cipher_bytes = s.bytes FROM (
    SELECT COUNT(*) AS blocks, COALESCE(SUM(length), 0) AS bytes FROM tag
    WHERE t1 IN (SELECT unnest(rehashes) FROM image WHERE owner = $1)
  ) s WHERE owner.id = $1`;

/** Counts the blocks of `owner` anew, and its days. Slow: only for repairs. */
export async function recountOwner(session: Session, owner: number): Promise<void> {
  await session.run(recountSql, owner);
  await recountDays(session, owner);
}

const sessionSql = `SELECT COALESCE(SUM(length), 0)::bigint AS bytes FROM tag WHERE t1 IN (
  SELECT p.t1 FROM upload u JOIN pin p ON p.upload = u.id WHERE u.owner = $1 AND u.expires_at > $2
    AND NOT EXISTS (SELECT 1 FROM reference r WHERE r.t1 = p.t1 AND r.owner = p.owner)
)`;

/** Cipher bytes of blocks that upload sessions of `owner` live at `now` pin and none of its images refers to. */
export async function sessionBytes(session: Session, owner: number, now: number): Promise<number> {
  return (await session.get<{ bytes: number }>(sessionSql, owner, now))?.bytes ?? 0;
}
