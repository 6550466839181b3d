/**
 * Rows of accounts: creating, finding, replacing, and the place of the newest account record. What depends on the other accounts is decided
 * under one lock, what depends on the account's own row under its owner's. Each function runs inside a transaction that its caller holds.
 */
import type { AccountId } from '../../../client-sdk/protocol/ids.js';
import type { AccountRow, CreationTerms, SecondFactor } from '../../ports/account-store.js';
import type { Place } from '../../ports/block-store.js';
import { isClosed } from './closed-rows.js';
import { byPack, bytesColumn, idBlob, idColumn, placeColumns, type PackSum, type PlaceColumns } from './columns.js';
import { ensureOwner, lockOwner } from './owner-rows.js';
import type { Session } from './session.js';

interface AccountColumns extends PlaceColumns {
  readonly account_id: Uint8Array;
  readonly username: string;
  readonly email: string | null;
  readonly is_operator: boolean;
  readonly kdf_log2n: number;
  readonly kdf_r: number;
  readonly kdf_p: number;
  readonly kdf_salt: Uint8Array;
  readonly auth_hash: Uint8Array;
  readonly recovery_hash: Uint8Array;
  readonly wrapped_account_key: Uint8Array;
  readonly recovery_wrapped_account_key: Uint8Array;
  readonly identity_x25519: Uint8Array;
  readonly identity_ed25519: Uint8Array;
  readonly identity_epoch: number;
  readonly identity_signature: Uint8Array;
  readonly identity_wrapped: Uint8Array;
  readonly keyring: Uint8Array;
  readonly keyring_revision: number;
  readonly revision: number;
  readonly quota_bytes: number | null;
  readonly created_at: number;
  readonly factor_secret: Uint8Array | null;
  readonly factor_is_on: boolean;
  readonly factor_step: number;
  readonly factor_codes: Uint8Array | null;
}

const selectSql = 'SELECT o.account_id, a.* FROM account a JOIN owner o ON o.id = a.owner';

const byIdSql = `${selectSql} WHERE o.account_id = $1`;
const byNameSql = `${selectSql} WHERE a.username = $1`;
const listSql = `${selectSql} WHERE a.username > $1 ORDER BY a.username LIMIT $2`;

export async function count(session: Session): Promise<number> {
  return (await session.get<{ count: number }>('SELECT COUNT(*) AS count FROM account'))?.count ?? 0;
}

export async function find(session: Session, accountId: AccountId): Promise<AccountRow | undefined> {
  return rowOf(await session.get<AccountColumns>(byIdSql, idBlob(accountId)));
}

export async function findByName(session: Session, username: string): Promise<AccountRow | undefined> {
  return rowOf(await session.get<AccountColumns>(byNameSql, username));
}

export async function list(session: Session, after: string | undefined, limit: number): Promise<readonly AccountRow[]> {
  return (await session.all<AccountColumns>(listSql, after ?? '', limit)).map(accountRow);
}

export type Creation = 'created' | 'id-taken' | 'name-taken' | 'not-first' | 'invitation-invalid';

/** Accounts are made one at a time: this row is there for the lock alone. */
const turnSql = "SELECT 1 FROM store_state WHERE name = 'lock.accounts' FOR UPDATE";
const usedSql = 'UPDATE invitation SET used_at = $2, used_by = $3 WHERE invitation_id = $1';

/** Creates an account if the terms hold. The invitation is judged first, so that names are told to invited people only. */
export async function create(session: Session, account: AccountRow, terms: CreationTerms): Promise<Creation> {
  await session.get(turnSql);
  const isFirst = (await count(session)) === 0;
  if (terms.mustBeFirst && !isFirst) return 'not-first';
  if (terms.invitation !== undefined && !(await isInvited(session, terms))) return 'invitation-invalid';
  if ((await find(session, account.accountId)) !== undefined || (await isClosed(session, account.accountId))) return 'id-taken';
  if ((await findByName(session, account.username)) !== undefined) return 'name-taken';
  await put(session, { ...account, isOperator: isFirst || account.isOperator });
  if (terms.invitation !== undefined) await session.run(usedSql, idBlob(terms.invitation), terms.now, idBlob(account.accountId));
  return 'created';
}

/** Locked: its maker may be ending it. */
const invitedSql = 'SELECT 1 AS one FROM invitation WHERE invitation_id = $1 AND used_at IS NULL AND expires_at > $2 FOR UPDATE';

async function isInvited(session: Session, { invitation, now }: CreationTerms): Promise<boolean> {
  return invitation !== undefined && (await session.get(invitedSql, idBlob(invitation), now)) !== undefined;
}

/** The revisions that a change was made from. */
export interface Revisions {
  readonly revision: number;
  readonly keyringRevision: number;
}

/** Replaces a row whose revisions are still the expected ones, and ends its sessions and tokens where asked. */
export async function replace(session: Session, account: AccountRow, { expected, endSessions }: { readonly expected: Revisions; readonly endSessions: boolean }): Promise<boolean> {
  const owner = await lockOwner(session, account.accountId);
  const stored = await find(session, account.accountId);
  if (owner === undefined || stored?.revision !== expected.revision || stored.keyringRevision !== expected.keyringRevision) return false;
  await put(session, account);
  if (endSessions) await session.run('DELETE FROM session WHERE account = $1', owner);
  return true;
}

