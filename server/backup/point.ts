/**
 * One point in time of a backup: the list of its files with lengths and hashes, written and read. Pure. FORMAT.md section 2.
 */
import { hash } from 'node:crypto';
import { textOf, utf8 } from '../../client-sdk/protocol/bytes.js';
import { isId } from '../../client-sdk/protocol/ids.js';
import { databaseName, markerName, secretNames } from '../data-directory.js';
import { packOfName } from '../storage/packs/pack-folder.js';

/** A file under the name that it has in a data directory. */
export interface ListedFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** A pack that was damaged in the store already when it was copied. */
  readonly isDamaged?: true;
}

export interface Point {
  /** Its time in UTC: `YYYYMMDDThhmmssmmmZ`. */
  readonly id: string;
  readonly at: number;
  readonly storeId: string;
  readonly serverId: string;
  readonly generation: number;
  readonly epoch: number;
  readonly isHeld: boolean;
  readonly files: readonly ListedFile[];
}

export const markFile = 'packs/mark';
const format = 1;
const packFolder = 'packs/';
/** Of them only the setup token may be missing. */
const needed = [databaseName, markerName, markFile, ...secretNames.filter((name) => name !== 'setup-token')];
const optional = new Set(secretNames);
const idPattern = /^\d{8}T\d{9}Z$/;

/** The id of a point at `at`. */
export function pointId(at: number): string {
  return new Date(at).toISOString().replaceAll(/[-:.]/g, '');
}

export function isPointId(text: string): boolean {
  return idPattern.test(text);
}

/** The number of the pack that a listed file is; undefined where it is none. */
export function packOf({ name }: Pick<ListedFile, 'name'>): number | undefined {
  return name.startsWith(packFolder) ? packOfName(name.slice(packFolder.length)) : undefined;
}

/** The bytes of the list. */
export function encodePoint({ at, epoch, files, generation, id, isHeld, serverId, storeId }: Point): Uint8Array {
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ bytes, isDamaged, name, sha256 }) => ({ bytes, ...(isDamaged === true ? { isDamaged } : {}), name, sha256 }));
  // Members stand in the order of their names.
  const line = JSON.stringify({ at, epoch, files: sorted, format, generation, id, isHeld, serverId, storeId });
  return utf8(`${line}\n${hash('sha256', line, 'hex')}\n`);
}

/** The point that a list tells of; undefined where it is damaged, of another form, or names what no backup has. */
export function decodePoint(bytes: Uint8Array): Point | undefined {
  const [line = '', sum, end, ...rest] = textOf(bytes)?.split('\n') ?? [];
  if (end !== '' || rest.length > 0 || hash('sha256', line, 'hex') !== sum) return undefined;
  const point = parsed(line);
  return point !== undefined && textOf(encodePoint(point)) === `${line}\n${sum}\n` ? point : undefined;
}

function parsed(line: string): Point | undefined {
  try {
    // Looked at member by member before anything is believed.
    const value = JSON.parse(line) as Partial<Record<keyof Point | 'format', unknown>> | null;
    const { at, epoch, generation, id, isHeld, serverId, storeId } = value ?? {};
    const files = filesOf(value?.files);
    if (value?.format !== format || files === undefined || typeof isHeld !== 'boolean') return undefined;
    if (!isCount(at) || !isCount(epoch) || !isCount(generation) || !isText(id) || !isPointId(id)) return undefined;
    if (!isText(serverId) || !isId(serverId) || !isText(storeId) || !isId(storeId)) return undefined;
    return { at, epoch, files, generation, id, isHeld, serverId, storeId };
  } catch {
    return undefined;
  }
}

function filesOf(value: unknown): readonly ListedFile[] | undefined {
  if (!Array.isArray(value) || !value.every(isListedFile)) return undefined;
  const names = new Set(value.map(({ name }) => name));
  return names.size === value.length && needed.every((name) => names.has(name)) ? value : undefined;
}

function isListedFile(value: unknown): value is ListedFile {
  if (typeof value !== 'object' || value === null) return false;
  const { name, bytes, sha256, isDamaged } = value as Readonly<Record<string, unknown>>; // any object may be asked for its members
  const isKnown = isDamaged === undefined || (isDamaged === true && isText(name) && packOf({ name }) !== undefined);
  return isKnown && isText(name) && isStoreName(name) && isCount(bytes) && isText(sha256) && /^[0-9a-f]{64}$/.test(sha256);
}

/** No name leads out of the folders that are meant. */
function isStoreName(name: string): boolean {
  return needed.includes(name) || optional.has(name) || packOf({ name }) !== undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
