/**
 * The folder of packs: names of pack files and the mark, a small durable file with the generation and the highest
 * pack number ever dropped. It reads and writes no records. FORMAT.md sections 1 and 4.
 */
import path from 'node:path';
import { concat, isEqual, u16, u32, utf8 } from '../../../client-sdk/protocol/bytes.js';
import { hashBytes } from '../../../client-sdk/protocol/limits.js';
import { CorruptionError } from '../../ports/errors.js';
import { writeDurably } from './durable-file.js';
import { isAbsent } from './failure.js';
import type { FileLayer } from './file-layer.js';
import { decodePackHeader, maxShortPack, packHeaderBytes, u64, type Mac } from '../record-format/pack-format.js';

/** What the mark says. */
export interface Mark {
  readonly generation: number;
  /** No pack up to this number is ever begun again, so that an old place never points into a newer pack. */
  readonly retired: number;
}

/** The folder, how its files are reached, and the keyed code. */
export interface PackFolder {
  readonly directory: string;
  readonly files: FileLayer;
  readonly mac: Mac;
}

const namePattern = /^pack-(\d{10})\.dice$/;
const markMagic = utf8('DICEMARK');
const markVersion = 1;
const markLabel = utf8('dice/1/mark');
const markFieldBytes = 24;

/** The path of the file of `pack`. */
export function packPath(folder: Pick<PackFolder, 'directory'>, pack: number): string {
  return path.join(folder.directory, `pack-${String(pack).padStart(10, '0')}.dice`);
}

/** Numbers of all packs in the folder, ascending. */
export async function listPacks(folder: PackFolder): Promise<readonly number[]> {
  const names = await folder.files.names(folder.directory);
  return names.flatMap((name) => packOfName(name) ?? []).sort((a, b) => a - b);
}

/** The number of the pack whose file is called `name`; undefined for the name of anything else. */
export function packOfName(name: string): number | undefined {
  const number = Number(namePattern.exec(name)?.[1] ?? 0);
  return number >= 1 && number <= maxShortPack ? number : undefined;
}

/** Writes the mark durably. */
export async function writeMark(folder: PackFolder, mark: Mark): Promise<void> {
  await writeDurably(markPath(folder), encodeMark(folder.mac, mark), folder.files);
}

/** The bytes of the mark. */
export function encodeMark(mac: Mac, { generation, retired }: Mark): Uint8Array {
  const fields = concat(markMagic, u16(markVersion), u16(0), u64(generation), u32(retired));
  return concat(fields, mac(concat(markLabel, fields)));
}

/** The mark; where there is none, what the headers of `packs` tell, which is then written as the mark. */
export async function openMark(folder: PackFolder, packs: readonly number[]): Promise<Mark> {
  const stored = await readMark(folder);
  if (stored !== undefined) return stored;
  const mark = await markOfHeaders(folder, packs);
  // The name of the folder first: who is killed in between leaves no mark, so that the next one comes by here again.
  await folder.files.syncFolder(path.dirname(folder.directory));
  await writeMark(folder, mark);
  return mark;
}

/** There is a mark, whatever it says. */
export async function hasMark(folder: PackFolder): Promise<boolean> {
  return (await readStart(folder, markPath(folder), 1)) !== undefined;
}

/** The stored mark. CorruptionError where it does not authenticate, which is damage or another store key. */
export async function readMark(folder: PackFolder): Promise<Mark | undefined> {
  const bytes = await readStart(folder, markPath(folder), markFieldBytes + hashBytes);
  if (bytes === undefined) return undefined;
  const fields = bytes.subarray(0, markFieldBytes);
  if (bytes.length !== markFieldBytes + hashBytes || !isEqual(bytes.subarray(markFieldBytes), folder.mac(concat(markLabel, fields)))) {
    throw new CorruptionError('the mark of the packs does not authenticate: it is damaged, or the store key is another');
  }
  const view = new DataView(fields.buffer, fields.byteOffset);
  const isKnown = isEqual(fields.subarray(0, markMagic.length), markMagic) && view.getUint16(8) === markVersion && view.getUint16(10) === 0;
  if (!isKnown) throw new CorruptionError('the mark of the packs has an unknown version');
  return { generation: Number(view.getBigUint64(12)), retired: view.getUint32(20) };
}

async function markOfHeaders(folder: PackFolder, packs: readonly number[]): Promise<Mark> {
  let generation: number | undefined;
  for (const pack of packs) {
    const bytes = await readStart(folder, packPath(folder, pack), packHeaderBytes);
    const head = decodePackHeader(folder.mac, bytes ?? new Uint8Array(0), pack);
    if (head.kind === 'head') generation = Math.max(generation ?? 0, head.generation);
  }
  if (generation === undefined && packs.length > 0) {
    throw new CorruptionError('no pack authenticates: the store key is another');
  }
  return { generation: generation ?? 0, retired: packs.at(-1) ?? 0 };
}

/** At most `length` first bytes of a file, or undefined where there is none. */
async function readStart(folder: PackFolder, file: string, length: number): Promise<Uint8Array | undefined> {
  try {
    const open = await folder.files.open(file, 'read');
    try {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, await open.read(bytes, 0));
    } finally {
      await open.close();
    }
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function markPath(folder: PackFolder): string {
  return path.join(folder.directory, 'mark');
}
