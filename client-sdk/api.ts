/**
 * The public shape of the SDK: what a client can do, what it takes and what it answers. Types alone; client.ts
 * gives them life over a platform (ports.ts). Ids and hashes are lower-case hex text, times are milliseconds
 * since the epoch, sizes are bytes. Every method may throw DiceError, and nothing else. SPEC.md section 12.
 */
import type { BlockMemory } from './block-memory.js';
import type { DomainKind } from './core/domain.js';
import type { DiceError } from './core/errors.js';
import type { Geometry, Region, Source, SplitterId } from './core/image/splitter.js';
import type { RecipeView } from './core/image/recipe-view.js';
import type { AccountId, ImageId, InvitationId, SessionId } from './protocol/ids.js';
import type { CollectAnswer, InvitationCard, OperatorReport, ServerCard, SessionCard, Usage, UserCard } from './protocol/messages.js';
import type { AccountFigures } from './figures.js';

/** What every call takes: aborting ends it with DiceError `cancelled`. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What a download may be told. */
export interface DownloadOptions extends CallOptions {
  /** Downloads that are given the same memory fetch a block that they share once. */
  readonly memory?: BlockMemory | undefined;
}

/** How connect asks what only a person can decide. */
export interface ConnectOptions extends CallOptions {
  /** `https://host[:port]`; plain http is meant for loopback. */
  readonly server: string;
  /** Asked where the server calls itself `said` but `dialled` was dialled; false (or no function) ends in `realm-mismatch`. */
  readonly confirmRealm?: ((said: string, dialled: string) => Promise<boolean>) | undefined;
  /** Told, in words, what does not stop the work but makes it worse: that no worker thread can be started. Default: a warning of Node; in browsers what their console says of the script. */
  readonly onWarning?: ((message: string) => void) | undefined;
}


export type { DomainKind };

/** The account that is logged in. */
export interface AccountSummary {
  readonly accountId: AccountId;
  readonly username: string;
  readonly email: string | undefined;
  readonly isOperator: boolean;
  readonly createdAt: number;
  /** The domain of new uploads. */
  readonly domain: DomainKind;
  /** Every kind that this account may choose with changeDomain or upload's `domain`. */
  readonly domains: readonly DomainKind[];
  readonly quotaBytes: number | undefined;
  /** Logging in asks for a code too. */
  readonly hasSecondFactor: boolean;
  readonly backupCodesLeft: number;
}

/** A registration. With `invitation` the account begins in the inviter's group. */
export interface RegisterRequest {
  readonly username: string;
  readonly password: string;
  readonly email?: string | undefined;
  /** Without it: the inviter's group, else the server's default. */
  readonly domain?: 'personal' | 'open' | undefined;
  /** The whole link, its fragment included. */
  readonly invitation?: string | undefined;
  readonly setupToken?: string | undefined;
  readonly device?: string | undefined;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly device?: string | undefined;
  /** Pages only: the session outlives the browser. Default false. */
  readonly isKept?: boolean | undefined;
  /** Where the account has a second factor: 6 digits of the authenticator app, or a backup code. Asked for by `second-factor-required`. */
  readonly code?: string | undefined;
}

/** A second factor that waits for its first code. Shown once. */
export interface BegunSecondFactor {
  /** For typing: base32. */
  readonly secret: string;
  /** For authenticator apps, also as a QR code: `otpauth://totp/...`. */
  readonly link: string;
}

/** Closing an account: its own user name typed, and its password. */
export interface CloseRequest {
  readonly username: string;
  readonly password: string;
}

export interface RecoverRequest {
  readonly username: string;
  /** 24 words, separated by spaces. */
  readonly recoveryWords: string;
  readonly newPassword: string;
  readonly device?: string | undefined;
  /** With a right code a second factor stays on; the words alone turn it off. */
  readonly code?: string | undefined;
}

/**
 * A session that can be resumed: JSON values alone. `bearer`: token and account key in clear, so it belongs in a file
 * of mode 0600. `page`: the account key is sealed under a key that the server gives only to the live session.
 */
export interface SavedSession {
  readonly version: 1;
  readonly kind: 'bearer' | 'page';
  readonly server: string;
  readonly serverId: string;
  readonly accountId: AccountId;
  readonly username: string;
  readonly sessionId: SessionId;
  /** Unpadded base64url; bearer only. */
  readonly token?: string;
  /** Unpadded base64url: 32 bytes (bearer), or a sealed object (page). */
  readonly accountKey: string;
}

/** A file opened for upload. It must not change until it is closed. */
export interface OpenedFile {
  readonly source: Source;
  /** Milliseconds since the epoch, where the platform knows it. */
  readonly modifiedAt?: number | undefined;
  /** False where size or time of change are others than at opening. */
  isUnchanged(): Promise<boolean>;
  close(): Promise<void>;
}

