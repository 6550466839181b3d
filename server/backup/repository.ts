/**
 * The folder of backups: whose it is, which points and packs it has, and how they are forgotten. FORMAT.md section 1.
 */
import { readdir, readFile, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { utf8 } from '../../client-sdk/protocol/bytes.js';
import { DataDirectoryError, type DataDirectory } from '../data-directory.js';
import { makeFolderDurably, writeDurably } from '../storage/packs/durable-file.js';
import { unlessAbsent } from '../storage/packs/failure.js';
import { nodeFiles } from '../storage/packs/file-layer.js';
import { packOfName } from '../storage/packs/pack-folder.js';
import { lockDirectory, lockNames, type DirectoryLock } from '../storage/sqlite/directory-lock.js';
import { decodePoint, isPointId, packOf, type ListedFile, type Point } from './point.js';

/** Whose backups a repository has. */
export type Owner = Pick<DataDirectory, 'storeId' | 'serverId'>;

/** A pack of the repository, as its name tells. */
export interface StoredPack {
  readonly name: string;
  readonly pack: number;
  readonly sha256: string;
}

/** All points that can be read, oldest first, and the ids of those that cannot. `unfinished` have no list. */
export interface Points {
  readonly points: readonly Point[];
  readonly damaged: readonly string[];
  readonly unfinished: readonly string[];
}

const ownerName = 'dice-backup.json';
const listName = 'list';
const packPattern = /^(pack-\d{10}\.dice)\.([0-9a-f]{64})$/;
const harmlessNames = new Set(['lost+found', '.DS_Store', lockNames.store]);

export class Repository {
  readonly packsFolder: string;
  readonly pointsFolder: string;

  constructor(readonly directory: string) {
    this.packsFolder = path.join(directory, 'packs');
    this.pointsFolder = path.join(directory, 'points');
  }

  /** Where a file of a point lies; `id` does not matter to packs. */
  pathOf(id: string, file: Pick<ListedFile, 'name' | 'sha256'>): string {
    const base = path.posix.basename(file.name);
    return packOf(file) === undefined ? path.join(this.pointsFolder, id, base) : this.packPath(base, file.sha256);
  }

  packPath(name: string, sha256: string): string {
    return path.join(this.packsFolder, `${name}.${sha256}`);
  }

  listPath(id: string): string {
    return path.join(this.pointsFolder, id, listName);
  }

  /** A path as an operator is told of it. */
  shortName(file: string): string {
    return path.relative(this.directory, file);
  }

  async points(): Promise<Points> {
    const found: { points: Point[]; damaged: string[]; unfinished: string[] } = { points: [], damaged: [], unfinished: [] };
    for (const id of (await namesIn(this.pointsFolder)).filter(isPointId).sort()) {
      const bytes = await unlessAbsent(() => readFile(this.listPath(id)));
      const point = bytes === undefined ? undefined : decodePoint(bytes);
      if (bytes === undefined) found.unfinished.push(id);
      else if (point?.id === id) found.points.push(point);
      else found.damaged.push(id);
    }
    return found;
  }

  async packs(): Promise<readonly StoredPack[]> {
    return (await namesIn(this.packsFolder)).flatMap((name) => {
      const [, base = '', sha256 = ''] = packPattern.exec(name) ?? [];
      const pack = packOfName(base);
      return pack === undefined ? [] : [{ name, pack, sha256 }];
    });
  }

  /** Removes what a run that was killed left: points without a list, and files that were being written. */
  async clean(): Promise<void> {
    for (const id of (await this.points()).unfinished) await rm(path.join(this.pointsFolder, id), { recursive: true, force: true });
    for (const name of await namesIn(this.packsFolder)) if (name.endsWith('.tmp')) await rm(path.join(this.packsFolder, name), { force: true });
  }

  /**
   * Forgets all points but `keep`: the point `made`, whatever its time (a clock may have been set back), and the newest of the others; and packs that no point
   * names. Answers how many went. Where a list is damaged nobody knows what it names: no pack goes.
   */
  async forget(made: string, keep: number): Promise<{ readonly points: number; readonly packs: number }> {
    const { points, damaged } = await this.points();
    const others = points.filter(({ id }) => id !== made);
    const old = others.slice(0, Math.max(0, others.length + 1 - keep));
    for (const { id } of old) await this.discard(id);
    const kept = points.filter((point) => !old.includes(point));
    const named = new Set(kept.flatMap(({ id, files }) => files.map((file) => this.pathOf(id, file))));
    const unnamed = damaged.length > 0 ? [] : (await this.packs()).map(({ name }) => path.join(this.packsFolder, name)).filter((file) => !named.has(file));
    for (const file of unnamed) await rm(file, { force: true });
    await nodeFiles.syncFolder(this.packsFolder);
    await nodeFiles.syncFolder(this.pointsFolder);
    return { points: old.length, packs: unnamed.length };
  }

  /** Takes a point away, its list first: what is left of one that was cut off here is none. */
  async discard(id: string): Promise<void> {
    const folder = path.join(this.pointsFolder, id);
    await rm(this.listPath(id), { force: true });
    await nodeFiles.syncFolder(folder);
    await rm(folder, { recursive: true, force: true });
  }

  /** Undefined where another process works on it. */
  lock(): DirectoryLock | undefined {
    return lockDirectory(this.directory);
  }
}

/** Opens the repository at `directory`, which is made in an absent or empty folder for `owner`. Throws DataDirectoryError where it is something else. */
export async function makeRepository(directory: string, { storeId, serverId }: Owner): Promise<Repository> {
  const names = (await namesIn(directory)).filter((name) => !harmlessNames.has(name) && name !== `${ownerName}.tmp`);
  if (names.includes(ownerName)) {
    const owner = await readOwner(directory);
    if (owner.storeId !== storeId || owner.serverId !== serverId) throw new DataDirectoryError(`${directory} holds backups of another store. Name an empty folder.`);
  } else if (names.length > 0) {
    throw new DataDirectoryError(`${directory} holds files that are not of a backup (${names.slice(0, 3).join(', ')}). Name an empty folder, or one that dice-admin backup made.`);
  }
  const repository = new Repository(directory);
  // First of all, so that a run which is cut off anywhere leaves a folder of which the next one knows whose it is.
  await makeFolderDurably(directory);
  if (!names.includes(ownerName)) await writeDurably(path.join(directory, ownerName), utf8(`${JSON.stringify({ format: 1, serverId, storeId })}\n`));
  for (const folder of [repository.packsFolder, repository.pointsFolder]) await makeFolderDurably(folder);
  return repository;
}

/** Opens a repository that is there. Throws DataDirectoryError where there is none. */
export async function openRepository(directory: string): Promise<{ readonly repository: Repository; readonly owner: Owner }> {
  return { repository: new Repository(directory), owner: await readOwner(directory) };
}

/** Throws DataDirectoryError where one of the two folders lies in the other, links followed. */
export async function refuseNested(directory: string, data: string): Promise<void> {
  const [backup, store] = [await realPath(directory), await realPath(data)];
  if (isWithin(backup, store) || isWithin(store, backup)) {
    throw new DataDirectoryError(`The backup (${directory}) and the data directory (${data}) must lie apart, best on two disks: one is inside the other.`);
  }
}

async function readOwner(directory: string): Promise<Owner> {
  const text = await unlessAbsent(() => readFile(path.join(directory, ownerName), 'utf8'));
  if (text === undefined) throw new DataDirectoryError(`${directory} holds no backup (no ${ownerName}). Name the folder that dice-admin backup wrote.`);
  try {
    const owner = JSON.parse(text) as Partial<Record<keyof Owner | 'format', unknown>> | null; // each member is looked at below
    if (owner?.format === 1 && typeof owner.storeId === 'string' && typeof owner.serverId === 'string') return { storeId: owner.storeId, serverId: owner.serverId };
  } catch {
    // Told with what is of another form.
  }
  throw new DataDirectoryError(`${path.join(directory, ownerName)} is damaged, or of a newer version of this program.`);
}

/** Of what is there already; the rest as it will be. */
async function realPath(file: string): Promise<string> {
  const found = await unlessAbsent(() => realpath(file));
  if (found !== undefined) return found;
  const parent = path.dirname(file);
  return parent === file ? file : path.join(await realPath(parent), path.basename(file));
}

function isWithin(inner: string, outer: string): boolean {
  const way = path.relative(outer, inner);
  return way === '' || (way.split(path.sep)[0] !== '..' && !path.isAbsolute(way));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await unlessAbsent(() => readdir(folder))) ?? [];
}
