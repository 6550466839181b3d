/**
 * Upload sessions: beginning and ending, pins, nonces, and the bytes spent on proofs. Each function runs inside a
 * transaction that its caller holds.
 */
import { rehashHex, type AccountId, type Rehash, type UploadId } from '../../../client-sdk/protocol/ids.js';
import type { ExistenceScope, Nonce, Upload } from '../../ports/tag-store.js';
import { idBlob, idColumn } from './columns.js';
import { heldOf, holdUpload } from './existence.js';
import { ensureOwner, lockOwner } from './owner-rows.js';
import type { Session } from './session.js';
import { lockTags } from './tag-locks.js';

const liveSql = 'SELECT COUNT(*) AS count FROM upload WHERE owner = $1';
const insertSql = 'INSERT INTO upload (upload_id, owner, expires_at, received_bytes, uncommitted_bytes) VALUES ($1, $2, $3, $4, 0)';

/** Begins a session, after those of the account that are over were dropped. One at a time for each owner. */
export async function beginUpload(session: Session, upload: Upload, { now, max }: { readonly now: number; readonly max: number }): Promise<'begun' | 'too-many'> {
  const owner = await ensureOwner(session, upload.accountId);
  await dropUploads(session, 'owner = $1 AND expires_at <= $2', [owner, now]);
  const live = (await session.get<{ count: number }>(liveSql, owner))?.count ?? 0;
  if (live >= max) return 'too-many';
  await session.run(insertSql, idBlob(upload.uploadId), owner, upload.expiresAt, upload.receivedBytes);
  return 'begun';
}

const touchSql = `UPDATE upload SET expires_at = $4 WHERE upload_id = $1 AND expires_at > $3
  AND owner = (SELECT id FROM owner WHERE account_id = $2) RETURNING received_bytes AS "receivedBytes"`;

/** Moves the expiry of a live session. */
export async function touchUpload(session: Session, scope: ExistenceScope, expiresAt: number): Promise<Upload | undefined> {
  const { uploadId, accountId, now } = scope;
  const row = await session.get<{ receivedBytes: number }>(touchSql, idBlob(uploadId), idBlob(accountId), now, expiresAt);
  return row === undefined ? undefined : { uploadId, accountId, expiresAt, receivedBytes: row.receivedBytes };
}

/** Ends a session; its pins and nonces go with it. */
export async function endUpload(session: Session, uploadId: UploadId, accountId: AccountId): Promise<void> {
  await dropUploads(session, 'upload_id = $1 AND owner = (SELECT id FROM owner WHERE account_id = $2)', [idBlob(uploadId), idBlob(accountId)]);
}

interface UploadColumns {
  readonly upload_id: Uint8Array;
  readonly account_id: Uint8Array;
  readonly expires_at: number;
  readonly received_bytes: number;
}

const uploadsSql = `SELECT upload_id, account_id, expires_at, received_bytes FROM upload JOIN owner ON owner.id = upload.owner
  WHERE upload_id > $1 ORDER BY upload_id LIMIT $2`;

/** All sessions, in order of their ids. */
export async function listUploads(session: Session, after: UploadId | undefined, limit: number): Promise<readonly Upload[]> {
  const rows = await session.all<UploadColumns>(uploadsSql, after === undefined ? new Uint8Array(0) : idBlob(after), limit);
  return rows.map((row) => ({
    uploadId: idColumn<UploadId>(row.upload_id),
    accountId: idColumn<AccountId>(row.account_id),
    expiresAt: row.expires_at,
    receivedBytes: row.received_bytes,
  }));
}

/** Drops every session that is over at `now`. */
export async function expireUploads(session: Session, now: number): Promise<number> {
  await session.run('DELETE FROM nonce WHERE expires_at <= $1', now);
  return dropUploads(session, 'expires_at <= $1', [now]);
}

/**
 * Drops the sessions of `condition`, a constant of this program. The rows go first: whoever pins in one of them holds its row, so after that
 * all pins are seen and none comes to be.
 */
export async function dropUploads(session: Session, condition: string, parameters: readonly unknown[]): Promise<number> {
  const gone = await session.all<{ id: number }>(`DELETE FROM upload WHERE ${condition} RETURNING id`, ...parameters);
  if (gone.length > 0) await session.run('DELETE FROM pin WHERE upload = ANY($1::bigint[])', gone.map(({ id }) => id));
  return gone.length;
}

