/**
 * Makes a data directory out of one point of a backup. Every hash is looked at on the way, and no server opens what came to be before all of it is there.
 * What was copied by an earlier run that was broken off is not copied again. FORMAT.md section 4.
 */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { utf8 } from '../../client-sdk/protocol/bytes.js';
import { raiseRestoreEpoch } from '../core/restore-epoch.js';
import { databaseName, DataDirectoryError, markerName, restoreNoteName, strangersIn } from '../data-directory.js';
import { CorruptionError } from '../ports/errors.js';
import { copyDurably } from '../storage/packs/durable-copy.js';
import { makeFolderDurably, writeDurably } from '../storage/packs/durable-file.js';
import { guarded, isAbsent, storageErrorOf, unlessAbsent } from '../storage/packs/failure.js';
import { nodeFiles } from '../storage/packs/file-layer.js';
import { openDatabase } from '../storage/sqlite/database.js';
import { lockDirectory } from '../storage/sqlite/directory-lock.js';
import { createStoreState } from '../storage/sqlite/store-state.js';
import type { BackupProgress } from './backup-order.js';
import { isPointId, pointId, type ListedFile, type Point } from './point.js';
import type { Owner, Points, Repository } from './repository.js';
import { refuseStopped } from './stopping.js';
import { rottenError, type RottenFile } from './verify-repository.js';

/** What to do. */
export interface RestoreOrder {
  readonly repository: Repository;
  readonly point: Point;
  /** The data directory that comes to be. */
  readonly directory: string;
  /** Milliseconds. */
  readonly now: number;
  readonly stop: AbortSignal;
  readonly onProgress: (progress: BackupProgress) => void;
}

/** The point that `at` names: an id, or a time at which it was the newest; undefined: the newest. Throws DataDirectoryError. */
export function choosePoint({ points, damaged }: Points, owner: Owner, at: string | undefined): Point {
  const own = points.filter(({ storeId, serverId }) => storeId === owner.storeId && serverId === owner.serverId);
  if (at !== undefined && damaged.includes(at)) throw new CorruptionError(`damaged: points/${at}/list`);
  const time = at === undefined ? Number.POSITIVE_INFINITY : Date.parse(at);
  const isId = at !== undefined && isPointId(at);
  if (!isId && Number.isNaN(time)) throw new DataDirectoryError(`--at is the id of a point, or a time such as ${new Date(0).toISOString()}.`);
  const point = isId ? own.find(({ id }) => id === at) : own.findLast((candidate) => candidate.at <= time);
  if (point !== undefined) return point;
  const known = own.length === 0 ? 'none that can be read' : own.map(({ id }) => id).join(', ');
  throw new DataDirectoryError(`The backup has no such point. Its points: ${known}.${damaged.length === 0 ? '' : ` Damaged lists: ${damaged.join(', ')}.`}`);
}

/** Newer points that `at` would have chosen, were their lists not damaged. */
export function passedOver({ damaged }: Points, chosen: Point, at: string | undefined): readonly string[] {
  if (at !== undefined && isPointId(at)) return [];
  const until = at === undefined ? undefined : pointId(Date.parse(at));
  return damaged.filter((id) => id > chosen.id && (until === undefined || id <= until));
}

/** Restores. Rejects with DataDirectoryError, StorageError, or CorruptionError that names every file that is not what it was; then no store is there yet. */
export async function restorePoint(order: RestoreOrder): Promise<void> {
  const { directory } = order;
  if (await isOver(order)) return;
  await guarded('making the data directory', () => makeFolderDurably(directory));
  const lock = lockDirectory(directory);
  if (lock === undefined) throw new DataDirectoryError(`${directory} is in use by another process of this program.`);
  try {
    // Looked at before, so that no lock is put beside what is no store's; and again, for another process may have worked there in between.
    if (!(await isOver(order))) await writeAll(order);
  } catch (error) {
    throw error instanceof DataDirectoryError ? error : storageErrorOf(error, 'restoring');
  } finally {
    lock.release();
  }
}

