/**
 * The tables of an index as plain Maps, and the few questions that its stores share: who refers to what, who pins what. The doubles of
 * the stores lie in memory-*-store.ts. No engine, no transaction: each method of a store runs to its end before another begins.
 */
import type { AccountId, ImageId, InvitationId, RehashHex, SessionId, UploadId } from '../../client-sdk/protocol/ids.js';
import type { AccountRow, ClosingAccount, InvitationRow, SessionRow } from '../../server/ports/account-store.js';
import type { Place } from '../../server/ports/block-store.js';
import type { HeadTree, KeptHead } from '../../server/ports/head-store.js';
import type { NewImage } from '../../server/ports/image-store.js';
import type { ExistenceScope, Nonce, TagRow, Upload } from '../../server/ports/tag-store.js';

/** The methods of a port without their promises: what a double is written as. */
export type Sync<Port> = { readonly [Name in keyof Port]: Port[Name] extends (...args: infer Args) => Promise<infer Answer> ? (...args: Args) => Answer : Port[Name] };

/** The port that runs each method of `store` to its end at once. What it throws rejects. */
export function promised<Port extends object>(store: Sync<Port>): Port {
  const proxy: unknown = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: readonly unknown[]) => new Promise((resolve) => { resolve(Reflect.apply(member, target, args)); });
    },
  });
  return proxy as Port; // the same names, each with its promise
}

/** A row of the index. `touchedAt` says since when nothing refers to it, where nothing does. */
export interface MemoryTag {
  row: TagRow;
  copies: readonly Place[];
  touchedAt: number;
}

export interface MemoryUpload extends Upload {
  readonly uncommittedBytes: number;
  readonly pins: Set<RehashHex>;
}

/** An image with the blocks that it refers to: all of its T1s, but for a reinstated one. */
export interface MemoryImage {
  readonly accountId: AccountId;
  image: NewImage;
  references: ReadonlySet<RehashHex>;
  trashedAt: number | undefined;
}

/** What is kept of one account's heads. */
export interface MemoryHeads {
  readonly tree: HeadTree;
  readonly heads: readonly KeptHead[];
  readonly leaves: ReadonlyMap<string, Uint8Array>;
}

export interface MemoryIndex {
  readonly tags: Map<RehashHex, MemoryTag>;
  readonly uploads: Map<UploadId, MemoryUpload>;
  readonly nonces: Map<string, Nonce>;
  readonly spendings: Map<AccountId, readonly { readonly at: number; readonly bytes: number }[]>;
  /** By `nameOf`. */
  readonly images: Map<string, MemoryImage>;
  /** Of removed images: by account, their ids. */
  readonly tombstones: Map<AccountId, Set<ImageId>>;
  /** Bytes received, by account and day. */
  readonly received: Map<AccountId, Map<string, number>>;
  readonly accounts: Map<AccountId, AccountRow>;
  readonly usedSteps: Map<AccountId, number>;
  readonly closed: Map<AccountId, ClosingAccount>;
  readonly sessions: Map<SessionId, SessionRow>;
  readonly invitations: Map<InvitationId, InvitationRow>;
  readonly heads: Map<AccountId, MemoryHeads>;
}

export function emptyIndex(): MemoryIndex {
  return {
    tags: new Map(), uploads: new Map(), nonces: new Map(), spendings: new Map(), images: new Map(), tombstones: new Map(), received: new Map(),
    accounts: new Map(), usedSteps: new Map(), closed: new Map(), sessions: new Map(), invitations: new Map(), heads: new Map(),
  };
}

export function nameOf(accountId: AccountId, imageId: ImageId): string {
  return `${accountId} ${imageId}`;
}

export function isSamePlace(a: Place, b: Place): boolean {
  return a.pack === b.pack && a.offset === b.offset;
}

/** The session of `scope`, if it is the account's and live. */
export function liveUpload(index: MemoryIndex, scope: ExistenceScope): MemoryUpload | undefined {
  const upload = index.uploads.get(scope.uploadId);
  return upload?.accountId === scope.accountId && upload.expiresAt > scope.now ? upload : undefined;
}

/** All images, or those of one account. */
export function imagesOf(index: MemoryIndex, accountId?: AccountId): readonly MemoryImage[] {
  return [...index.images.values()].filter((image) => accountId === undefined || image.accountId === accountId);
}

/** An image (of this account) refers to the block, in the trash or not. */
export function isReferenced(index: MemoryIndex, key: RehashHex, accountId?: AccountId): boolean {
  return imagesOf(index, accountId).some(({ references }) => references.has(key));
}

/** The blocks that images of the account refer to, each once, that have a row. */
export function referencedBlocks(index: MemoryIndex, accountId: AccountId): ReadonlyMap<RehashHex, TagRow> {
  return rowsOf(index, imagesOf(index, accountId).flatMap(({ references }) => [...references]));
}

/** Cipher bytes of blocks that sessions live at `now` pin and no image of the account refers to. */
export function sessionBytes(index: MemoryIndex, accountId: AccountId, now: number): number {
  const uploads = [...index.uploads.values()].filter((upload) => upload.accountId === accountId && upload.expiresAt > now);
  const pinned = rowsOf(index, uploads.flatMap(({ pins }) => [...pins]));
  return sumOf([...pinned].filter(([key]) => !isReferenced(index, key, accountId)), ([, row]) => row.place.length);
}

/** Takes an image away; blocks that nothing refers to any longer count as touched at `now`. */
export function removeImage(index: MemoryIndex, { accountId, image, references }: MemoryImage, now: number): void {
  index.images.delete(nameOf(accountId, image.imageId));
  for (const key of references) {
    const tag = index.tags.get(key);
    if (tag !== undefined && !isReferenced(index, key)) tag.touchedAt = now;
  }
}

export function sumOf<T>(list: readonly T[], bytesOf: (one: T) => number): number {
  return list.reduce((sum, one) => sum + bytesOf(one), 0);
}

/** Records and payload bytes, per pack. */
export function byPack(places: readonly Place[]): ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }> {
  const packs = new Map<number, { readonly records: number; readonly payloadBytes: number }>();
  for (const { pack, length } of places) {
    const { records, payloadBytes } = packs.get(pack) ?? { records: 0, payloadBytes: 0 };
    packs.set(pack, { records: records + 1, payloadBytes: payloadBytes + length });
  }
  return packs;
}

function rowsOf(index: MemoryIndex, keys: readonly RehashHex[]): ReadonlyMap<RehashHex, TagRow> {
  return new Map(keys.flatMap((key) => {
    const tag = index.tags.get(key);
    return tag === undefined ? [] : [[key, tag.row] as const];
  }));
}
