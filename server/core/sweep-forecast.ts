/**
 * What a sweep of this very moment would take away, and what it would leave until when, piece by piece. It reads what the sweep would read (equal copies are
 * hashed) and takes nothing away. Memory: a page of rows, and a few numbers for each pack.
 */
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import { idOf, type AccountId, type ImageId, type UploadId } from '../../client-sdk/protocol/ids.js';
import type { Place } from '../ports/block-store.js';
import type { TrashedImage } from '../ports/image-store.js';
import type { WaitingBlock } from '../ports/tag-store.js';
import { isWorthCompacting, listCompactable } from './compaction.js';
import type { ForecastEntry, Parts } from './contract.js';
import { FreedBytes } from './freed-bytes.js';
import { readOrRotten } from './stored-block.js';

const pageRows = 1_000;
const maxClosing = 1_000;
const firstImage = idOf<ImageId>('0'.repeat(32));

interface Run {
  readonly parts: Pick<Parts, 'stores' | 'world' | 'policy'>;
  readonly now: number;
  readonly freed: FreedBytes;
  /** Closed accounts that were listed: of their images nothing is left for the trash. */
  readonly closing: Set<AccountId>;
}

/** In the order of the steps of a sweep. */
export async function* forecastSweep(parts: Pick<Parts, 'stores' | 'world' | 'policy'>, minDeadShare: number): AsyncGenerator<ForecastEntry, void, void> {
  const run: Run = { parts, now: parts.world.clock.now(), freed: new FreedBytes(), closing: new Set() };
  yield* uploads(run);
  yield* closings(run);
  yield* trash(run);
  yield* waiting(run);
  const sizes = new Map<number, number>();
  for (const use of await listCompactable(parts, minDeadShare, run.freed.shares)) {
    if (!(await isWorthCompacting(parts, use, { minDeadShare, sizes }))) continue;
    yield { kind: 'pack', goes: true, pack: use.pack, bytes: use.bytes, deadBytes: Math.max(0, use.bytes - use.liveBytes - (sizes.get(use.pack) ?? 0)) };
  }
}

async function* uploads({ parts, now }: Run): AsyncGenerator<ForecastEntry> {
  for (let after: UploadId | undefined; ; ) {
    const page = await parts.stores.tags.listUploads(after, pageRows);
    for (const { accountId, uploadId, expiresAt } of page) yield { kind: 'upload', goes: expiresAt <= now, accountId, uploadId, at: expiresAt };
    after = page.at(-1)?.uploadId;
    if (page.length < pageRows || after === undefined) return;
  }
}

/** Accounts that were closed, whose images a crash left: they go first. */
async function* closings(run: Run): AsyncGenerator<ForecastEntry> {
  for (const { accountId, closedAt } of await run.parts.stores.accounts.listClosing(maxClosing)) {
    run.closing.add(accountId);
    yield { kind: 'account', goes: true, accountId, images: await imagesLeft(run, accountId), at: closedAt };
  }
}

async function imagesLeft({ parts, freed }: Run, accountId: AccountId): Promise<number> {
  let count = 0;
  for (let after = firstImage; after !== undefined; ) {
    const page = (await parts.stores.images.listAll({ accountId, imageId: after }, pageRows)).filter((image) => image.accountId === accountId);
    for (const { imageId, place } of page) {
      freed.add(place);
      freed.add((await parts.stores.images.find(accountId, imageId))?.preview?.place);
    }
    count += page.length;
    after = page.length < pageRows ? undefined : page.at(-1)?.imageId;
  }
  return count;
}

async function* trash({ parts, now, freed, closing }: Run): AsyncGenerator<ForecastEntry> {
  for (let after: TrashedImage | undefined; ; ) {
    const page = await parts.stores.images.listTrash(after, pageRows);
    for (const { accountId, imageId, trashedAt, manifestPlace, previewPlace } of page) {
      if (closing.has(accountId)) continue;
      const goes = trashedAt < now - parts.policy.trashMs;
      if (goes) for (const place of [manifestPlace, previewPlace]) freed.add(place);
      yield { kind: 'image', goes, accountId, imageId, trashedAt, at: trashedAt + parts.policy.trashMs };
    }
    after = page.at(-1);
    if (page.length < pageRows || after === undefined) return;
  }
}

/** Sums by reason. `until`: when the last of them may go. */
class Sum {
  count = 0;
  bytes = 0;
  until = 0;

  add(bytes: number, until = 0): void {
    this.count++;
    this.bytes += bytes;
    this.until = Math.max(this.until, until);
  }
}

async function* waiting(run: Run): AsyncGenerator<ForecastEntry> {
  const sums = { unreferenced: new Sum(), grace: new Sum(), pinned: new Sum(), equal: new Sum(), unreadable: new Sum() };
  for (let after: string | undefined; ; ) {
    const { blocks, next } = await run.parts.stores.tags.listWaiting({ after, limit: pageRows, now: run.now });
    for (const block of blocks) if (!collectOne(run, block, sums)) await mergeOne(run, block, sums);
    if (next === undefined) break;
    after = next;
  }
  for (const reason of ['unreferenced', 'grace', 'pinned'] as const) {
    const { count, bytes, until } = sums[reason];
    if (count > 0) yield { kind: 'blocks', goes: reason === 'unreferenced', reason, blocks: count, bytes, ...(reason === 'unreferenced' ? {} : { at: until }) };
  }
  for (const reason of ['equal', 'unreadable'] as const) {
    const { count, bytes } = sums[reason];
    if (count > 0) yield { kind: 'copies', goes: reason === 'equal', reason, copies: count, bytes };
  }
}

/** True where the row goes, and its copies with it. */
function collectOne({ parts, now, freed }: Run, { place, copies, unreferenced }: WaitingBlock, sums: Readonly<Record<'unreferenced' | 'grace' | 'pinned', Sum>>): boolean {
  if (unreferenced === undefined) return false;
  const { touchedAt, pinnedUntil } = unreferenced;
  const mayGoAt = touchedAt + parts.policy.graceMs;
  if (pinnedUntil !== undefined) sums.pinned.add(place.length, Math.max(pinnedUntil, mayGoAt));
  else if (mayGoAt >= now) sums.grace.add(place.length, mayGoAt);
  else {
    sums.unreferenced.add(place.length);
    for (const dead of [place, ...copies]) freed.add(dead);
    return true;
  }
  return false;
}

/** Of the row's place and its copies the first one that is sound stays; where none is, all do. */
async function mergeOne({ parts, freed }: Run, { tag, place, copies }: WaitingBlock, sums: Readonly<Record<'equal' | 'unreadable', Sum>>): Promise<void> {
  if (copies.length === 0) return;
  const isSound = async (at: Place): Promise<boolean> => {
    const cipher = await readOrRotten(parts, at, 'block');
    return cipher !== undefined && isEqual(parts.world.hasher.sha256(cipher), tag);
  };
  const places = [place, ...copies];
  for (const kept of places) {
    if (!(await isSound(kept))) continue;
    for (const extra of places.filter((one) => one !== kept)) {
      freed.add(extra);
      sums.equal.add(extra.length);
    }
    return;
  }
  for (const copy of copies) sums.unreadable.add(copy.length);
}
