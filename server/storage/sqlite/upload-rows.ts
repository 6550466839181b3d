/**
 * Upload sessions: beginning and ending, pins, nonces, and the bytes spent on proofs. Each function runs inside a
 * transaction that its caller holds.
 */
import type { AccountId, Rehash, UploadId } from '../../../client-sdk/protocol/ids.js';
import type { ExistenceScope, Nonce, Upload } from '../../ports/tag-store.js';
import { idBlob, idColumn } from './columns.js';
import type { StoreDatabase } from './database.js';
import { liveSightings, liveUpload } from './existence.js';
import { judge, learnHeld, noteHeld } from './holdings.js';
import { ensureOwner } from './owner-rows.js';
import { keepVector } from './pin-vectors.js';
import { openRow, soleRows } from './twins.js';

/** Begins a session, after those of the account that are over were dropped. */
export function beginUpload(db: StoreDatabase, upload: Upload, { now, max }: { readonly now: number; readonly max: number }): 'begun' | 'too-many' {
  const owner = ensureOwner(db, upload.accountId);
  db.query('DELETE FROM upload WHERE owner = ? AND expires_at <= ?').run(owner, now);
  const live = db.query<{ count: number }>('SELECT COUNT(*) AS count FROM upload WHERE owner = ?').get(owner)?.count ?? 0;
  if (live >= max) return 'too-many';
  db.query('INSERT INTO upload (upload_id, owner, expires_at, received_bytes, uncommitted_bytes) VALUES (?, ?, ?, ?, 0)')
    .run(idBlob(upload.uploadId), owner, upload.expiresAt, upload.receivedBytes);
  return 'begun';
}

/** Moves the expiry of a live session. */
export function touchUpload(db: StoreDatabase, scope: ExistenceScope, expiresAt: number): Upload | undefined {
  const upload = liveUpload(db, scope);
  if (upload === undefined) return undefined;
  db.query('UPDATE upload SET expires_at = ? WHERE id = ?').run(expiresAt, upload.id);
  return { uploadId: scope.uploadId, accountId: scope.accountId, expiresAt, receivedBytes: upload.receivedBytes };
}

/** Ends a session; its pins and nonces go with it. */
export function endUpload(db: StoreDatabase, uploadId: UploadId, accountId: AccountId): void {
  db.query('DELETE FROM upload WHERE upload_id = ? AND owner = (SELECT id FROM owner WHERE account_id = ?)').run(idBlob(uploadId), idBlob(accountId));
}

interface UploadColumns {
  readonly upload_id: Uint8Array;
  readonly account_id: Uint8Array;
  readonly expires_at: number;
  readonly received_bytes: number;
}

const uploadsSql = `SELECT upload_id, account_id, expires_at, received_bytes FROM upload JOIN owner ON owner.id = upload.owner
  WHERE upload_id > ? ORDER BY upload_id LIMIT ?`;

/** All sessions, in order of their ids. */
export function listUploads(db: StoreDatabase, after: UploadId | undefined, limit: number): readonly Upload[] {
  const from = after === undefined ? new Uint8Array(0) : idBlob(after);
  return db.query<UploadColumns>(uploadsSql).all(from, limit).map((row) => ({
    uploadId: idColumn<UploadId>(row.upload_id),
    accountId: idColumn<AccountId>(row.account_id),
    expiresAt: row.expires_at,
    receivedBytes: row.received_bytes,
  }));
}

/** Drops every session that is over at `now`. */
export function expireUploads(db: StoreDatabase, now: number): number {
  db.query('DELETE FROM nonce WHERE expires_at <= ?').run(now);
  return db.query('DELETE FROM upload WHERE expires_at <= ?').run(now).changes;
}

const pinSql = 'INSERT OR IGNORE INTO pin (upload, tag, owner) VALUES (?, ?, ?)';

/** A function that pins tags in a session. */
export function pinner(db: StoreDatabase, upload: { readonly id: number; readonly owner: number }): (tag: number) => void {
  const insert = db.query(pinSql);
  return (tag) => { insert.run(upload.id, tag, upload.owner); };
}

