/**
 * The index: T1 -> T, check code, length, place; the pins of upload sessions; copies that wait for merging.
 * Each method is one atomic step. It verifies nothing: the caller has hashed what it files.
 */
import type { AccountId, Rehash, Tag, UploadId } from '../../client-sdk/protocol/ids.js';
import type { Place } from './block-store.js';

/** A block that was verified and is durable at `place`. */
export interface FiledBlock {
  readonly rehash: Rehash;
  readonly tag: Tag;
  readonly code: number;
  readonly place: Place;
}

/** A row of the index. `state` quarantined: kept with its references, but absent to existence, claim and commit. */
export interface TagRow extends FiledBlock {
  readonly state: 'live' | 'quarantined';
}

/** A live upload session. */
export interface Upload {
  readonly uploadId: UploadId;
  readonly accountId: AccountId;
  readonly expiresAt: number;
  /** Cipher bytes received in this session. */
  readonly receivedBytes: number;
}

/** What claiming by proof needs of a block. */
export interface Claimable {
  readonly rehash: Rehash;
  readonly place: Place;
}

/** A nonce for proofs of possession: bound to account, upload and the exact list of T1 (by its SHA-256). */
export interface Nonce {
  readonly nonce: Uint8Array;
  readonly uploadId: UploadId;
  readonly tagsHash: Uint8Array;
  readonly expiresAt: number;
}

/** How an existence question is decided. */
export interface ExistenceScope {
  readonly uploadId: UploadId;
  readonly accountId: AccountId;
  readonly now: number;
}

/** A row of the index that the collector may remove, or an extra copy that it may merge. */
export interface Copy {
  readonly rehash: Rehash;
  readonly tag: Tag;
  readonly kept: Place;
  readonly extra: Place;
}

/** A row that the collector has something to do with: nothing refers to it, or equal copies of it wait. */
export interface WaitingBlock extends FiledBlock {
  readonly copies: readonly Place[];
  /** Where no image refers to it. `pinnedUntil`: when the last live upload session that pins it expires. */
  readonly unreferenced: { readonly touchedAt: number; readonly pinnedUntil: number | undefined } | undefined;
}

/** Counts and sums over the index. */
export interface TagFigures {
  readonly blocks: number;
  readonly cipherBytes: number;
  readonly unreferencedBlocks: number;
  readonly unreferencedCipherBytes: number;
  readonly pendingCopies: number;
  readonly pendingCopyBytes: number;
  readonly quarantinedBlocks: number;
}

export interface TagStore {
  /** Begins an upload session. Answers 'too-many' where the account has `maxUploads` live ones at `now`. */
  beginUpload(upload: Upload, now: number, maxUploads: number): Promise<'begun' | 'too-many'>;
  /** The live session of this account, its expiry moved to `expiresAt`; undefined where unknown, expired or another's. */
  touchUpload(scope: ExistenceScope, expiresAt: number): Promise<Upload | undefined>;
  /** Ends a session and drops its pins. Absence is not an error. */
  endUpload(uploadId: UploadId, accountId: AccountId): Promise<void>;

  /**
   * For each T1 in order: is it live, and referred to by an image of the account (trash included) or pinned by a live
   * session of the account? Those that are get pinned by this session in the same transaction.
   */
  pinOwned(scope: ExistenceScope, rehashes: readonly Rehash[]): Promise<readonly boolean[]>;
  /** The live rows among `rehashes`, whoever owns them (existence = shared). */
  findLive(rehashes: readonly Rehash[]): Promise<readonly Claimable[]>;
  /** Keeps a nonce. */
  keepNonce(nonce: Nonce): Promise<void>;
  /** Uses a nonce up: true once, if it is this session's, for this list and not expired. */
  spendNonce(nonce: Nonce, now: number): Promise<boolean>;
  /** Pins live rows after a passed proof. Answers per T1 whether it is pinned. */
  pinClaimed(scope: ExistenceScope, rehashes: readonly Rehash[]): Promise<readonly boolean[]>;
  /** Bytes of proofs that the account had checked since `since`; adds `bytes` if the sum stays within `limit`. */
  spendProofBytes(accountId: AccountId, spending: { readonly bytes: number; readonly limit: number; readonly since: number; readonly now: number }): Promise<boolean>;

