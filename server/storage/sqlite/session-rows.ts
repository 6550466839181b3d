/**
 * Rows of sessions and invitations. Tokens and codes are hashed before they come here. Each function runs inside a
 * transaction that its caller holds.
 */
import type { AccountId, InvitationId, SessionId } from '../../../client-sdk/protocol/ids.js';
import type { InvitationRow, SessionRow } from '../../ports/account-store.js';
import { bytesColumn, idBlob, idColumn } from './columns.js';
import type { StoreDatabase } from './database.js';
import { findOwner } from './owner-rows.js';

interface SessionColumns {
  readonly session_id: Uint8Array;
  readonly hash: Uint8Array;
  readonly account_id: Uint8Array;
  readonly kind: SessionRow['kind'];
  readonly device: string | null;
  readonly created_at: number;
  readonly last_used_at: number;
  readonly expires_at: number;
  readonly page_key: Uint8Array | null;
  readonly csrf_hash: Uint8Array | null;
  readonly is_kept: number;
}

interface InvitationColumns {
  readonly invitation_id: Uint8Array;
  readonly account_id: Uint8Array;
  readonly code_hash: Uint8Array;
  readonly sealed_group: Uint8Array;
  readonly created_at: number;
  readonly expires_at: number;
  readonly used_at: number | null;
  readonly used_by: Uint8Array | null;
}

const sessionsSql = 'SELECT o.account_id, s.* FROM session s JOIN owner o ON o.id = s.account';
const insertSql = `INSERT INTO session (session_id, hash, account, kind, device, created_at, last_used_at, expires_at, page_key, csrf_hash, is_kept)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Begins a session of an account that exists, after its expired ones were dropped. */
export function beginSession(db: StoreDatabase, session: SessionRow, max: number): 'begun' | 'too-many' {
  const owner = findOwner(db, session.accountId) ?? 0; // 0 fails the foreign key
  db.query('DELETE FROM session WHERE account = ? AND expires_at <= ?').run(owner, session.createdAt);
  const live = db.query<{ count: number }>('SELECT COUNT(*) AS count FROM session WHERE account = ?').get(owner)?.count ?? 0;
  if (live >= max) return 'too-many';
  db.query(insertSql).run(
    idBlob(session.sessionId), session.hash, owner, session.kind, session.device ?? null,
    session.createdAt, session.lastUsedAt, session.expiresAt, session.pageKey ?? null, session.csrfHash ?? null, session.isKept ? 1 : 0,
  );
  return 'begun';
}

export function findSession(db: StoreDatabase, hash: Uint8Array, now: number): SessionRow | undefined {
  const row = db.query<SessionColumns>(`${sessionsSql} WHERE s.hash = ? AND s.expires_at > ?`).get(hash, now);
  return row === undefined ? undefined : sessionRow(row);
}

export function touchSession(db: StoreDatabase, sessionId: SessionId, now: number): void {
  db.query('UPDATE session SET last_used_at = ? WHERE session_id = ?').run(now, idBlob(sessionId));
}

/** Live sessions of an account, the newest first. */
export function listSessions(db: StoreDatabase, accountId: AccountId, now: number): readonly SessionRow[] {
  const sql = `${sessionsSql} WHERE s.account = ? AND s.expires_at > ? ORDER BY s.created_at DESC, s.session_id`;
  return db.query<SessionColumns>(sql).all(findOwner(db, accountId) ?? 0, now).map(sessionRow);
}

export function endSession(db: StoreDatabase, accountId: AccountId, sessionId: SessionId): boolean {
  return db.query('DELETE FROM session WHERE session_id = ? AND account = ?').run(idBlob(sessionId), findOwner(db, accountId) ?? 0).changes === 1;
}

export function expireSessions(db: StoreDatabase, now: number): number {
  return db.query('DELETE FROM session WHERE expires_at <= ?').run(now).changes;
}

/** Makes an invitation of an account that has fewer than `max` open ones. Expired ones that nobody used are dropped. */
export function invite(db: StoreDatabase, invitation: InvitationRow, max: number): 'made' | 'too-many' | 'id-taken' {
  const inviter = findOwner(db, invitation.inviterId) ?? 0; // 0 fails the foreign key
  db.query('DELETE FROM invitation WHERE inviter = ? AND used_at IS NULL AND expires_at <= ?').run(inviter, invitation.createdAt);
  const taken = db.query('SELECT 1 FROM invitation WHERE invitation_id = ? OR code_hash = ?').get(idBlob(invitation.invitationId), invitation.codeHash);
  if (taken !== undefined) return 'id-taken';
  const open = db.query<{ count: number }>('SELECT COUNT(*) AS count FROM invitation WHERE inviter = ? AND used_at IS NULL').get(inviter)?.count ?? 0;
  if (open >= max) return 'too-many';
  db.query('INSERT INTO invitation (invitation_id, inviter, code_hash, sealed_group, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)')
    .run(idBlob(invitation.invitationId), inviter, invitation.codeHash, invitation.sealedGroup, invitation.createdAt, invitation.expiresAt);
  return 'made';
}

const invitationsSql = 'SELECT o.account_id, i.* FROM invitation i JOIN owner o ON o.id = i.inviter';

export function findInvitation(db: StoreDatabase, codeHash: Uint8Array, now: number): InvitationRow | undefined {
  const row = db.query<InvitationColumns>(`${invitationsSql} WHERE i.code_hash = ? AND i.used_at IS NULL AND i.expires_at > ?`).get(codeHash, now);
  return row === undefined ? undefined : invitationRow(row);
}

/** Invitations of an account, used ones too, the newest first. */
export function listInvitations(db: StoreDatabase, accountId: AccountId): readonly InvitationRow[] {
  const sql = `${invitationsSql} WHERE i.inviter = ? ORDER BY i.created_at DESC, i.invitation_id`;
  return db.query<InvitationColumns>(sql).all(findOwner(db, accountId) ?? 0).map(invitationRow);
}

export function endInvitation(db: StoreDatabase, accountId: AccountId, invitationId: InvitationId): boolean {
  const sql = 'DELETE FROM invitation WHERE invitation_id = ? AND inviter = ?';
  return db.query(sql).run(idBlob(invitationId), findOwner(db, accountId) ?? 0).changes === 1;
}

function sessionRow(row: SessionColumns): SessionRow {
  return {
    sessionId: idColumn<SessionId>(row.session_id),
    hash: bytesColumn(row.hash),
    accountId: idColumn<AccountId>(row.account_id),
    kind: row.kind,
    device: row.device ?? undefined,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    pageKey: row.page_key === null ? undefined : bytesColumn(row.page_key),
    csrfHash: row.csrf_hash === null ? undefined : bytesColumn(row.csrf_hash),
    isKept: row.is_kept === 1,
  };
}

function invitationRow(row: InvitationColumns): InvitationRow {
  return {
    invitationId: idColumn<InvitationId>(row.invitation_id),
    inviterId: idColumn<AccountId>(row.account_id),
    codeHash: bytesColumn(row.code_hash),
    sealedGroup: bytesColumn(row.sealed_group),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    usedAt: row.used_at ?? undefined,
    usedBy: row.used_by === null ? undefined : idColumn<AccountId>(row.used_by),
  };
}