/** True where an earlier run did all but forget its note: a server may have used the store since. Throws DataDirectoryError where anything else is there than such a restore. */
async function isOver({ directory, point }: RestoreOrder): Promise<boolean> {
  const note = path.join(directory, restoreNoteName);
  const found = await unlessAbsent(() => readFile(note, 'utf8'));
  if (found !== undefined) {
    if (found === noteOf(point)) {
      const isStore = (await unlessAbsent(() => nodeFiles.size(path.join(directory, markerName)))) !== undefined;
      if (isStore) await forgetNote(directory);
      return isStore;
    }
    throw new DataDirectoryError(`${directory} holds a restore of another point that has not ended. End that one with --at, or empty the directory.`);
  }
  const names = await strangersIn(directory);
  if (names.length === 0) return false;
  const what = names.includes(markerName) ? 'a store' : `files (${names.slice(0, 3).join(', ')})`;
  throw new DataDirectoryError(`${directory} holds ${what}. A backup is restored into an empty or absent directory: move this one away, or name another with --data-dir.`);
}

function noteOf({ id, storeId }: Point): string {
  return `${JSON.stringify({ format: 1, id, storeId })}\n`;
}

async function writeAll(order: RestoreOrder): Promise<void> {
  const { directory, point } = order;
  // First of all, so that a run which is cut off anywhere is one that the next can go on with.
  await writeDurably(path.join(directory, restoreNoteName), utf8(noteOf(point)));
  await makeFolderDurably(path.join(directory, 'packs'));
  // An index that an earlier run may have changed is copied anew, and what makes it a store comes last.
  const isLast = ({ name }: ListedFile): boolean => name === databaseName || name === markerName;
  await copyFiles(order, point.files.filter((file) => !isLast(file)));
  await copyIndexAndMarker(order);
  await forgetNote(directory);
}

/** The marker first: a run that was killed may have given it its name and no more. */
async function forgetNote(directory: string): Promise<void> {
  await nodeFiles.syncFolder(directory);
  await rm(path.join(directory, restoreNoteName), { force: true });
  await nodeFiles.syncFolder(directory);
}

/** Copies what is not there yet; names at the end all that is damaged. */
async function copyFiles(order: RestoreOrder, files: readonly ListedFile[]): Promise<void> {
  const total = files.length;
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const rotten: RottenFile[] = [];
  let [done, doneBytes] = [0, 0];
  for (const file of files) {
    order.onProgress({ phase: 'files', done, total, doneBytes, totalBytes });
    if ((await unlessAbsent(() => nodeFiles.size(path.join(order.directory, file.name)))) !== file.bytes) rotten.push(...(await copyFile(order, file, file.name)));
    done++;
    doneBytes += file.bytes;
  }
  // Names of what an earlier run copied, too.
  if (rotten.length === 0) for (const folder of ['.', 'packs']) await nodeFiles.syncFolder(path.join(order.directory, folder));
  order.onProgress({ phase: 'files', done, total, doneBytes, totalBytes });
  // Before anything is refused, what comes last is read too: all that is damaged is told at once.
  const last = order.point.files.filter(({ name }) => name === databaseName || name === markerName);
  for (const file of last) rotten.push(...(await copyFile(order, file, `${file.name}.tmp`)));
  if (rotten.length > 0) throw rottenError(rotten);
}

/** Copies to `name`; answers what is wrong with the file of the backup, if anything is. */
async function copyFile({ repository, point, directory, stop }: RestoreOrder, file: ListedFile, name: string): Promise<readonly RottenFile[]> {
  const from = repository.pathOf(point.id, file);
  const target = path.join(directory, name);
  const rotten = (what: RottenFile['what']): readonly RottenFile[] => [{ file: repository.shortName(from), what, points: [point.id] }];
  refuseStopped(stop);
  try {
    if ((await nodeFiles.size(from)) !== file.bytes) return rotten('damaged');
    await copyDurably({
      from,
      bytes: file.bytes,
      temporary: `${target}.tmp`,
      targetOf(sha256) {
        if (sha256 !== file.sha256) throw new CorruptionError(`damaged: ${from}`);
        return target;
      },
      onPiece: () => { refuseStopped(stop); },
    });
    return [];
  } catch (error) {
    if (isAbsent(error)) return rotten('missing');
    if (error instanceof CorruptionError) return rotten('damaged');
    throw error;
  }
}

/** Both are there under other names, and sound. */
async function copyIndexAndMarker({ directory, now }: RestoreOrder): Promise<void> {
  const database = path.join(directory, databaseName);
  for (const suffix of ['-wal', '-shm', '-journal']) await rm(database + suffix, { force: true });
  await nodeFiles.rename(`${database}.tmp`, database);
  await nodeFiles.syncFolder(directory);
  const db = openDatabase({ file: database });
  try {
    await raiseRestoreEpoch(createStoreState(db), now);
  } finally {
    db.close();
  }
  const marker = path.join(directory, markerName);
  await nodeFiles.rename(`${marker}.tmp`, marker);
}
