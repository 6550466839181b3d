/**
 * Opens a store for one process: locks, data directory, packs, database, then the services over them, in this order;
 * closes them in the reverse one. Refuses to go on where what is found does not belong together.
 */
import type { Parts, Policy, Services, Stores } from './core/contract.js';
import { closeGeneration, openGeneration } from './core/generation.js';
import { isHalfRebuilt, noteRebuild } from './core/rebuild.js';
import { createServices } from './core/services.js';
import { DataDirectoryError, measureOtherFiles, openDataDirectory, refuseUnfit, removeSetupToken, type DataDirectory } from './data-directory.js';
import type { Config } from './config.js';
import { openBlocks } from './open-blocks.js';
import { openIndex } from './open-index.js';
import type { OpenedIndex } from './opened-index.js';
import type { BlockStore } from './ports/block-store.js';
import type { Meter } from './ports/meter.js';
import { makeFolderDurably } from './storage/packs/durable-file.js';
import { guarded } from './storage/packs/failure.js';
import type { FileLayer } from './storage/packs/file-layer.js';
import { type DirectoryLock, lockDirectory } from './storage/sqlite/directory-lock.js';
import { nodeWorld } from './world.js';

/** So long the writes of other processes are waited for at a clean stop: one that is well tells of them every two seconds. What is not noted then costs the next start a reading. */
const patienceMs = 5_000;

/** What a process opens a store for. Only a server makes one where there is none; only a rebuild goes on without a database. */
export type Purpose =
  | { readonly kind: 'serve'; readonly realm: string; readonly isSharedConfirmed: boolean }
  | { readonly kind: 'administer' }
  | { readonly kind: 'rebuild'; readonly isAnew: boolean };

/** What keeps the index and the blocks. */
export type Engines = Partial<Pick<Config, 'databaseUrl' | 'bucket'>>;

/** How to open a store. */
export interface StoreOrder {
  readonly directory: string;
  readonly policy: Policy;
  readonly purpose: Purpose;
  /** SQLite and packs in the data directory without them. */
  readonly engines?: Engines;
  /** The file system under the packs; a test may give one that fails. */
  readonly files?: FileLayer | undefined;
  /** Hears what is done, counted and timed. */
  readonly meter?: Meter | undefined;
}

/** An open store. */
export interface OpenedStore {
  readonly data: DataDirectory;
  readonly parts: Parts;
  readonly services: Services;
  /** Where an index lies that a rebuild put aside. */
  readonly aside?: string | undefined;
  /** Marks a clean stop, truncates the write-ahead log, closes everything, releases the lock. Call once. */
  close(): Promise<void>;
}

