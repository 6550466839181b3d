/**
 * Accounts, sessions and invitations. Secrets arrive hashed: this port never sees a token, a code or an authKey.
 * Each method is one atomic step.
 */
import type { AccountId, InvitationId, SessionId } from '../../client-sdk/protocol/ids.js';
import type { IdentityRecord, Kdf } from '../../client-sdk/protocol/messages.js';
import type { Place } from './block-store.js';

/** The second factor of an account: codes by time, and backup codes. The one secret that stands here as it is: codes are computed from it. */
export interface SecondFactor {
  /** 20 bytes, the key of the codes. */
  readonly secret: Uint8Array;
  /** A first code confirmed it; before that it is asked of nobody. */
  readonly isOn: boolean;
  /** The newest step whose code was used. Stores never lower it. */
  readonly usedStep: number;
  /** SHA-256 of each backup code that is left, one after the other. */
  readonly codeHashes: Uint8Array;
}

/** All that is kept of an account. `revision` grows with every change of credentials, `keyringRevision` with the keyring. */
export interface AccountRow {
  readonly accountId: AccountId;
  readonly username: string;
  readonly email: string | undefined;
  readonly isOperator: boolean;
  readonly kdf: Kdf;
  /** SHA-256 of authKey and of recoveryAuth. */
  readonly authHash: Uint8Array;
  readonly recoveryHash: Uint8Array;
  readonly wrappedAccountKey: Uint8Array;
  readonly recoveryWrappedAccountKey: Uint8Array;
  readonly identity: IdentityRecord;
  readonly keyring: Uint8Array;
  readonly keyringRevision: number;
  readonly revision: number;
  readonly factor: SecondFactor | undefined;
  readonly quotaBytes: number | undefined;
  readonly createdAt: number;
  /** Where the newest account record lies in the block store. */
  readonly place: Place;
}

/** A session or token. `hash` is SHA-256 of the token. */
export interface SessionRow {
  readonly sessionId: SessionId;
  readonly hash: Uint8Array;
  readonly accountId: AccountId;
  readonly kind: 'page' | 'bearer' | 'token';
  readonly device: string | undefined;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly expiresAt: number;
  /** Page sessions only: seals the accountKey in sessionStorage; destroyed with the session. */
  readonly pageKey: Uint8Array | undefined;
  readonly csrfHash: Uint8Array | undefined;
  /** Page sessions only: outlives the browser, and does not end when it is idle. */
  readonly isKept: boolean;
}

/** An invitation. `codeHash` is SHA-256 of the code. */
export interface InvitationRow {
  readonly invitationId: InvitationId;
  readonly inviterId: AccountId;
  readonly codeHash: Uint8Array;
  readonly sealedGroup: Uint8Array;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usedAt: number | undefined;
  readonly usedBy: AccountId | undefined;
}

/** A closed account of which something is left to do: its record, or rows. */
export interface ClosingAccount {
  readonly accountId: AccountId;
  readonly closedAt: number;
  /** A record in the packs tells of the closing. */
  readonly isRecorded: boolean;
}

/** What creating an account depends on, checked in the same transaction. */
export interface CreationTerms {
  /** Only as the very first account. */
  readonly mustBeFirst: boolean;
  /** Uses up this invitation. */
  readonly invitation: InvitationId | undefined;
  readonly now: number;
}

export interface AccountStore {
  count(): Promise<number>;
  /** One transaction: terms hold, id and name free, account inserted, invitation used. The first account of all becomes the operator's. */
  create(account: AccountRow, terms: CreationTerms): Promise<'created' | 'id-taken' | 'name-taken' | 'not-first' | 'invitation-invalid'>;
  find(accountId: AccountId): Promise<AccountRow | undefined>;
  findByName(username: string): Promise<AccountRow | undefined>;
  /** By user name, after `after`, at most `limit`. */
  list(after: string | undefined, limit: number): Promise<readonly AccountRow[]>;
  /**
   * Replaces the row if its stored revision and keyringRevision are `expected`'s; with `endSessions`, ends all its
   * sessions and tokens in the same transaction. False where another change came first.
   */
  replace(account: AccountRow, expected: { readonly revision: number; readonly keyringRevision: number }, endSessions: boolean): Promise<boolean>;
  /** Notes the step of a code as used. False where the account has no factor, or this step or a later one was used: of equal calls one is true. */
  spendStep(accountId: AccountId, step: number): Promise<boolean>;
  /**
   * One transaction: the account's row, sessions, tokens, invitations and upload sessions go; its name is free, its id is never taken
   * again. Its images are `clear`'s. False where there is no such account.
   */
  close(accountId: AccountId, now: number): Promise<boolean>;
  /** Closed accounts of which something is left to do, at most `limit`. */
  listClosing(limit: number): Promise<readonly ClosingAccount[]>;
  /** Notes that a record tells of the closing. */
  noteClosed(accountId: AccountId): Promise<void>;
  /**
   * Removes at most `limit` images of a closed account with their references (their blocks count as touched at `now`), and once there is
   * none, all that is left of it. True when nothing is left; true and nothing else where the account is not closed. Others are served between steps.
   */
  clear(accountId: AccountId, step: { readonly now: number; readonly limit: number }): Promise<boolean>;
  /** Closes as a record of the packs tells it, whether the account has a row or not. For rebuild only. */
  reclose(accountId: AccountId, closedAt: number): Promise<void>;
  /** Inserts or replaces whatever is there by a row found in a pack, if its revisions are newer. For rebuild only. */
  reinstate(account: AccountRow): Promise<void>;
  /** Account records whose newest place is in `pack`; and moving one. */
  listPack(pack: number): Promise<readonly { readonly accountId: AccountId; readonly place: Place }[]>;
  liveByPack(): Promise<ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }>>;
  move(accountId: AccountId, from: Place, to: Place): Promise<boolean>;

  /** Begins a session; expired ones of the account go first; 'too-many' at `max`. */
  beginSession(session: SessionRow, max: number): Promise<'begun' | 'too-many'>;
  /** The live session of this token hash at `now`. */
  findSession(hash: Uint8Array, now: number): Promise<SessionRow | undefined>;
  /** Notes use; called at most every few minutes per session. */
  touchSession(sessionId: SessionId, now: number): Promise<void>;
  listSessions(accountId: AccountId, now: number): Promise<readonly SessionRow[]>;
  /** False where the account has no such session. */
  endSession(accountId: AccountId, sessionId: SessionId): Promise<boolean>;
  expireSessions(now: number): Promise<number>;

  invite(invitation: InvitationRow, max: number): Promise<'made' | 'too-many' | 'id-taken'>;
  /** The unused, unexpired invitation of this code hash. */
  findInvitation(codeHash: Uint8Array, now: number): Promise<InvitationRow | undefined>;
  listInvitations(accountId: AccountId): Promise<readonly InvitationRow[]>;
  endInvitation(accountId: AccountId, invitationId: InvitationId): Promise<boolean>;
}
