/**
 * Makes one point of a backup while a server may go on writing. What is had already is not copied again. FORMAT.md section 3; DESIGN.md, *Backup*.
 */
import { hash } from 'node:crypto';
import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { isHalfRebuilt } from '../core/rebuild.js';
import { restoreEpoch } from '../core/restore-epoch.js';
import { databaseName, DataDirectoryError, markerName, secretNames, type DataDirectory } from '../data-directory.js';
import { StorageError } from '../ports/errors.js';
import { digestFile, syncFile } from '../storage/packs/durable-copy.js';
import { writeDurably } from '../storage/packs/durable-file.js';
import { storageErrorOf, unlessAbsent } from '../storage/packs/failure.js';
import { nodeFiles } from '../storage/packs/file-layer.js';
import { type PackFile, PackSet } from '../storage/packs/pack-set.js';
import { lockDirectory } from '../storage/sqlite/directory-lock.js';
import { copyIndex, settleSnapshot, type SnapshotFacts } from '../storage/sqlite/snapshot.js';
import type { BackupAnswer, BackupOrder } from './backup-order.js';
import { copyPacks } from './copy-packs.js';
import { refuseStopped } from './stopping.js';
import { encodePoint, markFile, pointId, type ListedFile } from './point.js';

/**
 * Makes a point. Rejects with DataDirectoryError, StorageError or CorruptionError; then no point was made, and what was copied stays for the next run. But one that
 * stands already stays where forgetting others fails.
 */
export async function makeBackup(order: BackupOrder): Promise<BackupAnswer> {
  const lock = lockDirectory(order.data.directory, 'backup');
  if (lock === undefined) throw new DataDirectoryError(`Another backup of ${order.data.directory} is being made, or its index is being rebuilt.`);
  try {
    return await writePoint(order);
  } catch (error) {
    throw error instanceof DataDirectoryError ? error : storageErrorOf(error, 'making the backup');
  } finally {
    lock.release();
  }
}

async function writePoint(order: BackupOrder): Promise<BackupAnswer> {
  const { repository, keep } = order;
  const id = pointId(order.at);
  await repository.clean();
  const counts = await writeFiles(order, id);
  // What is damaged here, an older point may have whole.
  const mayForget = keep !== undefined && counts.damage.length === 0;
  const forgotten = await repository.forget(id, mayForget ? keep : Number.MAX_SAFE_INTEGER);
  return { id, ...counts, forgottenPoints: forgotten.points, forgottenPacks: forgotten.packs };
}

/** All files of the point, then its list. */
async function writeFiles(order: BackupOrder, id: string): Promise<Omit<BackupAnswer, 'id' | 'forgottenPoints' | 'forgottenPacks'>> {
  const { data, repository, at } = order;
  const folder = path.join(repository.pointsFolder, id);
  await mkdir(folder, { mode: 0o700 });
  try {
    const { packs, facts: { ends, generation, isHeld, state }, index } = await copySnapshot(order, folder);
    const copied = await copyPacks(order, packs, ends);
    // A pack that was there already may have been named by a run that was cut off before it was sure of the name.
    await nodeFiles.syncFolder(repository.packsFolder);
    const mark = await new PackSet(data.packsDirectory, data.storeKey).markFor({ generation, highest: packs.at(-1)?.pack ?? 0 });
    const small = [await writeSmall(folder, markFile, mark), ...(await copySecrets(data, folder))];
    const { epoch } = await restoreEpoch(state);
    const files = [index, ...copied.files, ...small];
    const { storeId, serverId } = data;
    refuseStopped(order.stop);
    await writeDurably(repository.listPath(id), encodePoint({ id, at, epoch, files, generation, isHeld, serverId, storeId }));
    await nodeFiles.syncFolder(repository.pointsFolder);
    const packBytes = copied.files.reduce((sum, { bytes }) => sum + bytes, 0);
    return { isHeld, packs: copied.files.length, packBytes, indexBytes: index.bytes, copiedPacks: copied.copiedPacks, copiedPackBytes: copied.copiedBytes, damage: copied.damage };
  } catch (error) {
    // Where this fails too, a point without a list is none, and the next run removes it.
    await repository.discard(id).catch(() => undefined);
    throw error;
  }
}

interface Snapshot {
  readonly packs: readonly PackFile[];
  readonly facts: SnapshotFacts;
  readonly index: ListedFile;
}

/** The index at one moment, and the packs as they are right after it. */
async function copySnapshot({ data, stop, onProgress }: BackupOrder, folder: string): Promise<Snapshot> {
  const file = path.join(folder, databaseName);
  let packs: readonly PackFile[] = [];
  await copyIndex(data.databaseFile, file, {
    onTaken: async () => { packs = await new PackSet(data.packsDirectory, data.storeKey).list(); },
    onProgress(pages) {
      refuseStopped(stop);
      onProgress({ phase: 'index', ...pages, doneBytes: 0, totalBytes: 0 });
    },
  });
  await chmod(file, 0o600);
  const facts = settleSnapshot(file);
  // SQLite says nothing where it could not remove them itself.
  for (const suffix of ['-wal', '-shm', '-journal']) await rm(file + suffix, { force: true });
  await refuseUnwhole(facts, data, packs);
  await syncFile(file);
  return { packs, facts, index: { name: databaseName, ...(await digestFile(file)) } };
}

/** What no server would open is no backup: it would take the place of one that is good. */
async function refuseUnwhole({ storeId, state, ends }: SnapshotFacts, data: DataDirectory, packs: readonly PackFile[]): Promise<void> {
  if (storeId !== undefined && storeId !== data.storeId) throw new DataDirectoryError(`${data.databaseFile} belongs to another store than its directory.`);
  if (await isHalfRebuilt(state)) throw new DataDirectoryError(`${data.databaseFile} holds a rebuild that has not ended. Run dice-admin rebuild-index again, then make the backup.`);
  if (storeId === undefined && ends.size === 0 && packs.length > 0) {
    throw new DataDirectoryError(`${data.databaseFile} is empty while packs are there. Put it back from a backup, or run dice-admin rebuild-index, then make the backup.`);
  }
}

async function copySecrets(data: DataDirectory, folder: string): Promise<readonly ListedFile[]> {
  const copied: ListedFile[] = [];
  for (const name of [markerName, ...secretNames]) {
    const source = path.join(data.directory, name);
    // The setup token goes when the first account comes.
    const isOptional = name === 'setup-token';
    const bytes = isOptional ? await unlessAbsent(() => readFile(source)) : await readFile(source);
    if (bytes !== undefined) copied.push(await writeSmall(folder, name, bytes));
  }
  return copied;
}

/** Written, read back, compared. */
async function writeSmall(folder: string, name: string, bytes: Uint8Array): Promise<ListedFile> {
  const file = path.join(folder, path.posix.basename(name));
  await writeDurably(file, bytes);
  const written = await digestFile(file);
  if (written.sha256 !== hash('sha256', bytes, 'hex')) throw new StorageError(`${file}: what was read back is not what was written`, { retryable: false });
  return { name, ...written };
}
