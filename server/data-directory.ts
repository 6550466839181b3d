/**
 * The data directory: a marker that says whose it is, and the secrets of the server, made once. Refuses a directory that
 * is not a store's, or that lacks what its marker promises (an empty volume mounted in place of the data).
 *
 *   dice-store.json   marker: format, store id, server id, realm      setup-token   for the first account
 *   store-key         authenticates pack records (hex)                packs/        pack files, their parity
 *   salt-key          invents salts of unknown users (hex)            dice.db       the index
 *   lock.sqlite, backup.sqlite   locks                                restore.json  a restore that has not ended
 */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { bytesOfHex, utf8 } from '../client-sdk/protocol/bytes.js';
import { hashBytes, idBytes } from '../client-sdk/protocol/limits.js';
import { isId } from '../client-sdk/protocol/ids.js';
import { writeDurably } from './storage/packs/durable-file.js';
import { unlessAbsent } from './storage/packs/failure.js';
import { packOfName } from './storage/packs/pack-folder.js';
import { lockNames } from './storage/sqlite/directory-lock.js';

/** Where things lie, and what was made at first start. */
export interface DataDirectory {
  readonly directory: string;
  readonly packsDirectory: string;
  readonly databaseFile: string;
  readonly storeId: string;
  readonly serverId: string;
  /** Public host name that passwords are bound to; fixed at first start. */
  readonly realm: string;
  readonly storeKey: Uint8Array;
  readonly saltKey: Uint8Array;
  /** Undefined once it was removed. */
  readonly setupToken: string | undefined;
  /** Made by this very call. */
  readonly isNew: boolean;
}

/** Why a directory cannot be used, in a sentence for the operator. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

export const markerName = 'dice-store.json';
export const databaseName = 'dice.db';
const setupTokenName = 'setup-token';
export const secretNames: readonly string[] = ['store-key', 'salt-key', setupTokenName];
/** Notes in a directory without marker that a restore into it has not ended. */
export const restoreNoteName = 'restore.json';
/** What a volume or a desktop may put into a directory that is still empty. */
const harmlessNames = new Set(['lost+found', '.DS_Store', '.gitkeep', '.gitignore']);

/** Looks before anything is written: a store, or a place where one can be made. Throws DataDirectoryError. */
export async function refuseUnfit(directory: string, mayMake: boolean): Promise<void> {
  if (await isFile(path.join(directory, markerName))) return;
  if (await isFile(path.join(directory, restoreNoteName))) {
    throw new DataDirectoryError(`${directory} holds a restore that has not ended. Run dice-admin restore again to end it, or empty the directory.`);
  }
  if (!mayMake) throw new DataDirectoryError(`${directory} holds no store (no ${markerName}). Name the right one with --data-dir or DICE_DATA_DIR.`);
  const names = (await namesIn(directory)).filter((name) => !harmlessNames.has(name) && !isUnfinished(name));
  if (names.length === 0) return;
  const what = names.some((name) => name === 'packs' || name.startsWith('dice.db')) ? 'parts of a store without its marker' : 'files that are not of a store';
  throw new DataDirectoryError(
    `${directory} holds ${what} (${names.slice(0, 3).join(', ')}). Is the right volume mounted there? Set DICE_DATA_DIR to the store's directory or to an empty one.`,
  );
}

/** Opens a store's directory, or with a `realm` makes one in an empty place. The caller holds its lock. Throws DataDirectoryError. */
export async function openDataDirectory(directory: string, realm: string | undefined): Promise<DataDirectory> {
  await refuseUnfit(directory, realm !== undefined);
  if (realm === undefined || (await isFile(path.join(directory, markerName)))) return readDirectory(directory, false);
  await makeDirectory(directory, realm);
  return readDirectory(directory, true);
}

/**
 * Makes the directory of a store that is moved: the same secrets and the same marker, the marker last. The caller holds both locks. Repeatable. Throws
 * DataDirectoryError where `target` is another store's.
 */
export async function copyDataDirectory(source: DataDirectory, target: string): Promise<void> {
  await refuseOtherStore(source, target);
  for (const name of secretNames) {
    const text = await readText(path.join(source.directory, name));
    if (text !== undefined) await writeDurably(path.join(target, name), utf8(`${text}\n`));
  }
  await writeDurably(path.join(target, markerName), await readFile(path.join(source.directory, markerName)));
}

