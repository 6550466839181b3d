/**
 * The mark of the store: its generation, in one small object whose name is the generation itself. A higher mark is written before lower ones are
 * removed, and the highest counts, so that no order of writers ever lowers it. FORMAT.md section 4.
 */
import { concat, isEqual, u16, utf8 } from '../../../client-sdk/protocol/bytes.js';
import { hashBytes } from '../../../client-sdk/protocol/limits.js';
import { CorruptionError, StorageError } from '../../ports/errors.js';
import { decodePackHeader, maxGeneration, packHeaderBytes, u64, type Mac } from '../record-format/pack-format.js';
import type { Bucket } from './bucket.js';
import { packFolder, packName, packOfName } from './pack-numbers.js';

const markFolder = 'marks/';
const namePattern = /^marks\/([0-9a-f]{14})$/;
const markMagic = utf8('DICEMARK');
const markVersion = 2;
const markLabel = utf8('dice/1/mark');
const markBytes = 20 + hashBytes;
const maxHeaders = 8;

/** The highest mark, checked; undefined where there is none. CorruptionError where it does not authenticate. */
export async function readMark(bucket: Bucket, mac: Mac): Promise<number | undefined> {
  // Twice, for another process may raise the mark between the listing and the reading.
  for (let tries = 0; tries < 8; tries++) {
    const generation = (await listMarks(bucket)).at(-1);
    if (generation === undefined) return undefined;
    const stretch = await bucket.get(markName(generation), 0, markBytes + 1);
    if (stretch === undefined) continue;
    if (isEqual(stretch.bytes, encodeMark(mac, generation))) return generation;
    throw new CorruptionError('the mark of the packs does not authenticate: it is damaged, or the store key is another');
  }
  throw new StorageError('reading the mark of the packs: it kept changing', { retryable: true });
}

/** Raises the mark to `generation`, durably; where it is there or higher already, nothing happens. */
export async function raiseMark(bucket: Bucket, mac: Mac, generation: number): Promise<void> {
  if (!Number.isSafeInteger(generation) || generation < 0 || generation > maxGeneration) throw new StorageError(`no generation: ${generation}`, { retryable: false });
  const before = await readMark(bucket, mac);
  if (before !== undefined && before >= generation) return;
  const bytes = encodeMark(mac, generation);
  await bucket.replace(markName(generation), bytes);
  const stretch = await bucket.get(markName(generation), 0, markBytes + 1);
  // Gone means that somebody raised it further and tidied up.
  if (stretch !== undefined && !isEqual(stretch.bytes, bytes)) throw new StorageError('the mark read back is not what was written', { retryable: true });
  for (const lower of await listMarks(bucket)) if (lower < generation) await bucket.remove(markName(lower));
}

/**
 * What the newest packs say, for a bucket without a mark: 0 where there are none. CorruptionError where there are packs and none
 * authenticates: the store key is another.
 */
export async function generationOfPacks(bucket: Bucket, mac: Mac): Promise<number> {
  const newest: number[] = [];
  for await (const { name } of bucket.list(packFolder)) {
    const pack = packOfName(name);
    if (pack !== undefined) newest.push(pack);
    if (newest.length > maxHeaders) newest.shift();
  }
  let generation: number | undefined;
  for (const pack of newest) {
    const stretch = await bucket.get(packName(pack), 0, packHeaderBytes);
    const head = decodePackHeader(mac, stretch?.bytes ?? new Uint8Array(0), pack);
    if (head.kind === 'head') generation = Math.max(generation ?? 0, head.generation);
  }
  if (generation === undefined && newest.length > 0) throw new CorruptionError('no pack authenticates: the store key is another');
  return generation ?? 0;
}

async function listMarks(bucket: Bucket): Promise<readonly number[]> {
  const generations: number[] = [];
  for await (const { name } of bucket.list(markFolder)) {
    const generation = Number.parseInt(namePattern.exec(name)?.[1] ?? 'none', 16);
    if (generation <= maxGeneration) generations.push(generation);
  }
  return generations;
}

function encodeMark(mac: Mac, generation: number): Uint8Array {
  const fields = concat(markMagic, u16(markVersion), u16(0), u64(generation));
  return concat(fields, mac(concat(markLabel, fields)));
}

function markName(generation: number): string {
  return markFolder + generation.toString(16).padStart(14, '0');
}
