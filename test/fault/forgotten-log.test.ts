/**
 * A write-ahead log that rotted or was cut forgets what was acknowledged, and says nothing: what the packs hold since the last sweep is brought back before anything is collected.
 */
import { afterEach, expect, it } from '@jest/globals';
import type { Logger } from 'pino';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import { checkStore } from '../../server/core/check.js';
import type { Parts } from '../../server/core/contract.js';
import { readSound } from '../../server/core/stored-block.js';
import { endsOf, packsBeyond, tailOf } from '../../server/core/tail.js';
import type { OpenedStore } from '../../server/open-store.js';
import { StorageError } from '../../server/ports/errors.js';
import { startReconciler } from '../../server/reconciler.js';
import { blocksOf, commitOf, hereAndTrusted, randomId, registrationOf, sendThrough } from '../support/core-store.js';
import { seeded } from '../support/file-rot.js';
import { Gate } from '../support/gate.js';
import { refusalCode } from '../support/refusal.js';
import { countScans, cutAt, flipBehind, type StoppedStore } from '../support/stopped-store.js';
import { stoppedStores } from '../support/stopped-stores.js';

const thorough = { isThorough: true };
const makeStore = stoppedStores();
let reconciler: ReturnType<typeof startReconciler> | undefined;
afterEach(async () => {
  await reconciler?.close();
});

/** A store whose log forgot an image of Ada's, before it is opened again. */
async function makeForgetful(): Promise<StoppedStore> {
  const { stopped, ada } = await makeStore();
  const behind = stopped.logBytes();
  await stopped.stored(ada);
  stopped.stopMachine(cutAt(behind));
  return stopped;
}

/** The same, opened. */
async function startForgetful(): Promise<OpenedStore & { readonly stopped: StoppedStore }> {
  const stopped = await makeForgetful();
  return { ...(await stopped.start()), stopped };
}

const unknownIn = async (stopped: StoppedStore): Promise<number> => (await checkStore(stopped.store.parts, { onFinding: () => undefined })).unknown.length;

it.each([['cut', cutAt], ['damaged in one bit', flipBehind]] as const)('brings everything back of which a log forgot the rows that was %s behind the last sweep', async (_, harm) => {
  const { stopped, ada } = await makeStore();
  await stopped.stored(ada);
  const [trashed, purged] = [await stopped.stored(ada), await stopped.stored(ada)];
  await stopped.services.images.trash(ada, trashed);
  await stopped.services.sweep.sweep({ isThorough: false });
  const behind = stopped.logBytes();
  await stopped.stored(ada);
  const bob = await stopped.register('bob');
  const shared = blocksOf(2);
  await stopped.stored(bob, shared);
  await stopped.stored(ada, shared);
  await stopped.services.accounts.changeKeyring(ada, { expectedRevision: 1, keyring: new Uint8Array(100).fill(7) });
  await stopped.services.images.restore(ada, trashed);
  await stopped.purged(ada, purged);
  stopped.images.forget(trashed);
  await stopped.services.images.trash(ada, trashed);
  await stopped.services.images.purge(ada, trashed);

  stopped.stopMachine(harm(behind));
  const { parts, services } = await stopped.start();
  expect(await parts.stores.state.isHeld()).toBe(false);
  expect(await unknownIn(stopped)).toBe(4);
  await services.sweep.sweep(thorough);
  await stopped.images.expectWhole(parts);
  for (const imageId of [trashed, purged]) expect(await refusalCode(() => services.images.read(ada, imageId))).toBe('not-found');
  expect((await parts.stores.accounts.find(ada))?.keyring).toEqual(new Uint8Array(100).fill(7));
  expect(await parts.stores.accounts.findByName('bob')).toMatchObject({ accountId: bob, isOperator: false });
  expect(await unknownIn(stopped)).toBe(0);
});

