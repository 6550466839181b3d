/**
 * Registrations, changes of secrets and closings with their calls to the stores failing in turn: somebody is known or not, has the old secrets
 * or the new ones, and a rebuild tells the same.
 */
import { describe, expect, it } from '@jest/globals';
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import type { CredentialChange } from '../../client-sdk/protocol/messages.js';
import { finishClosings } from '../../server/core/closing.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { StorageError } from '../../server/ports/errors.js';
import { blocksOf, type CoreStore, hereAndTrusted, registrationOf } from './core-store.js';
import { refusalCode } from './refusal.js';
import { isDone, type OpenSwept } from './swept-store.js';

export function accountSweeps(open: OpenSwept): void {
  registering(open);
  changing(open);
}

function registering(open: OpenSwept): void {
  describe('people, with calls failing in turn', () => {
    it('are registered, or may be registered again', async () => {
      const { swept } = await open();
      const { store } = swept;
      let registration = registrationOf('somebody-0');
      let number = 0;
      const { calls } = await swept.failingEach(() => store.services.accounts.register(registration, hereAndTrusted), async () => {
        await swept.expectWhole();
        const code = await refusalCode(() => store.services.accounts.register(registration, hereAndTrusted));
        expect([undefined, 'account-exists', 'username-taken']).toContain(code);
        expect(await login(store, registration.username, registration.password.authKey)).toBeUndefined();
        store.now++;
        // Nobody was told of this one; another person takes the name.
        const ghost = registrationOf(`ghost-${String(number)}`);
        swept.fault.arm(5, false);
        await store.services.accounts.register(ghost, hereAndTrusted).catch(() => undefined);
        expect(swept.fault.disarm()).toBe(true);
        store.now++;
        expect([undefined, 'username-taken']).toContain(await refusalCode(() => store.services.accounts.register(registrationOf(ghost.username), hereAndTrusted)));
        registration = registrationOf(`somebody-${String(++number)}`);
      });
      expect(calls).toBeGreaterThanOrEqual(5);
      const parts = store.beside();
      await rebuildStore(parts);
      for (const account of await store.parts.stores.accounts.list(undefined, 1_000)) {
        expect(await parts.stores.accounts.findByName(account.username)).toMatchObject({ accountId: account.accountId, authHash: account.authHash });
      }
    });

    it('are registered by one of two who want the same name at once, and a rebuild knows whose images there are', async () => {
      const { swept } = await open();
      const { store } = swept;
      let number = 0;
      const { calls } = await swept.failingEach(async () => {
        const rivals = [registrationOf(`rival-${String(number)}`), registrationOf(`rival-${String(number)}`)];
        number++;
        const outcomes = await Promise.all(rivals.map(async (rival) => {
          const outcome: unknown = await store.services.accounts.register(rival, hereAndTrusted).then(() => 'done', (error: unknown) => error);
          return { rival, outcome };
        }));
        for (const { rival, outcome } of outcomes) if (isDone(outcome)) await swept.stored(rival.accountId);
        const failed = outcomes.find(({ outcome }) => outcome instanceof StorageError);
        if (failed !== undefined) throw failed.outcome as StorageError; // found as one
      }, () => { store.now++; return Promise.resolve(); });
      expect(calls).toBeGreaterThan(5);
      const parts = store.beside();
      await rebuildStore(parts);
      await swept.expectWhole(parts);
    });
  });
}

