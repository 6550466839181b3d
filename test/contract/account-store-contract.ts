/**
 * The promises of the account store, as tests that every adapter passes.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AccountId, InvitationId, SessionId } from '../../client-sdk/protocol/ids.js';
import type { AccountRow, CreationTerms, InvitationRow, SessionRow } from '../../server/ports/account-store.js';
import { alice, begin, blockFrom, bob, idFrom, placeFrom, store, type MakeStores, type Stores } from './store-fixture.js';

interface Current {
  stores: Stores;
}

export function accountStoreContract(name: string, make: MakeStores): void {
  describe(`account store ${name}`, () => {
    // Given before each test; nothing reads it earlier.
    const current = {} as Current;
    beforeEach(async () => { current.stores = await make(); });
    afterEach(() => current.stores.close());
    creating(current);
    replacing(current);
    secondFactors(current);
    sessions(current);
    invitations(current);
    closing(current);
  });
}

const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

function accountFrom(number: number, more: Partial<AccountRow> = {}): AccountRow {
  return {
    accountId: idFrom<AccountId>(number),
    username: `user-${number}`,
    email: number % 2 === 0 ? `user${number}@example.org` : undefined,
    isOperator: false,
    kdf: { log2N: 17, r: 8, p: 1, salt: bytes(16, number) },
    authHash: bytes(32, number),
    recoveryHash: bytes(32, number + 1),
    wrappedAccountKey: bytes(120, number),
    recoveryWrappedAccountKey: bytes(121, number),
    identity: { x25519: bytes(32, 3), ed25519: bytes(32, 4), epoch: 1, signature: bytes(64, 5), wrapped: bytes(100, 6) },
    keyring: bytes(200, number),
    keyringRevision: 1,
    revision: 1,
    factor: undefined,
    quotaBytes: number % 2 === 0 ? 2 ** 40 : undefined,
    createdAt: 1_700_000_000_000 + number,
    place: placeFrom(number, 3),
    ...more,
  };
}

const freely: CreationTerms = { mustBeFirst: false, invitation: undefined, now: 1_000 };

function sessionFrom(number: number, accountId: AccountId, more: Partial<SessionRow> = {}): SessionRow {
  return {
    sessionId: idFrom<SessionId>(number), hash: bytes(32, number), accountId, kind: 'bearer', device: undefined,
    createdAt: 1_000, lastUsedAt: 1_000, expiresAt: 5_000, pageKey: undefined, csrfHash: undefined, isKept: false, ...more,
  };
}

function invitationFrom(number: number, more: Partial<InvitationRow> = {}): InvitationRow {
  return {
    invitationId: idFrom<InvitationId>(number), inviterId: alice, codeHash: bytes(32, number), sealedGroup: bytes(90, number),
    createdAt: 1_000, expiresAt: 5_000, usedAt: undefined, usedBy: undefined, ...more,
  };
}

function creating(current: Current): void {
  it('makes the first account the operator and keeps every field when opened again', async () => {
    const { accounts } = current.stores;
    expect(await accounts.count()).toBe(0);
    expect(await accounts.create(accountFrom(1), { ...freely, mustBeFirst: true })).toBe('created');
    expect(await accounts.create(accountFrom(2), freely)).toBe('created');
    current.stores = await current.stores.reopen();
    expect(await current.stores.accounts.count()).toBe(2);
    expect(await current.stores.accounts.find(alice)).toEqual(accountFrom(1, { isOperator: true }));
    expect(await current.stores.accounts.findByName('user-2')).toEqual(accountFrom(2));
    expect(await current.stores.accounts.find(idFrom<AccountId>(3))).toBeUndefined();
    expect(await current.stores.accounts.findByName('USER-2')).toBeUndefined();
  });

  it('refuses a taken id, a taken name, and a second first account', async () => {
    const { accounts } = current.stores;
    await accounts.create(accountFrom(1), freely);
    expect(await accounts.create(accountFrom(1, { username: 'other' }), freely)).toBe('id-taken');
    expect(await accounts.create(accountFrom(2, { username: 'user-1' }), freely)).toBe('name-taken');
    expect(await accounts.create(accountFrom(2), { ...freely, mustBeFirst: true })).toBe('not-first');
    expect(await accounts.count()).toBe(1);
  });

  it('lets one of many first accounts win, and one of many of one name', async () => {
    const { accounts } = current.stores;
    const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
    const first = await Promise.all(numbers.map((number) => accounts.create(accountFrom(number), { ...freely, mustBeFirst: true })));
    expect(first.filter((outcome) => outcome === 'created')).toHaveLength(1);
    const named = await Promise.all(numbers.map((number) => accounts.create(accountFrom(100 + number, { username: 'same' }), freely)));
    expect(named.filter((outcome) => outcome === 'created')).toHaveLength(1);
  });

  it('gives an account to an id that images were rebuilt for before', async () => {
    const { accounts, images } = current.stores;
    await images.bury(alice, idFrom(1));
    expect(await accounts.find(alice)).toBeUndefined();
    expect(await accounts.create(accountFrom(1), freely)).toBe('created');
  });

  it('lists by name, page by page', async () => {
    const { accounts } = current.stores;
    for (const number of [3, 1, 2]) await accounts.create(accountFrom(number), freely);
    const names = async (after: string | undefined, limit: number) => (await accounts.list(after, limit)).map(({ username }) => username);
    expect(await names(undefined, 2)).toEqual(['user-1', 'user-2']);
    expect(await names('user-2', 2)).toEqual(['user-3']);
    expect(await names('user-3', 2)).toEqual([]);
    expect(await names(undefined, 0)).toEqual([]);
  });
}

function secondFactors(current: Current): void {
  const factor = { secret: bytes(20, 9), isOn: true, usedStep: 7, codeHashes: bytes(320, 8) };

  it('keeps a second factor, on or waiting, when opened again, and forgets it where a row has none', async () => {
    const { accounts } = current.stores;
    await accounts.create(accountFrom(1), freely);
    for (const [index, one] of [{ ...factor, isOn: false, usedStep: 0, codeHashes: new Uint8Array() }, factor].entries()) {
      const before = { revision: index + 1, keyringRevision: 1 };
      const after = accountFrom(1, { factor: one, revision: index + 2, isOperator: true });
      expect(await current.stores.accounts.replace(after, before, false)).toBe(true);
      current.stores = await current.stores.reopen();
      expect(await current.stores.accounts.find(alice)).toEqual(after);
    }
    await current.stores.accounts.replace(accountFrom(1, { revision: 4 }), { revision: 3, keyringRevision: 1 }, false);
    expect((await current.stores.accounts.find(alice))?.factor).toBeUndefined();
    await current.stores.accounts.reinstate(accountFrom(1, { revision: 5, factor }));
    expect((await current.stores.accounts.find(alice))?.factor).toEqual(factor);
  });

  it('lets one of many take a step, and no earlier one after it', async () => {
    const { accounts } = current.stores;
    await accounts.create(accountFrom(1), freely);
    expect(await accounts.spendStep(alice, 8)).toBe(false);
    expect(await accounts.spendStep(idFrom<AccountId>(3), 8)).toBe(false);
    await accounts.replace(accountFrom(1, { factor }), accountFrom(1), false);
    expect(await accounts.spendStep(alice, 7)).toBe(false);
    const taken = await Promise.all(Array.from({ length: 5 }, () => accounts.spendStep(alice, 8)));
    expect(taken.filter((isTaken) => isTaken)).toHaveLength(1);
    expect(await accounts.spendStep(alice, 7)).toBe(false);
    expect((await accounts.find(alice))?.factor).toEqual({ ...factor, usedStep: 8 });
  });

  it('never lowers a used step, whatever a writer knew of it, and without a factor neither', async () => {
    const { accounts } = current.stores;
    await accounts.create(accountFrom(1, { factor }), freely);
    await accounts.spendStep(alice, 9);
    await accounts.replace(accountFrom(1, { factor, email: 'new@example.org' }), accountFrom(1), false);
    expect((await accounts.find(alice))?.factor?.usedStep).toBe(9);
    await accounts.replace(accountFrom(1), accountFrom(1), false);
    await accounts.replace(accountFrom(1, { factor: { ...factor, usedStep: 0 } }), accountFrom(1), false);
    expect((await accounts.find(alice))?.factor?.usedStep).toBe(9);
  });
}

function replacing(current: Current): void {
  it('replaces a row from the expected revisions only, and ends sessions and tokens where asked', async () => {
    const { accounts } = current.stores;
    for (const number of [1, 2]) await accounts.create(accountFrom(number), freely);
    await accounts.beginSession(sessionFrom(1, alice), 5);
    await accounts.beginSession(sessionFrom(2, alice, { kind: 'token' }), 5);
    await accounts.beginSession(sessionFrom(3, bob), 5);
    const next = accountFrom(1, { isOperator: true, revision: 2, authHash: bytes(32, 99), place: placeFrom(7, 9) });
    expect(await accounts.replace(next, { revision: 2, keyringRevision: 1 }, true)).toBe(false);
    expect(await accounts.replace(next, { revision: 1, keyringRevision: 2 }, true)).toBe(false);
    expect(await accounts.replace(accountFrom(9), { revision: 1, keyringRevision: 1 }, true)).toBe(false);
    expect(await accounts.replace(next, { revision: 1, keyringRevision: 1 }, false)).toBe(true);
    expect(await accounts.replace(next, { revision: 1, keyringRevision: 1 }, true)).toBe(false);
    expect(await accounts.find(alice)).toEqual(next);
    expect(await accounts.listSessions(alice, 1_000)).toHaveLength(2);
    expect(await accounts.replace({ ...next, revision: 3 }, { revision: 2, keyringRevision: 1 }, true)).toBe(true);
    expect(await accounts.listSessions(alice, 1_000)).toEqual([]);
    expect(await accounts.listSessions(bob, 1_000)).toHaveLength(1);
  });

  it('reinstates a row unless a newer one is there', async () => {
    const { accounts } = current.stores;
    await accounts.reinstate(accountFrom(1, { revision: 3, keyringRevision: 2 }));
    for (const older of [{ revision: 2, keyringRevision: 9 }, { revision: 3, keyringRevision: 1 }]) await accounts.reinstate(accountFrom(1, { ...older, authHash: bytes(32, 88) }));
    expect(await accounts.find(alice)).toEqual(accountFrom(1, { revision: 3, keyringRevision: 2 }));
    const newer = accountFrom(1, { revision: 3, keyringRevision: 3, keyring: bytes(10, 1) });
    await accounts.reinstate(newer);
    expect(await accounts.find(alice)).toEqual(newer);
  });

  it('lists, sums and moves account records by pack', async () => {
    const { accounts } = current.stores;
    for (const number of [1, 2]) await accounts.create(accountFrom(number), freely);
    const place = placeFrom(1, 3);
    expect((await accounts.listPack(3)).length).toBe(2);
    expect(await accounts.liveByPack()).toEqual(new Map([[3, { records: 2, payloadBytes: placeFrom(1).length + placeFrom(2).length }]]));
    expect(await accounts.move(bob, place, { ...place, pack: 4 })).toBe(false);
    expect(await accounts.move(alice, place, { ...place, pack: 4 })).toBe(true);
    expect(await accounts.move(alice, place, { ...place, pack: 4 })).toBe(false);
    expect(await accounts.listPack(4)).toEqual([{ accountId: alice, place: { ...place, pack: 4 } }]);
  });
}

function sessions(current: Current): void {
  it('finds a session by the hash of its token for as long as it lives', async () => {
    const { accounts } = current.stores;
    await accounts.create(accountFrom(1), freely);
    const session = sessionFrom(1, alice, { kind: 'page', device: 'laptop', pageKey: bytes(32, 7), csrfHash: bytes(32, 8), isKept: true });
    expect(await accounts.beginSession(session, 1)).toBe('begun');
    expect(await accounts.findSession(session.hash, 4_999)).toEqual(session);
    expect(await accounts.findSession(session.hash, 5_000)).toBeUndefined();
    expect(await accounts.findSession(bytes(32, 9), 1_000)).toBeUndefined();
    await accounts.touchSession(session.sessionId, 3_000);
    expect((await accounts.findSession(session.hash, 4_000))?.lastUsedAt).toBe(3_000);
    expect(await accounts.endSession(bob, session.sessionId)).toBe(false);
    expect(await accounts.endSession(alice, session.sessionId)).toBe(true);
    expect(await accounts.endSession(alice, session.sessionId)).toBe(false);
    expect(await accounts.findSession(session.hash, 1_000)).toBeUndefined();
  });

  it('bounds the sessions of an account, expired ones not counted', async () => {
    const { accounts } = current.stores;
    for (const number of [1, 2]) await accounts.create(accountFrom(number), freely);
    expect(await accounts.beginSession(sessionFrom(1, alice), 0)).toBe('too-many');
    expect(await accounts.beginSession(sessionFrom(1, alice, { expiresAt: 2_000 }), 2)).toBe('begun');
    expect(await accounts.beginSession(sessionFrom(2, alice), 2)).toBe('begun');
    expect(await accounts.beginSession(sessionFrom(3, alice), 2)).toBe('too-many');
    expect(await accounts.beginSession(sessionFrom(4, bob), 2)).toBe('begun');
    expect(await accounts.beginSession(sessionFrom(3, alice, { createdAt: 2_000 }), 2)).toBe('begun');
    expect((await accounts.listSessions(alice, 2_000)).map(({ sessionId }) => sessionId)).toEqual([idFrom(3), idFrom(2)]);
    expect(await accounts.expireSessions(4_999)).toBe(0);
    expect(await accounts.expireSessions(5_000)).toBe(3);
  });
}

function invitations(current: Current): void {
  it('lets one account use an invitation that is open', async () => {
    const { accounts } = current.stores;
    await accounts.create(accountFrom(1), freely);
    expect(await accounts.invite(invitationFrom(1), 5)).toBe('made');
    expect(await accounts.findInvitation(bytes(32, 1), 4_999)).toEqual(invitationFrom(1));
    expect(await accounts.findInvitation(bytes(32, 1), 5_000)).toBeUndefined();
    const terms = { mustBeFirst: false, invitation: idFrom<InvitationId>(1), now: 2_000 };
    expect(await accounts.create(accountFrom(2), { ...terms, invitation: idFrom<InvitationId>(9) })).toBe('invitation-invalid');
    expect(await accounts.create(accountFrom(2), { ...terms, now: 5_000 })).toBe('invitation-invalid');
    expect(await accounts.create(accountFrom(2, { username: 'user-1' }), terms)).toBe('name-taken');
    const outcomes = await Promise.all([2, 3, 4].map((number) => accounts.create(accountFrom(number), terms)));
    expect([...outcomes].sort()).toEqual(['created', 'invitation-invalid', 'invitation-invalid']);
    expect(await accounts.findInvitation(bytes(32, 1), 2_000)).toBeUndefined();
    expect(await accounts.listInvitations(alice)).toEqual([invitationFrom(1, { usedAt: 2_000, usedBy: bob })]);
  });

  it('bounds open invitations of an account, and ends them for their maker alone', async () => {
    const { accounts } = current.stores;
    for (const number of [1, 2]) await accounts.create(accountFrom(number), freely);
    expect(await accounts.invite(invitationFrom(1), 0)).toBe('too-many');
    expect(await accounts.invite(invitationFrom(1, { expiresAt: 2_000 }), 2)).toBe('made');
    expect(await accounts.invite(invitationFrom(1), 2)).toBe('id-taken');
    expect(await accounts.invite(invitationFrom(2), 2)).toBe('made');
    expect(await accounts.invite(invitationFrom(3), 2)).toBe('too-many');
    expect(await accounts.invite(invitationFrom(3, { createdAt: 2_000 }), 2)).toBe('made');
    expect(await accounts.endInvitation(bob, idFrom(2))).toBe(false);
    expect(await accounts.endInvitation(alice, idFrom(2))).toBe(true);
    expect(await accounts.endInvitation(alice, idFrom(2))).toBe(false);
    expect((await accounts.listInvitations(alice)).map(({ invitationId }) => invitationId)).toEqual([idFrom(3)]);
    expect(await accounts.listInvitations(bob)).toEqual([]);
  });
}

function closing(current: Current): void {
  const [a, b, c] = [blockFrom(1), blockFrom(2), blockFrom(3)];

  /** Alice has two images of the blocks a and b, and bob one of b and c. */
  async function twoAccounts(): Promise<void> {
    for (const number of [1, 2]) await current.stores.accounts.create(accountFrom(number), freely);
    const scope = await begin(current.stores, alice, 1);
    await store(current.stores, scope, { number: 1, blocks: [a, b] });
    await store(current.stores, scope, { number: 2, blocks: [a] });
    await current.stores.images.trash(alice, idFrom(2), 1_500);
    await store(current.stores, await begin(current.stores, bob, 2), { number: 3, blocks: [b, c] });
  }

  it('ends an account with its sessions, invitations and uploads in one step, frees its name and never its id', async () => {
    await twoAccounts();
    const { accounts, tags } = current.stores;
    await accounts.beginSession(sessionFrom(1, alice), 5);
    await accounts.beginSession(sessionFrom(2, bob), 5);
    await accounts.invite(invitationFrom(1), 5);
    expect(await accounts.close(alice, 2_000)).toBe(true);
    expect(await accounts.close(alice, 2_000)).toBe(false);
    expect(await accounts.close(idFrom<AccountId>(9), 2_000)).toBe(false);
    expect([await accounts.find(alice), await accounts.findByName('user-1'), await accounts.count()]).toEqual([undefined, undefined, 1]);
    expect(await accounts.findSession(bytes(32, 1), 1_000)).toBeUndefined();
    expect(await accounts.findSession(bytes(32, 2), 1_000)).toBeDefined();
    expect(await accounts.findInvitation(bytes(32, 1), 1_000)).toBeUndefined();
    expect(await tags.touchUpload({ uploadId: idFrom(1), accountId: alice, now: 1_000 }, 9_000)).toBeUndefined();
    expect(await accounts.create(accountFrom(1), freely)).toBe('id-taken');
    expect(await accounts.create(accountFrom(3, { username: 'user-1' }), freely)).toBe('created');
    expect(await accounts.listClosing(5)).toEqual([{ accountId: alice, closedAt: 2_000, isRecorded: false }]);
  });

  it('clears a closed account step by step, leaves the blocks of others, and knows when nothing is left to do', async () => {
    await twoAccounts();
    await current.stores.accounts.close(alice, 2_000);
    current.stores = await current.stores.reopen();
    const { accounts, images, tags } = current.stores;
    expect(await accounts.clear(alice, { now: 2_000, limit: 1 })).toBe(false);
    expect((await images.usage(alice)).images).toBe(1);
    expect(await accounts.clear(alice, { now: 2_000, limit: 5 })).toBe(false);
    expect(await accounts.clear(alice, { now: 2_000, limit: 5 })).toBe(true);
    expect(await images.usage(alice)).toMatchObject({ images: 0, trashedImages: 0, blocks: 0, cipherBytes: 0, receivedBytes: 0 });
    await accounts.noteClosed(alice);
    expect(await accounts.listClosing(5)).toEqual([]);
    expect((await tags.collect(2_001, 10)).map(({ rehash }) => rehash)).toEqual([a.rehash]);
    expect(await tags.findOwned(bob, b.rehash)).toBeDefined();
    expect(await images.figures()).toMatchObject({ images: 1 });
  });

  it('does not clear an account that is not closed', async () => {
    await twoAccounts();
    expect(await current.stores.accounts.clear(bob, { now: 2_000, limit: 5 })).toBe(true);
    expect((await current.stores.images.usage(bob)).images).toBe(1);
  });

  it('lists again what a late request wrote for a closed account', async () => {
    await twoAccounts();
    const { accounts } = current.stores;
    await accounts.close(alice, 2_000);
    await accounts.noteClosed(alice);
    while (!(await accounts.clear(alice, { now: 2_000, limit: 5 })));
    await store(current.stores, await begin(current.stores, alice, 5), { number: 7, blocks: [c] });
    expect(await accounts.listClosing(5)).toEqual([{ accountId: alice, closedAt: 2_000, isRecorded: true }]);
    while (!(await accounts.clear(alice, { now: 3_000, limit: 5 })));
    expect(await accounts.listClosing(5)).toEqual([]);
  });

  it('closes again as a pack tells it, with or without a row', async () => {
    await twoAccounts();
    const { accounts } = current.stores;
    await accounts.reclose(alice, 1_800);
    await accounts.reclose(idFrom<AccountId>(9), 1_900);
    expect(await accounts.find(alice)).toBeUndefined();
    expect(await accounts.listClosing(5)).toEqual([{ accountId: alice, closedAt: 1_800, isRecorded: true }]);
    expect(await accounts.create(accountFrom(9), freely)).toBe('id-taken');
  });
}
