/**
 * Every operation with each of its calls to the stores failing in turn, before and after it took effect. Afterwards a check finds nothing, what
 * was acknowledged is there, what was not may be asked for again and then succeeds, and a rebuild tells the same. Sweeps and uploads are in
 * core-faults.test.ts.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { concat } from '../../client-sdk/protocol/bytes.js';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import { existenceStates, type CredentialChange } from '../../client-sdk/protocol/messages.js';
import { possessionPrefix } from '../../client-sdk/protocol/possession.js';
import { checkStore, type Finding } from '../../server/core/check.js';
import type { Policy } from '../../server/core/contract.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { StorageError } from '../../server/ports/errors.js';
import { scrubStore } from '../../server/core/scrub.js';
import { createServices } from '../../server/core/services.js';
import { blockOf, blocksOf, commitOf, CoreStore, hereAndTrusted, hmacSha256, randomId, registrationOf, serverId, type Registered } from '../support/core-store.js';
import { failingEach, Fault } from '../support/port-fault.js';
import type { RawBlock } from '../support/raw-account.js';
import { refusalCode } from '../support/refusal.js';

let store: CoreStore;
let fault: Fault;
/** Acknowledged, and not removed since. */
const images = new Map<ImageId, { readonly accountId: AccountId; readonly blocks: readonly RawBlock[] }>();

afterEach(async () => {
  images.clear();
  await store.close();
});

async function open(policy: Partial<Policy> = {}): Promise<Registered> {
  fault = new Fault();
  store = await CoreStore.open(policy, (stores) => fault.inFrontOf(stores));
  return store.register();
}

async function stored(accountId: AccountId, blocks: readonly RawBlock[] = blocksOf(2)): Promise<ImageId> {
  const imageId = await store.store(accountId, blocks);
  images.set(imageId, { accountId, blocks });
  return imageId;
}

/** All that was acknowledged is there, and a check finds nothing. */
async function expectWhole(parts = store.parts): Promise<void> {
  const services = createServices(parts);
  for (const [imageId, { accountId, blocks }] of images) {
    await services.images.read(accountId, imageId);
    const ciphers: unknown[] = [];
    for await (const frame of await services.blocks.fetch(accountId, imageId, blocks.map(({ tag }) => tag))) ciphers.push(frame.kind === 'block' ? frame.cipher : undefined);
    expect(ciphers).toEqual(blocks.map(({ cipher }) => cipher));
  }
  const findings: Finding[] = [];
  await checkStore(parts, { onFinding: (finding) => findings.push(finding) });
  expect(findings).toEqual([]);
}

async function expectRebuilt(): Promise<void> {
  const parts = store.beside();
  expect(await rebuildStore(parts)).toMatchObject({ incomplete: [], displaced: [] });
  await expectWhole(parts);
  for (const account of await store.parts.stores.accounts.list(undefined, 1_000)) {
    expect(await parts.stores.accounts.find(account.accountId)).toEqual({ ...account, place: expect.anything() });
  }
}

const isDone = (outcome: unknown): boolean => outcome === 'done';

