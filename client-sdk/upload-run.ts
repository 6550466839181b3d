/**
 * What the files of one upload share: the lane to the server, the sender of blocks, what is known already, and the
 * breath that keeps long work cancellable. SPEC.md section 12.
 */
import { AccountHeads } from './account-head.js';
import { domainOfKind } from './account.js';
import type { UploadEvent, UploadOptions } from './api.js';
import { BlockSender } from './block-sender.js';
import { Breath } from './breath.js';
import { accountOf, type Connection } from './connection.js';
import type { Domain } from './core/domain.js';
import { EqualFiles } from './equal-files.js';
import { filesAtOnce, FilesInFlight } from './files-in-flight.js';
import type { FingerprintCache } from './fingerprint-cache.js';
import { HeadNotes } from './head-notes.js';
import { KnownImages } from './known-images.js';
import { Originals } from './originals.js';
import { tasksOf } from './local-tasks.js';
import type { Tasks } from './tasks.js';
import type { UploadId } from './protocol/ids.js';
import { type LaneMemory, UploadLane } from './upload-lane.js';

/** Raw bytes of contents that the files in flight keep together between two readings, and one file at most. */
const keptBytes = 100_663_296;
const maxKeptBytes = 33_554_432;

/** One call of upload. */
export class UploadRun {
  readonly tasks: Tasks;
  readonly domain: Domain;
  readonly lane: UploadLane;
  readonly sender: BlockSender;
  readonly originals: Originals;
  readonly equals = new EqualFiles();
  readonly isDryRun: boolean;
  readonly #breath: Breath;
  /** Undefined where the caller says how many files go at once. */
  readonly #inFlight: FilesInFlight | undefined;

  readonly known: KnownImages;
  readonly notes: HeadNotes;
  readonly cache: FingerprintCache | undefined;

  private constructor(
    readonly connection: Connection,
    readonly options: UploadOptions,
    known: { readonly images: KnownImages; readonly cache: FingerprintCache | undefined; readonly memory: LaneMemory | undefined; readonly heads: AccountHeads },
  ) {
    this.known = known.images;
    this.notes = new HeadNotes(known.heads, () => connection.platform.now());
    this.cache = known.cache;
    this.isDryRun = options.dryRun === true;
    this.domain = domainOfKind(accountOf(connection).keyring, options.domain);
    this.lane = new UploadLane(connection, options.signal, known.memory);
    this.tasks = tasksOf(connection.platform);
    this.#inFlight = options.filesInFlight === undefined ? new FilesInFlight() : undefined;
    this.sender = new BlockSender({ connection, lane: this.lane, cache: this.cache, tasks: this.tasks, isDryRun: this.isDryRun });
    this.originals = new Originals(connection, this.cache, options.signal);
    this.#breath = new Breath(connection.platform, options.signal);
  }

  static async begin(connection: Connection, options: UploadOptions, cache: FingerprintCache | undefined): Promise<UploadRun> {
    const heads = new AccountHeads(connection, cache, options.signal);
    // On a state that the server took back nothing is built, and nothing goes to the domain of an older keyring: which one it is, is chosen below.
    await heads.trusted();
    const images = await KnownImages.load(connection, { cache, signal: options.signal, isDryRun: options.dryRun === true });
    // A dry run must not end the session that holds what an interrupted run has sent.
    const isRemembered = cache !== undefined && options.dryRun !== true;
    const memory = isRemembered ? { left: await cache.openUpload(), keep: (uploadId: UploadId | undefined) => cache.keepUpload(uploadId) } : undefined;
    return new UploadRun(connection, options, { images, cache, memory, heads });
  }

  /** Waits until a file of `size` bytes may be on its way; call the answer when it is not any more. Throws `cancelled`. */
  async enter(size: number): Promise<() => void> {
    return (await this.#inFlight?.enter(size, this.options.signal)) ?? (() => undefined);
  }

  /** Raw bytes of contents of such a file that may be kept between two readings. */
  keepBytes(size: number): number {
    return Math.min(maxKeptBytes, Math.floor(keptBytes / (this.options.filesInFlight ?? filesAtOnce(size))));
  }

  tell(event: UploadEvent): void {
    this.options.onProgress?.(event);
  }

  /** Lets others run. Throws `cancelled`. */
  breathe(): Promise<void> {
    return this.#breath.breathe();
  }

  /** Breathes where the last breath is long ago. */
  breatheSometimes(): Promise<void> {
    return this.#breath.breatheSometimes();
  }
}