/** What is there already is of this very store, or of a move that has not ended. Throws DataDirectoryError. */
export async function refuseOtherStore(source: Pick<DataDirectory, 'storeId'>, target: string): Promise<void> {
  const marker = path.join(target, markerName);
  if (await isFile(marker)) {
    if (parseMarker(await readFile(marker, 'utf8'), target).storeId === source.storeId) return;
    throw new DataDirectoryError(`${target} holds another store. Name an empty directory.`);
  }
  const isOfMove = (name: string): boolean => harmlessNames.has(name) || isUnfinished(name) || name === 'packs' || name.startsWith('dice.db');
  const names = (await namesIn(target)).filter((name) => !isOfMove(name));
  if (names.length > 0) throw new DataDirectoryError(`${target} holds files that are not of a store (${names.slice(0, 3).join(', ')}). Name an empty directory.`);
}

/** The setup token has served: the first account exists. */
export async function removeSetupToken(directory: string): Promise<void> {
  await rm(path.join(directory, setupTokenName), { force: true });
}

/** Bytes of all files below `directory` that are neither packs nor the database, measured; links are not followed. */
export async function measureOtherFiles({ directory, packsDirectory, databaseFile }: DataDirectory): Promise<number> {
  const packs = path.resolve(packsDirectory);
  const databaseFiles = new Set(['', '-wal', '-shm'].map((suffix) => path.resolve(databaseFile + suffix)));
  let bytes = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const file = path.resolve(entry.parentPath, entry.name);
    const isPack = path.dirname(file) === packs && packOfName(entry.name) !== undefined;
    if (!entry.isFile() || isPack || databaseFiles.has(file)) continue;
    // One that was removed meanwhile has no bytes.
    bytes += (await unlessAbsent(() => stat(file)))?.size ?? 0;
  }
  return bytes;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return (await unlessAbsent(() => readdir(directory))) ?? [];
}

/** What of `directory` stands in the way of a restore: what is neither harmless nor a lock, nor the note of a restore that had only begun to write it. */
export async function strangersIn(directory: string): Promise<readonly string[]> {
  return (await namesIn(directory)).filter((name) => !harmlessNames.has(name) && !isLockName(name) && name !== `${restoreNoteName}.tmp`);
}

function isLockName(name: string): boolean {
  return Object.values(lockNames).includes(name);
}

/** What a first start that was cut off leaves behind. */
function isUnfinished(name: string): boolean {
  const bare = name.replace(/\.tmp$/, '');
  return secretNames.includes(bare) || isLockName(bare) || name === `${markerName}.tmp`;
}

/** Secrets first, the marker last: without it the next start begins again. */
async function makeDirectory(directory: string, realm: string): Promise<void> {
  await writeDurably(path.join(directory, 'store-key'), utf8(`${randomHex(hashBytes)}\n`));
  await writeDurably(path.join(directory, 'salt-key'), utf8(`${randomHex(hashBytes)}\n`));
  await writeDurably(path.join(directory, setupTokenName), utf8(`${randomHex(idBytes)}\n`));
  const marker = { format: 1, storeId: randomHex(idBytes), serverId: randomHex(idBytes), realm };
  await writeDurably(path.join(directory, markerName), utf8(`${JSON.stringify(marker, undefined, 2)}\n`));
}

async function readDirectory(directory: string, isNew: boolean): Promise<DataDirectory> {
  const marker = parseMarker(await readFile(path.join(directory, markerName), 'utf8'), directory);
  return {
    ...marker,
    directory,
    packsDirectory: path.join(directory, 'packs'),
    databaseFile: path.join(directory, databaseName),
    storeKey: await readKey(directory, 'store-key'),
    saltKey: await readKey(directory, 'salt-key'),
    setupToken: await readText(path.join(directory, setupTokenName)),
    isNew,
  };
}

function parseMarker(text: string, directory: string): Pick<DataDirectory, 'storeId' | 'serverId' | 'realm'> {
  const marker = parseObject(text);
  const { format, storeId, serverId, realm } = marker;
  if (format !== 1) throw new DataDirectoryError(`${path.join(directory, markerName)} is damaged or of a newer version of this program.`);
  if (typeof storeId === 'string' && isId(storeId) && typeof serverId === 'string' && isId(serverId) && typeof realm === 'string') return { storeId, serverId, realm };
  throw new DataDirectoryError(`${path.join(directory, markerName)} is damaged. Put it back from the backup of the data directory.`);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    // Any object may be asked for its members.
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

async function readKey(directory: string, name: string): Promise<Uint8Array> {
  const key = bytesOfHex(await readText(path.join(directory, name)) ?? '');
  if (key?.length === hashBytes) return key;
  throw new DataDirectoryError(`${path.join(directory, name)} is missing or damaged. Put it back from the backup of the data directory.`);
}

async function readText(file: string): Promise<string | undefined> {
  if (!(await isFile(file))) return undefined;
  return (await readFile(file, 'utf8')).trim();
}

async function isFile(file: string): Promise<boolean> {
  // Only absence is absence: an outage must not make a second store.
  return (await unlessAbsent(() => stat(file)))?.isFile() === true;
}

function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