it('says once what it brought back, tells devices that remember more, and is then done', async () => {
  const { stopped, ada } = await makeStore();
  const behind = stopped.logBytes();
  await stopped.stored(ada, blocksOf(3));
  await stopped.stored(ada, blocksOf(4));
  stopped.stopMachine(cutAt(behind));
  const { services } = await stopped.start();
  expect(await services.heads.read(ada)).toEqual({});
  expect(await services.reconcile.run()).toEqual({ accounts: 0, blocks: 7, images: 2, removals: 0, moved: 0, incomplete: 0 });
  expect(await services.reconcile.run()).toMatchObject({ images: 0, blocks: 0 });
  expect(await services.heads.read(ada)).toMatchObject({ restoredAt: expect.any(Number) });
  await stopped.images.expectWhole(stopped.store.parts);
});

it('leads rows to the records that a forgotten compaction had moved, and whose old pack is gone', async () => {
  const { stopped, ada } = await makeStore();
  await stopped.stored(ada);
  const other = await stopped.stored(ada, blocksOf(20));
  await stopped.stop();
  const { parts } = await stopped.start();
  await stopped.purged(ada, other);
  let behind = 0;
  const seal = parts.stores.blocks.seal.bind(parts.stores.blocks);
  parts.stores.blocks.seal = () => {
    behind = stopped.logBytes();
    return seal();
  };
  // Something dead in the open pack, so that the sweep seals it.
  await stopped.purged(ada, await stopped.stored(ada, blocksOf(20)));
  expect(await stopped.services.sweep.sweep(thorough)).toMatchObject({ compactedPacks: 2 });
  expect(behind).toBeGreaterThan(0);

  stopped.stopMachine(cutAt(behind));
  const after = await stopped.start();
  // Who reads meanwhile quarantines a block whose pack is gone.
  const [first] = await stopped.store.parts.stores.tags.list(undefined, 1);
  if (first !== undefined) await readSound(after.parts, first);
  await expect(stopped.images.expectWhole(after.parts)).rejects.toThrow();
  expect(await after.services.reconcile.run()).toMatchObject({ accounts: 0, images: 0, blocks: 1, moved: 5 });
  await after.services.sweep.sweep(thorough);
  await stopped.images.expectWhole(after.parts);
});

it('reads nothing after a clean stop, and after another one what was written since the last sweep, once', async () => {
  const { stopped, ada } = await makeStore();
  await stopped.stored(ada);
  await stopped.services.sweep.sweep(thorough);
  await stopped.stop();
  const clean = countScans((await stopped.start()).parts.stores.blocks);
  await stopped.services.reconcile.run();
  expect(clean.packs).toEqual([]);
  await stopped.stored(ada);
  await stopped.services.sweep.sweep({ isThorough: false });
  const { blocks, state } = stopped.store.parts.stores;
  expect(packsBeyond((await tailOf(state)) ?? endsOf([], 0), await blocks.packs())).toEqual([]);
  await stopped.stored(ada);
  stopped.stopMachine();
  const unclean = countScans((await stopped.start()).parts.stores.blocks);
  expect(await stopped.services.reconcile.run()).toEqual({ accounts: 0, blocks: 0, images: 0, removals: 0, moved: 0, incomplete: 0 });
  expect(unclean.packs).toEqual([2]);
  await stopped.services.sweep.sweep({ isThorough: false });
  await stopped.stop();
  const again = countScans((await stopped.start()).parts.stores.blocks);
  await stopped.services.reconcile.run();
  expect(again.packs).toEqual([]);
});

it('keeps in mind that it was not done, however often the store is opened and closed in between', async () => {
  const stopped = await makeForgetful();
  for (let opened = 0; opened < 2; opened++) {
    await stopped.start({ kind: 'administer' });
    expect(await unknownIn(stopped)).toBe(1);
    await stopped.stop();
  }
  await stopped.start({ kind: 'administer' });
  await stopped.services.sweep.sweep(thorough);
  await stopped.images.expectWhole(stopped.store.parts);
});

it('refuses to sweep while the packs cannot be read, says so, and does it later', async () => {
  const { stopped, parts, services } = await startForgetful();
  const { blocks } = parts.stores;
  const scan = blocks.scan.bind(blocks);
  blocks.scan = () => { throw new StorageError('the disk is away', { retryable: true }); };
  await expect(services.sweep.sweep(thorough)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('the disk is away') });
  blocks.scan = scan;
  await services.sweep.sweep(thorough);
  await stopped.images.expectWhole(parts);
});

