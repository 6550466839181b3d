/**
 * Rows of accounts: creating, finding, replacing, and the place of the newest account record. Each function runs
 * inside a transaction that its caller holds.
 */
import type { AccountId } from '../../../client-sdk/protocol/ids.js';
import type { AccountRow, CreationTerms, SecondFactor } from '../../ports/account-store.js';
import type { Place } from '../../ports/block-store.js';
import { isClosed } from './closed-rows.js';
import { byPack, bytesColumn, idBlob, idColumn, placeColumns, type PackSum, type PlaceColumns } from './columns.js';
import type { StoreDatabase } from './database.js';
import { ensureOwner, findOwner } from './owner-rows.js';

interface AccountColumns extends PlaceColumns {
  readonly account_id: Uint8Array;
  readonly username: string;
  readonly email: string | null;
  readonly is_operator: number;
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
  readonly factor_is_on: number;
  readonly factor_step: number;
  readonly factor_codes: Uint8Array | null;
}

const selectSql = 'SELECT o.account_id, a.* FROM account a JOIN owner o ON o.id = a.owner';

export function count(db: StoreDatabase): number {
  return db.query<{ count: number }>('SELECT COUNT(*) AS count FROM account').get()?.count ?? 0;
}

export function find(db: StoreDatabase, accountId: AccountId): AccountRow | undefined {
  return rowOf(db.query<AccountColumns>(`${selectSql} WHERE o.account_id = ?`).get(idBlob(accountId)));
}

/** Where there is none, some other row is read in its place: whoever asks must not see by the time whether there is one. */
export function findByName(db: StoreDatabase, username: string): AccountRow | undefined {
  const columns = db.query<AccountColumns>(`${selectSql} WHERE a.username = ?`).get(username);
  if (columns !== undefined) return rowOf(columns);
  rowOf(db.query<AccountColumns>(`${selectSql} ORDER BY a.username LIMIT 1`).get());
  return undefined;
}

export function list(db: StoreDatabase, after: string | undefined, limit: number): readonly AccountRow[] {
  return db.query<AccountColumns>(`${selectSql} WHERE a.username > ? ORDER BY a.username LIMIT ?`).all(after ?? '', limit).map(accountRow);
}

/** Creates an account if the terms hold. The invitation is judged first, so that names are told to invited people only. */
export function create(db: StoreDatabase, account: AccountRow, terms: CreationTerms): 'created' | 'id-taken' | 'name-taken' | 'not-first' | 'invitation-invalid' {
  const isFirst = count(db) === 0;
  if (terms.mustBeFirst && !isFirst) return 'not-first';
  if (terms.invitation !== undefined && !isInvited(db, terms)) return 'invitation-invalid';
  if (find(db, account.accountId) !== undefined || isClosed(db, account.accountId)) return 'id-taken';
  if (findByName(db, account.username) !== undefined) return 'name-taken';
  put(db, { ...account, isOperator: isFirst || account.isOperator });
  if (terms.invitation !== undefined) {
    db.query('UPDATE invitation SET used_at = ?, used_by = ? WHERE invitation_id = ?').run(terms.now, idBlob(account.accountId), idBlob(terms.invitation));
  }
  return 'created';
}

function isInvited(db: StoreDatabase, { invitation, now }: CreationTerms): boolean {
  if (invitation === undefined) return false;
  const sql = 'SELECT 1 FROM invitation WHERE invitation_id = ? AND used_at IS NULL AND expires_at > ?';
  return db.query(sql).get(idBlob(invitation), now) !== undefined;
}

/** The revisions that a change was made from. */
export interface Revisions {
  readonly revision: number;
  readonly keyringRevision: number;
}

/** Replaces a row whose revisions are still the expected ones, and ends its sessions and tokens where asked. */
export function replace(db: StoreDatabase, account: AccountRow, { expected, endSessions }: { readonly expected: Revisions; readonly endSessions: boolean }): boolean {
  const stored = find(db, account.accountId);
  if (stored?.revision !== expected.revision || stored.keyringRevision !== expected.keyringRevision) return false;
  put(db, account);
  if (endSessions) db.query('DELETE FROM session WHERE account = ?').run(ensureOwner(db, account.accountId));
  return true;
}

