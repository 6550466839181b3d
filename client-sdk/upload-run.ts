/**
 * What the files of one upload share: the lane to the server, the sender of blocks, what is known already, and the
 * breath that keeps long work cancellable. SPEC.md section 12.
 */
import { domainOfKind } from './account.js';
import type { UploadEvent, UploadOptions } from './api.js';
import { BlockSender } from './block-sender.js';
import { accountOf, type Connection } from './connection.js';
import type { Domain } from './core/domain.js';
import { fault } from './core/errors.js';
import type { FingerprintCache } from './fingerprint-cache.js';
import { KnownImages } from './listing.js';
import { KeptMemory } from './splitting.js';
import type { UploadId } from './protocol/ids.js';
import { type LaneMemory, UploadLane } from './upload-lane.js';

/** Milliseconds of work between two breaths. */
const breathMs = 25;

/** One call of upload. */
export class UploadRun {
  readonly memory = new KeptMemory();
  readonly domain: Domain;
  readonly lane: UploadLane;
  readonly sender: BlockSender;
  readonly isDryRun: boolean;
  #lastBreath: number;

  readonly known: KnownImages;
  readonly cache: FingerprintCache | undefined;

  private constructor(
    readonly connection: Connection,
    readonly options: UploadOptions,
    known: { readonly images: KnownImages; readonly cache: FingerprintCache | undefined; readonly memory: LaneMemory | undefined },
  ) {
    this.known = known.images;
    this.cache = known.cache;
    this.isDryRun = options.dryRun === true;
    this.domain = domainOfKind(accountOf(connection).keyring, options.domain);
    this.lane = new UploadLane(connection, options.signal, known.memory);
    this.sender = new BlockSender({ connection, lane: this.lane, cache: this.cache, isDryRun: this.isDryRun });
    this.#lastBreath = connection.platform.now();
  }

  static async begin(connection: Connection, options: UploadOptions, cache: FingerprintCache | undefined): Promise<UploadRun> {
    const images = await KnownImages.load(connection, options.signal);
    // A dry run must not end the session that holds what an interrupted run has sent.
    const isRemembered = cache !== undefined && options.dryRun !== true;
    const memory = isRemembered ? { left: await cache.openUpload(), keep: (uploadId: UploadId | undefined) => cache.keepUpload(uploadId) } : undefined;
    return new UploadRun(connection, options, { images, cache, memory });
  }

  tell(event: UploadEvent): void {
    this.options.onProgress?.(event);
  }

  /** Lets others run. Throws `cancelled`. */
  async breathe(): Promise<void> {
    this.#lastBreath = this.connection.platform.now();
    await this.connection.platform.sleep(0, undefined);
    if (this.options.signal?.aborted === true) throw fault('cancelled');
  }

  /** Breathes where the last breath is long ago. */
  async breatheSometimes(): Promise<void> {
    if (this.connection.platform.now() - this.#lastBreath >= breathMs || this.options.signal?.aborted === true) await this.breathe();
  }
}
