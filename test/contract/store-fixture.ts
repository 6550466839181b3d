/**
 * What the contract suites of tags, images and accounts share: ids, hashes and places made from numbers, and a set
 * of stores over one database that can be closed and opened again.
 */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { asRehash, asTag, idOfBytes, type AccountId, type ImageId, type InvitationId, type Rehash, type SessionId, type UploadId } from '../../client-sdk/protocol/ids.js';
import type { AccountStore } from '../../server/ports/account-store.js';
import type { Place } from '../../server/ports/block-store.js';
import type { HeadStore } from '../../server/ports/head-store.js';
import type { ImageStore, NewImage } from '../../server/ports/image-store.js';
import type { ExistenceScope, FiledBlock, TagStore } from '../../server/ports/tag-store.js';

/** The stores of one database. */
export interface Stores {
  readonly tags: TagStore;
  readonly images: ImageStore;
  readonly accounts: AccountStore;
  readonly heads: HeadStore;
  /** Closes the database and opens it again. */
  reopen(): Promise<Stores>;
  close(): Promise<void>;
}

type Id = AccountId | ImageId | UploadId | SessionId | InvitationId;

/** Names of migrations that a folder does not have: the next one, and one after a gap. */
export function newMigrations(folder: string): { readonly more: string; readonly gap: string; readonly numbers: readonly number[] } {
  const count = readdirSync(folder).filter((name) => name.endsWith('.sql')).length;
  const name = (number: number, word: string): string => `${String(number).padStart(4, '0')}_${word}.sql`;
  return { more: name(count + 1, 'more'), gap: name(count + 3, 'gap'), numbers: Array.from({ length: count + 1 }, (_, i) => i + 1) };
}

/** For `cp`: takes the folder, and of its migrations those before this number. */
export function isBefore(number: number): (name: string) => boolean {
  return (name) => Number(/(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1] ?? 0) < number;
}

/** An id made from a number. */
export function idFrom<T extends Id>(number: number): T {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(12, number);
  return idOfBytes<T>(bytes);
}

/** SHA-256. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

/** A block made from a number: the hashes are right, the place is its own. */
export function blockFrom(number: number, place: Place = placeFrom(number)): FiledBlock {
  const tag = sha256(Buffer.from(`cipher ${number}`));
  return { rehash: asRehash(sha256(tag)), tag: asTag(tag), code: number & 1023, place };
}

export function placeFrom(number: number, pack = 1): Place {
  return { pack, offset: 56 + number * 1_000, length: 100 + (number % 50) };
}

export function rehashes(blocks: readonly FiledBlock[]): readonly Rehash[] {
  return blocks.map(({ rehash }) => rehash).sort((a, b) => Buffer.compare(a, b));
}

export const alice = idFrom<AccountId>(1);
export const bob = idFrom<AccountId>(2);

/** An upload session, begun; it lives until 10,000. */
export async function begin(stores: Pick<Stores, 'tags'>, accountId: AccountId, number: number): Promise<ExistenceScope> {
  const now = 1_000;
  const uploadId = idFrom<UploadId>(number);
  const begun = await stores.tags.beginUpload({ uploadId, accountId, expiresAt: 10_000, receivedBytes: 0 }, now, 16);
  if (begun !== 'begun') throw new Error('the session did not begin');
  return { uploadId, accountId, now };
}

/** An image that refers to `blocks`. */
export function imageFrom(number: number, blocks: readonly FiledBlock[], more: Partial<NewImage> = {}): NewImage {
  return {
    imageId: idFrom<ImageId>(number),
    wrappedKey: new Uint8Array(60).fill(number),
    entry: new Uint8Array(200).fill(number),
    manifestHash: sha256(Buffer.from(`manifest ${number}`)),
    manifestBytes: 1_000 + number,
    manifestPlace: { pack: 2, offset: 5_000 * number, length: 1_300 + number },
    preview: undefined,
    rehashes: rehashes(blocks),
    createdAt: 1_000 + number,
    ...more,
  };
}

/** Files the blocks and commits an image of them. */
export async function store(stores: Stores, scope: ExistenceScope, image: { readonly number: number; readonly blocks: readonly FiledBlock[] }): Promise<void> {
  await stores.tags.file(scope, image.blocks);
  const outcome = await stores.images.commit(scope, imageFrom(image.number, image.blocks), undefined);
  if (outcome.kind !== 'stored') throw new Error(`the image was not stored: ${outcome.kind}`);
}

/** Makes fresh stores; a suite does so before each test and closes them after it. */
export type MakeStores = () => Promise<Stores>;