/** A file to upload; it is opened only when its turn comes. */
export interface UploadFile {
  /** The image's name: a file name, or a path with `/` below the uploaded folder. */
  readonly name: string;
  /** Where it came from, in the caller's own words; its result repeats them. */
  readonly origin?: string | undefined;
  /** Opens it. Throws DiceError `file-unreadable`. */
  open(): Promise<OpenedFile>;
}

export interface UploadOptions extends CallOptions {
  /** Default `auto`: by the file alone. */
  readonly splitter?: 'auto' | 'bytes' | 'raster' | 'jpeg' | undefined;
  readonly geometry?: Geometry | undefined;
  /** Default: the account's current domain. */
  readonly domain?: DomainKind | undefined;
  /** Default true, where the platform can make previews. */
  readonly preview?: boolean | undefined;
  /** Asks what would be sent, sends and commits nothing. */
  readonly dryRun?: boolean | undefined;
  /** At once, whatever their sizes. Default: four of a megabyte or more, up to 32 of small ones. */
  readonly filesInFlight?: number | undefined;
  readonly onProgress?: ((event: UploadEvent) => void) | undefined;
}

export type UploadPhase = 'reading' | 'splitting' | 'sealing' | 'sending' | 'committing';

/** What became of a content: sent as new, already stored, an earlier picture's block under a patch, or flat (it travels in the manifest). */
export type TileState = 'new' | 'stored' | 'patched' | 'flat';

/** Progress of one file; `bytes` grow within a phase. */
export type UploadEvent =
  | { readonly kind: 'phase'; readonly phase: UploadPhase; readonly file: string; readonly bytes: number; readonly totalBytes: number }
  | { readonly kind: 'picture'; readonly file: string; readonly width: number; readonly height: number; readonly contents: number }
  | { readonly kind: 'tile'; readonly file: string; readonly index: number; readonly region: Region | undefined; readonly state: TileState };

/** The outcome of one file. `error` exactly with status failed. */
export interface UploadedFile {
  readonly name: string;
  readonly origin: string | undefined;
  readonly id: ImageId | undefined;
  /** `stored`: committed (or, in a dry run, would be). `known`: an image of this name and these bytes is there. */
  readonly status: 'stored' | 'known' | 'failed';
  readonly splitter: SplitterId | undefined;
  readonly logicalBytes: number;
  /** All request body bytes spent on this file: frames, tags, manifest, entry, preview. */
  readonly sentBytes: number;
  /** Distinct blocks of the image, segments included. */
  readonly blocks: number;
  readonly blocksSent: number;
  /** Contents that travel in the manifest. */
  readonly flatTiles: number;
  /** Contents that are blocks of another picture under a patch, because this one is an edited copy of it. */
  readonly patchedTiles: number;
  readonly error?: DiceError;
}

/** An image as the listing shows it. */
export interface Image {
  readonly id: ImageId;
  readonly name: string;
  readonly size: number;
  /** Media type, as recognised at upload. */
  readonly type: string;
  /** SHA-256 of the file. */
  readonly fileHash: string;
  readonly modifiedAt: number | undefined;
  /** When the server took it in. */
  readonly createdAt: number;
  readonly trashedAt: number | undefined;
  /** A small picture is to be had: one that was made at upload, or the file itself. */
  readonly hasPreview: boolean;
  /** Distinct blocks, segments included. */
  readonly blocks: number;
  readonly picture: { readonly width: number; readonly height: number } | undefined;
  readonly splitter: SplitterId;
  /** Cipher bytes of all references to blocks, doubled ones counted twice: what it would take without deduplication. */
  readonly codedBytes: number;
  /** Request body bytes that its upload cost. */
  readonly sentBytes: number;
}

export interface ListOptions extends CallOptions {
  readonly trash?: boolean | undefined;
}

/** One content of an image, for its owner's eyes: keys open blocks. */
export interface ImageBlock {
  readonly index: number;
  readonly role: 'content' | 'segment';
  readonly region: Region | undefined;
  /** Where it lies on the picture's first page, and on which plane: a JPEG file has one for each component, every other picture one alone. */
  readonly place: { readonly plane: number; readonly region: Region } | undefined;
  /** Bytes of the patch under which the block is this content; undefined where the block is the content itself. */
  readonly patchBytes: number | undefined;
  /** Absent members: the content travels in the manifest. */
  readonly block: { readonly tag: string; readonly rehash: string; readonly code: number; readonly key: string; readonly domain: DomainKind } | undefined;
}

/** What an image takes, in bytes; what it shares with others is counted all the same. */
export interface ImageCosts {
  /** The sealed manifest. */
  readonly manifestBytes: number;
  /** Ciphers of contents, and of segments of the skeleton, of lists and patches; doubled ones twice. */
  readonly contentBytes: number;
  readonly segmentBytes: number;
  /** The list that names the blocks: tag and key of each, or its coded bytes. */
  readonly listBytes: number;
  readonly patchBytes: number;
  /** Bytes of the list and of the iv of its block for each content, on average; 0 without contents. */
  readonly overheadPerContent: number;
}

