/**
 * Uploads, accounts and sweeps of a store whose packs lie on a disk that forgets what was not synced, beside an index that keeps all that it committed, or only what it synced: what was
 * acknowledged before the machine went down is there, what was removed stays removed, also in an index that is made anew, and sweeps go on.
 */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import { compareGenerations } from '../../server/core/generation.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { createServices } from '../../server/core/services.js';
import type { Parts } from '../../server/core/contract.js';
import { silentMeter } from '../../server/ports/meter.js';
import { openBlockStore } from '../../server/storage/packs/block-store.js';
import { openDatabase } from '../../server/storage/sqlite/database.js';
import { AcknowledgedImages } from './acknowledged-images.js';
import { blocksOf, commitOf, CoreStore, hereAndTrusted, indexName, randomId, registrationOf, storeKey, storesOf, withOwnMark } from './core-store.js';
import { atEachCrash, type CrashImage, type CrashWay } from './crash-images.js';
import { ForgetfulFiles } from './forgetful-files.js';
import { refusalCode } from './refusal.js';

/** What was acknowledged. */
interface Known {
  readonly images: AcknowledgedImages;
  readonly purged: readonly { readonly accountId: AccountId; readonly imageId: ImageId }[];
  readonly accounts: readonly AccountId[];
  readonly closed: readonly AccountId[];
  readonly now: number;
}

const syncedName = 'synced.sqlite';
const emptyName = 'empty.sqlite';
const ends = ['', '-wal'];
/** SQLite's FULL: each commit syncs the log. */
const fullSync = 2;

class ForgetfulStore {
  readonly disk = new ForgetfulFiles((file) => /\.sqlite(-wal|-shm)?$/.test(file));
  images = new AcknowledgedImages();
  purged: { accountId: AccountId; imageId: ImageId }[] = [];
  accounts: AccountId[] = [];
  closed: AccountId[] = [];
  /** Crashes that were judged with an index that lacked what SQLite had not synced. */
  syncedJudged = 0;
  #store: CoreStore | undefined;
  /** The index when it was synced last: its file, and its log. */
  #synced: readonly (Buffer | undefined)[] = [];
  /** An index before anything came. */
  #empty: readonly (Buffer | undefined)[] = [];

