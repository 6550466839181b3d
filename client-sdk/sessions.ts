/**
 * Sessions of an account that is logged in: saving and resuming this one, listing and ending others, tokens for
 * programs, invitations, and the domain of new uploads. SPEC.md section 8.
 */
import { groupIdOf, type OpenAccount } from './account.js';
import { readAccount, rereadAccount } from './account-reading.js';
import type { CallOptions, DomainKind, InviteResult, SavedSession, TokenResult } from './api.js';
import { accountOf, type Connection, forgetSession, type LiveSession, sessionOf, updateAccount } from './connection.js';
import { DiceError, fault } from './core/errors.js';
import { unwrapAccountKey, wrapAccountKey } from './core/keys/hierarchy.js';
import { invitationCodeHash, invitationLink, makeInvitation, sealInvitedGroup } from './core/keys/invitation.js';
import { type Group, type Keyring, makeGroup, sealKeyring, withCurrent, withGroup } from './core/keys/keyring.js';
import { checkHead, nameChange } from './head-revisions.js';
import { base64Of, bytesOfBase64 } from './protocol/bytes.js';
import { type AccountId, idOf, idOfBytes, type InvitationId, type SessionId } from './protocol/ids.js';
import { hashBytes, idBytes } from './protocol/limits.js';
import type { AccountRecord } from './protocol/messages.js';
import type { SessionProof } from './transport.js';

/** This session as JSON values. */
export async function saveSession(connection: Connection): Promise<SavedSession> {
  const session = sessionOf(connection);
  const { record, accountKey } = session.account;
  const common = {
    version: 1, server: connection.serverUrl, serverId: connection.server.serverId,
    accountId: record.accountId, username: record.username, sessionId: session.sessionId,
  } as const;
  if (session.proof.kind === 'bearer') {
    return { ...common, kind: 'bearer', token: base64Of(session.proof.token), accountKey: base64Of(accountKey) };
  }
  if (session.pageKey === undefined) throw fault('answer-invalid', 'The session has no page key.');
  const { crypto, randomBytes } = connection.platform;
  const place = { accountId: record.accountId, under: 'page', wrapKey: session.pageKey } as const;
  return { ...common, kind: 'page', accountKey: base64Of(await wrapAccountKey(crypto, place, { accountKey, randomBytes })) };
}

/** Goes on with a saved session; the record is read anew and must be the same account's. */
export async function resumeSession(connection: Connection, saved: SavedSession, signal: AbortSignal | undefined): Promise<void> {
  checkSaved(connection, saved);
  try {
    const { proof, pageKey, isKept, accountKey } = saved.kind === 'bearer' ? bearerOf(saved) : await pageOf(connection, saved, signal);
    connection.transport.useSession(proof);
    const account = await readAccount(connection, { accountId: saved.accountId, accountKey }, signal);
    connection.session = { sessionId: saved.sessionId, proof, pageKey, isKept, account };
  } catch (thrown) {
    forgetSession(connection);
    throw thrown;
  }
}

/** A long-lived token, as a session that a program can resume. */
export async function makeToken(
  connection: Connection,
  request: { readonly device: string; readonly days: number },
  { signal }: CallOptions,
): Promise<TokenResult> {
  const { record, accountKey } = accountOf(connection);
  const grant = await connection.transport.call('makeToken', { body: request, signal });
  const session: SavedSession = {
    version: 1, kind: 'bearer', server: connection.serverUrl, serverId: connection.server.serverId,
    accountId: record.accountId, username: record.username, sessionId: grant.sessionId,
    token: base64Of(grant.token), accountKey: base64Of(accountKey),
  };
  return { sessionId: grant.sessionId, session, expiresAt: grant.expiresAt };
}

/**
 * An invitation into the account's group. Where there is none yet it is made, and becomes the inviter's own domain for
 * new uploads: whoever invites wants to meet.
 */
export async function invite(connection: Connection, days: number, signal: AbortSignal | undefined): Promise<InviteResult> {
  const { crypto, randomBytes } = connection.platform;
  const group = await ensureGroup(connection, signal);
  const secret = makeInvitation(randomBytes);
  const inviterId = accountOf(connection).record.accountId;
  const invitationId = idOfBytes<InvitationId>(randomBytes(idBytes));
  const card = await connection.transport.call('invite', {
    body: {
      invitationId,
      codeHash: await invitationCodeHash(crypto, secret.code),
      sealedGroup: await sealInvitedGroup(crypto, secret, { inviterId, group, randomBytes }),
      days,
    },
    signal,
  });
  if (card.invitationId !== invitationId) throw fault('answer-invalid', 'It is another invitation.');
  return { invitationId, link: invitationLink(`${connection.serverUrl}/register`, secret), expiresAt: card.expiresAt };
}

