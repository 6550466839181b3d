/**
 * Outcomes with a DiceError inside as values that cross between worker and page: the browser's clone of an error would
 * lose its code. No more than that.
 */
import type { BlockCheck, FileCheck, UploadedFile } from '../api.js';
import type { DiceError } from '../core/errors.js';
import type { PlainBlockCheck, PlainCheck } from './page-calls.js';
import type { PlainFault, PlainUploadedFile } from './plain-outcome.js';

/** The error without its cause: causes may hold what cannot be cloned. */
export function plainFault(error: DiceError): PlainFault {
  const { missing, retryAfterSeconds, step, contentIndex } = error.extra;
  return {
    code: error.code,
    message: error.message,
    extra: {
      ...(missing === undefined ? {} : { missing }),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      ...(step === undefined ? {} : { step }),
      ...(contentIndex === undefined ? {} : { contentIndex }),
    },
  };
}

/** An uploaded file. */
export function plainUploaded(file: UploadedFile): PlainUploadedFile {
  return { ...file, error: file.error === undefined ? undefined : plainFault(file.error) };
}

/** A check. */
export function plainCheck(check: BlockCheck | FileCheck): PlainCheck {
  const error = check.error === undefined ? undefined : plainFault(check.error);
  return { ...check, error };
}

/** A block's check. */
export function plainBlockCheck(check: BlockCheck): PlainBlockCheck {
  return { ...check, error: check.error === undefined ? undefined : plainFault(check.error) };
}
