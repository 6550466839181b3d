/**
 * Compaction of one pack: copies what is live to the open pack, moves the rows, then drops the old pack. Every step can
 * be repeated. A pack that holds a row whose record cannot be read is never dropped. No record is dead because a listing leaves it out: what is in it says whose it is.
 */
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import type { Place, ScannedRecord } from '../ports/block-store.js';
import { StorageError } from '../ports/errors.js';
import type { Parts, Stop } from './contract.js';
import { decodeRemovalRecord } from './image-record.js';
import { claimOf, type Mover } from './record-claim.js';
import { recordOf } from './records.js';
import { sideBySide } from './side-by-side.js';
import { choosePacks, packUses, type LiveShare, type PackUse } from './sweep-plan.js';

const maxGroupBytes = 8 * 2 ** 20;
const maxGroupRecords = 256;
const movesAtOnce = 64;
/** Of so many removal records of a pack it is known that they were met; about 20 MB. */
const maxMetRemovals = 100_000;

/** What a compaction did to a pack. */
export interface Compacted {
  readonly isDropped: boolean;
  readonly copiedBytes: number;
}

/** Bytes of removal records per sealed pack: measured once, for a sealed pack does not change. */
export type RemovalSizes = Map<number, number>;

/** Packs of which at least `minDeadShare` is dead, the open one included. `change`: what is added to the live records first. */
export async function listCompactable(parts: Pick<Parts, 'stores'>, minDeadShare: number, change: ReadonlyMap<number, LiveShare> = new Map()): Promise<readonly PackUse[]> {
  const { blocks, tags, images, accounts } = parts.stores;
  const live = [await tags.liveByPack(), await images.liveByPack(), await accounts.liveByPack(), change];
  const packs = await blocks.packs();
  const { packHeaderBytes } = await blocks.usage();
  const headerBytes = packs.length === 0 ? 0 : Math.floor(packHeaderBytes / packs.length);
  return choosePacks(packUses(packs, live, { headerBytes, overheadBytes: blocks.recordOverheadBytes }), minDeadShare);
}

/** Is the pack worth it when its removal records, which have no rows, count as live? */
export async function isWorthCompacting(parts: Pick<Parts, 'stores'>, use: PackUse, wish: { readonly minDeadShare: number; readonly sizes: RemovalSizes }): Promise<boolean> {
  const known = wish.sizes.get(use.pack);
  const removalBytes = known ?? (await measureRemovals(parts, use.pack));
  if (use.isSealed) wish.sizes.set(use.pack, removalBytes);
  return choosePacks([{ ...use, liveBytes: Math.min(use.bytes, use.liveBytes + removalBytes) }], wish.minDeadShare).length > 0;
}

/** Compacts a sealed pack into which no write is under way any more. Rejects with CorruptionError where index and pack disagree: then the pack stays. */
export async function compactPack(parts: Parts, pack: number, stop: Stop | undefined): Promise<Compacted> {
  const movers = await moversOf(parts, pack);
  let copiedBytes = 0;
  for await (const group of groupsOf(parts, pack, movers)) {
    if (stop?.aborted === true) return { isDropped: false, copiedBytes };
    copiedBytes += await copyGroup(parts, group, movers);
  }
  // Whoever read a row before its record moved may be about to write that row back with the old place.
  await parts.gate.settle(stop);
  if (stop?.aborted === true || (await moversOf(parts, pack)).size > 0 || !(await parts.gate.mayDrop())) return { isDropped: false, copiedBytes };
  await parts.stores.blocks.drop(pack);
  return { isDropped: true, copiedBytes };
}

async function moversOf({ stores }: Parts, pack: number): Promise<Map<string, Mover>> {
  const movers = new Map<string, Mover>();
  for (const { rehash, place } of await stores.tags.listPack(pack)) movers.set(keyOf('block', place), (to) => stores.tags.move(rehash, place, to));
  for (const row of await stores.images.listPack(pack)) movers.set(keyOf(row.type, row.place), (to) => stores.images.move(row, to));
  for (const { accountId, place } of await stores.accounts.listPack(pack)) {
    movers.set(keyOf('account', place), (to) => stores.accounts.move(accountId, place, to));
  }
  return movers;
}

async function* groupsOf(parts: Parts, pack: number, movers: Map<string, Mover>): AsyncGenerator<readonly ScannedRecord[]> {
  let group: ScannedRecord[] = [];
  let groupBytes = 0;
  const isFirst = firstMeeting();
  for await (const record of parts.stores.blocks.scan(pack, ignoreDamage)) {
    if (!(record.type === 'removal' ? isFirst(record.payload) : await isLive(parts, record, movers))) continue;
    // Copied: a scan may reuse its memory for the next record.
    group.push({ ...record, payload: record.payload.slice() });
    groupBytes += record.payload.length;
    if (groupBytes < maxGroupBytes && group.length < maxGroupRecords) continue;
    yield group;
    [group, groupBytes] = [[], 0];
  }
  if (group.length > 0) yield group;
}

/** A record that only its own content leads to a row gets a mover too. */
async function isLive(parts: Parts, record: ScannedRecord, movers: Map<string, Mover>): Promise<boolean> {
  const key = keyOf(record.type, record.place);
  if (movers.has(key)) return true;
  const mover = await claimOf(parts, record);
  if (mover !== undefined) movers.set(key, mover);
  return mover !== undefined;
}

/** Copies durably, then moves the rows; a row that went elsewhere meanwhile leaves a dead copy. Moves of one moment share a transaction. */
async function copyGroup(parts: Parts, group: readonly ScannedRecord[], movers: ReadonlyMap<string, Mover>): Promise<number> {
  const places = await parts.stores.blocks.append(group.map((record) => recordOf(parts, record.type, record.payload)));
  if (places.length < group.length) throw new StorageError('the block store named too few places', { retryable: false });
  const moving = sideBySide(group.entries(), movesAtOnce, async ([i, { type, place }]) => {
    const to = places[i];
    if (to !== undefined) await movers.get(keyOf(type, place))?.(to);
    return undefined;
  });
  while ((await moving.next()).done !== true);
  return group.reduce((bytes, { payload }) => bytes + payload.length + parts.stores.blocks.recordOverheadBytes, 0);
}

async function measureRemovals({ stores }: Pick<Parts, 'stores'>, pack: number): Promise<number> {
  let bytes = 0;
  const isFirst = firstMeeting();
  for await (const record of stores.blocks.scan(pack, ignoreDamage)) {
    if (record.type !== 'removal' || !isFirst(record.payload)) continue;
    decodeRemovalRecord(record.payload);
    bytes += record.payload.length + stores.blocks.recordOverheadBytes;
  }
  return bytes;
}

/** Tells removal records from equal ones that were met before: each compaction that could not drop its pack left such copies, and the next one would double them. */
function firstMeeting(): (payload: Uint8Array) => boolean {
  const met = new Set<string>();
  return (payload) => {
    const key = hexOf(payload);
    if (met.has(key)) return false;
    if (met.size < maxMetRemovals) met.add(key);
    return true;
  };
}

/** Damage of a dead stretch does not matter here; a live row in it keeps the pack, for its record is never met. */
function ignoreDamage(): void {
  return;
}

function keyOf(type: string, place: Place): string {
  return `${type} ${String(place.offset)} ${String(place.length)}`;
}
