/**
 * Outcomes as they cross between page and worker: with their error as a plain value, since the browser's clone of an error would lose its
 * code. Types alone; plain.ts makes them.
 */
import type { UploadedFile } from '../api.js';
import type { DiceErrorCode, IntegrityStep } from '../core/errors.js';
import type { RefusalExtra } from '../protocol/refusals.js';

/** A DiceError as it crosses. */
export interface PlainFault {
  readonly code: DiceErrorCode;
  readonly message: string;
  readonly extra: RefusalExtra & { readonly step?: IntegrityStep; readonly contentIndex?: number };
}

/** An outcome whose error crosses as a plain value. */
export type Plain<T> = Omit<T, 'error'> & { readonly error: PlainFault | undefined };

/** The outcome of one file. */
export type PlainUploadedFile = Plain<UploadedFile>;
