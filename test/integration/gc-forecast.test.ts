/**
 * What `gc --dry-run` lists is what `gc` then does on the same clock: piece by piece, and nothing else.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AccountId, ImageId, UploadId } from '../../client-sdk/protocol/ids.js';
import { uploadLifetimeMs } from '../../client-sdk/protocol/limits.js';
import type { ForecastEntry } from '../../server/core/contract.js';
import { blockOf, blocksOf, CoreStore, framesOf, randomId } from '../support/core-store.js';
import type { RawBlock } from '../support/raw-account.js';

let store: CoreStore;

afterEach(async () => {
  await store.close();
});

const hour = 3_600_000;
const thorough = { isThorough: true } as const;

async function forecast(): Promise<readonly ForecastEntry[]> {
  const entries: ForecastEntry[] = [];
  for await (const entry of store.services.sweep.forecast(thorough)) entries.push(entry);
  return entries;
}

function only<Kind extends ForecastEntry['kind']>(entries: readonly ForecastEntry[], kind: Kind, goes: boolean): readonly Extract<ForecastEntry, { readonly kind: Kind }>[] {
  return entries.filter((entry): entry is Extract<ForecastEntry, { readonly kind: Kind }> => entry.kind === kind && entry.goes === goes);
}

async function packs(): Promise<readonly number[]> {
  return (await store.parts.stores.blocks.packs()).map(({ pack }) => pack);
}

async function sent(accountId: AccountId, blocks: readonly RawBlock[]): Promise<UploadId> {
  const { uploadId } = await store.services.uploads.begin(accountId);
  await store.services.blocks.receive({ accountId, uploadId }, framesOf(blocks));
  return uploadId;
}

/** A store in which something of each kind goes and something of each kind stays. */
async function lived(): Promise<void> {
  store = await CoreStore.open({ trashMs: 10 * hour, graceMs: 2 * hour });
  const { blocks } = store.parts.stores;
  const people = [await store.register(), await store.register(), await store.register()];
  const [ada, bob, eve] = people.map(({ accountId }) => accountId) as [AccountId, AccountId, AccountId]; // there are three
  const shared = blockOf(Buffer.alloc(40_000, 5));
  const images = new Map<string, ImageId>();
  for (const [at, name] of ['old', 'young', 'kept', 'dead'].entries()) {
    images.set(name, await store.store(at % 2 === 0 ? ada : bob, [shared, ...blocksOf(4, 30_000 + 100 * at)]));
    await blocks.seal();
  }
  const of = (name: string): ImageId => images.get(name) ?? randomId<ImageId>();
  await store.store(eve, [shared, ...blocksOf(2, 20_000)]);
  await store.store(eve, blocksOf(2, 20_000));
  await blocks.seal();
  // Gone for good, so that its blocks are without references: they are old by the time of the sweep.
  await store.services.images.trash(bob, of('dead'));
  await store.services.images.purge(bob, of('dead'));
  await store.services.images.trash(ada, of('old'));
  await sent(ada, blocksOf(3, 10_000));
  store.now += uploadLifetimeMs - hour;
  await store.services.images.trash(bob, of('young'));
  await sent(bob, blocksOf(2, 15_000));
  store.now += hour;
  // Ended, so that nothing pins what it sent: young without references.
  const ended = await sent(eve, blocksOf(1, 12_000));
  await store.services.uploads.end({ accountId: eve, uploadId: ended });
}