  /**
   * Files verified durable blocks and pins them in this session, one transaction. A T1 without a row: a new live row.
   * A quarantined row: its place becomes the new one, and it is live again. A live row with another place: the new
   * place is noted as an extra copy to merge. Counts `receivedBytes`. Repeatable.
   * Answers false (and files nothing) where the session is not live.
   */
  file(scope: ExistenceScope, blocks: readonly FiledBlock[]): Promise<boolean>;
  /** As `file`, for nobody: no session, no pins, and no bytes count as received. For blocks that were found in the packs. */
  reinstate(blocks: readonly FiledBlock[], now: number): Promise<void>;

  /** The row of T1 if an image of the account refers to it (trash included). */
  findOwned(accountId: AccountId, rehash: Rehash): Promise<TagRow | undefined>;
  /** As `findOwned` for many at once, in order. */
  findAllOwned(accountId: AccountId, rehashes: readonly Rehash[]): Promise<readonly (TagRow | undefined)[]>;
  /** The live row of T1 of which `pinOwned` says that it is there: of rows that an engine keeps for each account, the account's own. */
  findHeld(scope: ExistenceScope, rehash: Rehash): Promise<TagRow | undefined>;
  /** The row of T1, whoever has it. */
  find(rehash: Rehash): Promise<TagRow | undefined>;
  /** Extra places where an equal copy of T1 lies. */
  copiesOf(rehash: Rehash): Promise<readonly Place[]>;

  /** Moves a row (or an extra copy) from one place to another, if it is still at the first. */
  move(rehash: Rehash, from: Place, to: Place): Promise<boolean>;
  /** Marks a row at `place` as quarantined. */
  quarantine(rehash: Rehash, place: Place): Promise<void>;
  /** Puts a row right whose T, T1 or code rotted. `was` finds it by its stored T1 bytes. */
  repair(was: Rehash, row: FiledBlock): Promise<void>;

  /**
   * Puts right what this engine derives from rows to find and to count them by, for some `limit` rows after `after`: where it rotted, rows that are there are not found. Answers
   * how much was wrong; `next` goes on, undefined at the end. Repeatable.
   */
  mendKeys(after: string | undefined, limit: number): Promise<{ readonly mended: number; readonly next: string | undefined }>;
  /** All rows in order of T1 after `after`, at most `limit`. */
  list(after: Rehash | undefined, limit: number): Promise<readonly TagRow[]>;
  /** Rows (and extra copies) whose place is in `pack`. Used by compaction. CorruptionError where the engine can tell that they are not all. */
  listPack(pack: number): Promise<readonly { readonly rehash: Rehash; readonly place: Place }[]>;
  /** Bytes of payload and number of records that rows and copies occupy, per pack. */
  liveByPack(): Promise<ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }>>;

  /**
   * Brings some rows together that this engine filed apart for one T1, of those that are there when it begins; answers where to go on, undefined at the end. What follows does so
   * too: it is called before, so that a stop need not wait for all of them. Repeatable.
   */
  uniteSome(after: string | undefined): Promise<string | undefined>;
  /** Drops expired sessions, their pins and nonces. Answers how many sessions. */
  expireUploads(now: number): Promise<number>;
  /**
   * Removes at most `limit` rows that no image refers to and no session pins and that were last touched before `before`.
   * The check and the removal are one transaction. Answers what was removed.
   */
  collect(before: number, limit: number): Promise<readonly FiledBlock[]>;
  /** Rows without references and rows with extra copies, in a stable order, at most `limit` of those after `after`; `next` goes on, undefined at the end. */
  listWaiting(page: { readonly after: string | undefined; readonly limit: number; readonly now: number }): Promise<{ readonly blocks: readonly WaitingBlock[]; readonly next: string | undefined }>;
  /** All upload sessions, over or not, in order of their ids after `after`, at most `limit`. */
  listUploads(after: UploadId | undefined, limit: number): Promise<readonly Upload[]>;
  /** Rows with an extra copy, at most `limit`. */
  listCopies(limit: number): Promise<readonly Copy[]>;
  /** Keeps `kept` as the row's place and forgets `extra`, if both are still noted. */
  merge(rehash: Rehash, kept: Place, extra: Place): Promise<boolean>;

  figures(): Promise<TagFigures>;
}
