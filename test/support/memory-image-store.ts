/**
 * The image store in memory: the promises of the port over plain Maps, as the model that engines are compared with.
 */
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import { asRehash, rehashHex, type AccountId, type ImageId, type Rehash, type RehashHex } from '../../client-sdk/protocol/ids.js';
import type { Place } from '../../server/ports/block-store.js';
import type { AccountUsage, CommitOutcome, ImageCursor, ImageFigures, ImageRecordRow, ImageRow, ImageStore, NewImage, TrashedImage, UsageDay } from '../../server/ports/image-store.js';
import type { ExistenceScope } from '../../server/ports/tag-store.js';
import {
  byPack, imagesOf, isReferenced, isSamePlace, liveUpload, nameOf, promised, referencedBlocks, removeImage, sessionBytes, sumOf, type MemoryImage, type MemoryIndex, type Sync,
} from './memory-index.js';

/** The image store over `index`. */
export function memoryImageStore(index: MemoryIndex): ImageStore {
  return promised<ImageStore>(new MemoryImageStore(index));
}

interface ImageName {
  readonly accountId: AccountId;
  readonly imageId: ImageId;
}

interface Page {
  readonly isTrash: boolean;
  readonly after: ImageCursor | undefined;
  readonly limit: number;
}

class MemoryImageStore implements Sync<ImageStore> {
  constructor(private readonly index: MemoryIndex) {}

  probe(accountId: AccountId, imageId: ImageId, manifestHash: Uint8Array): 'known' | 'conflict' | undefined {
    const found = this.imageOf(accountId, imageId);
    if (found !== undefined) return isEqual(found.image.manifestHash, manifestHash) ? 'known' : 'conflict';
    return this.isBuried(accountId, imageId) ? 'conflict' : undefined;
  }

  missing(scope: ExistenceScope, rehashes: readonly Rehash[]): readonly Rehash[] {
    const upload = liveUpload(this.index, scope);
    return rehashes.filter((rehash) => {
      const key = rehashHex(rehash);
      const isHeld = upload !== undefined && (upload.pins.has(key) || isReferenced(this.index, key, scope.accountId));
      return !isHeld || this.index.tags.get(key)?.row.state !== 'live';
    });
  }

  commit(scope: ExistenceScope, image: NewImage, quotaBytes: number | undefined): CommitOutcome {
    const upload = liveUpload(this.index, scope);
    if (upload === undefined) return { kind: 'upload-unknown' };
    const known = this.probe(scope.accountId, image.imageId, image.manifestHash);
    if (known !== undefined) return { kind: known };
    const missing = this.missing(scope, image.rehashes);
    if (missing.length > 0) return { kind: 'missing', missing };
    if (quotaBytes !== undefined && this.usedBytes(scope) + sealedBytes(image) > quotaBytes) return { kind: 'quota-exceeded' };
    const references = new Set(image.rehashes.map(rehashHex));
    this.index.images.set(nameOf(scope.accountId, image.imageId), { accountId: scope.accountId, image, references, trashedAt: undefined });
    for (const key of references) upload.pins.delete(key);
    const days = this.index.received.get(scope.accountId) ?? new Map<string, number>();
    const day = dayOf(image.createdAt);
    this.index.received.set(scope.accountId, days.set(day, (days.get(day) ?? 0) + upload.uncommittedBytes + sealedBytes(image)));
    this.index.uploads.set(scope.uploadId, { ...upload, uncommittedBytes: 0 });
    return { kind: 'stored' };
  }

  find(accountId: AccountId, imageId: ImageId): ImageRow | undefined {
    const found = this.imageOf(accountId, imageId);
    return found === undefined ? undefined : rowOf(found);
  }

  list(accountId: AccountId, { isTrash, after, limit }: Page): readonly ImageRow[] {
    const rows = imagesOf(this.index, accountId).filter(({ trashedAt }) => (trashedAt !== undefined) === isTrash).map(rowOf);
    return rows.filter((row) => after === undefined || newestFirst(after, row) < 0).sort(newestFirst).slice(0, limit);
  }

  referencesOf(accountId: AccountId, imageId: ImageId): readonly Rehash[] {
    const keys: readonly RehashHex[] = [...(this.imageOf(accountId, imageId)?.references ?? [])].sort();
    return keys.map((key) => asRehash(new Uint8Array(Buffer.from(key, 'hex'))));
  }

  referrers(rehash: Rehash, limit: number): readonly ImageName[] {
    return imagesOf(this.index).filter(({ references }) => references.has(rehashHex(rehash))).map(nameOfImage).slice(0, limit);
  }

