/**
 * Images of accounts, their references to blocks, and their removal. Sealed objects are opaque here.
 * Each method is one atomic step.
 */
import type { AccountId, ImageId, Rehash } from '../../client-sdk/protocol/ids.js';
import type { Place } from './block-store.js';
import type { ExistenceScope } from './tag-store.js';

/** An image to insert. Its manifest record (and preview) are durable at their places already. */
export interface NewImage {
  readonly imageId: ImageId;
  readonly wrappedKey: Uint8Array;
  readonly entry: Uint8Array;
  /** SHA-256 of the sealed manifest: tells a repeated commit from a conflicting one. */
  readonly manifestHash: Uint8Array;
  readonly manifestBytes: number;
  readonly manifestPlace: Place;
  readonly preview: { readonly place: Place; readonly bytes: number } | undefined;
  /** Distinct, sorted. */
  readonly rehashes: readonly Rehash[];
  readonly createdAt: number;
}

/** The outcome of one commit. `missing` holds the T1s that are neither owned nor pinned, or are quarantined. */
export type CommitOutcome =
  | { readonly kind: 'stored' }
  | { readonly kind: 'known' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'upload-unknown' }
  | { readonly kind: 'quota-exceeded' }
  | { readonly kind: 'missing'; readonly missing: readonly Rehash[] };

/** An image as its owner's listing needs it. */
export interface ImageRow {
  readonly imageId: ImageId;
  readonly wrappedKey: Uint8Array;
  readonly entry: Uint8Array;
  /** The first 16 bytes of SHA-256 of the sealed manifest. */
  readonly manifestHash: Uint8Array;
  readonly manifestBytes: number;
  readonly manifestPlace: Place;
  readonly preview: { readonly place: Place; readonly bytes: number } | undefined;
  readonly blocks: number;
  readonly createdAt: number;
  readonly trashedAt: number | undefined;
}

/** Where a listing goes on: creation time, then id. */
export interface ImageCursor {
  readonly createdAt: number;
  readonly imageId: ImageId;
}

/** Bytes that an account uses, from its own references alone. */
export interface AccountUsage {
  readonly images: number;
  readonly trashedImages: number;
  readonly blocks: number;
  readonly cipherBytes: number;
  readonly manifestBytes: number;
  readonly entryBytes: number;
  readonly previewBytes: number;
  readonly records: number;
  readonly sessionBytes: number;
  readonly receivedBytes: number;
}

/** What one day (UTC, YYYY-MM-DD) added. A block counts on the day of the account's first image that refers to it: of those that still do, the one that was committed first. */
export interface UsageDay {
  readonly day: string;
  readonly images: number;
  readonly newBlocks: number;
  readonly newCipherBytes: number;
  readonly receivedBytes: number;
}

/** Counts and sums over all images. */
export interface ImageFigures {
  readonly images: number;
  readonly trashedImages: number;
  readonly manifestBytes: number;
  readonly previewBytes: number;
  /** Sum over accounts of the cipher bytes of their distinct blocks. */
  readonly referencedCipherBytes: number;
}

/** An image in the trash, and where its records lie. */
export interface TrashedImage {
  readonly accountId: AccountId;
  readonly imageId: ImageId;
  readonly trashedAt: number;
  readonly manifestPlace: Place;
  readonly previewPlace: Place | undefined;
}

/** A record of an image in a pack: its manifest or its preview. */
export interface ImageRecordRow {
  readonly accountId: AccountId;
  readonly imageId: ImageId;
  readonly type: 'manifest' | 'preview';
  readonly place: Place;
}

