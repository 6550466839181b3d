/**
 * The account store on PostgreSQL: each method of the port is one transaction around a function of its noun. Secrets
 * arrive hashed or wrapped. DESIGN.md, *Order is the whole secret*.
 */
import type { AccountId, InvitationId, SessionId } from '../../../client-sdk/protocol/ids.js';
import type { AccountRow, AccountStore, ClosingAccount, CreationTerms, InvitationRow, SessionRow } from '../../ports/account-store.js';
import type { Place } from '../../ports/block-store.js';
import * as accounts from './account-rows.js';
import * as closed from './closed-rows.js';
import type { StoreDatabase } from './database.js';
import * as sessions from './session-rows.js';

/** The account store of `db`. It owns nothing: the database is closed by who opened it. */
export function createAccountStore(db: StoreDatabase): AccountStore {
  return new PostgresAccountStore(db);
}

class PostgresAccountStore implements AccountStore {
  constructor(private readonly db: StoreDatabase) {}

  count(): Promise<number> {
    return this.db.look('counting accounts', (session) => accounts.count(session));
  }

  create(account: AccountRow, terms: CreationTerms): Promise<accounts.Creation> {
    return this.db.write('creating an account', (session) => accounts.create(session, account, terms));
  }

  find(accountId: AccountId): Promise<AccountRow | undefined> {
    return this.db.look('finding an account', (session) => accounts.find(session, accountId));
  }

  findByName(username: string): Promise<AccountRow | undefined> {
    return this.db.look('finding an account', (session) => accounts.findByName(session, username));
  }

  list(after: string | undefined, limit: number): Promise<readonly AccountRow[]> {
    return this.db.look('listing accounts', (session) => accounts.list(session, after, limit));
  }

  replace(account: AccountRow, expected: accounts.Revisions, endSessions: boolean): Promise<boolean> {
    return this.db.write('replacing an account', (session) => accounts.replace(session, account, { expected, endSessions }));
  }

  spendStep(accountId: AccountId, step: number): Promise<boolean> {
    return this.db.write('using a code', (session) => accounts.spendStep(session, accountId, step));
  }

  close(accountId: AccountId, now: number): Promise<boolean> {
    return this.db.write('closing an account', (session) => closed.close(session, accountId, now));
  }

  listClosing(limit: number): Promise<readonly ClosingAccount[]> {
    return this.db.look('listing closed accounts', (session) => closed.listClosing(session, limit));
  }

  noteClosed(accountId: AccountId): Promise<void> {
    return this.db.write('noting a closing', (session) => closed.noteClosed(session, accountId));
  }

  clear(accountId: AccountId, step: closed.ClearStep): Promise<boolean> {
    return this.db.write('clearing a closed account', (session) => closed.clear(session, accountId, step));
  }

  reclose(accountId: AccountId, closedAt: number): Promise<void> {
    return this.db.write('closing an account again', (session) => closed.reclose(session, accountId, closedAt));
  }

  reinstate(account: AccountRow): Promise<void> {
    return this.db.write('reinstating an account', (session) => accounts.reinstate(session, account));
  }

  listPack(pack: number): Promise<readonly { readonly accountId: AccountId; readonly place: Place }[]> {
    return this.db.look('listing a pack', (session) => accounts.listPack(session, pack));
  }

  liveByPack(): Promise<ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }>> {
    return this.db.look('summing packs', (session) => accounts.liveByPack(session));
  }

  move(accountId: AccountId, from: Place, to: Place): Promise<boolean> {
    return this.db.write('moving an account record', (session) => accounts.move(session, accountId, { from, to }));
  }

  beginSession(row: SessionRow, max: number): Promise<'begun' | 'too-many'> {
    return this.db.write('beginning a session', (session) => sessions.beginSession(session, row, max));
  }

  findSession(hash: Uint8Array, now: number): Promise<SessionRow | undefined> {
    return this.db.look('finding a session', (session) => sessions.findSession(session, hash, now));
  }

  touchSession(sessionId: SessionId, now: number): Promise<void> {
    return this.db.write('touching a session', (session) => sessions.touchSession(session, sessionId, now));
  }

  listSessions(accountId: AccountId, now: number): Promise<readonly SessionRow[]> {
    return this.db.look('listing sessions', (session) => sessions.listSessions(session, accountId, now));
  }

  endSession(accountId: AccountId, sessionId: SessionId): Promise<boolean> {
    return this.db.write('ending a session', (session) => sessions.endSession(session, accountId, sessionId));
  }

  expireSessions(now: number): Promise<number> {
    return this.db.write('expiring sessions', (session) => sessions.expireSessions(session, now));
  }

  invite(invitation: InvitationRow, max: number): Promise<'made' | 'too-many' | 'id-taken'> {
    return this.db.write('making an invitation', (session) => sessions.invite(session, invitation, max));
  }

  findInvitation(codeHash: Uint8Array, now: number): Promise<InvitationRow | undefined> {
    return this.db.look('finding an invitation', (session) => sessions.findInvitation(session, codeHash, now));
  }

  listInvitations(accountId: AccountId): Promise<readonly InvitationRow[]> {
    return this.db.look('listing invitations', (session) => sessions.listInvitations(session, accountId));
  }

  endInvitation(accountId: AccountId, invitationId: InvitationId): Promise<boolean> {
    return this.db.write('ending an invitation', (session) => sessions.endInvitation(session, accountId, invitationId));
  }
}