  trash(accountId: AccountId, imageId: ImageId, now: number): boolean {
    const found = this.imageOf(accountId, imageId);
    if (found !== undefined) found.trashedAt ??= now;
    return found !== undefined;
  }

  restore(accountId: AccountId, imageId: ImageId): boolean {
    const found = this.imageOf(accountId, imageId);
    if (found !== undefined) found.trashedAt = undefined;
    return found !== undefined;
  }

  purge(accountId: AccountId, imageId: ImageId, now: number): boolean {
    const found = this.imageOf(accountId, imageId);
    if (found?.trashedAt === undefined) return false;
    removeImage(this.index, found, now);
    this.leaveTombstone(accountId, imageId);
    return true;
  }

  listExpired(before: number, limit: number): readonly ImageName[] {
    const expired = imagesOf(this.index).flatMap((image) => (image.trashedAt !== undefined && image.trashedAt < before ? [{ image, at: image.trashedAt }] : []));
    return expired.sort((a, b) => a.at - b.at).slice(0, limit).map(({ image }) => nameOfImage(image));
  }

  listTrash(after: Parameters<ImageStore['listTrash']>[0], limit: number): readonly TrashedImage[] {
    const orderOf = ({ trashedAt, accountId, imageId }: NonNullable<typeof after>): string => `${String(trashedAt).padStart(16, '0')} ${accountId} ${imageId}`;
    const trash = imagesOf(this.index).flatMap(({ accountId, image, trashedAt }) => {
      return trashedAt === undefined ? [] : [{ accountId, imageId: image.imageId, trashedAt, manifestPlace: image.manifestPlace, previewPlace: image.preview?.place }];
    });
    return trash.filter((one) => after === undefined || orderOf(one) > orderOf(after)).sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)).slice(0, limit);
  }

  amend(accountId: AccountId, imageId: ImageId, { wrappedKey, entry, manifestHash }: Pick<NewImage, 'wrappedKey' | 'entry' | 'manifestHash'>): boolean {
    const found = this.imageOf(accountId, imageId);
    if (found?.image.wrappedKey.length !== wrappedKey.length || found.image.entry.length !== entry.length) return false;
    found.image = { ...found.image, wrappedKey, entry, manifestHash };
    return true;
  }

  usage(accountId: AccountId): AccountUsage {
    const all = imagesOf(this.index, accountId);
    const blocks = [...referencedBlocks(this.index, accountId).values()];
    return {
      images: all.length,
      trashedImages: all.filter(({ trashedAt }) => trashedAt !== undefined).length,
      blocks: blocks.length,
      cipherBytes: sumOf(blocks, ({ place }) => place.length),
      manifestBytes: sumOf(all, ({ image }) => image.manifestBytes),
      entryBytes: sumOf(all, ({ image }) => image.entry.length + image.wrappedKey.length),
      previewBytes: sumOf(all, ({ image }) => image.preview?.bytes ?? 0),
      records: blocks.length + all.length + all.filter(({ image }) => image.preview !== undefined).length,
      sessionBytes: sessionBytes(this.index, accountId, 0),
      receivedBytes: sumOf([...(this.index.received.get(accountId)?.values() ?? [])], (bytes) => bytes),
    };
  }

  days(accountId: AccountId): readonly UsageDay[] {
    const all = imagesOf(this.index, accountId);
    const received = this.index.received.get(accountId) ?? new Map<string, number>();
    const blocks = [...referencedBlocks(this.index, accountId)].map(([key, row]) => {
      const first = Math.min(...all.filter(({ references }) => references.has(key)).map(({ image }) => image.createdAt));
      return { day: dayOf(first), bytes: row.place.length };
    });
    const days = new Set([...received.keys(), ...all.map(({ image }) => dayOf(image.createdAt))]);
    return [...days].sort().map((day) => {
      const added = blocks.filter((block) => block.day === day);
      const images = all.filter(({ image }) => dayOf(image.createdAt) === day).length;
      return { day, images, newBlocks: added.length, newCipherBytes: sumOf(added, ({ bytes }) => bytes), receivedBytes: received.get(day) ?? 0 };
    });
  }

  figures(): ImageFigures {
    const accounts = [...new Set(imagesOf(this.index).map(({ accountId }) => accountId))].map((accountId) => this.usage(accountId));
    return {
      images: sumOf(accounts, ({ images }) => images),
      trashedImages: sumOf(accounts, ({ trashedImages }) => trashedImages),
      manifestBytes: sumOf(accounts, ({ manifestBytes }) => manifestBytes),
      previewBytes: sumOf(accounts, ({ previewBytes }) => previewBytes),
      referencedCipherBytes: sumOf(accounts, ({ cipherBytes }) => cipherBytes),
    };
  }

  listPack(pack: number): readonly ImageRecordRow[] {
    return imagesOf(this.index).flatMap(recordsOf).filter(({ place }) => place.pack === pack);
  }

  liveByPack(): ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }> {
    return byPack(imagesOf(this.index).flatMap(recordsOf).map(({ place }) => place));
  }

  move({ accountId, imageId, type, place: from }: ImageRecordRow, to: Place): boolean {
    const found = this.imageOf(accountId, imageId);
    const record = found === undefined ? undefined : recordsOf(found).find((one) => one.type === type && isSamePlace(one.place, from));
    if (found === undefined || record === undefined) return false;
    const place = { ...record.place, pack: to.pack, offset: to.offset };
    const { image } = found;
    found.image = type === 'manifest' ? { ...image, manifestPlace: place } : { ...image, preview: { place, bytes: image.preview?.bytes ?? 0 } };
    return true;
  }

  listAll(after: ImageName | undefined, limit: number): readonly ImageRecordRow[] {
    const names = [...this.index.images.keys()].filter((name) => after === undefined || name > nameOf(after.accountId, after.imageId)).sort().slice(0, limit);
    return names.flatMap((name) => {
      const found = this.index.images.get(name);
      return found === undefined ? [] : recordsOf(found).filter(({ type }) => type === 'manifest');
    });
  }

  reinstate(accountId: AccountId, image: NewImage): void {
    if (this.isBuried(accountId, image.imageId) || this.imageOf(accountId, image.imageId) !== undefined) return;
    const references = new Set(image.rehashes.map(rehashHex).filter((key) => this.index.tags.has(key)));
    this.index.images.set(nameOf(accountId, image.imageId), { accountId, image, references, trashedAt: undefined });
  }

  bury(accountId: AccountId, imageId: ImageId): void {
    const found = this.imageOf(accountId, imageId);
    if (found !== undefined) removeImage(this.index, found, found.image.createdAt);
    this.leaveTombstone(accountId, imageId);
  }

  private imageOf(accountId: AccountId, imageId: ImageId): MemoryImage | undefined {
    return this.index.images.get(nameOf(accountId, imageId));
  }

  private isBuried(accountId: AccountId, imageId: ImageId): boolean {
    return this.index.tombstones.get(accountId)?.has(imageId) === true;
  }

  private leaveTombstone(accountId: AccountId, imageId: ImageId): void {
    const buried = this.index.tombstones.get(accountId) ?? new Set<ImageId>();
    this.index.tombstones.set(accountId, buried.add(imageId));
  }

  /** What counts to the quota before an image is committed: its blocks are among the session's. */
  private usedBytes({ accountId, now }: ExistenceScope): number {
    const { cipherBytes, manifestBytes, entryBytes, previewBytes } = this.usage(accountId);
    return cipherBytes + manifestBytes + entryBytes + previewBytes + sessionBytes(this.index, accountId, now);
  }
}

function sealedBytes({ manifestBytes, entry, wrappedKey, preview }: NewImage): number {
  return manifestBytes + entry.length + wrappedKey.length + (preview?.bytes ?? 0);
}

function rowOf({ image, trashedAt }: MemoryImage): ImageRow {
  const { imageId, wrappedKey, entry, manifestHash, manifestBytes, manifestPlace, preview, createdAt } = image;
  return { imageId, wrappedKey, entry, manifestHash: manifestHash.slice(0, 16), manifestBytes, manifestPlace, preview, blocks: image.rehashes.length, createdAt, trashedAt };
}

function nameOfImage({ accountId, image }: MemoryImage): ImageName {
  return { accountId, imageId: image.imageId };
}

function recordsOf(found: MemoryImage): readonly ImageRecordRow[] {
  const { manifestPlace, preview } = found.image;
  const manifest = { ...nameOfImage(found), type: 'manifest', place: manifestPlace } as const;
  return preview === undefined ? [manifest] : [manifest, { ...manifest, type: 'preview', place: preview.place }];
}

function newestFirst(a: ImageCursor, b: ImageCursor): number {
  return b.createdAt - a.createdAt || (a.imageId < b.imageId ? 1 : a.imageId > b.imageId ? -1 : 0);
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