it('does nothing in a store that is held, nor when it is stopped', async () => {
  const { stopped, parts, services } = await startForgetful();
  await parts.stores.state.setHeld(true);
  expect(await services.reconcile.run()).toBeUndefined();
  await parts.stores.state.setHeld(false);
  expect(await services.reconcile.run({ aborted: true })).toBeUndefined();
  expect(await refusalCode(() => services.sweep.sweep({ isThorough: true, stop: { aborted: true } }))).toBe('unavailable');
  expect(await unknownIn(stopped)).toBe(1);
  expect(await services.reconcile.isDone()).toBe(false);
});

it('shows an image of which the answer was never given; its client is told that it is stored, and a withdrawn one stays away', async () => {
  const { stopped, ada } = await makeStore();
  const { uploads } = stopped.services;
  const sent = blocksOf(2);
  const uploadId = await sendThrough(stopped.services, ada, sent);
  const commit = commitOf(randomId<ImageId>(), sent);
  const { images } = stopped.store.parts.stores;
  const real = images.commit.bind(images);
  // The machine stops between the record and its row.
  images.commit = () => {
    stopped.stopMachine();
    return Promise.reject(new StorageError('stopped', { retryable: false }));
  };
  await expect(uploads.commit({ accountId: ada, uploadId }, [commit])).rejects.toThrow('stopped');
  images.commit = real;
  const after = await stopped.start();
  const refused = commitOf(randomId<ImageId>(), sent);
  after.parts.stores.images.commit = () => Promise.resolve({ kind: 'quota-exceeded' });
  expect(await after.services.uploads.commit({ accountId: ada, uploadId }, [refused])).toMatchObject([{ status: 'quota-exceeded' }]);
  expect(await after.services.reconcile.run()).toMatchObject({ images: 1, incomplete: 0 });
  expect(await after.services.uploads.commit({ accountId: ada, uploadId }, [commit])).toEqual([{ imageId: commit.imageId, status: 'stored' }]);
  expect(await refusalCode(() => after.services.images.read(ada, refused.imageId))).toBe('not-found');
});

it('does not take away what its owner restored meanwhile, nor bring back what was removed meanwhile', async () => {
  const { stopped, ada } = await makeStore();
  const [restored, standing] = [await stopped.stored(ada), await stopped.stored(ada)];
  await stopped.services.images.trash(ada, restored);
  await stopped.services.sweep.sweep({ isThorough: false });
  const { images } = stopped.store.parts.stores;
  // Their removal is recorded; the rows stay, as after a log that forgot them.
  images.purge = () => Promise.reject(new StorageError('stopped', { retryable: false }));
  await expect(stopped.services.images.purge(ada, restored)).rejects.toThrow('stopped');
  await stopped.services.images.trash(ada, standing);
  await expect(stopped.services.images.purge(ada, standing)).rejects.toThrow('stopped');
  await images.restore(ada, standing);
  const behind = stopped.logBytes();
  const late = await stopped.stored(ada);
  stopped.stopMachine(cutAt(behind));

  const { parts, services } = await stopped.start();
  const { stores } = parts;
  const find = stores.images.find.bind(stores.images);
  const reinstate = stores.images.reinstate.bind(stores.images);
  // Between the reading of the packs and what follows from it.
  stores.images.reinstate = async (accountId, image) => {
    stores.images.reinstate = reinstate;
    await reinstate(accountId, image);
    await services.images.restore(ada, restored);
    await services.images.trash(ada, late);
    await services.images.purge(ada, late);
    await reinstate(accountId, image);
  };
  expect(await services.reconcile.run()).toMatchObject({ images: 1, removals: 1 });
  expect(await find(ada, restored)).toMatchObject({ trashedAt: undefined });
  expect(await find(ada, standing)).toBeUndefined();
  expect(await find(ada, late)).toBeUndefined();
});

/** From now on an image is refused, when `decided` is opened; its record has been written when `written` is. */
function refusedCommits({ stores }: Pick<Parts, 'stores'>): { readonly written: Gate; readonly decided: Gate } {
  const [written, decided] = [new Gate(), new Gate()];
  stores.images.commit = async () => {
    written.open();
    await decided.opened;
    return { kind: 'quota-exceeded' };
  };
  return { written, decided };
}

