/**
 * Guessing of secrets against the services: whichever way a secret can be tried, and however many tries are made at once, the
 * limiter sees each; the owner's sessions and other networks go on meanwhile. SPEC.md section 12.
 */
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { RefusalCode } from '../../client-sdk/protocol/refusals.js';
import { CoreStore, hereAndTrusted, type Registered } from '../support/core-store.js';
import { refusalCode } from '../support/refusal.js';

let store: CoreStore;

afterEach(async () => {
  await store.close();
});

const wrong = new Uint8Array(32).fill(3);
const mallory = { address: '192.0.2.66', isTrustedLocal: false };
const elsewhere = { address: '192.0.2.1', isTrustedLocal: false };

/** Every way to try a secret, by name. */
function waysOf({ registration, begun }: Registered): Readonly<Record<string, () => Promise<unknown>>> {
  const { username } = registration;
  const { accounts, sessions } = store.services;
  const change = (proof: object) => accounts.changeCredentials({ proof: { username, ...proof }, expectedRevision: 1, password: registration.password, carrier: 'bearer' }, mallory);
  return {
    login: () => accounts.login({ username, authKey: wrong, carrier: 'bearer' }, mallory),
    recovery: () => accounts.openRecovery({ username, recoveryAuth: wrong }, mallory),
    'change by password': () => change({ authKey: wrong }),
    'change by words': () => change({ recoveryAuth: wrong }),
    'change by both': () => change({ authKey: wrong, recoveryAuth: wrong }),
    'change by neither': () => change({}),
    closing: async () => {
      const caller = await sessions.authenticate(begun.token);
      if (caller === undefined) throw new Error('the session is not known');
      await accounts.close(caller.account, wrong, mallory);
    },
  };
}

async function outcomes(tries: readonly (() => Promise<unknown>)[]): Promise<Readonly<Record<string, number>>> {
  const counted: Partial<Record<RefusalCode | 'let in', number>> = {};
  for (const code of await Promise.all(tries.map((attempt) => refusalCode(attempt)))) counted[code ?? 'let in'] = (counted[code ?? 'let in'] ?? 0) + 1;
  return counted;
}

describe('a secret', () => {
  it('is tried five times, whichever way, and the owner elsewhere is untouched', async () => {
    store = await CoreStore.open();
    await store.register();
    const ada = await store.register();
    const ways = Object.values(waysOf(ada));
    expect(await outcomes([...ways, ...ways])).toEqual({ 'credentials-wrong': 5, 'rate-limited': 2 * ways.length - 5 });
    const { username, password, recovery } = ada.registration;
    await store.services.accounts.login({ username, authKey: password.authKey, carrier: 'bearer' }, elsewhere);
    await store.services.accounts.openRecovery({ username, recoveryAuth: recovery.recoveryAuth }, elsewhere);
    expect((await store.services.sessions.authenticate(ada.begun.token))?.account.username).toBe(username);
  });

  it('is tried five times by 500 at once, though the store takes its time', async () => {
    store = await CoreStore.open({}, (stores) => {
      const accounts = Object.create(stores.accounts, {
        findByName: { value: async (name: string) => { await setTimeout(2); return stores.accounts.findByName(name); } },
      }) as typeof stores.accounts; // the same port with one slower method
      return { ...stores, accounts };
    });
    const { registration } = await store.register();
    const guess = (username: string) => () => store.services.accounts.login({ username, authKey: wrong, carrier: 'bearer' }, mallory);
    expect(await outcomes(Array.from({ length: 500 }, () => guess(registration.username)))).toEqual({ 'credentials-wrong': 5, 'rate-limited': 495 });
    expect(await outcomes(Array.from({ length: 500 }, () => guess('nobody')))).toEqual({ 'credentials-wrong': 5, 'rate-limited': 495 });
  });

  it('may be shown rightly by many at once', async () => {
    store = await CoreStore.open();
    const { registration } = await store.register();
    const login = () => store.services.accounts.login({ username: registration.username, authKey: registration.password.authKey, carrier: 'bearer' }, hereAndTrusted);
    expect(await outcomes(Array.from({ length: 50 }, () => login))).toEqual({ 'let in': 50 });
  });
});

describe('guesses at a thousand names from one network', () => {
  it('end after sixty, alike for known names and unknown, and others log in meanwhile', async () => {
    store = await CoreStore.open();
    const people = [await store.register(), await store.register(), await store.register()];
    const names = [...people.map(({ registration }) => registration.username), ...Array.from({ length: 997 }, (_, i) => `name.${String(i)}`)];
    expect(await outcomes(names.map((username) => () => store.services.accounts.login({ username, authKey: wrong, carrier: 'bearer' }, mallory)))).toEqual({ 'credentials-wrong': 60, 'rate-limited': 940 });
    for (const { registration, begun } of people) {
      const { username, password } = registration;
      const again = () => store.services.accounts.login({ username, authKey: password.authKey, carrier: 'bearer' }, mallory);
      expect(await refusalCode(again)).toBe('rate-limited');
      await store.services.accounts.login({ username, authKey: password.authKey, carrier: 'bearer' }, elsewhere);
      expect((await store.services.sessions.authenticate(begun.token))?.account.username).toBe(username);
    }
    store.now += 60_000;
    expect(await refusalCode(() => store.services.accounts.login({ username: 'nobody', authKey: wrong, carrier: 'bearer' }, mallory))).toBe('credentials-wrong');
  });
});
