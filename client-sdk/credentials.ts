/**
 * Registration, login, recovery and changes of credentials: what is derived here, what is sent, and what to do where
 * an answer was lost. Keys themselves come from core/keys. SPEC.md section 8.
 */
import { checkNotOlder, openAccount, type OpenAccount } from './account.js';
import type { Credentials, RecoverRequest, RegisterRequest } from './api.js';
import { beginSession, type BegunSession, type Connection, sessionOf } from './connection.js';
import { DiceError, type DiceErrorCode, fault } from './core/errors.js';
import { makeKey, unwrapAccountKey, wrapAccountKey } from './core/keys/hierarchy.js';
import { makeIdentity, signIdentity, wrapIdentity } from './core/keys/identity.js';
import { openInvitedGroup, parseInvitationLink } from './core/keys/invitation.js';
import { type Group, makeKeyring, sealKeyring } from './core/keys/keyring.js';
import { deriveLogin, type LoginKeys, normaliseUsername } from './core/keys/password.js';
import { checkPasswordStrength } from './core/keys/password-strength.js';
import { makeRecoveryWords, recoveryKeys } from './core/keys/recovery.js';
import { checkHead, nameChange } from './head-revisions.js';
import { passwordProof } from './password-proof.js';
import { type AccountId, idOfBytes } from './protocol/ids.js';
import { idBytes, scryptDefault } from './protocol/limits.js';
import type { CredentialChange, Kdf, PasswordRecord, RecoveryRecord, Registration, SessionGrant } from './protocol/messages.js';
import { isLostAnswer } from './retries.js';

type Signal = AbortSignal | undefined;

/** Makes an account and logs it in; answers the recovery words. */
export async function register(connection: Connection, request: RegisterRequest, signal: Signal): Promise<string> {
  const { platform } = connection;
  const username = normaliseUsername(request.username);
  checkPasswordStrength(request.password, username);
  const invited = request.invitation === undefined ? undefined : await openInvitation(connection, request.invitation, signal);
  const recoveryWords = makeRecoveryWords(platform.randomBytes);
  const account = { accountId: idOfBytes<AccountId>(platform.randomBytes(idBytes)), username, accountKey: makeKey(platform.randomBytes) };
  const body: Registration = {
    accountId: account.accountId,
    username,
    ...(request.email === undefined ? {} : { email: request.email }),
    password: (await newPassword(connection, account, request.password)).record,
    recovery: await newRecovery(connection, account, recoveryWords),
    ...(await newKeys(connection, account, invited?.group ?? request.domain ?? connection.server.defaultDomain)),
    ...(invited === undefined ? {} : { invitationCode: invited.code }),
    ...(request.setupToken === undefined ? {} : { setupToken: request.setupToken }),
    carrier: platform.carrier,
    ...(request.device === undefined ? {} : { device: request.device }),
  };
  const grant = await registerOnce(connection, { body, request, signal });
  await enter(connection, { grant, isKept: false }, account.accountKey);
  return recoveryWords;
}

/** Logs in with name and password. */
export async function login(connection: Connection, credentials: Credentials, signal: Signal): Promise<void> {
  const { grant, keys } = await loginGrant(connection, credentials, signal);
  await enter(connection, { grant, isKept: credentials.isKept === true }, await passwordUnwrapped(connection, grant, keys));
}

/** Proves the words, sets a new password under them, and is logged in. */
export async function recover(connection: Connection, request: RecoverRequest, signal: Signal): Promise<void> {
  const { platform, transport } = connection;
  const username = normaliseUsername(request.username);
  checkPasswordStrength(request.newPassword, username);
  const { recoveryAuth, recoveryWrap } = await recoveryKeys(platform.crypto, request.recoveryWords);
  const answer = await transport.call('openRecovery', { body: { username, recoveryAuth }, signal });
  const { accountId, revision } = answer.account;
  checkName(answer.account.username, username);
  const place = { accountId, under: 'recovery', wrapKey: recoveryWrap } as const;
  const accountKey = await unwrapAccountKey(platform.crypto, place, answer.recoveryWrappedAccountKey);
  const { record: password } = await newPassword(connection, { accountId, accountKey }, request.newPassword);
  const body: CredentialChange = { proof: { username, recoveryAuth, ...given(request.code) }, expectedRevision: revision, password, carrier: platform.carrier };
  const login = { username, password: request.newPassword, device: request.device };
  await enter(connection, { grant: await changeOnce(connection, { body, login, signal }), isKept: false }, accountKey);
  await nameChange(connection, signal);
}

/** Replaces the password; the old one is the proof. */
export async function changePassword(connection: Connection, change: { readonly current: string; readonly next: string; readonly code?: string | undefined }, signal: Signal): Promise<void> {
  const { account } = sessionOf(connection);
  checkPasswordStrength(change.next, account.record.username);
  const { record: password } = await newPassword(connection, { accountId: account.record.accountId, accountKey: account.accountKey }, change.next);
  await changeWithPassword(connection, { change: { password }, current: change.current, next: change.next, code: change.code, signal });
  await nameChange(connection, signal);
}