describe('images, with each call failing in turn', () => {
  it('are claimed, or are claimed when it is tried again', async () => {
    const ada = await open({ existence: 'shared' });
    const bob = await store.register();
    const blocks = blocksOf(3);
    await stored(ada.accountId, blocks);
    let uploadId = (await store.services.uploads.begin(bob.accountId)).uploadId;
    const claim = async (): Promise<void> => {
      const upload = { accountId: bob.accountId, uploadId };
      const tags = concat(...blocks.map(({ rehash }) => rehash));
      const { states, nonce } = await store.services.uploads.askExistence(upload, tags);
      if (nonce === undefined) {
        expect([...states]).toEqual(blocks.map(() => existenceStates.present));
        return;
      }
      const claimable = blocks.filter((_, at) => states[at] === existenceStates.claimable);
      const proofs = claimable.map(({ rehash, cipher }) => hmacSha256(nonce, concat(possessionPrefix({ ...upload, serverId, rehash }, cipher.length), cipher)));
      expect([...(await store.services.uploads.claim(upload, { nonce, tags: concat(...claimable.map(({ rehash }) => rehash)), proofs: concat(...proofs) }))]).toEqual(claimable.map(() => 1));
    };
    const calls = await failingEach(fault, claim, async () => {
      await claim();
      const commit = commitOf(randomId<ImageId>(), blocks);
      expect((await store.commit({ accountId: bob.accountId, uploadId }, commit)).status).toBe('stored');
      images.set(commit.imageId, { accountId: bob.accountId, blocks });
      await expectWhole();
      // The next attempt has nothing of its own again.
      await purge(bob.accountId, commit.imageId);
      await store.services.uploads.end({ accountId: bob.accountId, uploadId });
      uploadId = (await store.services.uploads.begin(bob.accountId)).uploadId;
    });
    expect(calls).toBeGreaterThan(20);
  });

  async function purge(accountId: AccountId, imageId: ImageId): Promise<void> {
    await store.services.images.trash(accountId, imageId);
    store.now++;
    await store.services.images.purge(accountId, imageId);
    images.delete(imageId);
  }

  it('are removed, or are there whole until they are', async () => {
    const { accountId } = await open();
    let imageId = await stored(accountId);
    const calls = await failingEach(fault, () => purge(accountId, imageId), async (outcome) => {
      const isGone = (await refusalCode(() => store.services.images.read(accountId, imageId))) === 'not-found';
      if (isDone(outcome)) expect(isGone).toBe(true);
      if (isGone) images.delete(imageId);
      await expectWhole();
      if (!isGone) await purge(accountId, imageId);
      expect(await refusalCode(() => store.services.images.read(accountId, imageId))).toBe('not-found');
      imageId = await stored(accountId);
    });
    expect(calls).toBeGreaterThan(6);
    const parts = store.beside();
    expect(await rebuildStore(parts)).toMatchObject({ images: images.size });
    await expectWhole(parts);
  });

  it('are restored, though a removal of theirs broke off anywhere before', async () => {
    const { accountId } = await open();
    let imageId = await stored(accountId);
    await store.services.images.trash(accountId, imageId);
    const calls = await failingEach(fault, () => store.services.images.restore(accountId, imageId), async () => {
      await expectWhole();
      await store.services.images.restore(accountId, imageId);
      expect((await store.services.images.list(accountId, { isTrash: true, cursor: undefined, limit: undefined })).images).toEqual([]);
      imageId = await stored(accountId);
      await store.services.images.trash(accountId, imageId);
      store.now++;
      // A removal that says so in the packs, and goes no further.
      fault.arm(3, false);
      await store.services.images.purge(accountId, imageId).catch(() => undefined);
      expect(fault.disarm()).toBe(true);
      store.now++;
    });
    expect(calls).toBeGreaterThan(4);
    await store.services.images.restore(accountId, imageId);
    await expectRebuilt();
  });
});

function login(username: string, authKey: Uint8Array): Promise<unknown> {
  return refusalCode(() => store.services.accounts.login({ username, authKey, carrier: 'bearer' }, hereAndTrusted));
}

