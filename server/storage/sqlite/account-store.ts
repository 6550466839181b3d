/**
 * The account store on SQLite: each method of the port is one transaction around a function of its noun. Secrets
 * arrive hashed or wrapped. DESIGN.md, *Order is the whole secret*.
 */
import { setImmediate } from 'node:timers/promises';
import type { AccountId, InvitationId, SessionId } from '../../../client-sdk/protocol/ids.js';
import type { AccountRow, AccountStore, ClosingAccount, CreationTerms, InvitationRow, SessionRow } from '../../ports/account-store.js';
import type { Place } from '../../ports/block-store.js';
import * as accounts from './account-rows.js';
import * as closed from './closed-rows.js';
import type { StoreDatabase } from './database.js';
import * as sessions from './session-rows.js';

/** The account store of `db`. It owns nothing: the database is closed by who opened it. */
export function createAccountStore(db: StoreDatabase): AccountStore {
  return new SqliteAccountStore(db);
}

class SqliteAccountStore implements AccountStore {
  constructor(private readonly db: StoreDatabase) {}

  count(): Promise<number> {
    return this.db.read('counting accounts', () => accounts.count(this.db));
  }

  create(account: AccountRow, terms: CreationTerms): Promise<'created' | 'id-taken' | 'name-taken' | 'not-first' | 'invitation-invalid'> {
    return this.db.write('creating an account', () => accounts.create(this.db, account, terms));
  }

  find(accountId: AccountId): Promise<AccountRow | undefined> {
    return this.db.read('finding an account', () => accounts.find(this.db, accountId));
  }

  findByName(username: string): Promise<AccountRow | undefined> {
    return this.db.read('finding an account', () => accounts.findByName(this.db, username));
  }

  list(after: string | undefined, limit: number): Promise<readonly AccountRow[]> {
    return this.db.read('listing accounts', () => accounts.list(this.db, after, limit));
  }

  replace(account: AccountRow, expected: accounts.Revisions, endSessions: boolean): Promise<boolean> {
    return this.db.write('replacing an account', () => accounts.replace(this.db, account, { expected, endSessions }));
  }

  spendStep(accountId: AccountId, step: number): Promise<boolean> {
    return this.db.write('using a code', () => accounts.spendStep(this.db, accountId, step));
  }

  close(accountId: AccountId, now: number): Promise<boolean> {
    return this.db.write('closing an account', () => closed.close(this.db, accountId, now));
  }

  listClosing(limit: number): Promise<readonly ClosingAccount[]> {
    return this.db.read('listing closed accounts', () => closed.listClosing(this.db, limit));
  }

  noteClosed(accountId: AccountId): Promise<void> {
    return this.db.write('noting a closing', () => { closed.noteClosed(this.db, accountId); });
  }

  async clear(accountId: AccountId, step: closed.ClearStep): Promise<boolean> {
    const isDone = await this.db.write('clearing a closed account', () => closed.clear(this.db, accountId, step));
    // SQLite works in this very thread: without a pause a large account would keep everybody waiting to its end.
    await setImmediate();
    return isDone;
  }

  reclose(accountId: AccountId, closedAt: number): Promise<void> {
    return this.db.write('closing an account again', () => { closed.reclose(this.db, accountId, closedAt); });
  }

  reinstate(account: AccountRow): Promise<void> {
    return this.db.write('reinstating an account', () => { accounts.reinstate(this.db, account); });
  }

  listPack(pack: number): Promise<readonly { readonly accountId: AccountId; readonly place: Place }[]> {
    return this.db.read('listing a pack', () => accounts.listPack(this.db, pack));
  }

  liveByPack(): Promise<ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }>> {
    return this.db.read('summing packs', () => accounts.liveByPack(this.db));
  }

  move(accountId: AccountId, from: Place, to: Place): Promise<boolean> {
    return this.db.write('moving an account record', () => accounts.move(this.db, accountId, { from, to }));
  }

  beginSession(session: SessionRow, max: number): Promise<'begun' | 'too-many'> {
    return this.db.write('beginning a session', () => sessions.beginSession(this.db, session, max));
  }

  findSession(hash: Uint8Array, now: number): Promise<SessionRow | undefined> {
    return this.db.read('finding a session', () => sessions.findSession(this.db, hash, now));
  }

  touchSession(sessionId: SessionId, now: number): Promise<void> {
    return this.db.note('touching a session', () => { sessions.touchSession(this.db, sessionId, now); });
  }

  listSessions(accountId: AccountId, now: number): Promise<readonly SessionRow[]> {
    return this.db.read('listing sessions', () => sessions.listSessions(this.db, accountId, now));
  }

  endSession(accountId: AccountId, sessionId: SessionId): Promise<boolean> {
    return this.db.write('ending a session', () => sessions.endSession(this.db, accountId, sessionId));
  }

  expireSessions(now: number): Promise<number> {
    return this.db.write('expiring sessions', () => sessions.expireSessions(this.db, now));
  }

  invite(invitation: InvitationRow, max: number): Promise<'made' | 'too-many' | 'id-taken'> {
    return this.db.write('making an invitation', () => sessions.invite(this.db, invitation, max));
  }

  findInvitation(codeHash: Uint8Array, now: number): Promise<InvitationRow | undefined> {
    return this.db.read('finding an invitation', () => sessions.findInvitation(this.db, codeHash, now));
  }

  listInvitations(accountId: AccountId): Promise<readonly InvitationRow[]> {
    return this.db.read('listing invitations', () => sessions.listInvitations(this.db, accountId));
  }

  endInvitation(accountId: AccountId, invitationId: InvitationId): Promise<boolean> {
    return this.db.write('ending an invitation', () => sessions.endInvitation(this.db, accountId, invitationId));
  }
}