describe('the list of what a collection would take away', () => {
  it('is exactly what the collection then takes away', async () => {
    await lived();
    const expected = await forecast();
    const before = { packs: await packs(), figures: await store.parts.stores.tags.figures(), now: store.now };
    const answer = await store.services.sweep.sweep(thorough);
    expect(only(expected, 'upload', true)).toHaveLength(answer.expiredUploads);
    expect(only(expected, 'image', true)).toHaveLength(answer.purgedImages);
    expect(only(expected, 'blocks', true)).toMatchObject([{ blocks: answer.collectedBlocks }]);
    expect(only(expected, 'copies', true)).toMatchObject([{ reason: 'equal', copies: answer.mergedCopies }]);
    const left = new Set(await packs());
    expect(only(expected, 'pack', true).map(({ pack }) => pack).sort((a, b) => a - b)).toEqual(before.packs.filter((pack) => !left.has(pack)));
    expect(answer).toMatchObject({ expiredUploads: 1, purgedImages: 1, mergedCopies: 2 });
    expect(answer.collectedBlocks).toBe(4 + 3);
    expect(answer.compactedPacks).toBeGreaterThan(1);
    for (const { accountId, imageId } of only(expected, 'image', true)) expect(await store.parts.stores.images.find(accountId, imageId)).toBeUndefined();
    const figures = await store.parts.stores.tags.figures();
    expect(only(expected, 'blocks', true)[0]?.bytes).toBe(before.figures.cipherBytes - figures.cipherBytes);
    expect(only(expected, 'copies', true)[0]?.bytes).toBe(before.figures.pendingCopyBytes);
    expect(store.now).toBe(before.now);
  });

  it('says what stays, why, and until when; and at that moment it goes', async () => {
    await lived();
    const stays = (await forecast()).filter(({ goes }) => !goes);
    expect(only(stays, 'image', false)).toHaveLength(1);
    expect(only(stays, 'blocks', false).map(({ reason, blocks }) => [reason, blocks])).toEqual([['grace', 1], ['pinned', 2]]);
    expect(only(stays, 'upload', false)).toHaveLength(1);
    const moments = [...only(stays, 'image', false), ...only(stays, 'blocks', false)].map(({ at }) => at ?? 0).sort((a, b) => a - b);
    expect(moments).toHaveLength(3);
    for (const at of moments) {
      expect(at).toBeGreaterThan(store.now);
      store.now = at - 1;
      const still = await forecast();
      store.now = at + 1;
      const then = await forecast();
      const bytes = (entries: readonly ForecastEntry[]): number => only(entries, 'blocks', true).reduce((sum, one) => sum + one.bytes, 0) + only(entries, 'image', true).length;
      expect(bytes(then)).toBeGreaterThan(bytes(still));
      await store.services.sweep.sweep(thorough);
    }
  });

  it('changes nothing, and lists the same again', async () => {
    await lived();
    const generation = await store.parts.stores.blocks.generation();
    const [first, figures] = [await forecast(), await store.parts.stores.tags.figures()];
    expect(await forecast()).toEqual(first);
    expect(await store.parts.stores.tags.figures()).toEqual(figures);
    expect(await store.parts.stores.blocks.generation()).toBe(generation);
  });

  it('names an account that was closed and still has images', async () => {
    store = await CoreStore.open();
    await store.register();
    const { accountId } = await store.register();
    await store.store(accountId, blocksOf(2, 50_000));
    // In the trash or not, it goes with its account, and is listed once.
    await store.services.images.trash(accountId, await store.store(accountId, blocksOf(2, 50_000)));
    await store.parts.stores.accounts.close(accountId, store.now);
    store.now += 1;
    const expected = await forecast();
    expect(expected).toContainEqual({ kind: 'account', goes: true, accountId, images: 2, at: store.now - 1 });
    expect([...only(expected, 'image', true), ...only(expected, 'image', false)]).toEqual([]);
    await store.services.sweep.sweep(thorough);
    expect(only(await forecast(), 'account', true)).toEqual([]);
    // Their blocks are without references since then, and go with the next collection.
    store.now += 1;
    expect(only(await forecast(), 'blocks', true)).toMatchObject([{ blocks: 4 }]);
  });

  it('is read page by page: asking for the first piece reads no second page', async () => {
    let pages = 0;
    store = await CoreStore.open({}, (stores) => ({ ...stores, images: new Proxy(stores.images, { get: (target, name) => {
      if (name === 'listTrash') pages++;
      const own: unknown = Reflect.get(target, name);
      return typeof own === 'function' ? (own.bind(target) as unknown) : own; // bound: private state stays the port's
    } }) }));
    const { accountId } = await store.register();
    await sent(accountId, [blockOf()]);
    const entries = store.services.sweep.forecast(thorough)[Symbol.asyncIterator]();
    expect((await entries.next()).value).toMatchObject({ kind: 'upload' });
    expect(pages).toBe(0);
    await entries.return?.();
  });
});