describe('people, with each call failing in turn', () => {
  it('are registered, or may be registered again', async () => {
    await open();
    let registration = registrationOf('somebody-0');
    let number = 0;
    const calls = await failingEach(fault, () => store.services.accounts.register(registration, hereAndTrusted), async () => {
      await expectWhole();
      const code = await refusalCode(() => store.services.accounts.register(registration, hereAndTrusted));
      expect([undefined, 'account-exists', 'username-taken']).toContain(code);
      expect(await login(registration.username, registration.password.authKey)).toBeUndefined();
      store.now++;
      // Nobody was told of this one; another person takes the name.
      const ghost = registrationOf(`ghost-${String(number)}`);
      fault.arm(5, false);
      await store.services.accounts.register(ghost, hereAndTrusted).catch(() => undefined);
      fault.disarm();
      store.now++;
      await store.services.accounts.register(registrationOf(ghost.username), hereAndTrusted).catch(() => undefined);
      registration = registrationOf(`somebody-${String(++number)}`);
    });
    expect(calls).toBeGreaterThan(10);
    const parts = store.beside();
    await rebuildStore(parts);
    for (const account of await store.parts.stores.accounts.list(undefined, 1_000)) {
      expect(await parts.stores.accounts.findByName(account.username)).toMatchObject({ accountId: account.accountId, authHash: account.authHash });
    }
  });

  it('are registered by one of two who want the same name at once, and a rebuild knows whose images there are', async () => {
    await open();
    let number = 0;
    const calls = await failingEach(fault, async () => {
      const rivals = [registrationOf(`rival-${String(number)}`), registrationOf(`rival-${String(number)}`)];
      number++;
      const outcomes = await Promise.all(rivals.map(async (rival) => {
        const outcome: unknown = await store.services.accounts.register(rival, hereAndTrusted).then(() => 'done', (error: unknown) => error);
        return { rival, outcome };
      }));
      for (const { rival, outcome } of outcomes) if (isDone(outcome)) await stored(rival.accountId);
      const failed = outcomes.find(({ outcome }) => outcome instanceof StorageError);
      if (failed !== undefined) throw failed.outcome as StorageError; // found as one
    }, () => { store.now++; return Promise.resolve(); });
    expect(calls).toBeGreaterThan(10);
    const parts = store.beside();
    await rebuildStore(parts);
    await expectWhole(parts);
  });
});

describe('accounts, with each call failing in turn', () => {
  it.each(['password', 'recovery'] as const)('change their credentials, proved by %s, or keep the old ones', async (proof) => {
    const ada = await open();
    const { username } = ada.registration;
    await stored(ada.accountId);
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
    const calls = await failingEach(fault, () => changeTo(...next()), async (outcome) => {
      const [newKey, newWords] = next();
      const isNew = (await login(username, newKey)) === undefined;
      expect(await login(username, authKey)).toBe(isNew ? 'credentials-wrong' : undefined);
      if (isDone(outcome)) expect(isNew).toBe(true);
      if (!isNew) await changeTo(newKey, newWords);
      [authKey, recoveryAuth] = [newKey, newWords];
      turn++;
      expect(await login(username, authKey)).toBeUndefined();
      expect(await refusalCode(() => store.services.accounts.openRecovery({ username, recoveryAuth }, hereAndTrusted))).toBeUndefined();
      store.now++;
      await expectWhole();
      await expectRebuilt();
    });
    expect(calls).toBeGreaterThan(10);
  });

  it('change their keyring once', async () => {
    const { accountId } = await open();
    let turn = 1;
    const revision = async (): Promise<number> => (await store.parts.stores.accounts.find(accountId))?.keyringRevision ?? 0;
    const change = (): Promise<number> => store.services.accounts.changeKeyring(accountId, { expectedRevision: turn, keyring: new Uint8Array(40).fill(turn) });
    const calls = await failingEach(fault, change, async () => {
      if ((await revision()) === turn) await change();
      else expect(await refusalCode(change)).toBe('revision-conflict');
      expect(await store.parts.stores.accounts.find(accountId)).toMatchObject({ keyringRevision: turn + 1, keyring: new Uint8Array(40).fill(turn) });
      turn++;
      store.now++;
      await expectWhole();
      await expectRebuilt();
    });
    expect(calls).toBeGreaterThan(4);
  });

  it('are closed, or can be closed again, and no rebuild brings one back', async () => {
    const operator = await open();
    await stored(operator.accountId);
    const shared = blocksOf(2);
    await stored(operator.accountId, shared);
    const closed: AccountId[] = [];
    let person = await store.register();
    await store.store(person.accountId, [...shared, ...blocksOf(2)]);
    const close = async (): Promise<void> => {
      const row = await store.parts.stores.accounts.find(person.accountId);
      if (row !== undefined) await store.services.accounts.close(row, person.registration.password.authKey, hereAndTrusted);
    };
    const calls = await failingEach(fault, close, async () => {
      await close();
      store.now++;
      await store.services.sweep.sweep({ isThorough: true });
      expect(await store.parts.stores.images.list(person.accountId, { isTrash: false, after: undefined, limit: 10 })).toEqual([]);
      await expectWhole();
      closed.push(person.accountId);
      person = await store.register();
      await store.store(person.accountId, [...shared, ...blocksOf(2)]);
    });
    expect(calls).toBeGreaterThan(10);
    const parts = store.beside();
    await rebuildStore(parts);
    for (const accountId of closed) expect(await parts.stores.accounts.find(accountId)).toBeUndefined();
    await expectWhole(parts);
  });
});

