/**
 * Routes of accounts, sessions, tokens and invitations: the table's calls turned into calls of the services. A cookie is
 * given only to this server's own pages. SPEC.md section 12.
 */
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { RouteName } from '../../client-sdk/protocol/routes.js';
import type { AccountRow } from '../ports/account-store.js';
import type { BegunSession, Caller, Services } from '../core/contract.js';
import type { HandlersOf, PageCookie } from './call.js';

type AccountRoutes = Extract<RouteName, 'register' | 'readLoginParameters' | 'login' | 'openRecovery' | 'changeCredentials' | 'readAccount' | 'closeAccount' | 'beginSecondFactor' | 'confirmSecondFactor' | 'endSecondFactor' | 'changeKeyring' | 'changeEmail' | 'readUsage'>;
type SessionRoutes = Extract<RouteName, 'logout' | 'readPageSession' | 'listSessions' | 'endSession' | 'makeToken'>;
type InvitationRoutes = Extract<RouteName, 'openInvitation' | 'invite' | 'listInvitations' | 'endInvitation'>;

/** Handlers of accounts. */
export function accountHandlers({ accounts, report }: Services): HandlersOf<AccountRoutes> {
  return {
    register: async ({ body, origin, cookie }) => carry(body.carrier, cookie, () => accounts.register(body, origin)),
    readLoginParameters: async ({ body }) => ({ kdf: await accounts.loginParameters(body.username) }),
    login: async ({ body, origin, cookie }) => carry(body.carrier, cookie, () => accounts.login(body, origin)),
    openRecovery: async ({ body, origin }) => accounts.openRecovery(body, origin),
    changeCredentials: async ({ body, origin, cookie }) => carry(body.carrier, cookie, () => accounts.changeCredentials(body, origin)),
    readAccount: ({ caller }) => Promise.resolve(accounts.record(caller.account)),
    closeAccount: async ({ caller, body, origin, cookie }) => {
      await accounts.close(caller.account, body.authKey, origin);
      if (caller.session.kind === 'page') cookie.clear();
      return undefined;
    },
    beginSecondFactor: async ({ caller, body, origin }) => accounts.beginSecondFactor(loggedIn(caller), body.authKey, origin),
    confirmSecondFactor: async ({ caller, body, origin }) => accounts.confirmSecondFactor(loggedIn(caller), body.code, origin),
    endSecondFactor: async ({ caller, body, origin }) => {
      await accounts.endSecondFactor(loggedIn(caller), body, origin);
      return undefined;
    },
    changeKeyring: async ({ caller, body }) => ({ keyringRevision: await accounts.changeKeyring(caller.account.accountId, body) }),
    changeEmail: async ({ caller, body }) => {
      await accounts.changeEmail(caller.account.accountId, body.email);
      return undefined;
    },
    readUsage: async ({ caller }) => report.usage(caller.account.accountId),
  };
}

/** Handlers of sessions and tokens. */
export function sessionHandlers({ sessions }: Services): HandlersOf<SessionRoutes> {
  return {
    logout: async ({ caller, cookie }) => {
      await sessions.logout(caller);
      if (caller.session.kind === 'page') cookie.clear();
      return undefined;
    },
    readPageSession: ({ caller }) => Promise.resolve(sessions.pageSession(caller)),
    listSessions: async ({ caller }) => ({ sessions: await sessions.list(caller) }),
    endSession: async ({ caller, ids }) => {
      await sessions.end(caller.account.accountId, ids.sessionId);
      return undefined;
    },
    makeToken: async ({ caller, body }) => {
      if (caller.session.kind === 'token') throw new Refusal('forbidden', 'A token cannot make tokens. Log in.');
      return sessions.makeToken(caller.account.accountId, body);
    },
  };
}

/** Handlers of invitations. */
export function invitationHandlers({ invitations }: Services): HandlersOf<InvitationRoutes> {
  return {
    openInvitation: async ({ body }) => invitations.open(body.code),
    invite: async ({ caller, body }) => invitations.invite(caller.account.accountId, body),
    listInvitations: async ({ caller }) => ({ invitations: await invitations.list(caller.account.accountId) }),
    endInvitation: async ({ caller, ids }) => {
      await invitations.end(caller.account.accountId, ids.invitationId);
      return undefined;
    },
  };
}

/** The account of a caller who logged in: what a program holds does not change how people come in. */
function loggedIn({ account, session }: Caller): AccountRow {
  if (session.kind === 'token') throw new Refusal('forbidden', 'A token cannot change the second factor. Log in.');
  return account;
}

/** Begins a session, in a cookie where that was asked: then the token is nowhere else. */
async function carry(carrier: 'cookie' | 'bearer', cookie: PageCookie, begin: () => Promise<BegunSession>): Promise<BegunSession['grant']> {
  if (carrier === 'cookie') cookie.mustComeFromPage();
  const { grant, token, session } = await begin();
  if (carrier === 'cookie') cookie.set(token, session.isKept ? session.expiresAt - session.createdAt : undefined);
  return grant;
}