it('waits for what is being written before it reads, and brings nothing back that is withdrawn', async () => {
  const { stopped, ada } = await makeStore();
  await stopped.stored(ada);
  stopped.stopMachine();
  const { parts, services } = await stopped.start();
  const sent = blocksOf(2);
  const uploadId = await sendThrough(services, ada, sent);
  const { written, decided } = refusedCommits(parts);
  const settling = new Gate();
  const commit = commitOf(randomId<ImageId>(), sent);
  const committing = services.uploads.commit({ accountId: ada, uploadId }, [commit]);
  await written.opened;
  const { gate } = parts;
  const settled = gate.settle.bind(gate);
  gate.settle = () => {
    settling.open();
    return settled();
  };
  const scans = countScans(parts.stores.blocks);
  const reconciling = services.reconcile.run();
  await Promise.race([settling.opened, reconciling]);
  const scanned = scans.packs.length;
  decided.open();
  expect(scanned).toBe(0);
  expect(await committing).toMatchObject([{ status: 'quota-exceeded' }]);
  expect(await reconciling).toMatchObject({ images: 0, blocks: 0 });
  expect(await refusalCode(() => services.images.read(ada, commit.imageId))).toBe('not-found');
});

it('leaves what comes while it reads to those who write it', async () => {
  const { stopped, ada } = await makeStore();
  await stopped.stored(ada);
  stopped.stopMachine();
  const { parts, services } = await stopped.start();
  const { blocks } = parts.stores;
  const sent = blocksOf(2);
  const uploadId = await sendThrough(services, ada, sent);
  const { written, decided } = refusedCommits(parts);
  let committing: Promise<unknown> = Promise.resolve();
  const scan = blocks.scan.bind(blocks);
  blocks.scan = async function* (pack, onDamage) {
    committing = services.uploads.commit({ accountId: ada, uploadId }, [commitOf(randomId<ImageId>(), sent)]);
    await written.opened;
    yield* scan(pack, onDamage);
  };
  const answer = await services.reconcile.run();
  decided.open();
  expect(await committing).toMatchObject([{ status: 'quota-exceeded' }]);
  expect(answer).toMatchObject({ images: 0, blocks: 0 });
});

it('leaves an account alone that was made under a forgotten name meanwhile, and a keyring that was changed', async () => {
  const { stopped, ada } = await makeStore();
  const behind = stopped.logBytes();
  const bob = await stopped.register('bob');
  await stopped.stored(bob);
  await stopped.services.accounts.changeKeyring(ada, { expectedRevision: 1, keyring: new Uint8Array(100).fill(1) });
  stopped.stopMachine(cutAt(behind));
  const { parts, services } = await stopped.start();
  const second = registrationOf('bob');
  await services.accounts.register(second, hereAndTrusted);
  await services.accounts.changeKeyring(ada, { expectedRevision: 1, keyring: new Uint8Array(100).fill(2) });
  expect(await services.reconcile.run()).toMatchObject({ accounts: 0, images: 0 });
  expect(await parts.stores.accounts.findByName('bob')).toMatchObject({ accountId: second.accountId });
  expect(await parts.stores.accounts.find(ada)).toMatchObject({ keyring: new Uint8Array(100).fill(2), keyringRevision: 2 });
});

it('closes again an account of which the closing was forgotten', async () => {
  const { stopped } = await makeStore();
  const registration = registrationOf('bob');
  await stopped.services.accounts.register(registration, hereAndTrusted);
  const account = await stopped.store.parts.stores.accounts.find(registration.accountId);
  if (account === undefined) throw new Error('no account');
  await stopped.stored(registration.accountId);
  await stopped.services.sweep.sweep({ isThorough: false });
  const behind = stopped.logBytes();
  await stopped.services.accounts.close(account, registration.password.authKey, hereAndTrusted);
  stopped.stopMachine(cutAt(behind));
  const { parts, services } = await stopped.start();
  expect(await parts.stores.accounts.find(registration.accountId)).toBeDefined();
  expect(await services.reconcile.run()).toMatchObject({ removals: 1 });
  expect(await parts.stores.accounts.find(registration.accountId)).toBeUndefined();
  expect(await parts.stores.images.listAll(undefined, 10)).toEqual([]);
});

