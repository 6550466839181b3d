/**
 * The account store in memory: the promises of the port over plain Maps, as the model that engines are compared with. Where an engine
 * has foreign keys, the double throws.
 */
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import type { AccountId, InvitationId, SessionId } from '../../client-sdk/protocol/ids.js';
import type { AccountRow, AccountStore, ClosingAccount, CreationTerms, InvitationRow, SessionRow } from '../../server/ports/account-store.js';
import type { Place } from '../../server/ports/block-store.js';
import { byPack, imagesOf, isSamePlace, promised, removeImage, type MemoryIndex, type Sync } from './memory-index.js';

/** The account store over `index`. */
export function memoryAccountStore(index: MemoryIndex): AccountStore {
  return promised<AccountStore>(new MemoryAccountStore(index));
}

interface Revisions {
  readonly revision: number;
  readonly keyringRevision: number;
}

class MemoryAccountStore implements Sync<AccountStore> {
  constructor(private readonly index: MemoryIndex) {}

  count(): number {
    return this.index.accounts.size;
  }

  create(account: AccountRow, { mustBeFirst, invitation, now }: CreationTerms): 'created' | 'id-taken' | 'name-taken' | 'not-first' | 'invitation-invalid' {
    const { accounts, closed, invitations } = this.index;
    const isFirst = accounts.size === 0;
    if (mustBeFirst && !isFirst) return 'not-first';
    const used = invitation === undefined ? undefined : invitations.get(invitation);
    if (invitation !== undefined && (used === undefined || !isOpen(used, now))) return 'invitation-invalid';
    if (accounts.has(account.accountId) || closed.has(account.accountId)) return 'id-taken';
    if (this.findByName(account.username) !== undefined) return 'name-taken';
    this.put({ ...account, isOperator: isFirst || account.isOperator });
    if (used !== undefined) invitations.set(used.invitationId, { ...used, usedAt: now, usedBy: account.accountId });
    return 'created';
  }

  find(accountId: AccountId): AccountRow | undefined {
    return this.index.accounts.get(accountId);
  }

  findByName(username: string): AccountRow | undefined {
    return this.byName().find((account) => account.username === username);
  }

  list(after: string | undefined, limit: number): readonly AccountRow[] {
    return this.byName().filter(({ username }) => after === undefined || username > after).slice(0, limit);
  }

  replace(account: AccountRow, expected: Revisions, endSessions: boolean): boolean {
    const stored = this.find(account.accountId);
    if (stored?.revision !== expected.revision || stored.keyringRevision !== expected.keyringRevision) return false;
    this.put(account);
    if (endSessions) this.endAll(account.accountId);
    return true;
  }

  close(accountId: AccountId, now: number): boolean {
    if (!this.dropAccount(accountId)) return false;
    this.noteClosing({ accountId, closedAt: now, isRecorded: false });
    return true;
  }

  listClosing(limit: number): readonly ClosingAccount[] {
    const left = [...this.index.closed.values()].filter(({ accountId, isRecorded }) => !isRecorded || this.hasAnything(accountId));
    return left.sort((a, b) => a.closedAt - b.closedAt || (a.accountId < b.accountId ? -1 : 1)).slice(0, limit);
  }

  noteClosed(accountId: AccountId): void {
    const closing = this.index.closed.get(accountId);
    if (closing !== undefined) this.index.closed.set(accountId, { ...closing, isRecorded: true });
  }

  clear(accountId: AccountId, { now, limit }: { readonly now: number; readonly limit: number }): boolean {
    if (!this.index.closed.has(accountId)) return true;
    const images = imagesOf(this.index, accountId).slice(0, limit);
    for (const image of images) removeImage(this.index, image, now);
    if (images.length > 0) return false;
    this.dropUploads(accountId);
    for (const table of [this.index.spendings, this.index.tombstones, this.index.received, this.index.heads]) table.delete(accountId);
    return true;
  }

  reclose(accountId: AccountId, closedAt: number): void {
    this.dropAccount(accountId);
    this.noteClosing({ accountId, closedAt, isRecorded: true });
  }

  reinstate(account: AccountRow): void {
    const stored = this.find(account.accountId);
    const isOlder = stored !== undefined
      && (account.revision < stored.revision || (account.revision === stored.revision && account.keyringRevision < stored.keyringRevision));
    if (!isOlder) this.put(account);
  }

  spendStep(accountId: AccountId, step: number): boolean {
    const account = this.find(accountId);
    if (account?.factor === undefined || this.usedStepOf(accountId) >= step) return false;
    this.put({ ...account, factor: { ...account.factor, usedStep: step } });
    return true;
  }

  /** A used step stays used, also where the factor went in between. */
  private put(account: AccountRow): void {
    const usedStep = Math.max(this.usedStepOf(account.accountId), account.factor?.usedStep ?? 0);
    this.index.usedSteps.set(account.accountId, usedStep);
    this.index.accounts.set(account.accountId, account.factor === undefined ? account : { ...account, factor: { ...account.factor, usedStep } });
  }

  private usedStepOf(accountId: AccountId): number {
    return this.index.usedSteps.get(accountId) ?? 0;
  }

  listPack(pack: number): readonly { readonly accountId: AccountId; readonly place: Place }[] {
    return this.byName().filter(({ place }) => place.pack === pack).map(({ accountId, place }) => ({ accountId, place }));
  }