  static async open(): Promise<ForgetfulStore> {
    const forgetful = new ForgetfulStore();
    const heard = { ...silentMeter, time: (name: string, kind: string): void => { if (name === 'commit' && kind === 'sqlite_durable') forgetful.#noteCommit(); } };
    forgetful.#store = await CoreStore.open({}, undefined, { files: forgetful.disk.files, meter: heard });
    forgetful.#empty = forgetful.#indexNow();
    return forgetful;
  }

  get store(): CoreStore {
    if (this.#store === undefined) throw new Error('the store is not open yet');
    return this.#store;
  }

  async registered(): Promise<AccountId> {
    const { accountId } = await this.store.register();
    this.accounts.push(accountId);
    return accountId;
  }

  /** Acknowledged as soon as the commit is, before the session ends. */
  async stored(accountId: AccountId, blocks = blocksOf(2)): Promise<ImageId> {
    const upload = { accountId, uploadId: await this.store.send(accountId, blocks) };
    const imageId = randomId<ImageId>();
    expect(await this.store.commit(upload, commitOf(imageId, blocks))).toMatchObject({ status: 'stored' });
    this.images.add(imageId, { accountId, blocks });
    this.disk.onStep('after a commit');
    await this.store.services.uploads.end(upload);
    return imageId;
  }

  async trash(accountId: AccountId, imageId: ImageId): Promise<void> {
    this.images.forget(imageId);
    await this.store.services.images.trash(accountId, imageId);
    this.store.now++;
  }

  async purge(accountId: AccountId, imageId: ImageId): Promise<void> {
    await this.trash(accountId, imageId);
    await this.store.services.images.purge(accountId, imageId);
    this.purged.push({ accountId, imageId });
  }

  /** Does `act`, and judges what a crash before each of its steps on files leaves. */
  async survives(name: string, { ways, every = 1 }: { readonly ways: readonly CrashWay[]; readonly every?: number }, act: () => Promise<unknown>): Promise<number> {
    const { moments, images } = await atEachCrash<Known>({
      disk: this.disk,
      root: this.store.folder,
      ways,
      every,
      act,
      known: () => ({ images: this.images.copy(), purged: [...this.purged], accounts: [...this.accounts], closed: [...this.closed], now: this.store.now }),
      beside: (folder) => { this.#keepIndex(folder); },
      judge: (image) => this.#judge(image),
    });
    process.stdout.write(`unsynced, ${name}: ${String(moments)} moments, ${String(images)} crashes\n`);
    return moments;
  }

  /** A commit that SQLite does not sync is none of these, whatever it is called. */
  #noteCommit(): void {
    if (this.#store === undefined || Number(this.#store.pragma('synchronous')) >= fullSync) this.#synced = this.#indexNow();
  }

  #keepIndex(folder: string): void {
    const synced = this.#synced;
    if (this.#indexNow().some((bytes, i) => bytes?.equals(synced[i] ?? Buffer.alloc(0)) === false)) writeIndex(path.join(folder, syncedName), synced);
  }

  /** The file of the index, and its log. */
  #indexNow(): readonly (Buffer | undefined)[] {
    return ends.map((end) => contentOf(path.join(this.#store?.folder ?? '', indexName + end)));
  }

  async #judge({ folder, beside, known, way }: CrashImage<Known>): Promise<void> {
    writeIndex(path.join(folder, emptyName), this.#empty);
    const synced = ends.map((end) => contentOf(path.join(beside, syncedName + end)));
    if (way === 'nothing' && synced[0] !== undefined) {
      const place = path.join(beside, 'with the synced index');
      cpSync(folder, place, { recursive: true });
      writeIndex(path.join(place, indexName), synced);
      await this.#judgeAt(place, known);
      this.syncedJudged++;
    }
    await this.#judgeAt(folder, known);
  }

  async #judgeAt(place: string, known: Known): Promise<void> {
    // Nothing is lost any more, so the disk need not be waited for.
    const blocks = await openBlockStore({ directory: path.join(place, 'packs'), storeKey, files: new ForgetfulFiles().files });
    const databases = [indexName, emptyName].map((name) => openDatabase({ file: path.join(place, name) }));
    try {
      for (const { connection } of databases) connection.pragma('synchronous = OFF');
      const world = { ...this.store.parts.world, clock: { now: () => known.now + 1 } };
      const [parts, rebuilt] = databases.map((database, at) => ({ ...this.store.parts, world, stores: storesOf(database, at === 0 ? blocks : withOwnMark(blocks)) })) as [Parts, Parts]; // as many as are mapped
      expect(compareGenerations(await parts.stores.state.generation(), await blocks.generation())).toBe('fits');
      await expectKnown(parts, known);
      expect(await rebuildStore(rebuilt)).toMatchObject({ incomplete: [], displaced: [] });
      await expectKnown(rebuilt, known);
      await createServices(parts).sweep.sweep({ isThorough: true });
      await expectKnown(parts, known);
    } finally {
      await blocks.close();
      for (const database of databases) database.close();
    }
  }
}

function contentOf(file: string): Buffer | undefined {
  return existsSync(file) ? readFileSync(file) : undefined;
}

/** Without a log where there was none. */
function writeIndex(file: string, contents: readonly (Buffer | undefined)[]): void {
  for (const [i, end] of ends.entries()) writeFileSync(file + end, contents[i] ?? Buffer.alloc(0));
}

async function expectKnown(parts: Parts, { images, purged, accounts, closed }: Known): Promise<void> {
  await images.expectWhole(parts);
  const services = createServices(parts);
  for (const { accountId, imageId } of purged) expect(await refusalCode(() => services.images.read(accountId, imageId))).toBe('not-found');
  for (const accountId of accounts) expect(await parts.stores.accounts.find(accountId)).toBeDefined();
  for (const accountId of closed) expect(await parts.stores.accounts.find(accountId)).toBeUndefined();
}

/** The tests; `ways` is how a crash leaves what was not synced. Of the moments of sweeps, which are many, one in `every`. */
export function unsyncedStores(ways: readonly CrashWay[], every: number): void {
  describe('a store on a machine that goes down', () => {
    let forgetful: ForgetfulStore;
    afterEach(() => forgetful.store.close());

    it('has every image that it acknowledged', async () => {
      forgetful = await ForgetfulStore.open();
      const moments = await forgetful.survives('uploads', { ways }, async () => {
        const accountId = await forgetful.registered();
        const blocks = blocksOf(3);
        await forgetful.stored(accountId, blocks);
        await forgetful.store.parts.stores.blocks.seal();
        await forgetful.stored(accountId, [...blocks, ...blocksOf(1, 2_000)]);
        await Promise.all([forgetful.stored(accountId), forgetful.stored(accountId)]);
      });
      expect(moments).toBeGreaterThan(10);
      expect(forgetful.syncedJudged).toBeGreaterThan(0);
    }, 600_000);

    it('has every account that it acknowledged, and none that it closed', async () => {
      forgetful = await ForgetfulStore.open();
      const { store } = forgetful;
      const moments = await forgetful.survives('accounts', { ways }, async () => {
        await forgetful.registered();
        const registration = registrationOf('leaving');
        await store.services.accounts.register(registration, hereAndTrusted);
        forgetful.accounts.push(registration.accountId);
        await forgetful.purge(registration.accountId, await forgetful.stored(registration.accountId));
        await store.parts.stores.blocks.seal();
        const row = await store.parts.stores.accounts.find(registration.accountId);
        if (row === undefined) throw new Error('the account is not there');
        forgetful.accounts.pop();
        await store.services.accounts.close(row, registration.password.authKey, hereAndTrusted);
        forgetful.closed.push(registration.accountId);
        await forgetful.registered();
      });
      expect(moments).toBeGreaterThan(10);
    }, 600_000);

    it('loses nothing to sweeps, and brings nothing back that they took away', async () => {
      forgetful = await ForgetfulStore.open();
      const { store } = forgetful;
      const [accountId, other] = [await forgetful.registered(), await forgetful.registered()];
      const kept = blocksOf(4);
      await forgetful.stored(accountId, kept);
      await forgetful.purge(accountId, await forgetful.stored(accountId, blocksOf(2, 2_000)));
      await forgetful.trash(other, await forgetful.stored(other, [...kept, ...blocksOf(2, 2_000)]));
      // The disk knows files that are opened from now on.
      await store.parts.stores.blocks.seal();
      let packs = 0;
      const moments = await forgetful.survives('sweeps', { ways, every }, async () => {
        for (let i = 0; i < 2; i++, store.now++) packs += (await store.services.sweep.sweep({ isThorough: true })).compactedPacks;
      });
      expect([packs > 0, moments > 15 / every]).toEqual([true, true]);
    }, 600_000);
  });
}
