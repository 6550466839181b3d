/**
 * Rows of sessions and invitations. Tokens and codes are hashed before they come here. How many an account has is decided under the lock of
 * its owner. Each function runs inside a transaction that its caller holds, or is one statement.
 */
import type { AccountId, InvitationId, SessionId } from '../../../client-sdk/protocol/ids.js';
import type { InvitationRow, SessionRow } from '../../ports/account-store.js';
import { bytesColumn, idBlob, idColumn } from './columns.js';
import { lockOwner } from './owner-rows.js';
import type { Session } from './session.js';

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
  readonly is_kept: boolean;
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

const ownerOf = (parameter: string): string => `(SELECT id FROM owner WHERE account_id = ${parameter})`;
const sessionsSql = 'SELECT o.account_id, s.* FROM session s JOIN owner o ON o.id = s.account';
const insertSql = `INSERT INTO session (session_id, hash, account, kind, device, created_at, last_used_at, expires_at, page_key, csrf_hash, is_kept)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`;

/** Begins a session of an account that exists, after its expired ones were dropped. */
export async function beginSession(session: Session, row: SessionRow, max: number): Promise<'begun' | 'too-many'> {
  const owner = (await lockOwner(session, row.accountId)) ?? 0; // 0 fails the foreign key
  await session.run('DELETE FROM session WHERE account = $1 AND expires_at <= $2', owner, row.createdAt);
  const live = (await session.get<{ count: number }>('SELECT COUNT(*) AS count FROM session WHERE account = $1', owner))?.count ?? 0;
  if (live >= max) return 'too-many';
  await session.run(
    insertSql, idBlob(row.sessionId), row.hash, owner, row.kind, row.device ?? null,
    row.createdAt, row.lastUsedAt, row.expiresAt, row.pageKey ?? null, row.csrfHash ?? null, row.isKept,
  );
  return 'begun';
}

const findSql = `${sessionsSql} WHERE s.hash = $1 AND s.expires_at > $2`;

export async function findSession(session: Session, hash: Uint8Array, now: number): Promise<SessionRow | undefined> {
  const row = await session.get<SessionColumns>(findSql, hash, now);
  return row === undefined ? undefined : sessionRow(row);
}

export async function touchSession(session: Session, sessionId: SessionId, now: number): Promise<void> {
  await session.run('UPDATE session SET last_used_at = $2 WHERE session_id = $1', idBlob(sessionId), now);
}

const listSql = `${sessionsSql} WHERE o.account_id = $1 AND s.expires_at > $2 ORDER BY s.created_at DESC, s.session_id`;

/** Live sessions of an account, the newest first. */
export async function listSessions(session: Session, accountId: AccountId, now: number): Promise<readonly SessionRow[]> {
  return (await session.all<SessionColumns>(listSql, idBlob(accountId), now)).map(sessionRow);
}

const endSql = `DELETE FROM session WHERE session_id = $1 AND account = ${ownerOf('$2')}`;

export async function endSession(session: Session, accountId: AccountId, sessionId: SessionId): Promise<boolean> {
  return (await session.run(endSql, idBlob(sessionId), idBlob(accountId))) === 1;
}

export async function expireSessions(session: Session, now: number): Promise<number> {
  return session.run('DELETE FROM session WHERE expires_at <= $1', now);
}

const staleSql = 'DELETE FROM invitation WHERE inviter = $1 AND used_at IS NULL AND expires_at <= $2';
const takenSql = 'SELECT 1 AS one FROM invitation WHERE invitation_id = $1 OR code_hash = $2';
const openSql = 'SELECT COUNT(*) AS count FROM invitation WHERE inviter = $1 AND used_at IS NULL';
const inviteSql = `INSERT INTO invitation (invitation_id, inviter, code_hash, sealed_group, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT DO NOTHING`;

/** Makes an invitation of an account that has fewer than `max` open ones. Expired ones that nobody used are dropped. */
export async function invite(session: Session, invitation: InvitationRow, max: number): Promise<'made' | 'too-many' | 'id-taken'> {
  const inviter = (await lockOwner(session, invitation.inviterId)) ?? 0; // 0 fails the foreign key
  await session.run(staleSql, inviter, invitation.createdAt);
  if ((await session.get(takenSql, idBlob(invitation.invitationId), invitation.codeHash)) !== undefined) return 'id-taken';
  const open = (await session.get<{ count: number }>(openSql, inviter))?.count ?? 0;
  if (open >= max) return 'too-many';
  const { invitationId, codeHash, sealedGroup, createdAt, expiresAt } = invitation;
  return (await session.run(inviteSql, idBlob(invitationId), inviter, codeHash, sealedGroup, createdAt, expiresAt)) === 1 ? 'made' : 'id-taken';
}

const invitationsSql = 'SELECT o.account_id, i.* FROM invitation i JOIN owner o ON o.id = i.inviter';
const findInvitationSql = `${invitationsSql} WHERE i.code_hash = $1 AND i.used_at IS NULL AND i.expires_at > $2`;
const listInvitationsSql = `${invitationsSql} WHERE o.account_id = $1 ORDER BY i.created_at DESC, i.invitation_id`;

export async function findInvitation(session: Session, codeHash: Uint8Array, now: number): Promise<InvitationRow | undefined> {
  const row = await session.get<InvitationColumns>(findInvitationSql, codeHash, now);
  return row === undefined ? undefined : invitationRow(row);
}

/** Invitations of an account, used ones too, the newest first. */
export async function listInvitations(session: Session, accountId: AccountId): Promise<readonly InvitationRow[]> {
  return (await session.all<InvitationColumns>(listInvitationsSql, idBlob(accountId))).map(invitationRow);
}

const endInvitationSql = `DELETE FROM invitation WHERE invitation_id = $1 AND inviter = ${ownerOf('$2')}`;

export async function endInvitation(session: Session, accountId: AccountId, invitationId: InvitationId): Promise<boolean> {
  return (await session.run(endInvitationSql, idBlob(invitationId), idBlob(accountId))) === 1;
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
    isKept: row.is_kept,
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