/** Replaces the recovery words; the password is the proof. */
export async function changeRecoveryWords(connection: Connection, proof: { readonly password: string; readonly code?: string | undefined }, signal: Signal): Promise<string> {
  const { account } = sessionOf(connection);
  const words = makeRecoveryWords(connection.platform.randomBytes);
  const recovery = await newRecovery(connection, { accountId: account.record.accountId, accountKey: account.accountKey }, words);
  await changeWithPassword(connection, { change: { recovery }, current: proof.password, next: proof.password, code: proof.code, signal });
  // The words are shown once: what fails from here on is told by whatever comes next.
  await nameChange(connection, signal).catch(() => undefined);
  return words;
}

interface NewAccount {
  readonly accountId: AccountId;
  readonly accountKey: Uint8Array;
}

interface PasswordChange {
  readonly change: Pick<CredentialChange, 'password' | 'recovery'>;
  readonly current: string;
  /** The password that holds afterwards. */
  readonly next: string;
  readonly code: string | undefined;
  readonly signal: Signal;
}

async function changeWithPassword(connection: Connection, { change, current, next, code, signal }: PasswordChange): Promise<void> {
  await checkHead(connection, signal);
  const { account: { accountKey, record: { username } }, isKept } = sessionOf(connection);
  const { authKey, revision: expectedRevision } = await passwordProof(connection, current, signal);
  const body: CredentialChange = { proof: { username, authKey, ...given(code) }, expectedRevision, ...change, carrier: connection.platform.carrier, isKept };
  const login = { username, password: next, isKept };
  await enter(connection, { grant: await changeOnce(connection, { body, login, signal }), isKept }, accountKey);
}

interface SentChange {
  readonly body: CredentialChange;
  /** What logs in afterwards. */
  readonly login: Credentials;
  readonly signal: Signal;
}

/**
 * A change whose answer was lost has happened or not: the new secret tells. Where it does not hold, the old one proves the same change once more;
 * the revision in it lets only one of them happen, whichever the server comes to first.
 */
async function changeOnce(connection: Connection, sent: SentChange): Promise<SessionGrant> {
  const send = () => connection.transport.call('changeCredentials', { body: sent.body, signal: sent.signal });
  try {
    return await send();
  } catch (lost) {
    if (!isLostAnswer(lost)) throw lost;
    try {
      return (await grantIfChanged(connection, sent)) ?? (await orIfOutrun(send(), () => grantIfChanged(connection, sent)));
    } catch (thrown) {
      throw isLostAnswer(thrown) || isCode(thrown, 'rate-limited') ? unknownOutcome(lost, sent) : thrown;
    }
  }
}

/** A session where the new secret holds; undefined where it does not. */
async function grantIfChanged(connection: Connection, { body: { proof: { username }, password, recovery }, login: credentials, signal }: SentChange): Promise<SessionGrant | undefined> {
  try {
    if (password === undefined && recovery !== undefined) await connection.transport.call('openRecovery', { body: { username, recoveryAuth: recovery.recoveryAuth }, signal });
    return (await loginGrant(connection, credentials, signal)).grant;
  } catch (thrown) {
    if (isCode(thrown, 'credentials-wrong')) return undefined;
    // Asked for only after a right password.
    if (!isCode(thrown, 'second-factor-required')) throw thrown;
    const lostWords = password === undefined ? ' and make recovery words once more: the old ones are void, and nobody saw the new ones' : '';
    throw new DiceError(thrown.code, `${thrown.message} The change happened, but its answer was lost. Log in with a new code${lostWords}.`);
  }
}

/** The answer of the second try, or of what finds out, where the server did the first one after all. */
async function orIfOutrun(second: Promise<SessionGrant>, findOut: () => Promise<SessionGrant | undefined>): Promise<SessionGrant> {
  try {
    return await second;
  } catch (thrown) {
    const grant = isCode(thrown, 'revision-conflict', 'credentials-wrong') || isLostAnswer(thrown) ? await findOut() : undefined;
    if (grant === undefined) throw thrown;
    return grant;
  }
}

/** Nobody saw the new words, so the person can try neither these nor be sure of the old ones. */
function unknownOutcome(lost: DiceError, { body: { password } }: SentChange): DiceError {
  const advice = password === undefined
    ? 'the recovery words that you have may be void. Make new ones as soon as the server answers.'
    : 'the new password may hold, or the old one. Try both, and change it again.';
  return new DiceError(lost.code, `${lost.message} Whether the change happened is not known: ${advice}`, lost.extra);
}

async function registerOnce(
  connection: Connection,
  { body, request, signal }: { readonly body: Registration; readonly request: RegisterRequest; readonly signal: Signal },
): Promise<SessionGrant> {
  try {
    return await connection.transport.call('register', { body, signal });
  } catch (thrown) {
    if (!isLostAnswer(thrown)) throw thrown;
    const grant = await loginInstead(connection, { credentials: request, signal, lost: thrown });
    if (grant.account.accountId !== body.accountId) throw fault('wrong-account');
    return grant;
  }
}

