/**
 * Accounts, sessions and invitations over the real stores.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { InvitationId } from '../../client-sdk/protocol/ids.js';
import { checkStore } from '../../server/core/check.js';
import { blocksOf, CoreStore, hereAndTrusted, randomId, registrationOf, sha256 } from '../support/core-store.js';
import { refusalCode } from '../support/refusal.js';

let store: CoreStore;

afterEach(async () => {
  await store.close();
});

const bytes = (seed: number, length = 32): Uint8Array => new Uint8Array(length).fill(seed);
const elsewhere = { address: '192.0.2.1', isTrustedLocal: false };

describe('registration', () => {
  it('makes the first account the operator’s, and no later one', async () => {
    store = await CoreStore.open();
    expect((await store.register()).begun.grant.account.isOperator).toBe(true);
    expect((await store.register()).begun.grant.account.isOperator).toBe(false);
  });

  it('asks the first account from elsewhere for the setup token, and only the first', async () => {
    store = await CoreStore.open();
    const { accounts } = store.services;
    expect(await refusalCode(() => accounts.register(registrationOf('ada'), elsewhere))).toBe('setup-token-required');
    expect(await refusalCode(() => accounts.register(registrationOf('ada', { setupToken: 'open sesamE' }), elsewhere))).toBe('setup-token-required');
    expect(await accounts.hasAccounts()).toBe(false);
    await accounts.register(registrationOf('ada', { setupToken: 'open sesame' }), elsewhere);
    await accounts.register(registrationOf('bob'), elsewhere);
  });

  it('lets only one of many at once be the first', async () => {
    store = await CoreStore.open({ signup: 'open' });
    const all = await Promise.all(Array.from({ length: 8 }, (_, i) => store.services.accounts.register(registrationOf(`name${i}`), hereAndTrusted)));
    expect(all.filter(({ grant }) => grant.account.isOperator)).toHaveLength(1);
  });

  it('refuses taken names and ids, odd names and cheap password hashes', async () => {
    store = await CoreStore.open();
    const ada = await store.register();
    const attempt = (...given: Parameters<typeof registrationOf>) => refusalCode(() => store.services.accounts.register(registrationOf(...given), hereAndTrusted));
    expect(await attempt(ada.registration.username)).toBe('username-taken');
    expect(await attempt('other', { accountId: ada.accountId })).toBe('account-exists');
    for (const name of ['Ada', 'ad', 'a b', 'ädä', 'a/b', 'a'.repeat(65)]) expect(await attempt(name)).toBe('request-invalid');
    const { password } = ada.registration;
    for (const cost of [{ log2N: 16 }, { r: 7 }, { p: 0 }, { log2N: 21 }]) {
      expect(await attempt('cheap', { password: { ...password, kdf: { ...password.kdf, ...cost } } })).toBe('request-invalid');
    }
  });

  it('follows the sign-up mode and uses an invitation once', async () => {
    store = await CoreStore.open({ signup: 'invite' });
    const ada = await store.register();
    const code = bytes(7, 16);
    const { invitations, accounts } = store.services;
    const card = await invitations.invite(ada.accountId, { invitationId: randomId<InvitationId>(), codeHash: sha256(code), sealedGroup: bytes(1), days: 1 });
    expect(await refusalCode(() => accounts.register(registrationOf('bob'), hereAndTrusted))).toBe('invitation-required');
    expect(await refusalCode(() => accounts.register(registrationOf('bob', { invitationCode: bytes(8, 16) }), hereAndTrusted))).toBe('invitation-invalid');
    expect(await invitations.open(code)).toMatchObject({ inviter: ada.registration.username, sealedGroup: bytes(1) });
    await accounts.register(registrationOf('bob', { invitationCode: code }), hereAndTrusted);
    expect(await refusalCode(() => accounts.register(registrationOf('eve', { invitationCode: code }), hereAndTrusted))).toBe('invitation-invalid');
    expect(await invitations.list(ada.accountId)).toMatchObject([{ invitationId: card.invitationId, usedBy: 'bob' }]);
    expect(await refusalCode(() => invitations.end(ada.accountId, randomId<InvitationId>()))).toBe('not-found');
  });

  it('is closed where the operator closed it', async () => {
    store = await CoreStore.open({ signup: 'closed' });
    await store.register();
    expect(await refusalCode(() => store.register())).toBe('signup-closed');
  });
});

describe('login', () => {
  it('opens with the right key, and refuses a wrong key and an unknown user alike', async () => {
    store = await CoreStore.open();
    const { registration } = await store.register();
    const { accounts, sessions } = store.services;
    const { token } = await accounts.login({ username: registration.username, authKey: registration.password.authKey, carrier: 'bearer' }, elsewhere);
    expect((await sessions.authenticate(token))?.account.accountId).toBe(registration.accountId);
    const wrong = await accounts.login({ username: registration.username, authKey: bytes(1), carrier: 'bearer' }, elsewhere).catch((error: unknown) => error);
    const unknown = await accounts.login({ username: 'nobody', authKey: bytes(1), carrier: 'bearer' }, elsewhere).catch((error: unknown) => error);
    expect(wrong).toEqual(unknown);
    expect(wrong).toMatchObject({ code: 'credentials-wrong' });
  });

  it('gives an unknown user a stable salt of its own', async () => {
    store = await CoreStore.open();
    const { accounts } = store.services;
    const [once, again, other] = [await accounts.loginParameters('nobody'), await accounts.loginParameters('nobody'), await accounts.loginParameters('no.body')];
    expect(once).toEqual(again);
    expect(once.salt).not.toEqual(other.salt);
    expect(once).toMatchObject({ log2N: 17, r: 8, p: 1 });
    expect(once.salt).toHaveLength(16);
  });

  it('slows guesses down, and the owner at another address logs in meanwhile', async () => {
    store = await CoreStore.open();
    const { registration } = await store.register();
    const { username } = registration;
    const guess = () => refusalCode(() => store.services.accounts.login({ username, authKey: bytes(3), carrier: 'bearer' }, elsewhere));
    for (let i = 0; i < 5; i++) expect(await guess()).toBe('credentials-wrong');
    expect(await guess()).toBe('rate-limited');
    await store.services.accounts.login({ username, authKey: registration.password.authKey, carrier: 'bearer' }, hereAndTrusted);
  });
});

describe('sessions', () => {
  it('of pages have a page key and a CSRF token that a reload gets again, and end when idle', async () => {
    store = await CoreStore.open();
    const { begun } = await store.register({ carrier: 'cookie' });
    const { sessions } = store.services;
    expect(begun.grant.token).toBeUndefined();
    const caller = await sessions.authenticate(begun.token);
    if (caller === undefined) throw new Error('the session is not known');
    expect(sessions.pageSession(caller)).toMatchObject({ pageKey: begun.grant.pageKey, csrfToken: begun.grant.csrfToken });
    expect(sessions.isCsrfToken(caller, begun.grant.csrfToken ?? bytes(0))).toBe(true);
    expect(sessions.isCsrfToken(caller, bytes(0))).toBe(false);
    store.now += 11 * 3_600_000;
    expect(await sessions.authenticate(begun.token)).toBeDefined();
    store.now += 11 * 3_600_000;
    expect(await sessions.authenticate(begun.token)).toBeDefined();
    store.now += 12 * 3_600_000 + 1;
    expect(await sessions.authenticate(begun.token)).toBeUndefined();
  });

  it('of pages that are kept do not end when idle, but after thirty days; bearers are never of that kind', async () => {
    store = await CoreStore.open();
    const { registration } = await store.register();
    const { accounts, sessions } = store.services;
    const login = (carrier: 'cookie' | 'bearer') => accounts.login({ username: registration.username, authKey: registration.password.authKey, carrier, isKept: true }, hereAndTrusted);
    const { token, session } = await login('cookie');
    expect((await login('bearer')).session.isKept).toBe(false);
    store.now += 29 * 24 * 3_600_000;
    const caller = await sessions.authenticate(token);
    expect(caller === undefined ? undefined : sessions.pageSession(caller)).toMatchObject({ isKept: true });
    store.now = session.expiresAt;
    expect(session.expiresAt - session.createdAt).toBe(30 * 24 * 3_600_000);
    expect(await sessions.authenticate(token)).toBeUndefined();
  });

  it('are listed, revoked, and end at their expiry; a token is not found by anything but itself', async () => {
    store = await CoreStore.open();
    const { begun, accountId } = await store.register();
    const { sessions } = store.services;
    const made = await sessions.makeToken(accountId, { device: 'scanner', days: 2 });
    const caller = await sessions.authenticate(begun.token);
    if (caller === undefined) throw new Error('the session is not known');
    expect((await sessions.list(caller)).map(({ kind, isCurrent }) => [kind, isCurrent]).sort()).toEqual([['bearer', true], ['token', false]]);
    expect(await sessions.authenticate(sha256(made.token))).toBeUndefined();
    expect(await sessions.authenticate(made.token.subarray(1))).toBeUndefined();
    store.now = made.expiresAt;
    expect(await sessions.authenticate(made.token)).toBeUndefined();
    await sessions.end(accountId, begun.session.sessionId);
    expect(await sessions.authenticate(begun.token)).toBeUndefined();
    expect(await refusalCode(() => sessions.end(accountId, begun.session.sessionId))).toBe('not-found');
  });
});

describe('too many sessions', () => {
  it('end the one that was idle longest at a login, and refuse a further token', async () => {
    store = await CoreStore.open();
    const { begun, registration, accountId } = await store.register();
    const { accounts, sessions } = store.services;
    const login = () => accounts.login({ username: registration.username, authKey: registration.password.authKey, carrier: 'bearer' }, hereAndTrusted);
    store.now++;
    for (let i = 0; i < 63; i++) await login();
    expect(await sessions.authenticate(begun.token)).toBeDefined();
    expect(await refusalCode(() => sessions.makeToken(accountId, { device: 'scanner', days: 1 }))).toBe('too-many');
    const { token } = await login();
    expect(await sessions.authenticate(begun.token)).toBeUndefined();
    expect(await sessions.authenticate(token)).toBeDefined();
  });
});

describe('a change of credentials', () => {
  it('needs a proof, ends all other sessions, and the old password is worth nothing', async () => {
    store = await CoreStore.open();
    const { begun, registration, accountId } = await store.register();
    const { accounts, sessions } = store.services;
    const token = await sessions.makeToken(accountId, { device: 'scanner', days: 2 });
    const password = { ...registration.password, authKey: bytes(9), wrappedAccountKey: bytes(10) };
    const change = { proof: { username: registration.username, authKey: registration.password.authKey }, expectedRevision: 1, password, carrier: 'bearer' as const };
    expect(await refusalCode(() => accounts.changeCredentials({ ...change, proof: { username: registration.username } }, elsewhere))).toBe('credentials-wrong');
    expect(await refusalCode(() => accounts.changeCredentials({ ...change, expectedRevision: 2 }, elsewhere))).toBe('revision-conflict');
    const changed = await accounts.changeCredentials(change, elsewhere);
    expect(changed.grant.account).toMatchObject({ revision: 2, wrappedAccountKey: bytes(10) });
    expect(await sessions.authenticate(begun.token)).toBeUndefined();
    expect(await sessions.authenticate(token.token)).toBeUndefined();
    expect(await sessions.authenticate(changed.token)).toBeDefined();
    expect(await refusalCode(() => accounts.changeCredentials(change, elsewhere))).toBe('credentials-wrong');
  });

  it('of two at once only one wins', async () => {
    store = await CoreStore.open();
    const { registration } = await store.register();
    const proof = { username: registration.username, recoveryAuth: registration.recovery.recoveryAuth };
    const outcomes = await Promise.all([11, 12].map((seed) => refusalCode(() => store.services.accounts.changeCredentials(
      { proof, expectedRevision: 1, password: { ...registration.password, authKey: bytes(seed) }, carrier: 'bearer' }, hereAndTrusted))));
    expect([...outcomes].sort()).toEqual(['revision-conflict', undefined]);
  });

  it('is open to the recovery words, which also open the wrapped account key', async () => {
    store = await CoreStore.open();
    const { registration } = await store.register();
    const { username } = registration;
    const answer = await store.services.accounts.openRecovery({ username, recoveryAuth: registration.recovery.recoveryAuth }, elsewhere);
    expect(answer.recoveryWrappedAccountKey).toEqual(registration.recovery.wrappedAccountKey);
    expect(await refusalCode(() => store.services.accounts.openRecovery({ username, recoveryAuth: registration.password.authKey }, elsewhere))).toBe('credentials-wrong');
  });
});

describe('an account record', () => {
  it('follows keyring and e-mail, conflicts on an old revision, and its pack record always tells the newest', async () => {
    store = await CoreStore.open();
    const { accountId, registration } = await store.register();
    const { accounts } = store.services;
    expect(await accounts.changeKeyring(accountId, { expectedRevision: 1, keyring: bytes(20) })).toBe(2);
    expect(await refusalCode(() => accounts.changeKeyring(accountId, { expectedRevision: 1, keyring: bytes(21) }))).toBe('revision-conflict');
    await accounts.changeEmail(accountId, 'ada@example.org');
    const account = await store.parts.stores.accounts.find(accountId);
    expect(account).toMatchObject({ keyring: bytes(20), keyringRevision: 2, revision: 1, email: 'ada@example.org', username: registration.username });
    await store.store(accountId, blocksOf(1));
    expect(await checkStore(store.parts, { onFinding: () => undefined })).toMatchObject({ accounts: 1, findings: 0 });
  });
});
