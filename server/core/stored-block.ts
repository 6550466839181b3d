/**
 * Reads the block of a row and lets SHA-256 judge it. A rotten place is healed from an equal copy where there is one,
 * else quarantined; a rotten row is put right by the check code, T1 or the cipher. An outage is never taken for rot.
 * SPEC.md section 4.
 */
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import type { Rehash } from '../../client-sdk/protocol/ids.js';
import { CorruptionError } from '../ports/errors.js';
import type { Place, RecordType } from '../ports/block-store.js';
import type { FiledBlock, TagRow } from '../ports/tag-store.js';
import type { Parts } from './contract.js';
import { judgeByCipher, judgeRow, type RotOf } from './row-scrub.js';

/** What reading needs. */
export type ReadParts = Pick<Parts, 'stores' | 'world' | 'gate' | 'meter'>;

/** A block whose cipher hashes to its row's T, the row itself being sound. `rot`: what was put right on the way. */
export interface SoundBlock {
  readonly row: FiledBlock;
  readonly cipher: Uint8Array;
  readonly rot: RotOf | 'cipher' | undefined;
}

/** The block of `row`, healed if need be; undefined where nothing intact is left, and then the row is quarantined. */
export async function readSound(parts: ReadParts, row: TagRow): Promise<SoundBlock | undefined> {
  const block = await readOrHeal(parts, row);
  if (block === undefined) parts.meter?.add('rot', 'lost', 1);
  else if (block.rot !== undefined) parts.meter?.add('rot', block.rot === 'cipher' ? 'healed' : 'index', 1);
  return block;
}

async function readOrHeal(parts: ReadParts, row: TagRow): Promise<SoundBlock | undefined> {
  const judgement = judgeRow((bytes) => parts.world.hasher.sha256(bytes), row);
  if (judgement.kind === 'needs-cipher') return restoreFromCipher(parts, row);
  if (judgement.kind === 'sound') return readCipher(parts, row);
  await repair(parts, row.rehash, judgement.row);
  const block = await readCipher(parts, { ...judgement.row, state: row.state });
  return block === undefined ? undefined : { ...block, rot: judgement.rot };
}

/** The payload at `place`; undefined where it is rotten or gone. StorageError passes through. */
export async function readOrRotten(parts: Pick<Parts, 'stores'>, place: Place, type: RecordType): Promise<Uint8Array | undefined> {
  try {
    return await parts.stores.blocks.read(place, type);
  } catch (error) {
    if (error instanceof CorruptionError) return undefined;
    throw error;
  }
}

/** Is the same place meant? */
export function isSamePlace(a: Place, b: Place): boolean {
  return a.pack === b.pack && a.offset === b.offset && a.length === b.length;
}

async function readCipher(parts: ReadParts, row: TagRow): Promise<SoundBlock | undefined> {
  const cipher = await cipherAt(parts, row, row.place);
  if (cipher !== undefined) return { row, cipher, rot: undefined };
  // The record may have been moved between looking up the row and reading it.
  const again = await parts.stores.tags.find(row.rehash);
  if (again === undefined) return undefined;
  const moved = isSamePlace(again.place, row.place) ? undefined : await cipherAt(parts, row, again.place);
  if (moved !== undefined) return { row: { ...row, place: again.place }, cipher: moved, rot: undefined };
  return healFromCopy(parts, { ...row, place: again.place, state: again.state });
}

async function healFromCopy(parts: ReadParts, row: TagRow): Promise<SoundBlock | undefined> {
  const { tags } = parts.stores;
  for (const copy of await tags.copiesOf(row.rehash)) {
    const cipher = await cipherAt(parts, row, copy);
    if (cipher === undefined) continue;
    if (await tags.merge(row.rehash, copy, row.place)) return { row: { ...row, place: copy }, cipher, rot: 'cipher' };
  }
  if (row.state === 'live') await tags.quarantine(row.rehash, row.place);
  return undefined;
}

/** Neither code nor T1 could tell: two of T, T1 and the cipher must agree. */
async function restoreFromCipher(parts: ReadParts, row: TagRow): Promise<SoundBlock | undefined> {
  const { tags } = parts.stores;
  for (const place of [row.place, ...(await tags.copiesOf(row.rehash))]) {
    const cipher = await readOrRotten(parts, place, 'block');
    const judged = cipher === undefined ? undefined : judgeByCipher((bytes) => parts.world.hasher.sha256(bytes), row, cipher);
    if (cipher === undefined || judged === undefined) continue;
    await repair(parts, row.rehash, judged.row);
    return { row: { ...judged.row, place }, cipher, rot: judged.rot };
  }
  if (row.state === 'live') await tags.quarantine(row.rehash, row.place);
  return undefined;
}

/**
 * Writes a row that was put right. Within the gate and with the place as it is now: compaction may have moved the
 * record since the row was read, and it waits for this before it drops the old pack.
 */
function repair(parts: ReadParts, was: Rehash, row: FiledBlock): Promise<void> {
  return parts.gate.run(async () => {
    const now = await parts.stores.tags.find(was);
    if (now !== undefined) await parts.stores.tags.repair(was, { ...row, place: now.place });
  });
}

async function cipherAt(parts: ReadParts, row: FiledBlock, place: Place): Promise<Uint8Array | undefined> {
  const cipher = await readOrRotten(parts, place, 'block');
  return cipher !== undefined && isEqual(parts.world.hasher.sha256(cipher), row.tag) ? cipher : undefined;
}
