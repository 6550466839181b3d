/**
 * The tag store in memory: the promises of the port over plain Maps, as the model that engines are compared with. It is slow on purpose:
 * nothing is kept that can be counted.
 */
import { hexOf, isEqual } from '../../client-sdk/protocol/bytes.js';
import { rehashHex, type AccountId, type Rehash, type UploadId } from '../../client-sdk/protocol/ids.js';
import type { Place } from '../../server/ports/block-store.js';
import type { Claimable, Copy, ExistenceScope, FiledBlock, Nonce, TagFigures, TagRow, TagStore, Upload, WaitingBlock } from '../../server/ports/tag-store.js';
import { byPack, isReferenced, isSamePlace, liveUpload, promised, sumOf, type MemoryIndex, type MemoryTag, type MemoryUpload, type Sync } from './memory-index.js';

/** The tag store over `index`. */
export function memoryTagStore(index: MemoryIndex): TagStore {
  return promised<TagStore>(new MemoryTagStore(index));
}

type Spending = Parameters<TagStore['spendProofBytes']>[1];

class MemoryTagStore implements Sync<TagStore> {
  constructor(private readonly index: MemoryIndex) {}

  beginUpload(upload: Upload, now: number, maxUploads: number): 'begun' | 'too-many' {
    const { uploads } = this.index;
    for (const { uploadId, accountId, expiresAt } of uploads.values()) if (accountId === upload.accountId && expiresAt <= now) this.drop(uploadId);
    if ([...uploads.values()].filter(({ accountId }) => accountId === upload.accountId).length >= maxUploads) return 'too-many';
    uploads.set(upload.uploadId, { ...upload, uncommittedBytes: 0, pins: new Set() });
    return 'begun';
  }

  touchUpload(scope: ExistenceScope, expiresAt: number): Upload | undefined {
    const upload = liveUpload(this.index, scope);
    if (upload === undefined) return undefined;
    this.index.uploads.set(scope.uploadId, { ...upload, expiresAt });
    return { uploadId: scope.uploadId, accountId: scope.accountId, expiresAt, receivedBytes: upload.receivedBytes };
  }

  endUpload(uploadId: UploadId, accountId: AccountId): void {
    if (this.index.uploads.get(uploadId)?.accountId === accountId) this.drop(uploadId);
  }

  pinOwned(scope: ExistenceScope, rehashes: readonly Rehash[]): readonly boolean[] {
    return this.pin(scope, rehashes, (rehash) => isReferenced(this.index, rehashHex(rehash), scope.accountId) || this.isPinnedBy(scope, rehash));
  }

  findLive(rehashes: readonly Rehash[]): readonly Claimable[] {
    return rehashes.flatMap((rehash) => {
      const row = this.find(rehash);
      return row?.state === 'live' ? [{ rehash, place: row.place }] : [];
    });
  }

  keepNonce(nonce: Nonce): void {
    if (this.index.uploads.has(nonce.uploadId)) this.index.nonces.set(hexOf(nonce.nonce), nonce);
  }

  spendNonce({ nonce, uploadId, tagsHash }: Nonce, now: number): boolean {
    const kept = this.index.nonces.get(hexOf(nonce));
    const isThat = kept?.uploadId === uploadId && isEqual(kept.tagsHash, tagsHash) && kept.expiresAt > now;
    return isThat && this.index.nonces.delete(hexOf(nonce));
  }

  pinClaimed(scope: ExistenceScope, rehashes: readonly Rehash[]): readonly boolean[] {
    return this.pin(scope, rehashes, () => true);
  }

  spendProofBytes(accountId: AccountId, { bytes, limit, since, now }: Spending): boolean {
    const recent = (this.index.spendings.get(accountId) ?? []).filter(({ at }) => at >= since);
    const isWithin = sumOf(recent, (spent) => spent.bytes) + bytes <= limit;
    this.index.spendings.set(accountId, isWithin ? [...recent, { at: now, bytes }] : recent);
    return isWithin;
  }

  file(scope: ExistenceScope, blocks: readonly FiledBlock[]): boolean {
    const upload = liveUpload(this.index, scope);
    if (upload === undefined) return false;
    for (const block of blocks) {
      this.fileOne(block, scope.now);
      upload.pins.add(rehashHex(block.rehash));
    }
    const bytes = sumOf(blocks, ({ place }) => place.length);
    this.index.uploads.set(scope.uploadId, { ...upload, receivedBytes: upload.receivedBytes + bytes, uncommittedBytes: upload.uncommittedBytes + bytes });
    return true;
  }

  reinstate(blocks: readonly FiledBlock[], now: number): void {
    for (const block of blocks) this.fileOne(block, now);
  }

  findOwned(accountId: AccountId, rehash: Rehash): TagRow | undefined {
    return isReferenced(this.index, rehashHex(rehash), accountId) ? this.find(rehash) : undefined;
  }

  findAllOwned(accountId: AccountId, rehashes: readonly Rehash[]): readonly (TagRow | undefined)[] {
    return rehashes.map((rehash) => this.findOwned(accountId, rehash));
  }