describe('the operator’s work, with each call failing in turn', () => {
  it('scrubs: what rotted is put right when it is tried again', async () => {
    const { accountId } = await open();
    const other = (await store.register()).accountId;
    const blocks = [blockOf(), blockOf(), blockOf(), blockOf()];
    await stored(accountId, blocks);
    const scrub = () => scrubStore(store.parts, { onLost: ({ rehash }) => { throw new Error(`lost: ${rehash}`); } });
    const rot = async (): Promise<void> => {
      const [tag, code, gone, quarantined] = await Promise.all(blocks.map(({ rehash }) => store.parts.stores.tags.find(rehash)));
      if (tag === undefined || code === undefined || gone === undefined || quarantined === undefined) throw new Error('a block has no row');
      // An equal copy, and a row that names a pack that is not there.
      const theirs = await store.store(other, blocks);
      await store.services.images.trash(other, theirs);
      store.now++;
      await store.services.images.purge(other, theirs);
      store.run('UPDATE tag SET t = ? WHERE t1 = ?', tag.tag.map((byte, at) => (at === 3 ? byte ^ 4 : byte)), tag.rehash);
      store.run('UPDATE tag SET code = ? WHERE t1 = ?', code.code ^ 8, code.rehash);
      store.run('UPDATE tag SET pack = 999 WHERE t1 = ?', gone.rehash);
      await store.parts.stores.tags.quarantine(quarantined.rehash, quarantined.place);
    };
    await rot();
    const calls = await failingEach(fault, scrub, async () => {
      await scrub();
      await expectWhole();
      // Else what a scrub has to read grows faster than the calls that were made to fail.
      await store.services.sweep.sweep({ isThorough: true });
      await rot();
    });
    expect(calls).toBeGreaterThan(30);
  });

  it('rebuilds: over what an attempt left, everything comes back', async () => {
    const ada = await open();
    const bob = await store.register();
    const shared = blocksOf(3);
    await stored(ada.accountId, shared);
    await stored(bob.accountId, shared);
    const removed = await store.store(ada.accountId, blocksOf(2));
    await store.services.images.trash(ada.accountId, removed);
    store.now++;
    await store.services.images.purge(ada.accountId, removed);
    let parts = store.beside();
    let failing = { ...parts, stores: fault.inFrontOf(parts.stores) };
    const calls = await failingEach(fault, () => rebuildStore(failing), async () => {
      expect(await rebuildStore(parts)).toMatchObject({ accounts: 2, images: 2, removals: 1, incomplete: [] });
      await expectWhole(parts);
      expect(await refusalCode(() => createServices(parts).images.read(ada.accountId, removed))).toBe('not-found');
      expect(await parts.stores.state.isHeld()).toBe(true);
      parts = store.beside();
      failing = { ...parts, stores: fault.inFrontOf(parts.stores) };
    });
    expect(calls).toBeGreaterThan(50);
  });
});