/** An image with its manifest opened and its signature verified. */
export interface OpenImage {
  readonly image: Image;
  readonly splitter: SplitterId;
  /** What the manifest says of the container, in a few words. */
  readonly description: string;
  readonly skeletonBytes: number;
  /** What was recognised, from the recipe itself. */
  readonly recipe: RecipeView;
  readonly costs: ImageCosts;
  readonly flatTiles: number;
  /** Tiles that are blocks of another picture under a patch. */
  readonly patchedTiles: number;
  /** `flat`: tiles of one colour that have no content; they live in the recipe. */
  readonly picture: { readonly width: number; readonly height: number; readonly flat: readonly Region[] } | undefined;
  readonly blocks: readonly ImageBlock[];
}

/** The check of one block, in the order of SPEC.md section 3. Later members are false where an earlier one failed. */
export interface BlockCheck {
  readonly kind: 'block';
  readonly index: number;
  readonly role: 'content' | 'segment';
  readonly region: Region | undefined;
  readonly tag: string;
  readonly rehash: string;
  readonly isFetched: boolean;
  /** H(i): the check code that the server keeps. H(j): the one of the cipher as received. */
  readonly storedCode: number | undefined;
  readonly receivedCode: number | undefined;
  readonly isCodeEqual: boolean;
  readonly isHashRight: boolean;
  readonly isKeyRight: boolean;
  readonly isDecoded: boolean;
  /** Of the cipher as received, and of the content that it opened to; undefined where it did not come so far. */
  readonly cipherBytes: number | undefined;
  readonly contentBytes: number | undefined;
  readonly error?: DiceError;
}

/** A step of the check of one block that has just ended, in this order; the first that is not right is the last. */
export interface BlockStep {
  readonly kind: 'step';
  readonly step: 'fetch' | 'code' | 'hash' | 'key' | 'decode';
  readonly isRight: boolean;
}

/** The last check: the joined file has the hash that was stored. */
export interface FileCheck {
  readonly kind: 'file';
  readonly id: ImageId;
  readonly name: string;
  readonly blocks: number;
  readonly failedBlocks: number;
  readonly isFileHashRight: boolean;
  readonly error?: DiceError;
}

export interface InviteResult {
  readonly invitationId: InvitationId;
  readonly link: string;
  readonly expiresAt: number;
}

export interface TokenResult {
  readonly sessionId: SessionId;
  /** A SavedSession for a program; shown once. */
  readonly session: SavedSession;
  readonly expiresAt: number;
}

/** What the newest account head says: a signed state of the account, counted up with each change. */
export interface HeadFigures {
  readonly counter: number;
  /** How often a loss was accepted. */
  readonly epoch: number;
  readonly signedAt: number;
  /** Images that it names, removed ones included. */
  readonly leaves: number;
}

/** An image that the account head names and the server does not have. */
export interface MissingImage {
  readonly id: ImageId;
  readonly isTrashed: boolean;
}

/** A connection to one server, with at most one account logged in. */
export interface DiceClient {
  readonly server: ServerCard;
  /** As it was dialled. */
  readonly serverUrl: string;
  readonly account: AccountSummary | undefined;

  /** Makes an account and logs it in. The words are shown once. */
  register(request: RegisterRequest, options?: CallOptions): Promise<{ readonly recoveryWords: string }>;
  login(credentials: Credentials, options?: CallOptions): Promise<void>;
  /** Sets a new password with the recovery words and logs in. Throws `account-rolled-back` afterwards where the account is older than its head. */
  recover(request: RecoverRequest, options?: CallOptions): Promise<void>;
  /** Ends all other sessions. Throws `account-rolled-back` where the account is older than its head, as every change of credentials and of the domain does. */
  changePassword(request: { readonly current: string; readonly next: string; readonly code?: string | undefined }, options?: CallOptions): Promise<void>;
  /** New recovery words; the old ones end, and all other sessions. */
  changeRecoveryWords(request: { readonly password: string; readonly code?: string | undefined }, options?: CallOptions): Promise<{ readonly recoveryWords: string }>;
  /** Throws `recovery-words-invalid` unless these 24 words open this very account. Nothing changes, and no session ends. */
  checkRecoveryWords(words: string, options?: CallOptions): Promise<void>;
  /**
   * Closes the account for good: images, sessions, tokens and its name on the server go; the fingerprint cache is erased. Throws `argument-invalid`
   * where the user name is another, `credentials-wrong`, and `forbidden` for the operator's.
   */
  closeAccount(request: CloseRequest, options?: CallOptions): Promise<void>;
  /** Makes the secret of a second factor. It is asked of nobody until confirmSecondFactor. Throws `credentials-wrong`, and `forbidden` where one is on. */
  beginSecondFactor(request: { readonly password: string }, options?: CallOptions): Promise<BegunSecondFactor>;
  /** Turns the second factor on with its first code. The backup codes are shown once; each stands in for a code once. Throws `second-factor-wrong`. */
  confirmSecondFactor(code: string, options?: CallOptions): Promise<{ readonly backupCodes: readonly string[] }>;
  /** Turns the second factor off. Throws `credentials-wrong`, `second-factor-wrong`. */
  endSecondFactor(request: { readonly password: string; readonly code: string }, options?: CallOptions): Promise<void>;
  changeEmail(email: string | undefined, options?: CallOptions): Promise<void>;
  /** The domain of new uploads. */
  changeDomain(domain: DomainKind, options?: CallOptions): Promise<void>;
  /** Ends the session on the server and erases the fingerprint cache. The local part happens whether the server answers or not. */
  logout(options?: CallOptions): Promise<void>;
  saveSession(): Promise<SavedSession>;
  /** Goes on with a saved session. Throws `unauthenticated` where it ended. */
  resumeSession(session: SavedSession, options?: CallOptions): Promise<void>;