it('is begun by a server at once, which says what had been forgotten, and tries again after a failure', async () => {
  const { parts, services } = await startForgetful();
  const scan = parts.stores.blocks.scan.bind(parts.stores.blocks);
  parts.stores.blocks.scan = () => { throw new StorageError('the disk is away', { retryable: true }); };
  const lines: unknown[] = [];
  const warned = new Gate();
  const log = { error: (line: unknown) => { parts.stores.blocks.scan = scan; lines.push(line); }, warn: (line: unknown) => { lines.push(line); warned.open(); } };
  reconciler = startReconciler(services.reconcile, log as unknown as Logger, 20); // all that it says
  await warned.opened;
  await reconciler.close();
  expect(lines).toEqual([{ error: expect.anything() }, { accounts: 0, blocks: 3, images: 1, removals: 0, moved: 0, incomplete: 0 }]);
  expect(await services.reconcile.isDone()).toBe(true);
});

it('compares once more where the index was started anew under the process, which does not end the tail at its stop before it did', async () => {
  const { stopped, ada } = await makeStore();
  const { parts: { stores }, services: { reconcile, sweep } } = stopped.store;
  await sweep.sweep(thorough);
  await stopped.stored(ada);
  const scans = countScans(stores.blocks);
  await reconcile.run();
  expect([await reconcile.isDone(), scans.packs]).toEqual([true, []]);
  stores.state.incarnation = () => Promise.resolve('another');
  expect(await reconcile.isDone()).toBe(false);
  await reconcile.run();
  expect([await reconcile.isDone(), scans.packs.length]).toEqual([true, 1]);
  await sweep.sweep(thorough);
  await stopped.stored(ada);
  stores.state.incarnation = () => Promise.resolve('a third');
  await stopped.stop();
  const after = countScans((await stopped.start()).parts.stores.blocks);
  await stopped.services.reconcile.run();
  expect(after.packs).toHaveLength(1);
});

it('a log that was cut anywhere loses nothing that was acknowledged, or the store is held', async () => {
  let compared = 0;
  for (const seed of [1, 2, 3, 4]) {
    const outcome = await cutAnywhere(seed).catch((cause: unknown) => { throw new Error(`seed ${String(seed)}: ${String(cause)}`, { cause }); });
    if (outcome === 'compared') compared++;
  }
  expect(compared).toBeGreaterThan(0);
});

/** What became of a store with this history. */
async function cutAnywhere(seed: number): Promise<'held' | 'compared'> {
  const below = seeded(seed);
  const { stopped, ada } = await makeStore();
  const people = [ada, await stopped.register('bob')];
  const owners = new Map<ImageId, AccountId>();
  const registered = stopped.logBytes();
  let swept = registered;
  for (let step = 0; step < 14; step++) {
    const account = people[below(2)] ?? ada;
    const [imageId, owner] = [...owners][below(Math.max(1, owners.size))] ?? [];
    const kind = below(10);
    if (kind < 6 || imageId === undefined || owner === undefined) owners.set(await stopped.stored(account, blocksOf(1 + below(6))), account);
    else if (kind < 9) {
      await stopped.purged(owner, imageId);
      owners.delete(imageId);
    } else {
      await stopped.services.sweep.sweep(thorough);
      swept = stopped.logBytes();
    }
  }
  const from = below(2) === 0 ? swept : registered;
  stopped.stopMachine(cutAt(from + below(Math.max(1, stopped.logBytes() - from))));
  const { parts, services } = await stopped.start();
  if (await parts.stores.state.isHeld()) {
    expect(await refusalCode(() => services.sweep.sweep(thorough))).toBe('unavailable');
    return 'held';
  }
  await services.sweep.sweep(thorough);
  // Rows that a forgotten sweep had collected, and whose pack it dropped, were touched in the last millisecond.
  await services.sweep.sweep(thorough);
  await stopped.images.expectWhole(parts);
  expect((await parts.stores.images.figures()).images).toBe(owners.size);
  return 'compared';
}