function changing(open: OpenSwept): void {
  describe('accounts, with calls failing in turn', () => {
    it.each(['password', 'recovery'] as const)('change their credentials, proved by %s, or keep the old ones', async (proof) => {
      const { swept, first: ada } = await open();
      const { store } = swept;
      const { username } = ada.registration;
      await swept.stored(ada.accountId);
      let [authKey, recoveryAuth, turn] = [ada.registration.password.authKey, ada.registration.recovery.recoveryAuth, 0];
      const made = registrationOf('any').password;
      const changeTo = async (newKey: Uint8Array, newWords: Uint8Array): Promise<void> => {
        const revision = (await store.parts.stores.accounts.find(ada.accountId))?.revision ?? 0;
        const change: CredentialChange = {
          proof: proof === 'password' ? { username, authKey } : { username, recoveryAuth }, expectedRevision: revision, carrier: 'bearer',
          password: { ...made, authKey: newKey }, recovery: { recoveryAuth: newWords, wrappedAccountKey: new Uint8Array(80) },
        };
        if (proof === 'recovery') await store.services.accounts.openRecovery({ username, recoveryAuth }, hereAndTrusted);
        await store.services.accounts.changeCredentials(change, hereAndTrusted);
      };
      const next = (): readonly [Uint8Array, Uint8Array] => [new Uint8Array(32).fill(2 * turn + 100), new Uint8Array(32).fill(2 * turn + 101)];
      const { calls } = await swept.failingEach(() => changeTo(...next()), async (outcome) => {
        const [newKey, newWords] = next();
        const isNew = (await login(store, username, newKey)) === undefined;
        expect(await login(store, username, authKey)).toBe(isNew ? 'credentials-wrong' : undefined);
        if (isDone(outcome)) expect(isNew).toBe(true);
        if (!isNew) await changeTo(newKey, newWords);
        [authKey, recoveryAuth] = [newKey, newWords];
        turn++;
        expect(await login(store, username, authKey)).toBeUndefined();
        expect(await refusalCode(() => store.services.accounts.openRecovery({ username, recoveryAuth }, hereAndTrusted))).toBeUndefined();
        store.now++;
        await swept.expectWhole();
        await swept.expectRebuilt();
      });
      expect(calls).toBeGreaterThan(5);
    });

    it('change their keyring once', async () => {
      const { swept, first: { accountId } } = await open();
      const { store } = swept;
      let turn = 1;
      const revision = async (): Promise<number> => (await store.parts.stores.accounts.find(accountId))?.keyringRevision ?? 0;
      const change = (): Promise<number> => store.services.accounts.changeKeyring(accountId, { expectedRevision: turn, keyring: new Uint8Array(40).fill(turn) });
      const { calls } = await swept.failingEach(change, async () => {
        if ((await revision()) === turn) await change();
        else expect(await refusalCode(change)).toBe('revision-conflict');
        expect(await store.parts.stores.accounts.find(accountId)).toMatchObject({ keyringRevision: turn + 1, keyring: new Uint8Array(40).fill(turn) });
        turn++;
        store.now++;
        await swept.expectWhole();
        await swept.expectRebuilt();
      });
      expect(calls).toBeGreaterThan(2);
    });

    it('are closed, or can be closed again, and no rebuild brings one back', async () => {
      const { swept, first: operator } = await open();
      const { store } = swept;
      await swept.stored(operator.accountId);
      const shared = blocksOf(2);
      await swept.stored(operator.accountId, shared);
      const closed: AccountId[] = [];
      let person = await store.register();
      await store.store(person.accountId, [...shared, ...blocksOf(2)]);
      const close = async (): Promise<void> => {
        const row = await store.parts.stores.accounts.find(person.accountId);
        if (row !== undefined) await store.services.accounts.close(row, person.registration.password.authKey, hereAndTrusted);
      };
      const { calls } = await swept.failingEach(close, async () => {
        await close();
        store.now++;
        // The collector's first step. The next ones would take the account's records out of the packs, and what closed it with them.
        await finishClosings(store.parts, undefined);
        const beside = store.beside();
        await rebuildStore(beside);
        expect(await beside.stores.accounts.find(person.accountId)).toBeUndefined();
        await store.services.sweep.sweep({ isThorough: true });
        expect(await store.parts.stores.images.list(person.accountId, { isTrash: false, after: undefined, limit: 10 })).toEqual([]);
        await swept.expectWhole();
        closed.push(person.accountId);
        person = await store.register();
        await store.store(person.accountId, [...shared, ...blocksOf(2)]);
      });
      expect(calls).toBeGreaterThanOrEqual(5);
      const parts = store.beside();
      await rebuildStore(parts);
      for (const accountId of closed) expect(await parts.stores.accounts.find(accountId)).toBeUndefined();
      await swept.expectWhole(parts);
    });
  });
}

function login({ services }: CoreStore, username: string, authKey: Uint8Array): Promise<string | undefined> {
  return refusalCode(() => services.accounts.login({ username, authKey, carrier: 'bearer' }, hereAndTrusted));
}