const pinSql = 'INSERT INTO pin (t1, owner, upload) SELECT k.t1, $2, $3 FROM unnest($1::bytea[]) AS k(t1) ON CONFLICT DO NOTHING';

/** Pins in a session that is held; the tag rows are locked by the caller. */
export async function pin(session: Session, upload: { readonly id: number; readonly owner: number }, rehashes: readonly Rehash[]): Promise<void> {
  if (rehashes.length > 0) await session.run(pinSql, rehashes, upload.owner, upload.id);
}

/** Pins what the account has already. All false where the session is not live. */
export async function pinOwned(session: Session, scope: ExistenceScope, rehashes: readonly Rehash[]): Promise<readonly boolean[]> {
  const upload = await holdUpload(session, scope);
  if (upload === undefined) return rehashes.map(() => false);
  const held = await heldOf(session, { owner: upload.owner, pins: { kind: 'owner', now: scope.now } }, rehashes);
  return pinLive(session, upload, { asked: rehashes, allowed: held.map(({ rehash }) => rehash) });
}

/** Pins live rows, whoever has them. All false where the session is not live. */
export async function pinClaimed(session: Session, scope: ExistenceScope, rehashes: readonly Rehash[]): Promise<readonly boolean[]> {
  const upload = await holdUpload(session, scope);
  if (upload === undefined) return rehashes.map(() => false);
  return pinLive(session, upload, { asked: rehashes, allowed: rehashes });
}

interface Wish {
  readonly asked: readonly Rehash[];
  readonly allowed: readonly Rehash[];
}

async function pinLive(session: Session, upload: { readonly id: number; readonly owner: number }, { asked, allowed }: Wish): Promise<readonly boolean[]> {
  const locked = await lockTags(session, allowed, 'pin');
  await pin(session, upload, [...locked.values()].map(({ rehash }) => rehash));
  return asked.map((rehash) => locked.has(rehashHex(rehash)));
}

const keepSql = 'INSERT INTO nonce (nonce, upload, tags_hash, expires_at) SELECT $1, id, $2, $3 FROM upload WHERE upload_id = $4 FOR KEY SHARE';

/** Keeps a nonce for as long as its session lasts; nothing is kept for a session that is gone. */
export async function keepNonce(session: Session, nonce: Nonce): Promise<void> {
  await session.run(keepSql, nonce.nonce, nonce.tagsHash, nonce.expiresAt, idBlob(nonce.uploadId));
}

const spendSql = `DELETE FROM nonce WHERE nonce = $1 AND tags_hash = $2 AND expires_at > $3
  AND upload = (SELECT id FROM upload WHERE upload_id = $4)`;

/** Uses a nonce up; session and list must be those that it was kept for. One deletion of a row succeeds, whoever tries at once. */
export async function spendNonce(session: Session, nonce: Nonce, now: number): Promise<boolean> {
  return (await session.run(spendSql, nonce.nonce, nonce.tagsHash, now, idBlob(nonce.uploadId))) === 1;
}

/** What a proof costs, and what may be spent since when. */
export interface Spending {
  readonly bytes: number;
  readonly limit: number;
  readonly since: number;
  readonly now: number;
}

const spentSql = 'SELECT COALESCE(SUM(bytes), 0)::bigint AS bytes FROM proof_spending WHERE owner = $1';

/** Adds `bytes` to what the account spent since `since`, unless that would pass `limit`. Older entries go. */
export async function spendProofBytes(session: Session, accountId: AccountId, spending: Spending): Promise<boolean> {
  const owner = await ensureOwner(session, accountId);
  await session.run('DELETE FROM proof_spending WHERE owner = $1 AND spent_at < $2', owner, spending.since);
  const spent = (await session.get<{ bytes: number }>(spentSql, owner))?.bytes ?? 0;
  if (spent + spending.bytes > spending.limit) return false;
  await session.run('INSERT INTO proof_spending (owner, spent_at, bytes) VALUES ($1, $2, $3)', owner, spending.now, spending.bytes);
  return true;
}

/** Drops all sessions of an account, whose owner is locked then. Answers the owner. */
export async function dropUploadsOf(session: Session, accountId: AccountId): Promise<number | undefined> {
  const owner = await lockOwner(session, accountId);
  if (owner !== undefined) await dropUploads(session, 'owner = $1', [owner]);
  return owner;
}
