/**
 * The work of an upload or a download that may run in another thread: what goes in, what comes out. Values here cross between
 * threads: what is given to a task, or answered by one, belongs to the other side from then on. Types alone. SPEC.md section 12.
 */
import type { Domain } from './core/domain.js';
import type { DiceError } from './core/errors.js';
import type { Anchor } from './core/image/anchors.js';
import type { TileEqualisation } from './core/image/equalised-tile.js';
import type { BaseView } from './core/image/patch-prediction.js';
import type { Geometry, Recipe, Source, SplitterId } from './core/image/splitter.js';
import type { ImageWrap } from './core/keys/hierarchy.js';
import type { AccountId, ImageId, Rehash, Tag } from './protocol/ids.js';

/** How a file is to be taken apart. */
export interface SplitInput {
  readonly fileHash: Uint8Array;
  readonly splitter: 'auto' | SplitterId;
  readonly geometry: Geometry;
  /** Raw bytes of contents that may be kept between the first reading and the second. */
  readonly keepBytes: number;
  /** Contents come sealed for this domain, as `seal` would, where that pays before anybody knows whether it is needed (`sealsEarly`) and their coder gives them back. */
  readonly sealFor?: Domain | undefined;
}

/** A file that is understood: its contents, in chunks after this, and its recipe join to exactly its bytes. */
export interface FilePlan {
  readonly recipe: Recipe;
  readonly description: string;
  /** By which copies of the picture can be found; none for what is no picture. */
  readonly anchors: readonly Anchor[];
}

/** A content, its fingerprint and, where it was needed before, its coded form; else perhaps what makes that shorter. */
export interface FingerprintedContent {
  readonly content: Uint8Array;
  readonly fingerprint: Uint8Array;
  readonly coded?: Uint8Array;
  readonly equalisation?: TileEqualisation;
}

/** A content that was sealed where it was taken apart. */
export interface ContentSealedEarly {
  readonly fingerprint: Uint8Array;
  readonly sealed: SealedContent;
}

/** A content of a file that is taken apart. */
export type SplitContent = FingerprintedContent | ContentSealedEarly;

/**
 * Said to a split with the first question after its plan, of an edited copy of a stored picture: it is not searched for how it was equalised,
 * for little of it is new; or it is cut along that picture's tiles first, and its contents come unsealed. Where contents come sealed, it is said too late.
 */
export type SplitWord = 'copy' | { readonly recut: Geometry } | undefined;

/** A split under way. */
export type SplitSteps = AsyncGenerator<SplitStep, void, SplitWord>;

/** Progress as often as it comes, then the plan once, and once more where it is cut otherwise, then perhaps how its picture was equalised, in words, then all contents in order. */
export type SplitStep =
  | { readonly kind: 'progress'; readonly contents: number; readonly maxContents: number }
  | { readonly kind: 'plan'; readonly plan: FilePlan }
  | { readonly kind: 'equalised'; readonly description: string }
  | { readonly kind: 'chunk'; readonly contents: readonly SplitContent[] };

/** Contents to code and seal in one domain, whose secret is forgotten with the task. */
export interface SealInput {
  readonly domain: Domain;
  readonly contents: readonly FingerprintedContent[];
}

/** A content as it travels: inline where its coded form is too small for a block. */
export type SealedContent =
  | { readonly kind: 'inline'; readonly coded: Uint8Array }
  | { readonly kind: 'block'; readonly cipher: Uint8Array; readonly tag: Tag; readonly rehash: Rehash; readonly code: number };

/** Fetched blocks to open under the keys of their manifest. */
export interface OpenInput {
  readonly blocks: readonly {
    readonly cipher: Uint8Array;
    readonly tag: Uint8Array;
    readonly key: Uint8Array;
    readonly domain: Domain | undefined;
  }[];
}

/** What became of one block. Exactly one of `content` and `error` is there; `code` is H(j), of the cipher as received. */
export interface OpenedBlock {
  readonly code: number;
  readonly content?: Uint8Array;
  readonly error?: DiceError;
}

