/**
 * What a page and its running upload say to each other: files bit by bit in one direction, progress gathered into few messages in
 * the other. Types alone. DESIGN.md section 7 (Pages).
 */
import type { UploadPhase } from '../api.js';
import type { PlainUploadedFile } from './plain-outcome.js';

/** A file of the page's queue; `key` names it in every update, since names may be equal. */
export interface HandedFile {
  readonly key: number;
  readonly name: string;
  readonly file: File;
}

/** From the page. */
export type UploadWord =
  | { readonly kind: 'files'; readonly files: readonly HandedFile[] }
  /** Takes a file back that has not begun. */
  | { readonly kind: 'drop'; readonly key: number }
  /** While it holds no new file is begun; those under way end. */
  | { readonly kind: 'hold'; readonly isHeld: boolean }
  /** Whether tiles are wanted: of one file at a time, a new one at most every `everyMs`. */
  | { readonly kind: 'watch'; readonly everyMs: number | undefined }
  /** No more files come. */
  | { readonly kind: 'end' };

/** Where a file is: `share` of its phase, 0 to 1. */
export interface PhaseNote {
  readonly key: number;
  readonly phase: UploadPhase;
  readonly share: number;
}

/** From the worker. */
export type UploadUpdate =
  /** There is room for so many files. */
  | { readonly kind: 'hungry'; readonly room: number }
  | { readonly kind: 'begun'; readonly key: number }
  /** The latest of each file that moved. */
  | { readonly kind: 'phases'; readonly notes: readonly PhaseNote[] }
  /** The tiles of this file come next. */
  | { readonly kind: 'picture'; readonly key: number; readonly width: number; readonly height: number }
  /** Tiles with a place: x, y, width, height of each in `regions`, one of tileStateCodes in `codes`. */
  | { readonly kind: 'tiles'; readonly key: number; readonly regions: Uint32Array; readonly codes: Uint8Array }
  | { readonly kind: 'done'; readonly key: number; readonly file: PlainUploadedFile };