async function loginInstead(
  connection: Connection,
  { credentials, signal, lost }: { readonly credentials: Credentials; readonly signal: Signal; readonly lost: unknown },
): Promise<SessionGrant> {
  try {
    return (await loginGrant(connection, credentials, signal)).grant;
  } catch {
    throw lost;
  }
}

function isCode(thrown: unknown, ...codes: readonly DiceErrorCode[]): thrown is DiceError {
  return thrown instanceof DiceError && codes.includes(thrown.code);
}

async function loginGrant(connection: Connection, credentials: Credentials, signal: Signal): Promise<{ grant: SessionGrant; keys: LoginKeys }> {
  const { platform, transport } = connection;
  const username = normaliseUsername(credentials.username);
  const { kdf } = await transport.call('readLoginParameters', { body: { username }, signal });
  const keys = await deriveLogin(platform.crypto, { password: credentials.password, realm: connection.server.realm, kdf });
  const device = credentials.device === undefined ? {} : { device: credentials.device };
  const grant = await transport.call('login', { body: { username, authKey: keys.authKey, carrier: platform.carrier, ...device, ...(credentials.isKept === true ? { isKept: true } : {}), ...given(credentials.code) }, signal });
  checkName(grant.account.username, username);
  return { grant, keys };
}

async function passwordUnwrapped({ platform }: Connection, { account }: SessionGrant, keys: LoginKeys): Promise<Uint8Array> {
  const wrapKey = await keys.wrapKey(account.accountId);
  return unwrapAccountKey(platform.crypto, { accountId: account.accountId, under: 'password', wrapKey }, account.wrappedAccountKey);
}

async function enter(connection: Connection, begun: BegunSession, accountKey: Uint8Array): Promise<OpenAccount> {
  checkNotOlder(begun.grant.account, connection.session?.account.record);
  const account = await openAccount(connection.platform.crypto, begun.grant.account, accountKey);
  beginSession(connection, begun, account);
  return account;
}

function given(code: string | undefined): { readonly code?: string } {
  return code === undefined ? {} : { code };
}

function checkName(told: string, asked: string): void {
  if (told !== asked) throw fault('wrong-account');
}

async function newPassword({ platform, server }: Connection, account: NewAccount, password: string): Promise<{ record: PasswordRecord }> {
  const kdf: Kdf = { ...scryptDefault, salt: platform.randomBytes(16) };
  const keys = await deriveLogin(platform.crypto, { password, realm: server.realm, kdf });
  const place = { accountId: account.accountId, under: 'password', wrapKey: await keys.wrapKey(account.accountId) } as const;
  const wrap = { accountKey: account.accountKey, randomBytes: platform.randomBytes };
  return { record: { kdf, authKey: keys.authKey, wrappedAccountKey: await wrapAccountKey(platform.crypto, place, wrap) } };
}

async function newRecovery({ platform }: Connection, account: NewAccount, words: string): Promise<RecoveryRecord> {
  const { recoveryAuth, recoveryWrap } = await recoveryKeys(platform.crypto, words);
  const place = { accountId: account.accountId, under: 'recovery', wrapKey: recoveryWrap } as const;
  const wrap = { accountKey: account.accountKey, randomBytes: platform.randomBytes };
  return { recoveryAuth, wrappedAccountKey: await wrapAccountKey(platform.crypto, place, wrap) };
}

/** Identity and keyring of a new account: both at their first revision. */
async function newKeys(
  { platform }: Connection,
  { accountId, accountKey, username }: NewAccount & { readonly username: string },
  choice: 'open' | 'personal' | Group,
): Promise<Pick<Registration, 'identity' | 'keyring'>> {
  const { crypto, randomBytes } = platform;
  const identity = makeIdentity(randomBytes);
  const place = { accountId, accountKey, epoch: identity.epoch };
  const keyring = makeKeyring(randomBytes, typeof choice === 'string' ? choice : { group: choice });
  return {
    identity: {
      x25519: identity.x25519,
      ed25519: identity.ed25519,
      epoch: identity.epoch,
      signature: signIdentity(identity, accountId, username),
      wrapped: await wrapIdentity(crypto, place, { identity, randomBytes }),
    },
    keyring: await sealKeyring(crypto, { accountId, accountKey, revision: 1 }, { keyring, randomBytes }),
  };
}

async function openInvitation({ platform, transport }: Connection, link: string, signal: Signal): Promise<{ code: Uint8Array; group: Group }> {
  const secret = parseInvitationLink(link);
  const opened = await transport.call('openInvitation', { body: { code: secret.code }, signal });
  const group = await openInvitedGroup(platform.crypto, secret, { inviterId: opened.inviterId, sealed: opened.sealedGroup });
  return { code: secret.code, group };
}