/** Opens. Rejects with DataDirectoryError, StorageError or CorruptionError; then nothing stays open. */
export async function openStore(order: StoreOrder): Promise<OpenedStore> {
  await refuseUnfit(order.directory, order.purpose.kind === 'serve');
  const { databaseUrl, bucket } = order.engines ?? {};
  // Where neither index nor blocks lie in the directory, any number of processes may serve the store: of it they read secrets alone.
  const isShared = databaseUrl !== undefined && bucket !== undefined;
  if (order.purpose.kind === 'serve') await guarded('making the data directory', () => makeFolderDurably(order.directory));
  const lock = lockDirectory(order.directory);
  if (lock === undefined) {
    throw new DataDirectoryError(`${order.directory} is in use by another process of this program. Stop the server first, or name another directory.`);
  }
  let backups: DirectoryLock | undefined;
  const release = (): void => {
    backups?.release();
    lock.release();
  };
  try {
    const data = await openDataDirectory(order.directory, order.purpose.kind === 'serve' ? order.purpose.realm : undefined);
    if (isShared) lock.release();
    if (order.purpose.kind === 'rebuild') backups = lockOutBackups(order.directory);
    const store = await openEngines(order, data);
    return {
      ...store,
      async close() {
        try {
          await store.close();
        } finally {
          release();
        }
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** A backup copies a whole index or none: while one runs none is put aside or rebuilt, and meanwhile none begins. */
function lockOutBackups(directory: string): DirectoryLock {
  const lock = lockDirectory(directory, 'backup');
  if (lock === undefined) throw new DataDirectoryError(`A backup of ${directory} is being made. Wait for its end, or stop it.`);
  return lock;
}

async function openEngines(order: StoreOrder, data: DataDirectory): Promise<OpenedStore> {
  const { purpose, engines = {}, meter } = order;
  const blocks = await openBlocks({ data, bucket: engines.bucket, files: order.files, meter });
  try {
    const index = await openIndex({ data, databaseUrl: engines.databaseUrl, mustExist: purpose.kind !== 'rebuild' && (await blocks.packs()).length > 0, rebuild: purpose.kind === 'rebuild' ? purpose : undefined, meter });
    try {
      return await openServices(order, { data, index, blocks });
    } catch (error) {
      await index.close();
      throw error;
    }
  } catch (error) {
    await blocks.close();
    throw error;
  }
}

interface Opened {
  readonly data: DataDirectory;
  readonly index: OpenedIndex;
  readonly blocks: BlockStore;
}

async function openServices(order: StoreOrder, { data, index, blocks }: Opened): Promise<OpenedStore> {
  const { gate } = index;
  const stores: Stores = { ...index.stores, blocks };
  await refuseStrangers(data, stores, order.purpose);
  if (order.purpose.kind !== 'rebuild') await refuseHalfRebuilt(stores);
  if (order.purpose.kind === 'serve') await settleExistence(order.policy.existence, stores, order.purpose.isSharedConfirmed);
  await openGeneration(gate, stores);
  const hasAccounts = (await stores.accounts.count()) > 0;
  if (hasAccounts) await removeSetupToken(data.directory);
  const parts: Parts = {
    stores,
    gate,
    world: { ...nodeWorld, clock: index.clock },
    policy: order.policy,
    secrets: { serverId: data.serverId, saltKey: data.saltKey, setupToken: hasAccounts ? undefined : data.setupToken },
    otherFileBytes: () => measureOtherFiles(data),
    meter: order.meter,
  };
  const services = createServices(parts);
  return {
    data,
    parts,
    services,
    aside: index.aside,
    async close() {
      try {
        await closeGeneration(gate, stores, { isReconciled: await services.reconcile.isDone(), stop: AbortSignal.timeout(patienceMs) });
      } finally {
        // Even where a full disk takes no mark: what was acknowledged is durable already.
        await blocks.close();
        await index.close();
      }
    },
  };
}

/** A database of another store, and packs that are gone from under a database, are volumes mounted wrongly. */
async function refuseStrangers(data: DataDirectory, stores: Stores, purpose: Purpose): Promise<void> {
  const storeId = await stores.state.read('store-id');
  if (storeId !== undefined && storeId !== data.storeId) throw new DataDirectoryError(`${data.databaseFile} belongs to another store than its directory.`);
  // The first start notes it before there is any pack; an index that never had it, of an early schema, has rows.
  if (storeId === undefined && purpose.kind !== 'rebuild' && (await isWithoutRows(stores)) && (await stores.blocks.packs()).length > 0) {
    throw new DataDirectoryError(`The index (${data.databaseFile}, or the database that is named) is empty while packs are there. Put it back from a backup, or run: dice-admin rebuild-index`);
  }
  if ((await stores.accounts.count()) > 0 && (await stores.blocks.packs()).length === 0) {
    throw new DataDirectoryError(`${data.packsDirectory} is empty although the database names blocks in it. Is the right volume mounted there?`);
  }
  if (storeId !== undefined) return;
  if (purpose.kind === 'rebuild') await noteRebuild(stores.state);
  await stores.state.write('store-id', data.storeId);
}

async function isWithoutRows({ accounts, tags }: Stores): Promise<boolean> {
  return (await accounts.count()) === 0 && (await tags.list(undefined, 1)).length === 0;
}

/** An index to which a rebuild has not brought all is none. */
async function refuseHalfRebuilt({ state }: Stores): Promise<void> {
  if (!(await isHalfRebuilt(state))) return;
  throw new DataDirectoryError('The index holds a rebuild that has not ended. Run dice-admin rebuild-index again: it goes through to the end.');
}

/** Blocks that were stored under `own` can be probed by all once existence is `shared`: the operator must say so. */
async function settleExistence(mode: Policy['existence'], stores: Stores, isConfirmed: boolean): Promise<void> {
  const before = await stores.state.read('existence');
  const isExposing = before === 'own' && mode === 'shared' && (await stores.accounts.count()) > 0;
  if (isExposing && !isConfirmed) {
    throw new DataDirectoryError(
      'DICE_EXISTENCE=shared lets every account ask whether a block is stored here, also about blocks that were stored under own. Set DICE_CONFIRM_SHARED=yes to accept that, or leave DICE_EXISTENCE at own.',
    );
  }
  if (before !== mode) await stores.state.write('existence', mode);
}