export interface ImageStore {
  /**
   * What `commit` would answer for this id and manifest, without inserting: undefined where it is new. Lets the caller
   * skip the durable write for a repeated or conflicting commit. Not a promise about the future.
   */
  probe(accountId: AccountId, imageId: ImageId, manifestHash: Uint8Array): Promise<'known' | 'conflict' | undefined>;
  /** The T1s among `rehashes` that a commit in this session would find missing. */
  missing(scope: ExistenceScope, rehashes: readonly Rehash[]): Promise<readonly Rehash[]>;
  /**
   * One transaction: session live; quota holds; every T1 owned by the account or pinned by this session and live;
   * image and references inserted (each tag row locked). Same id and manifest hash: 'known'. Same id with another hash, or a tombstone: 'conflict'.
   */
  commit(scope: ExistenceScope, image: NewImage, quotaBytes: number | undefined): Promise<CommitOutcome>;

  find(accountId: AccountId, imageId: ImageId): Promise<ImageRow | undefined>;
  /** Newest first, at most `limit`, after the cursor; of the trash or outside it. */
  list(accountId: AccountId, page: { readonly isTrash: boolean; readonly after: ImageCursor | undefined; readonly limit: number }): Promise<readonly ImageRow[]>;
  /** The distinct T1s that an image refers to, sorted. */
  referencesOf(accountId: AccountId, imageId: ImageId): Promise<readonly Rehash[]>;
  /** Image ids (with their account) that refer to T1, at most `limit`; for naming what damage concerns. */
  referrers(rehash: Rehash, limit: number): Promise<readonly { readonly accountId: AccountId; readonly imageId: ImageId }[]>;

  /** Moves to the trash at `now`; true also where it is there already; false where unknown. */
  trash(accountId: AccountId, imageId: ImageId, now: number): Promise<boolean>;
  /** Takes out of the trash; true also where it is not in it; false where unknown. */
  restore(accountId: AccountId, imageId: ImageId): Promise<boolean>;
  /** Removes a trashed image with its references, leaving a tombstone; its blocks count as touched at `now`. False where it is not in the trash. */
  purge(accountId: AccountId, imageId: ImageId, now: number): Promise<boolean>;
  /** Trashed before `before`, at most `limit`. */
  listExpired(before: number, limit: number): Promise<readonly { readonly accountId: AccountId; readonly imageId: ImageId }[]>;
  /** The trash of all accounts, the longest trashed first, then by account and image; after `after`, at most `limit`. */
  listTrash(after: Pick<TrashedImage, 'trashedAt' | 'accountId' | 'imageId'> | undefined, limit: number): Promise<readonly TrashedImage[]>;

  usage(accountId: AccountId): Promise<AccountUsage>;
  days(accountId: AccountId): Promise<readonly UsageDay[]>;
  figures(): Promise<ImageFigures>;

  /** Manifest and preview records whose place is in `pack`. Not of one moment: what comes or goes meanwhile may be told or not. CorruptionError where the engine can tell that they are not all. */
  listPack(pack: number): Promise<readonly ImageRecordRow[]>;
  liveByPack(): Promise<ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }>>;
  /** Moves a record of an image, if it is still at `from`. */
  move(row: ImageRecordRow, to: Place): Promise<boolean>;
  /**
   * Puts right the sealed objects of a row and the hash of its manifest by what its record says; false where there is no such image, or the objects have other lengths
   * than the row's. For scrub only.
   */
  amend(accountId: AccountId, imageId: ImageId, told: Pick<NewImage, 'wrappedKey' | 'entry' | 'manifestHash'>): Promise<boolean>;
  /** The manifest of every image, in order of (account, image), after one, at most `limit`; for check and scrub. */
  listAll(after: { readonly accountId: AccountId; readonly imageId: ImageId } | undefined, limit: number): Promise<readonly ImageRecordRow[]>;

  /** Inserts an image found in a pack, with references to those of its T1s that have rows. For rebuild only. */
  reinstate(accountId: AccountId, image: NewImage): Promise<void>;
  /** Leaves a tombstone and removes the image if there is one. For rebuild only. */
  bury(accountId: AccountId, imageId: ImageId): Promise<void>;
}
