/**
 * Closing an account: by the rules over the real stores, over the wire, by the SDK and by the command. What others have stays; what
 * was interrupted is finished; no rebuild brings anything back.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { checkStore } from '../../server/core/check.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { StorageError } from '../../server/ports/errors.js';
import { blocksOf, CoreStore, hereAndTrusted, inFrontOf, registrationOf, type Registered } from '../support/core-store.js';
import { Person } from '../support/dice-command.js';
import { refusalCode } from '../support/refusal.js';
import { registerRaw } from '../support/raw-account.js';
import { startServer } from '../support/running-server.js';
import { clientOf, codeOf, downloaded, registered, storedId, testPassword } from '../support/sdk-client.js';

const thorough = { isThorough: true } as const;
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function opened(...given: Parameters<typeof CoreStore.open>): Promise<CoreStore> {
  const store = await CoreStore.open(...given);
  ends.push(() => store.close());
  return store;
}

async function close(store: CoreStore, { begun, registration }: Registered): Promise<void> {
  const caller = await store.services.sessions.authenticate(begun.token);
  if (caller === undefined) throw new Error('the session is not known');
  await store.services.accounts.close(caller.account, registration.password.authKey, hereAndTrusted);
}

describe('closing by the rules', () => {
  it('takes images, sessions and name, leaves shared blocks to the others and the rest to the collector', async () => {
    const store = await opened();
    const [operator, ada, bob] = [await store.register(), await store.register(), await store.register()];
    const [own, shared] = [blocksOf(3), blocksOf(4)];
    await store.store(ada.accountId, [...own, ...shared]);
    const bobs = await store.store(bob.accountId, shared);
    await close(store, ada);
    expect(await store.services.sessions.authenticate(ada.begun.token)).toBeUndefined();
    const login = { username: ada.registration.username, authKey: ada.registration.password.authKey, carrier: 'bearer' as const };
    expect(await refusalCode(() => store.services.accounts.login(login, hereAndTrusted))).toBe('credentials-wrong');
    expect(await store.services.report.operator()).toMatchObject({ accounts: 2, images: 1, unreferencedBlocks: 3 });
    store.now++;
    expect(await store.services.sweep.sweep(thorough)).toMatchObject({ collectedBlocks: 3 });
    expect(await store.fetch(bob.accountId, bobs, shared)).toHaveLength(4);
    expect(await checkStore(store.parts, { onFinding: () => undefined })).toMatchObject({ accounts: 2, images: 1, findings: 0 });
    expect(await refusalCode(() => store.services.accounts.register(registrationOf('again', { accountId: ada.accountId }), hereAndTrusted))).toBe('account-exists');
    await store.services.accounts.register(registrationOf(ada.registration.username), hereAndTrusted);
    expect(operator.begun.grant.account.isOperator).toBe(true);
  });

  it('wants the password, slows guesses down, and is refused to the operator', async () => {
    const store = await opened();
    const [operator, ada] = [await store.register(), await store.register()];
    expect(await refusalCode(() => close(store, operator))).toBe('forbidden');
    const guess = { ...ada, registration: { ...ada.registration, password: { ...ada.registration.password, authKey: new Uint8Array(32) } } };
    for (let i = 0; i < 5; i++) expect(await refusalCode(() => close(store, guess))).toBe('credentials-wrong');
    expect(await refusalCode(() => close(store, ada))).toBe('rate-limited');
    expect(await store.parts.stores.accounts.count()).toBe(2);
  });

  it('is not undone by a rebuild, neither of an empty nor of an old database', async () => {
    const store = await opened();
    const [bob, ada] = [await store.register(), await store.register()];
    await store.store(ada.accountId, blocksOf(3));
    await store.store(bob.accountId, blocksOf(2));
    const old = store.beside();
    await rebuildStore(old);
    await close(store, ada);
    for (const parts of [store.beside(), old]) {
      expect(await rebuildStore(parts)).toMatchObject({ accounts: 1, images: 1, incomplete: [] });
      expect(await parts.stores.accounts.find(ada.accountId)).toBeUndefined();
      expect((await parts.stores.images.usage(ada.accountId)).images).toBe(0);
      expect(await parts.stores.accounts.listClosing(5)).toEqual([]);
    }
  });

  it.each(['clear', 'noteClosed'] as const)('goes on in the next sweep where it died before %s', async (step) => {
    let isBroken = true;
    const fail = () => Promise.reject(new StorageError('the disk is gone', { retryable: false }));
    const store = await opened({}, (stores) => ({
      ...stores,
      accounts: inFrontOf(stores.accounts, { [step]: (...given: Parameters<typeof stores.accounts.clear>) => (isBroken ? fail() : stores.accounts[step](...given)) }),
    }));
    const [, ada] = [await store.register(), await store.register()];
    await store.store(ada.accountId, blocksOf(3));
    await expect(close(store, ada)).rejects.toThrow('the disk is gone');
    isBroken = false;
    expect(await store.services.sessions.authenticate(ada.begun.token)).toBeUndefined();
    await store.services.sweep.sweep(thorough);
    expect(await store.parts.stores.accounts.listClosing(5)).toEqual([]);
    expect(await store.services.report.operator()).toMatchObject({ images: 0 });
    expect(await rebuildStore(store.beside())).toMatchObject({ accounts: 1, images: 0 });
  });
});

describe('closing over the wire', () => {
  it('needs a session and the password, and the next request is a stranger’s', async () => {
    const server = await startServer();
    ends.push(() => server.close());
    await registerRaw(server.url, 'operator');
    const ada = await registerRaw(server.url, 'ada');
    const send = (authKey: string) => request(server.url).delete('/api/v1/account').set('Authorization', ada.bearer).send({ authKey });
    expect((await request(server.url).delete('/api/v1/account').send({ authKey: ada.authKey })).status).toBe(401);
    expect((await send('0'.repeat(64))).body).toMatchObject({ code: 'credentials-wrong' });
    expect((await send(ada.authKey)).status).toBe(204);
    expect((await send(ada.authKey)).body).toMatchObject({ code: 'unauthenticated' });
    expect(server.logText()).not.toContain(ada.authKey);
  });

  it('is what the SDK does after it compared the name; others go on reading what they share', async () => {
    const server = await startServer();
    ends.push(() => server.close());
    const inviter = await registered(server.url, 'inviter');
    const { link } = await inviter.invite();
    const guest = await registered(server.url, 'guest', { invitation: link });
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 13) & 0xff);
    const kept = await storedId(inviter, 'shared.bin', bytes);
    await storedId(guest, 'shared.bin', bytes);
    expect(await codeOf(guest.closeAccount({ username: 'inviter', password: testPassword }))).toBe('argument-invalid');
    expect(await codeOf(guest.closeAccount({ username: 'guest', password: 'another password 7' }))).toBe('credentials-wrong');
    await guest.closeAccount({ username: ' Guest ', password: testPassword });
    expect(guest.account).toBeUndefined();
    expect(await codeOf((await clientOf(server.url)).login({ username: 'guest', password: testPassword }))).toBe('credentials-wrong');
    await inviter.collect();
    expect(Buffer.from(await downloaded(inviter, kept)).equals(bytes)).toBe(true);
    expect(await inviter.invitations()).toMatchObject([{ usedAt: expect.any(Number) }]);
  });

  it('counts as done where only the answer was lost', async () => {
    const server = await startServer();
    ends.push(() => server.close());
    await registered(server.url, 'operator');
    const lossy = await clientOf(server.url, {
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        if (init.method === 'DELETE') throw new TypeError('the line broke');
        return answer;
      },
    });
    await lossy.register({ username: 'ada', password: testPassword });
    await lossy.closeAccount({ username: 'ada', password: testPassword });
    expect(await codeOf((await clientOf(server.url)).login({ username: 'ada', password: testPassword }))).toBe('credentials-wrong');
  });
});

describe('recovery words', () => {
  it('are checked against this very account without changing anything', async () => {
    const server = await startServer();
    ends.push(() => server.close());
    const [ada, bob] = [await clientOf(server.url), await clientOf(server.url)];
    const { recoveryWords } = await ada.register({ username: 'ada', password: testPassword });
    const others = (await bob.register({ username: 'bob', password: testPassword })).recoveryWords;
    await ada.checkRecoveryWords(recoveryWords);
    await ada.checkRecoveryWords(`  ${recoveryWords.toUpperCase().replaceAll(' ', '\n')} `);
    expect(await codeOf(ada.checkRecoveryWords(others))).toBe('recovery-words-invalid');
    expect(await codeOf(ada.checkRecoveryWords(recoveryWords.split(' ').slice(1).join(' ')))).toBe('recovery-words-invalid');
    expect((await ada.usage()).images).toBe(0);
  });
});

describe('dice close-account', () => {
  it('wants the user name typed, closes, and leaves an empty profile', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'dice-close-'));
    const server = await startServer();
    ends.push(() => rm(folder, { recursive: true, force: true }), () => server.close());
    await registered(server.url, 'operator');
    const eve = new Person({ url: server.url, profileDir: path.join(folder, 'eve'), username: 'eve' });
    await eve.must(['register', '--recovery-file', path.join(folder, 'words.txt')]);
    expect((await eve.dice(['close-account'])).stderr).toContain('--confirm');
    expect((await eve.dice(['close-account', '--confirm', 'adam'])).status).toBe(2);
    expect((await eve.must(['close-account', '--confirm', 'eve', '--json'])).json()).toEqual({ closed: true });
    expect(await readdir(path.join(folder, 'eve'))).toEqual([]);
    expect((await eve.dice(['login'])).status).toBe(5);
  });
});