  liveByPack(): ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }> {
    return byPack(this.byName().map(({ place }) => place));
  }

  move(accountId: AccountId, from: Place, to: Place): boolean {
    const account = this.find(accountId);
    if (account === undefined || !isSamePlace(account.place, from)) return false;
    this.index.accounts.set(accountId, { ...account, place: { ...account.place, pack: to.pack, offset: to.offset } });
    return true;
  }

  beginSession(session: SessionRow, max: number): 'begun' | 'too-many' {
    this.refuseUnknown(session.accountId);
    const { sessions } = this.index;
    for (const [id, old] of sessions) if (old.accountId === session.accountId && old.expiresAt <= session.createdAt) sessions.delete(id);
    if (this.listSessions(session.accountId, session.createdAt).length >= max) return 'too-many';
    sessions.set(session.sessionId, session);
    return 'begun';
  }

  findSession(hash: Uint8Array, now: number): SessionRow | undefined {
    return [...this.index.sessions.values()].find((session) => isEqual(session.hash, hash) && session.expiresAt > now);
  }

  touchSession(sessionId: SessionId, now: number): void {
    const session = this.index.sessions.get(sessionId);
    if (session !== undefined) this.index.sessions.set(sessionId, { ...session, lastUsedAt: now });
  }

  listSessions(accountId: AccountId, now: number): readonly SessionRow[] {
    const live = [...this.index.sessions.values()].filter((session) => session.accountId === accountId && session.expiresAt > now);
    return live.sort((a, b) => b.createdAt - a.createdAt || (a.sessionId < b.sessionId ? -1 : 1));
  }

  endSession(accountId: AccountId, sessionId: SessionId): boolean {
    return this.index.sessions.get(sessionId)?.accountId === accountId && this.index.sessions.delete(sessionId);
  }

  expireSessions(now: number): number {
    const over = [...this.index.sessions.values()].filter(({ expiresAt }) => expiresAt <= now);
    for (const { sessionId } of over) this.index.sessions.delete(sessionId);
    return over.length;
  }

  invite(invitation: InvitationRow, max: number): 'made' | 'too-many' | 'id-taken' {
    this.refuseUnknown(invitation.inviterId);
    const { invitations } = this.index;
    const isTheirs = (other: InvitationRow): boolean => other.inviterId === invitation.inviterId && other.usedAt === undefined;
    for (const [id, other] of invitations) if (isTheirs(other) && other.expiresAt <= invitation.createdAt) invitations.delete(id);
    const all = [...invitations.values()];
    if (all.some((other) => other.invitationId === invitation.invitationId || isEqual(other.codeHash, invitation.codeHash))) return 'id-taken';
    if (all.filter(isTheirs).length >= max) return 'too-many';
    invitations.set(invitation.invitationId, invitation);
    return 'made';
  }

  findInvitation(codeHash: Uint8Array, now: number): InvitationRow | undefined {
    return [...this.index.invitations.values()].find((invitation) => isEqual(invitation.codeHash, codeHash) && isOpen(invitation, now));
  }

  listInvitations(accountId: AccountId): readonly InvitationRow[] {
    const theirs = [...this.index.invitations.values()].filter(({ inviterId }) => inviterId === accountId);
    return theirs.sort((a, b) => b.createdAt - a.createdAt || (a.invitationId < b.invitationId ? -1 : 1));
  }

  endInvitation(accountId: AccountId, invitationId: InvitationId): boolean {
    return this.index.invitations.get(invitationId)?.inviterId === accountId && this.index.invitations.delete(invitationId);
  }

  private byName(): readonly AccountRow[] {
    return [...this.index.accounts.values()].sort((a, b) => (a.username < b.username ? -1 : 1));
  }

  /** Sessions, invitations and uploads go with the row. */
  private dropAccount(accountId: AccountId): boolean {
    this.dropUploads(accountId);
    this.endAll(accountId);
    for (const { invitationId, inviterId } of this.index.invitations.values()) if (inviterId === accountId) this.index.invitations.delete(invitationId);
    return this.index.accounts.delete(accountId);
  }

  private endAll(accountId: AccountId): void {
    for (const session of this.index.sessions.values()) if (session.accountId === accountId) this.index.sessions.delete(session.sessionId);
  }

  private dropUploads(accountId: AccountId): void {
    for (const upload of this.index.uploads.values()) {
      if (upload.accountId !== accountId) continue;
      this.index.uploads.delete(upload.uploadId);
      for (const [key, nonce] of this.index.nonces) if (nonce.uploadId === upload.uploadId) this.index.nonces.delete(key);
    }
  }

  /** The first closing counts. */
  private noteClosing(closing: ClosingAccount): void {
    if (!this.index.closed.has(closing.accountId)) this.index.closed.set(closing.accountId, closing);
  }

  private hasAnything(accountId: AccountId): boolean {
    const { uploads, spendings, tombstones, received } = this.index;
    const hasUploads = [...uploads.values()].some((upload) => upload.accountId === accountId);
    return hasUploads || imagesOf(this.index, accountId).length > 0 || [spendings, tombstones, received].some((table) => table.has(accountId));
  }

  private refuseUnknown(accountId: AccountId): void {
    if (!this.index.accounts.has(accountId)) throw new Error('there is no such account');
  }
}

function isOpen({ usedAt, expiresAt }: InvitationRow, now: number): boolean {
  return usedAt === undefined && expiresAt > now;
}