/** Puts a row found in a pack unless the stored one is newer. Of equal revisions the last one told wins. */
export async function reinstate(session: Session, account: AccountRow): Promise<void> {
  await ensureOwner(session, account.accountId);
  const stored = await find(session, account.accountId);
  const isOlder = stored !== undefined
    && (account.revision < stored.revision || (account.revision === stored.revision && account.keyringRevision < stored.keyringRevision));
  if (!isOlder) await put(session, account);
}

const columns = [
  'owner', 'username', 'email', 'is_operator', 'kdf_log2n', 'kdf_r', 'kdf_p', 'kdf_salt', 'auth_hash', 'recovery_hash', 'wrapped_account_key',
  'recovery_wrapped_account_key', 'identity_x25519', 'identity_ed25519', 'identity_epoch', 'identity_signature', 'identity_wrapped', 'keyring',
  'keyring_revision', 'revision', 'quota_bytes', 'created_at', 'pack', 'start', 'length', 'factor_secret', 'factor_is_on',
  'factor_codes', 'factor_step',
];
/** A used step stays used, whatever the writer knew of it. */
const putSql = `INSERT INTO account (${columns.join(', ')}) VALUES (${columns.map((_, index) => `$${index + 1}`).join(', ')})
  ON CONFLICT (owner) DO UPDATE SET ${columns.slice(1, -1).map((name) => `${name} = EXCLUDED.${name}`).join(', ')},
  factor_step = GREATEST(account.factor_step, EXCLUDED.factor_step)`;

async function put(session: Session, account: AccountRow): Promise<void> {
  const { kdf, identity, place, factor } = account;
  await session.run(
    putSql, await ensureOwner(session, account.accountId), account.username, account.email ?? null, account.isOperator, kdf.log2N, kdf.r, kdf.p, kdf.salt,
    account.authHash, account.recoveryHash, account.wrappedAccountKey, account.recoveryWrappedAccountKey,
    identity.x25519, identity.ed25519, identity.epoch, identity.signature, identity.wrapped, account.keyring,
    account.keyringRevision, account.revision, account.quotaBytes ?? null, account.createdAt, place.pack, place.offset, place.length,
    factor?.secret ?? null, factor?.isOn === true, factor?.codeHashes ?? null, factor?.usedStep ?? 0,
  );
}

const spendSql = `UPDATE account SET factor_step = $2
  WHERE owner = (SELECT id FROM owner WHERE account_id = $1) AND factor_secret IS NOT NULL AND factor_step < $2`;

/** Notes a step as used unless it, or a later one, was. */
export async function spendStep(session: Session, accountId: AccountId, step: number): Promise<boolean> {
  return (await session.run(spendSql, idBlob(accountId), step)) === 1;
}

/** Account records whose newest place is in `pack`. */
export async function listPack(session: Session, pack: number): Promise<readonly { readonly accountId: AccountId; readonly place: Place }[]> {
  const rows = await session.all<AccountColumns>(`${selectSql} WHERE a.pack = $1`, pack);
  return rows.map((row) => ({ accountId: idColumn<AccountId>(row.account_id), place: placeColumns(row) }));
}

/** What account records occupy, per pack. */
export async function liveByPack(session: Session): Promise<ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }>> {
  return byPack(await session.all<PackSum>('SELECT pack, COUNT(*) AS records, SUM(length) AS "payloadBytes" FROM account GROUP BY pack'));
}

const moveSql = `UPDATE account SET pack = $4, start = $5
  WHERE owner = (SELECT id FROM owner WHERE account_id = $1) AND pack = $2 AND start = $3`;

/** Moves an account record that is still at `from`. */
export async function move(session: Session, accountId: AccountId, { from, to }: { readonly from: Place; readonly to: Place }): Promise<boolean> {
  return (await session.run(moveSql, idBlob(accountId), from.pack, from.offset, to.pack, to.offset)) === 1;
}

function rowOf(row: AccountColumns | undefined): AccountRow | undefined {
  return row === undefined ? undefined : accountRow(row);
}

function accountRow(row: AccountColumns): AccountRow {
  return {
    accountId: idColumn<AccountId>(row.account_id),
    username: row.username,
    email: row.email ?? undefined,
    isOperator: row.is_operator,
    kdf: { log2N: row.kdf_log2n, r: row.kdf_r, p: row.kdf_p, salt: bytesColumn(row.kdf_salt) },
    authHash: bytesColumn(row.auth_hash),
    recoveryHash: bytesColumn(row.recovery_hash),
    wrappedAccountKey: bytesColumn(row.wrapped_account_key),
    recoveryWrappedAccountKey: bytesColumn(row.recovery_wrapped_account_key),
    identity: {
      x25519: bytesColumn(row.identity_x25519),
      ed25519: bytesColumn(row.identity_ed25519),
      epoch: row.identity_epoch,
      signature: bytesColumn(row.identity_signature),
      wrapped: bytesColumn(row.identity_wrapped),
    },
    keyring: bytesColumn(row.keyring),
    keyringRevision: row.keyring_revision,
    revision: row.revision,
    quotaBytes: row.quota_bytes ?? undefined,
    createdAt: row.created_at,
    factor: factorOf(row),
    place: placeColumns(row),
  };
}

function factorOf({ factor_secret: secret, factor_is_on: isOn, factor_step: usedStep, factor_codes: codes }: AccountColumns): SecondFactor | undefined {
  if (secret === null) return undefined;
  return { secret: bytesColumn(secret), isOn, usedStep, codeHashes: codes === null ? new Uint8Array() : bytesColumn(codes) };
}