  /** One result for each file, as it is done; a failed file never stops its neighbours. */
  upload(files: Iterable<UploadFile> | AsyncIterable<UploadFile>, options?: UploadOptions): AsyncIterable<UploadedFile>;
  /** Newest first. After the last image throws `account-rolled-back`, `image-omitted` or `image-resurrected` where the list is not what the account head says. */
  list(options?: ListOptions): AsyncIterable<Image>;
  /** By id, else by exact name. Throws `image-unknown`, or `image-ambiguous` with the ids in its message. */
  find(idOrName: string, options?: ListOptions): Promise<Image>;
  open(id: ImageId | string, options?: CallOptions): Promise<OpenImage>;
  /** The exact bytes, in order. The last piece comes only after `fileHash` was found right. */
  download(id: ImageId | string, options?: DownloadOptions): AsyncIterable<Uint8Array>;
  /** Every block, then the whole file. */
  verify(id: ImageId | string, options?: CallOptions): AsyncIterable<BlockCheck | FileCheck>;
  /** One block of the image, fetched alone, by its tag T in hex: each step as it ends, then the check. Throws `argument-invalid` for a tag that the image does not have. */
  checkBlock(id: ImageId | string, tag: string, options?: CallOptions): AsyncIterable<BlockStep | BlockCheck>;
  /** A small picture (WebP, or the file itself where it is a small JPEG or PNG), or undefined where there is none. */
  preview(id: ImageId | string, options?: CallOptions): Promise<Uint8Array | undefined>;
  /** To the trash. */
  remove(id: ImageId | string, options?: CallOptions): Promise<void>;
  restore(id: ImageId | string, options?: CallOptions): Promise<void>;
  /** Out of the trash, for good. */
  purge(id: ImageId | string, options?: CallOptions): Promise<void>;

  /** The newest account head; undefined where the account has none yet. Throws `account-rolled-back`, also where keyring or credentials are older than it says. */
  head(options?: CallOptions): Promise<HeadFigures | undefined>;
  /** Images that the account head names and the server does not have, whatever this device has seen before. */
  missing(options?: CallOptions): Promise<readonly MissingImage[]>;
  /**
   * Signs that what is missing is gone, and that the state which the server shows is the account's, keyring and credentials too: after a restore from a
   * backup. Answers how many images were given up.
   */
  acceptLoss(options?: CallOptions): Promise<number>;

  report(options?: CallOptions): Promise<AccountFigures>;
  usage(options?: CallOptions): Promise<Usage>;
  /**
   * A link for one new account, which joins this account's group. Its fragment never reaches the server. The first invitation
   * makes the group, and makes it the domain of the inviter's new uploads too.
   */
  invite(request?: { readonly days?: number | undefined }, options?: CallOptions): Promise<InviteResult>;
  invitations(options?: CallOptions): Promise<readonly InvitationCard[]>;
  endInvitation(id: InvitationId | string, options?: CallOptions): Promise<void>;
  sessions(options?: CallOptions): Promise<readonly SessionCard[]>;
  endSession(id: SessionId | string, options?: CallOptions): Promise<void>;
  makeToken(request: { readonly device: string; readonly days: number }, options?: CallOptions): Promise<TokenResult>;

  /** The operator's own. */
  operatorReport(options?: CallOptions): Promise<OperatorReport>;
  users(options?: CallOptions): AsyncIterable<UserCard>;
  collect(options?: CallOptions): Promise<CollectAnswer>;

  /** Frees workers and files; the session stays alive. */
  close(): Promise<void>;
}