/** Pins what the account has already. All false where the session is not live. */
export function pinOwned(db: StoreDatabase, scope: ExistenceScope, rehashes: readonly Rehash[]): readonly boolean[] {
  const upload = liveUpload(db, scope);
  if (upload === undefined) return rehashes.map(() => false);
  const { held, unsure } = judge(db, upload.owner, rehashes);
  const asked = unsure.flatMap((index) => rehashes[index] ?? []);
  const seen = liveSightings(db, { owner: upload.owner, pins: { kind: 'owner', now: scope.now } }, asked);
  const learned = asked.filter((_, place) => seen[place]?.hasReference === true);
  learnHeld(db, upload.owner, learned);
  keepVector(db, upload.id, [...learned, ...held.flatMap((index) => rehashes[index] ?? [])]);
  const pin = pinner(db, upload);
  for (const row of seen) if (row?.hasPin === true && !row.hasReference) pin(row.id);
  const answers = rehashes.map(() => false);
  for (const index of held) answers[index] = true;
  unsure.forEach((index, place) => {
    const row = seen[place];
    answers[index] = row !== undefined && (row.hasReference || row.hasPin);
  });
  return answers;
}

/** Pins live rows, whoever has them. All false where the session is not live. */
export function pinClaimed(db: StoreDatabase, scope: ExistenceScope, rehashes: readonly Rehash[]): readonly boolean[] {
  const upload = liveUpload(db, scope);
  if (upload === undefined) return rehashes.map(() => false);
  const pin = pinner(db, upload);
  const rows = soleRows(db, rehashes);
  return rehashes.map((rehash, index) => {
    const row = rows[index];
    if (row?.state !== 0) return false;
    noteHeld(db, upload.owner, rehash);
    if (row.owner !== upload.owner) openRow(db, row);
    pin(row.id);
    return true;
  });
}

/** Keeps a nonce for as long as its session lasts; nothing is kept for a session that is gone. */
export function keepNonce(db: StoreDatabase, nonce: Nonce): void {
  db.query('INSERT INTO nonce (nonce, upload, tags_hash, expires_at) SELECT ?, id, ?, ? FROM upload WHERE upload_id = ?')
    .run(nonce.nonce, nonce.tagsHash, nonce.expiresAt, idBlob(nonce.uploadId));
}

const spendSql = `DELETE FROM nonce WHERE nonce = ? AND tags_hash = ? AND expires_at > ?
  AND upload = (SELECT id FROM upload WHERE upload_id = ?)`;

/** Uses a nonce up; session and list must be those that it was kept for. Its expiry is the kept one: a claim does not name it. */
export function spendNonce(db: StoreDatabase, nonce: Nonce, now: number): boolean {
  return db.query(spendSql).run(nonce.nonce, nonce.tagsHash, now, idBlob(nonce.uploadId)).changes === 1;
}

/** What a proof costs, and what may be spent since when. */
export interface Spending {
  readonly bytes: number;
  readonly limit: number;
  readonly since: number;
  readonly now: number;
}

/** Adds `bytes` to what the account spent since `since`, unless that would pass `limit`. Older entries go. */
export function spendProofBytes(db: StoreDatabase, accountId: AccountId, spending: Spending): boolean {
  const owner = ensureOwner(db, accountId);
  db.query('DELETE FROM proof_spending WHERE owner = ? AND spent_at < ?').run(owner, spending.since);
  const spent = db.query<{ bytes: number }>('SELECT COALESCE(SUM(bytes), 0) AS bytes FROM proof_spending WHERE owner = ?').get(owner)?.bytes ?? 0;
  if (spent + spending.bytes > spending.limit) return false;
  db.query('INSERT INTO proof_spending (owner, spent_at, bytes) VALUES (?, ?, ?)').run(owner, spending.now, spending.bytes);
  return true;
}
