/**
 * The public shape of the SDK: what a client can do; what that takes and answers stands in the files that are exported with it. Types alone; client.ts
 * gives them life over a platform (ports.ts). Ids and hashes are lower-case hex text, times are milliseconds
 * since the epoch, sizes are bytes. Every method may throw DiceError, and nothing else. SPEC.md section 12.
 */
import type { AccountSummary, BegunSecondFactor, CloseRequest, Credentials, InviteResult, RecoverRequest, RegisterRequest, SavedSession, TokenResult } from './api-account.js';
import type { HeadDifferences, HeadFigures } from './api-head.js';
import type { BlockCheck, BlockStep, DownloadOptions, FileCheck, Image, ListOptions, OpenImage } from './api-image.js';
import type { CallOptions } from './api-options.js';
import type { UploadedFile, UploadFile, UploadOptions } from './api-upload.js';
import type { DomainKind } from './core/domain.js';
import type { AccountFigures } from './figures.js';
import type { ImageId, InvitationId, SessionId } from './protocol/ids.js';
import type { CollectAnswer, InvitationCard, OperatorReport, ServerCard, SessionCard, Usage, UserCard } from './protocol/messages.js';

export type * from './api-account.js';
export type * from './api-head.js';
export type * from './api-image.js';
export type * from './api-options.js';
export type * from './api-upload.js';
export type { DomainKind };

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
  /** Where the server has something else than the account head that it shows says, whatever this device has seen before. */
  missing(options?: CallOptions): Promise<HeadDifferences>;
  /**
   * Signs that what is missing is gone, and that the state which the server showed is the account's, keyring and credentials too: after a restore from a
   * backup. `digest`: that of the differences that the owner saw. Answers how many images were given up. Throws `revision-conflict`, and signs nothing,
   * where the server shows anything else by now.
   */
  acceptLoss(digest: string, options?: CallOptions): Promise<number>;

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
