/**
 * Uploads as the SDK speaks of them: files, how they are stored, what is told on the way and what became of each. Types alone; part of api.ts.
 * SPEC.md section 12.
 */
import type { CallOptions } from './api-options.js';
import type { DomainKind } from './core/domain.js';
import type { DiceError } from './core/errors.js';
import type { Geometry, Region, Source, SplitterId } from './core/image/splitter.js';
import type { ImageId } from './protocol/ids.js';

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