/** A small image to join: its blocks as they came, and its contents as places among them, or coded where they travel in the manifest. */
export interface JoinInput {
  readonly recipe: Recipe;
  readonly contents: readonly (number | Uint8Array)[];
  readonly blocks: OpenInput['blocks'];
  readonly size: number;
  readonly fileHash: Uint8Array;
}

/** The bytes of the file, which have its hash; undefined where anything does not fit: whoever opens and joins step by step hears what. */
export interface JoinedFile {
  readonly bytes: Uint8Array | undefined;
}

/** An image to join, whose contents are asked for as they are needed. */
export interface AssembleInput {
  readonly recipe: Recipe;
  /** How many it has. */
  readonly contents: number;
  /** As packPatches gives them. */
  readonly patches: Uint8Array;
  readonly size: number;
  readonly fileHash: Uint8Array;
}

/** Gives contents to whoever joins them. */
export interface ContentSource {
  /** Content `index` and those after it that are at hand: the taker's from then on. Throws where it is missing, or bad. */
  take(index: number): Promise<readonly Uint8Array[]>;
}

/** The bytes of a file in order, none of them empty; the last of them once the hash of the whole was found right. */
export type FilePieces = AsyncGenerator<Uint8Array, void, void>;

/** A new tile, the stored tile that covers its place, and how the one lies in the other. */
export interface TilePair {
  readonly target: Uint8Array;
  readonly base: Uint8Array;
  readonly view: BaseView;
}

/** Tiles to compare. Unlike elsewhere their bytes stay the caller's: a tile without a patch is sealed afterwards. */
export interface PatchInput {
  readonly pairs: readonly TilePair[];
}

/** Sealed entries of a listing, all of one account. */
export interface EntriesInput {
  readonly accountId: AccountId;
  /** Forgotten with the task. */
  readonly under: ImageWrap;
  readonly imageIds: readonly ImageId[];
  /** For each image its wrapped key and its entry, one after the other. */
  readonly sealed: Uint8Array;
  /** Of each of these. */
  readonly lengths: readonly number[];
}

/** Encoded entries, one after the other. */
export interface PackedEntries {
  readonly packed: Uint8Array;
  readonly lengths: readonly number[];
}

/** What carries tasks out, in this thread or in others: the outcome is the same. */
export interface Tasks {
  /**
   * Takes a file apart, joins it again from its contents and compares the hash; what does not fit goes as bytes. Throws
   * DiceError of the source, `file-changed`, `argument-invalid` or `cancelled`. To leave early, return it.
   */
  split(input: SplitInput, source: Source, signal: AbortSignal | undefined): SplitSteps;
  /** Codes, decodes again and compares, encrypts, tags. In the order given. Throws RangeError where a coder does not give a content back. */
  seal(input: SealInput, signal: AbortSignal | undefined): Promise<readonly SealedContent[]>;
  /** Checks, decrypts and decodes in the order of SPEC.md section 3. In the order given; a bad block is an outcome. */
  open(input: OpenInput, signal: AbortSignal | undefined): Promise<readonly OpenedBlock[]>;
  /** Opens all blocks of a small image and joins them. */
  join(input: JoinInput, signal: AbortSignal | undefined): Promise<JoinedFile>;
  /**
   * Joins an image piece by piece. Throws DiceError `recipe-invalid`, `integrity-failed` or `cancelled`, and what `contents` throws. To
   * leave early, return it.
   */
  assemble(input: AssembleInput, contents: ContentSource, signal: AbortSignal | undefined): FilePieces;
  /** A patch for each pair that makes the target of the base, tried; undefined where none is worth it. In the order given. */
  patch(input: PatchInput, signal: AbortSignal | undefined): Promise<readonly (Uint8Array | undefined)[]>;
  /** Threads that open entries at once; 0: the caller's own does. */
  readonly entryThreads: number;
  /** Opens entries, in the order given. Throws DiceError `sealed-invalid` where one of them does not open. */
  entries(input: EntriesInput, signal: AbortSignal | undefined): Promise<PackedEntries>;
  /** Ends its threads; what is under way fails with `cancelled`. Later tasks run in the caller's thread. */
  close(): Promise<void>;
}