  findHeld(scope: ExistenceScope, rehash: Rehash): TagRow | undefined {
    const row = isReferenced(this.index, rehashHex(rehash), scope.accountId) || this.isPinnedBy(scope, rehash) ? this.find(rehash) : undefined;
    return row?.state === 'live' ? row : undefined;
  }

  uniteSome(): undefined {
    return undefined;
  }

  find(rehash: Rehash): TagRow | undefined {
    return this.index.tags.get(rehashHex(rehash))?.row;
  }

  copiesOf(rehash: Rehash): readonly Place[] {
    const tag = this.index.tags.get(rehashHex(rehash));
    return tag === undefined ? [] : copiesOf(tag);
  }

  move(rehash: Rehash, from: Place, to: Place): boolean {
    const tag = this.index.tags.get(rehashHex(rehash));
    if (tag === undefined) return false;
    if (isSamePlace(tag.row.place, from)) {
      tag.row = { ...tag.row, place: { ...tag.row.place, pack: to.pack, offset: to.offset } };
      return true;
    }
    const others = tag.copies.filter((copy) => !isSamePlace(copy, from));
    if (others.length === tag.copies.length) return false;
    tag.copies = [...others.filter((copy) => !isSamePlace(copy, to)), to];
    return true;
  }

  quarantine(rehash: Rehash, place: Place): void {
    const tag = this.index.tags.get(rehashHex(rehash));
    if (tag !== undefined && isSamePlace(tag.row.place, place)) tag.row = { ...tag.row, state: 'quarantined' };
  }

  repair(was: Rehash, { rehash, tag, code }: FiledBlock): void {
    const old = this.index.tags.get(rehashHex(was));
    if (old === undefined) return;
    const other = rehashHex(was) === rehashHex(rehash) ? undefined : this.index.tags.get(rehashHex(rehash));
    this.index.tags.delete(rehashHex(was));
    if (other === undefined) this.index.tags.set(rehashHex(rehash), { ...old, row: { ...old.row, rehash, tag, code } });
    else other.copies = distinct([...other.copies, ...old.copies, old.row.place]);
    for (const image of this.index.images.values()) image.references = replaced(image.references, rehashHex(was), rehashHex(rehash));
    for (const upload of this.index.uploads.values()) {
      if (upload.pins.delete(rehashHex(was))) upload.pins.add(rehashHex(rehash));
    }
  }

  list(after: Rehash | undefined, limit: number): readonly TagRow[] {
    const keys = [...this.index.tags.keys()].filter((key) => after === undefined || key > rehashHex(after)).sort().slice(0, limit);
    return keys.flatMap((key) => this.index.tags.get(key)?.row ?? []);
  }

  listPack(pack: number): readonly { readonly rehash: Rehash; readonly place: Place }[] {
    return [...this.index.tags.values()].flatMap((tag) => placesOf(tag).flatMap((place) => (place.pack === pack ? [{ rehash: tag.row.rehash, place }] : [])));
  }

