/**
 * Several images, or all of them, as one ZIP archive on the person's disk: asks where, streams, tells how far it is, and which
 * images failed. It draws nothing. The archive itself is made in the worker.
 */
import { DiceError } from '../../../client-sdk/browser/page.js';
import type { PageClient } from '../../../client-sdk/browser/page-client.js';
import type { ArchiveUpdate } from '../../../client-sdk/browser/page-calls.js';
import { choosePlace, saveBlob } from './save.js';

/** How far an archive is: images and their bytes, fetched and found right. */
export interface ArchiveProgress {
  readonly images: number;
  readonly ofImages: number;
  readonly bytes: number;
  readonly ofBytes: number;
}

/** What is told to and by an archive. */
export interface ArchiveOptions {
  /** The file's name; default `dice-<day>.zip`. */
  readonly name?: string;
  /** Bytes of the images together, where known: a small archive goes to the browser's downloads without a question. */
  readonly bytes?: number | undefined;
  readonly onProgress?: (progress: ArchiveProgress) => void;
  readonly signal?: AbortSignal | undefined;
}

/** An archive that stands on the disk. */
export interface ArchiveOutcome {
  /** Images in it. */
  readonly images: number;
  readonly archiveBytes: number;
  /** Images that are not in it; FAILED.txt in it names them too. */
  readonly failed: readonly { readonly name: string; readonly message: string }[];
}

/**
 * Saves the images with these ids, or all of the gallery. Call it inside a click: a browser asks where to save only then.
 * Undefined where the person closed that question or cancelled. Throws DiceError where there is no archive in the end.
 */
export async function saveArchive({ client }: { readonly client: PageClient }, ids: readonly string[] | 'all', options: ArchiveOptions = {}): Promise<ArchiveOutcome | undefined> {
  const name = options.name ?? `dice-${new Date().toISOString().slice(0, 10)}.zip`;
  const place = await choosePlace({ name, bytes: options.bytes });
  if (place === undefined) return undefined;
  const taking = new Taking(options.onProgress);
  try {
    await client.stream({ name: 'archive', argument: { ids, target: place.target } }, (updates) => { for (const update of updates) taking.take(update); }, options.signal);
  } catch (thrown) {
    if (thrown instanceof DiceError && thrown.code === 'cancelled' && options.signal?.aborted === true) return undefined;
    throw thrown;
  }
  if (taking.blob !== undefined) saveBlob(taking.blob, name);
  return { images: taking.images, archiveBytes: taking.archiveBytes, failed: taking.failed };
}

/** What the updates of one archive add up to. */
class Taking {
  readonly failed: { readonly name: string; readonly message: string }[] = [];
  images = 0;
  archiveBytes = 0;
  blob: Blob | undefined;
  #ofImages = 0;
  #ofBytes = 0;

  constructor(private readonly onProgress: ArchiveOptions['onProgress']) {}

  take(update: ArchiveUpdate): void {
    if (update.kind === 'begun') {
      this.#ofImages = update.images;
      this.#ofBytes = update.bytes;
    } else if (update.kind === 'failed') this.failed.push({ name: update.name, message: update.fault.message });
    else if (update.kind === 'done') {
      this.images = update.images;
      this.archiveBytes = update.archiveBytes;
      this.blob = update.blob;
    } else this.onProgress?.({ images: update.images, ofImages: this.#ofImages, bytes: update.bytes, ofBytes: this.#ofBytes });
  }
}