/** Puts a row found in a pack unless the stored one is newer. Of equal revisions the last one told wins. */
export function reinstate(db: StoreDatabase, account: AccountRow): void {
  const stored = find(db, account.accountId);
  const isOlder = stored !== undefined
    && (account.revision < stored.revision || (account.revision === stored.revision && account.keyringRevision < stored.keyringRevision));
  if (!isOlder) put(db, account);
}

const columns = [
  'owner', 'username', 'email', 'is_operator', 'kdf_log2n', 'kdf_r', 'kdf_p', 'kdf_salt', 'auth_hash', 'recovery_hash', 'wrapped_account_key',
  'recovery_wrapped_account_key', 'identity_x25519', 'identity_ed25519', 'identity_epoch', 'identity_signature', 'identity_wrapped', 'keyring',
  'keyring_revision', 'revision', 'quota_bytes', 'created_at', 'pack', 'offset', 'length', 'factor_secret', 'factor_is_on',
  'factor_codes', 'factor_step',
];
/** Not INSERT OR REPLACE: that would delete the row first, and its sessions with it. A used step stays used, whatever the writer knew of it. */
const putSql = `INSERT INTO account (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
  ON CONFLICT (owner) DO UPDATE SET ${columns.slice(1, -1).map((name) => `${name} = excluded.${name}`).join(', ')},
  factor_step = MAX(account.factor_step, excluded.factor_step)`;

function put(db: StoreDatabase, account: AccountRow): void {
  const { kdf, identity, place, factor } = account;
  db.query(putSql).run(
    ensureOwner(db, account.accountId), account.username, account.email ?? null, account.isOperator ? 1 : 0, kdf.log2N, kdf.r, kdf.p, kdf.salt,
    account.authHash, account.recoveryHash, account.wrappedAccountKey, account.recoveryWrappedAccountKey,
    identity.x25519, identity.ed25519, identity.epoch, identity.signature, identity.wrapped, account.keyring,
    account.keyringRevision, account.revision, account.quotaBytes ?? null, account.createdAt, place.pack, place.offset, place.length,
    factor?.secret ?? null, factor?.isOn === true ? 1 : 0, factor?.codeHashes ?? null, factor?.usedStep ?? 0,
  );
}

/** Notes a step as used unless it, or a later one, was. */
export function spendStep(db: StoreDatabase, accountId: AccountId, step: number): boolean {
  const sql = 'UPDATE account SET factor_step = ? WHERE owner = ? AND factor_secret IS NOT NULL AND factor_step < ?';
  return db.query(sql).run(step, findOwner(db, accountId) ?? 0, step).changes === 1;
}

/** Account records whose newest place is in `pack`. */
export function listPack(db: StoreDatabase, pack: number): readonly { readonly accountId: AccountId; readonly place: Place }[] {
  const rows = db.query<AccountColumns>(`${selectSql} WHERE a.pack = ?`).all(pack);
  return rows.map((row) => ({ accountId: idColumn<AccountId>(row.account_id), place: placeColumns(row) }));
}

/** What account records occupy, per pack. */
export function liveByPack(db: StoreDatabase): ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }> {
  return byPack(db.query<PackSum>('SELECT pack, COUNT(*) AS records, SUM(length) AS payloadBytes FROM account GROUP BY pack').all());
}

/** Moves an account record that is still at `from`. */
export function move(db: StoreDatabase, accountId: AccountId, { from, to }: { readonly from: Place; readonly to: Place }): boolean {
  const sql = 'UPDATE account SET pack = ?, offset = ? WHERE owner = ? AND pack = ? AND offset = ?';
  return db.query(sql).run(to.pack, to.offset, findOwner(db, accountId) ?? 0, from.pack, from.offset).changes === 1;
}

function rowOf(row: AccountColumns | undefined): AccountRow | undefined {
  return row === undefined ? undefined : accountRow(row);
}

function accountRow(row: AccountColumns): AccountRow {
  return {
    accountId: idColumn<AccountId>(row.account_id),
    username: row.username,
    email: row.email ?? undefined,
    isOperator: row.is_operator === 1,
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
  return { secret: bytesColumn(secret), isOn: isOn === 1, usedStep, codeHashes: codes === null ? new Uint8Array() : bytesColumn(codes) };
}