/** Sets the domain of new uploads; `group` makes a group where the account has none. */
export async function changeDomain(connection: Connection, kind: DomainKind, signal: AbortSignal | undefined): Promise<void> {
  if (kind === 'group') await ensureGroup(connection, signal);
  await changeKeyring(connection, (keyring) => withCurrent(keyring, kind === 'group' ? groupIdOf(keyring) ?? '' : kind), signal);
}

/** An id that came as text. Throws DiceError `argument-invalid`. */
export function checkedId<Id extends SessionId | InvitationId | AccountId>(text: string): Id {
  const id = idOf<Id>(text);
  if (id === undefined) throw fault('argument-invalid', 'An id has 32 lower-case hex digits.');
  return id;
}

interface Resumption extends Pick<LiveSession, 'proof' | 'pageKey' | 'isKept'> {
  readonly proof: SessionProof;
  readonly accountKey: Uint8Array;
}

function checkSaved(connection: Connection, saved: SavedSession): void {
  // What was saved comes from a disk or a browser's storage, where anything may stand.
  const { version, kind } = saved as { readonly version: unknown; readonly kind: unknown };
  if (version !== 1 || (kind !== 'bearer' && kind !== 'page')) throw fault('argument-invalid', 'The saved session has another version.');
  if (saved.serverId !== connection.server.serverId) throw fault('argument-invalid', 'The saved session belongs to another server.');
  checkedId(saved.accountId);
}

function bearerOf(saved: SavedSession): Resumption {
  const token = bytesOfBase64(saved.token ?? '');
  const accountKey = bytesOfBase64(saved.accountKey);
  if (token?.length !== hashBytes || accountKey?.length !== hashBytes) throw fault('argument-invalid', 'The saved session is damaged.');
  return { proof: { kind: 'bearer', token }, pageKey: undefined, isKept: false, accountKey };
}

async function pageOf(connection: Connection, saved: SavedSession, signal: AbortSignal | undefined): Promise<Resumption> {
  const page = await connection.transport.call('readPageSession', { body: undefined, signal });
  if (page.accountId !== saved.accountId) throw fault('wrong-account');
  const sealed = bytesOfBase64(saved.accountKey);
  if (sealed === undefined) throw fault('argument-invalid', 'The saved session is damaged.');
  const place = { accountId: page.accountId, under: 'page', wrapKey: page.pageKey } as const;
  const accountKey = await unwrapAccountKey(connection.platform.crypto, place, sealed);
  return { proof: { kind: 'cookie', csrfToken: page.csrfToken }, pageKey: page.pageKey, isKept: page.isKept, accountKey };
}

async function ensureGroup(connection: Connection, signal: AbortSignal | undefined): Promise<Group> {
  const { platform } = connection;
  const made = makeGroup(platform.randomBytes, accountOf(connection).record.username);
  const account = await changeKeyring(connection, (keyring) => (keyring.groups.length > 0 ? keyring : withCurrent(withGroup(keyring, made), made.id)), signal);
  const id = groupIdOf(account.keyring);
  return account.keyring.groups.find((group) => group.id === id) ?? made;
}

/** Changes the keyring by compare-and-swap: another device's change is read again and kept. The account head names the new one. */
async function changeKeyring(connection: Connection, change: (keyring: Keyring) => Keyring, signal: AbortSignal | undefined): Promise<OpenAccount> {
  await checkHead(connection, signal);
  for (let tries = 1; ; tries++) {
    const account = accountOf(connection);
    const keyring = change(account.keyring);
    if (keyring === account.keyring) return account;
    try {
      await replaceKeyring(connection, keyring, signal);
      break;
    } catch (thrown) {
      if (tries >= 4 || !(thrown instanceof DiceError) || thrown.code !== 'revision-conflict') throw thrown;
      await rereadAccount(connection, signal);
    }
  }
  await nameChange(connection, signal);
  return accountOf(connection);
}

async function replaceKeyring(connection: Connection, keyring: Keyring, signal: AbortSignal | undefined): Promise<void> {
  const { crypto, randomBytes } = connection.platform;
  const account = accountOf(connection);
  const { accountId, keyringRevision: expectedRevision } = account.record;
  const place = { accountId, accountKey: account.accountKey, revision: expectedRevision + 1 };
  const sealed = await sealKeyring(crypto, place, { keyring, randomBytes });
  const { keyringRevision } = await connection.transport.call('changeKeyring', { body: { expectedRevision, keyring: sealed }, signal });
  if (keyringRevision !== place.revision) throw fault('answer-invalid', 'The keyring has another revision than it was sealed for.');
  const record: AccountRecord = { ...account.record, keyring: sealed, keyringRevision };
  updateAccount(connection, { ...account, record, keyring });
}
