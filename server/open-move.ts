/**
 * Opens both ends of a move: locks, the source for reading, the target for writing, in this order; closes them in the reverse one. While it is open no server
 * can use either.
 */
import path from 'node:path';
import type { MoveEnds } from './core/moving/move-ends.js';
import { copyDataDirectory, DataDirectoryError, openDataDirectory, refuseOtherStore, refuseUnfit, type DataDirectory } from './data-directory.js';
import type { MovePlaces } from './move-places.js';
import { openBlocks, openPackTarget } from './open-blocks.js';
import { openIndexSource as openPostgresSource } from './storage/postgres/index-reader.js';
import { openIndexTarget as openPostgresTarget } from './storage/postgres/index-target.js';
import { makeFolderDurably } from './storage/packs/durable-file.js';
import { guarded } from './storage/packs/failure.js';
import { lockDirectory } from './storage/sqlite/directory-lock.js';
import { openIndexSource as openSqliteSource } from './storage/sqlite/index-reader.js';
import { openIndexTarget as openSqliteTarget } from './storage/sqlite/index-target.js';
import { nodeWorld } from './world.js';

/** The source alone, open. */
export interface OpenedSource {
  readonly data: DataDirectory;
  readonly source: MoveEnds['source'];
  close(): Promise<void>;
}

/** Both ends, open. */
export interface OpenedMove {
  readonly data: DataDirectory;
  readonly ends: MoveEnds;
  close(): Promise<void>;
}

type Closing = () => unknown;

/** Opens the source. Rejects with DataDirectoryError, StorageError or CorruptionError; then nothing stays open. */
export function openMoveSource(places: MovePlaces): Promise<OpenedSource> {
  return opening(async (closings) => ({ ...(await sourceOf(places, closings)), close: () => closeAll(closings) }));
}

/** Opens both. Rejects with DataDirectoryError, StorageError or CorruptionError; then nothing stays open. */
export function openMove(places: MovePlaces): Promise<OpenedMove> {
  return opening(async (closings) => {
    const { data, source } = await sourceOf(places, closings);
    const target = await targetOf(places, data, closings);
    const complete = async (): Promise<void> => {
      if (places.target.directory !== data.directory) await copyDataDirectory(data, places.target.directory);
    };
    const ends: MoveEnds = { source, target, sha256: (bytes) => nodeWorld.hasher.sha256(bytes), complete };
    return { data, ends, close: () => closeAll(closings) };
  });
}

async function sourceOf({ source }: MovePlaces, closings: Closing[]): Promise<{ readonly data: DataDirectory; readonly source: MoveEnds['source'] }> {
  await refuseUnfit(source.directory, false);
  lock(source.directory, closings);
  const data = await openDataDirectory(source.directory, undefined);
  const index = source.databaseUrl === undefined ? openSqliteSource(data.databaseFile) : await openPostgresSource(source.databaseUrl);
  closings.push(() => index.close());
  const blocks = await openBlocks({ data, bucket: source.bucket, files: undefined });
  closings.push(() => blocks.close());
  return { data, source: { index, blocks } };
}

async function targetOf({ target, blocksStay }: MovePlaces, data: DataDirectory, closings: Closing[]): Promise<MoveEnds['target']> {
  const { directory, databaseUrl, bucket } = target;
  if (directory !== data.directory) {
    await refuseOtherStore(data, directory);
    await guarded('making the data directory', () => makeFolderDurably(directory));
    lock(directory, closings);
  }
  const index = databaseUrl === undefined ? openSqliteTarget(path.join(directory, 'dice.db')) : await openPostgresTarget(databaseUrl);
  closings.push(() => index.close());
  const place = { storeKey: data.storeKey, packsDirectory: path.join(directory, 'packs') };
  const packs = blocksStay ? undefined : await openPackTarget({ data: place, bucket });
  if (packs !== undefined) closings.push(() => packs.close());
  return { index, packs };
}

function lock(directory: string, closings: Closing[]): void {
  const held = lockDirectory(directory);
  if (held === undefined) throw new DataDirectoryError(`${directory} is in use by another process of this program. Stop the server first, or name another directory.`);
  closings.push(() => { held.release(); });
}

async function opening<T>(open: (closings: Closing[]) => Promise<T>): Promise<T> {
  const closings: Closing[] = [];
  try {
    return await open(closings);
  } catch (error) {
    await closeAll(closings);
    throw error;
  }
}

/** The last one opened first, and all of them whatever one of them throws. */
async function closeAll(closings: Closing[]): Promise<void> {
  for (const close of closings.splice(0).reverse()) await Promise.resolve().then(close).catch(() => undefined);
}