  liveByPack(): ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }> {
    return byPack([...this.index.tags.values()].flatMap(placesOf));
  }

  expireUploads(now: number): number {
    for (const [key, { expiresAt }] of this.index.nonces) if (expiresAt <= now) this.index.nonces.delete(key);
    const over = [...this.index.uploads.values()].filter(({ expiresAt }) => expiresAt <= now);
    for (const { uploadId } of over) this.drop(uploadId);
    return over.length;
  }

  collect(before: number, limit: number): readonly FiledBlock[] {
    const gone = this.collectable(before).slice(0, limit);
    for (const { row } of gone) this.index.tags.delete(rehashHex(row.rehash));
    return gone.map(({ row: { rehash, tag, code, place } }) => ({ rehash, tag, code, place }));
  }

  listWaiting({ after, limit, now }: Parameters<TagStore['listWaiting']>[0]): { readonly blocks: readonly WaitingBlock[]; readonly next: string | undefined } {
    const uploads = [...this.index.uploads.values()].filter(({ expiresAt }) => expiresAt > now);
    const waiting = [...this.index.tags].sort(([a], [b]) => (a < b ? -1 : 1)).filter(([key, tag]) => (after === undefined || key > after) && (tag.copies.length > 0 || !isReferenced(this.index, key)));
    const page = waiting.slice(0, limit);
    const blocks = page.map(([key, tag]) => {
      const { rehash, tag: t, code, place } = tag.row;
      const ends = uploads.filter(({ pins }) => pins.has(key)).map(({ expiresAt }) => expiresAt);
      const unreferenced = isReferenced(this.index, key) ? undefined : { touchedAt: tag.touchedAt, pinnedUntil: ends.length === 0 ? undefined : Math.max(...ends) };
      return { rehash, tag: t, code, place, copies: copiesOf(tag), unreferenced };
    });
    return { blocks, next: page.length < limit ? undefined : page.at(-1)?.[0] };
  }

  listUploads(after: UploadId | undefined, limit: number): readonly Upload[] {
    const uploads = [...this.index.uploads.values()].filter(({ uploadId }) => after === undefined || uploadId > after).sort((a, b) => (a.uploadId < b.uploadId ? -1 : 1));
    return uploads.slice(0, limit).map(({ uploadId, accountId, expiresAt, receivedBytes }) => ({ uploadId, accountId, expiresAt, receivedBytes }));
  }

  mendKeys(): { readonly mended: number; readonly next: undefined } {
    return { mended: 0, next: undefined };
  }

  listCopies(limit: number): readonly Copy[] {
    const copies = [...this.index.tags.values()].flatMap((tag) => copiesOf(tag).map((extra) => ({ rehash: tag.row.rehash, tag: tag.row.tag, kept: tag.row.place, extra })));
    return copies.slice(0, limit);
  }

  merge(rehash: Rehash, kept: Place, extra: Place): boolean {
    const tag = this.index.tags.get(rehashHex(rehash));
    const isNoted = (place: Place): boolean => tag !== undefined && placesOf(tag).some((noted) => isSamePlace(noted, place));
    if (tag === undefined || isSamePlace(kept, extra) || !isNoted(kept) || !isNoted(extra)) return false;
    const { place, state } = tag.row;
    if (!isSamePlace(place, kept)) tag.row = { ...tag.row, place: { ...place, pack: kept.pack, offset: kept.offset }, state: 'live' };
    // The place of a row that was quarantined is not one of an equal copy.
    const others = state === 'live' ? [...tag.copies, place] : tag.copies;
    tag.copies = others.filter((copy) => !isSamePlace(copy, kept) && !isSamePlace(copy, extra));
    return true;
  }

  figures(): TagFigures {
    const tags = [...this.index.tags.values()];
    const unreferenced = tags.filter(({ row }) => !isReferenced(this.index, rehashHex(row.rehash)));
    const copies = tags.flatMap(copiesOf);
    return {
      blocks: tags.length, cipherBytes: sumOf(tags, lengthOf),
      unreferencedBlocks: unreferenced.length, unreferencedCipherBytes: sumOf(unreferenced, lengthOf),
      pendingCopies: copies.length, pendingCopyBytes: sumOf(copies, ({ length }) => length),
      quarantinedBlocks: tags.filter(({ row }) => row.state === 'quarantined').length,
    };
  }

  private fileOne(block: FiledBlock, now: number): void {
    const key = rehashHex(block.rehash);
    const tag = this.index.tags.get(key);
    if (tag === undefined) {
      this.index.tags.set(key, { row: { ...block, state: 'live' }, copies: [], touchedAt: now });
      return;
    }
    if (tag.row.state === 'quarantined') tag.row = { ...block, state: 'live' };
    else tag.copies = distinct([...tag.copies, block.place]);
    tag.copies = tag.copies.filter((copy) => !isSamePlace(copy, tag.row.place));
    tag.touchedAt = Math.max(tag.touchedAt, now);
  }

  private pin(scope: ExistenceScope, rehashes: readonly Rehash[], isAllowed: (rehash: Rehash) => boolean): readonly boolean[] {
    const upload = liveUpload(this.index, scope);
    const answers = rehashes.map((rehash) => upload !== undefined && this.find(rehash)?.state === 'live' && isAllowed(rehash));
    rehashes.forEach((rehash, at) => { if (answers[at] === true) upload?.pins.add(rehashHex(rehash)); });
    return answers;
  }

  private isPinnedBy({ accountId, now }: ExistenceScope, rehash: Rehash): boolean {
    const isTheirs = (upload: MemoryUpload): boolean => upload.accountId === accountId && upload.expiresAt > now;
    return [...this.index.uploads.values()].some((upload) => isTheirs(upload) && upload.pins.has(rehashHex(rehash)));
  }

  /** A session with its pins and nonces. */
  private drop(uploadId: UploadId): void {
    this.index.uploads.delete(uploadId);
    for (const [key, nonce] of this.index.nonces) if (nonce.uploadId === uploadId) this.index.nonces.delete(key);
  }

  private collectable(before: number): readonly MemoryTag[] {
    return [...this.index.tags].flatMap(([key, tag]) => {
      const isPinned = [...this.index.uploads.values()].some(({ pins }) => pins.has(key));
      return tag.touchedAt < before && !isPinned && !isReferenced(this.index, key) ? [tag] : [];
    });
  }
}

function lengthOf({ row }: MemoryTag): number {
  return row.place.length;
}

/** Copies are of the row's length. */
function copiesOf({ row, copies }: MemoryTag): readonly Place[] {
  return copies.map((copy) => ({ ...copy, length: row.place.length })).sort((a, b) => a.pack - b.pack || a.offset - b.offset);
}

function placesOf(tag: MemoryTag): readonly Place[] {
  return [tag.row.place, ...copiesOf(tag)];
}

function distinct(places: readonly Place[]): readonly Place[] {
  return places.filter((place, at) => places.findIndex((other) => isSamePlace(other, place)) === at);
}

function replaced<T>(set: ReadonlySet<T>, from: T, to: T): ReadonlySet<T> {
  return new Set([...set].map((one) => (one === from ? to : one)));
}
