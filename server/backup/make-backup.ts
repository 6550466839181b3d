/**
 * Makes one point of a backup while a server may go on writing. What is had already is not copied again. FORMAT.md section 3; DESIGN.md, *Backup*.
 */
import { hash } from 'node:crypto';
import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { restoreEpoch } from '../core/restore-epoch.js';
import { databaseName, DataDirectoryError, markerName, secretNames, type DataDirectory } from '../data-directory.js';
import { StorageError } from '../ports/errors.js';
import { digestFile, syncFile } from '../storage/packs/durable-copy.js';
import { writeDurably } from '../storage/packs/durable-file.js';
import { storageErrorOf } from '../storage/packs/failure.js';
import { nodeFiles } from '../storage/packs/file-layer.js';
import { type PackFile, PackSet } from '../storage/packs/pack-set.js';
import { lockDirectory } from '../storage/sqlite/directory-lock.js';
import { copyIndex, settleSnapshot, type SnapshotFacts } from '../storage/sqlite/snapshot.js';
import type { BackupAnswer, BackupOrder } from './backup-order.js';
import { copyPacks } from './copy-packs.js';
import { refuseStopped } from './stopping.js';
import { encodePoint, markFile, pointId, type ListedFile } from './point.js';

/** Makes a point. Rejects with DataDirectoryError, StorageError or CorruptionError; then no point was made, or older ones could not be forgotten. What was copied stays for the next run. */
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
  const { repository, at } = order;
  const id = pointId(at);
  await repository.clean();
  await mkdir(path.join(repository.pointsFolder, id), { mode: 0o700 });
  const written = await writeFiles(order, id).catch(async (error: unknown) => {
    // A point without a list is none, and the next run would remove it.
    await repository.drop(id).catch(() => undefined);
    throw error;
  });
  // The point is there, and older ones may go: what fails from here on takes nothing of it away.
  const forgotten = await repository.forget(order.keep ?? Number.MAX_SAFE_INTEGER);
  return { id, ...written, forgottenPoints: forgotten.points, forgottenPacks: forgotten.packs };
}

async function writeFiles(order: BackupOrder, id: string): Promise<Omit<BackupAnswer, 'id' | 'forgottenPoints' | 'forgottenPacks'>> {
  const { data, repository, at } = order;
  const folder = path.join(repository.pointsFolder, id);
  const { packs, facts, index } = await copySnapshot(order, folder);
  const copied = await copyPacks(order, packs, facts.ends);
  // A pack that was there already may have been named by a run that was cut off before it was sure of the name.
  await nodeFiles.syncFolder(repository.packsFolder);
  const mark = await new PackSet(data.packsDirectory, data.storeKey).markFor({ generation: facts.generation, highest: packs.at(-1)?.pack ?? 0 });
  const small = [await writeSmall(folder, markFile, mark), ...(await copySecrets(data, folder))];
  const { epoch } = await restoreEpoch(facts.state);
  const files = [index, ...copied.files, ...small];
  const { storeId, serverId } = data;
  refuseStopped(order.stop);
  await writeDurably(repository.listPath(id), encodePoint({ id, at, epoch, files, generation: facts.generation, isHeld: facts.isHeld, serverId, storeId }));
  await nodeFiles.syncFolder(repository.pointsFolder);
  const packBytes = copied.files.reduce((sum, { bytes }) => sum + bytes, 0);
  const counts = { packs: copied.files.length, packBytes, indexBytes: index.bytes, copiedPacks: copied.copiedPacks, copiedPackBytes: copied.copiedBytes };
  return { isHeld: facts.isHeld, ...counts, damage: copied.damage };
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
  if (facts.storeId !== undefined && facts.storeId !== data.storeId) throw new DataDirectoryError(`${data.databaseFile} belongs to another store than its directory.`);
  await syncFile(file);
  return { packs, facts, index: { name: databaseName, ...(await digestFile(file)) } };
}

async function copySecrets(data: DataDirectory, folder: string): Promise<readonly ListedFile[]> {
  const copied: ListedFile[] = [];
  for (const name of [markerName, ...secretNames]) {
    const source = path.join(data.directory, name);
    // The setup token goes when the first account comes.
    const isOptional = name === 'setup-token';
    const bytes = await readFile(source).catch((error: unknown) => {
      if (isOptional && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    });
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
