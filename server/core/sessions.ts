/**
 * Sessions of pages, bearers of programs and long-lived tokens: one table of hashed 256-bit tokens. The token itself
 * is seen when it is made and when it is presented, never stored. SPEC.md section 12.
 */
import { idOfBytes, type AccountId, type SessionId } from '../../client-sdk/protocol/ids.js';
import { idBytes, maxSessionsPerAccount } from '../../client-sdk/protocol/limits.js';
import type { SessionCard, SessionGrant } from '../../client-sdk/protocol/messages.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import { utf8 } from '../../client-sdk/protocol/bytes.js';
import type { AccountRow, SessionRow } from '../ports/account-store.js';
import { isEqualSecret } from './constant-time.js';
import type { BegunSession, Caller, Parts, SessionService } from './contract.js';
import { accountRecordOf } from './account-view.js';

const tokenBytes = 32;
const touchEveryMs = 5 * 60_000;
const dayMs = 24 * 3_600_000;

/** How a session is carried, and `isKept` (pages only) whether it outlives the browser. */
export interface SessionWish {
  readonly carrier: 'cookie' | 'bearer';
  readonly device?: string | undefined;
  readonly isKept?: boolean | undefined;
}

/** Begins sessions for those who have shown who they are. */
export interface SessionIssuer {
  begin(account: AccountRow, wish: SessionWish): Promise<BegunSession>;
}

interface NewSession {
  readonly accountId: AccountId;
  readonly kind: SessionRow['kind'];
  readonly device: string | undefined;
  readonly lifetimeMs: number;
  readonly isKept: boolean;
}

export function createSessions(parts: Parts): SessionService & SessionIssuer {
  const { accounts } = parts.stores;
  return {
    authenticate: (token) => authenticate(parts, token),
    isCsrfToken: (caller, presented) =>
      caller.session.csrfHash !== undefined && isEqualSecret(parts.world.hasher.sha256(presented), caller.session.csrfHash),
    pageSession({ account, session, csrfToken }) {
      if (session.pageKey === undefined || csrfToken === undefined) throw new Refusal('forbidden');
      return { accountId: account.accountId, username: account.username, isOperator: account.isOperator, isKept: session.isKept, pageKey: session.pageKey, csrfToken };
    },
    async logout({ account, session }) {
      await accounts.endSession(account.accountId, session.sessionId);
    },
    async list(caller) {
      const now = parts.world.clock.now();
      const rows = await accounts.listSessions(caller.account.accountId, now);
      return rows.filter((row) => !isIdle(parts, row, now)).map((row) => cardOf(parts, row, caller.session.sessionId));
    },
    async end(accountId, sessionId) {
      if (!(await accounts.endSession(accountId, sessionId))) throw new Refusal('not-found');
    },
    async makeToken(accountId, { device, days }) {
      const { session, token } = await beginRow(parts, { accountId, kind: 'token', device, lifetimeMs: days * dayMs, isKept: false });
      return { sessionId: session.sessionId, token, expiresAt: session.expiresAt };
    },
    async begin(account, { carrier, device, isKept: asked = false }) {
      const { policy } = parts;
      const kind = carrier === 'cookie' ? ('page' as const) : ('bearer' as const);
      const isKept = kind === 'page' && asked;
      // A kept session is to a browser what a bearer is to a program.
      const lifetimeMs = kind === 'page' && !isKept ? policy.pageLifetimeMs : policy.bearerLifetimeMs;
      const { session, token } = await beginRow(parts, { accountId: account.accountId, kind, device, lifetimeMs, isKept });
      return { session, token, grant: grantOf(parts, account, { session, token }) };
    },
  };
}

async function beginRow(parts: Parts, wanted: NewSession): Promise<{ readonly session: SessionRow; readonly token: Uint8Array }> {
  const { clock, random, hasher } = parts.world;
  const token = random(tokenBytes);
  const now = clock.now();
  const isPage = wanted.kind === 'page';
  const session: SessionRow = {
    sessionId: idOfBytes<SessionId>(random(idBytes)),
    hash: hasher.sha256(token),
    accountId: wanted.accountId,
    kind: wanted.kind,
    device: wanted.device,
    createdAt: now,
    lastUsedAt: now,
    expiresAt: now + wanted.lifetimeMs,
    pageKey: isPage ? random(tokenBytes) : undefined,
    csrfHash: isPage ? hasher.sha256(csrfTokenOf(parts, token)) : undefined,
    isKept: wanted.isKept,
  };
  if ((await parts.stores.accounts.beginSession(session, maxSessionsPerAccount)) === 'begun') return { session, token };
  // A login never fails for want of room: the session that was idle longest goes. Tokens stay, and a new one has to wait.
  if (wanted.kind === 'token' || !(await endIdlest(parts, wanted.accountId))) throw new Refusal('too-many');
  if ((await parts.stores.accounts.beginSession(session, maxSessionsPerAccount)) === 'too-many') throw new Refusal('too-many');
  return { session, token };
}

async function endIdlest({ stores, world }: Parts, accountId: AccountId): Promise<boolean> {
  const rows = await stores.accounts.listSessions(accountId, world.clock.now());
  const [idlest] = rows.filter((row) => row.kind !== 'token').sort((a, b) => a.lastUsedAt - b.lastUsedAt);
  return idlest !== undefined && stores.accounts.endSession(accountId, idlest.sessionId);
}

async function authenticate(parts: Parts, token: Uint8Array): Promise<Caller | undefined> {
  const { accounts } = parts.stores;
  if (token.length !== tokenBytes) return undefined;
  const now = parts.world.clock.now();
  const session = await accounts.findSession(parts.world.hasher.sha256(token), now);
  if (session === undefined) return undefined;
  if (isIdle(parts, session, now)) {
    await accounts.endSession(session.accountId, session.sessionId);
    return undefined;
  }
  if (now - session.lastUsedAt >= touchEveryMs) await accounts.touchSession(session.sessionId, now);
  const account = await accounts.find(session.accountId);
  if (account === undefined) return undefined;
  return { account, session, csrfToken: session.kind === 'page' ? csrfTokenOf(parts, token) : undefined };
}

function isIdle(parts: Parts, session: SessionRow, now: number): boolean {
  return endsIdle(session) && now - session.lastUsedAt > parts.policy.pageIdleMs;
}

function endsIdle({ kind, isKept }: SessionRow): boolean {
  return kind === 'page' && !isKept;
}

/** Derived, so that a reloaded page gets it again although only its hash is stored. */
function csrfTokenOf(parts: Parts, token: Uint8Array): Uint8Array {
  return parts.world.hasher.hmacSha256(token, utf8('dice/1/csrf'));
}

function grantOf(parts: Parts, account: AccountRow, begun: { readonly session: SessionRow; readonly token: Uint8Array }): SessionGrant {
  const { session, token } = begun;
  const base = { account: accountRecordOf(account, parts.policy), sessionId: session.sessionId };
  return session.pageKey === undefined ? { ...base, token } : { ...base, pageKey: session.pageKey, csrfToken: csrfTokenOf(parts, token) };
}

function cardOf(parts: Parts, row: SessionRow, current: SessionId): SessionCard {
  const { sessionId, kind, device, createdAt, lastUsedAt } = row;
  const expiresAt = endsIdle(row) ? Math.min(row.expiresAt, lastUsedAt + parts.policy.pageIdleMs) : row.expiresAt;
  return { sessionId, kind, createdAt, lastUsedAt, expiresAt, isCurrent: sessionId === current, ...(device === undefined ? {} : { device }) };
}
