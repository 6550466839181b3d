/**
 * What the command's exit status says: 0 all done, 1 failed, 2 wrong usage, 3 some files failed, 4 integrity failure,
 * 5 not logged in or refused. Scripts rely on it; append only.
 */
import { DiceError, type DiceErrorCode } from '../core/errors.js';

export type ExitStatus = 0 | 1 | 2 | 3 | 4 | 5;

/** Wrong usage, found by the command itself. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const integrity: ReadonlySet<DiceErrorCode> = new Set([
  'integrity-failed', 'recipe-invalid', 'sealed-invalid', 'signature-invalid', 'answer-invalid', 'wrong-account', 'block-unavailable',
  'account-rolled-back', 'image-omitted', 'image-resurrected',
]);
const usage: ReadonlySet<DiceErrorCode> = new Set([
  'argument-invalid', 'image-ambiguous', 'username-invalid', 'password-weak', 'link-invalid', 'recovery-words-invalid',
]);
const refused: ReadonlySet<DiceErrorCode> = new Set([
  'not-logged-in', 'unauthenticated', 'credentials-wrong', 'forbidden', 'signup-closed', 'invitation-required', 'invitation-invalid',
  'setup-token-required', 'realm-mismatch', 'kdf-refused', 'username-taken', 'host-not-allowed', 'origin-not-allowed', 'rate-limited',
  'second-factor-required', 'second-factor-wrong',
]);

/** The status that an error ends the command with. */
export function statusOf(error: unknown): ExitStatus {
  if (error instanceof UsageError) return 2;
  if (!(error instanceof DiceError)) return 1;
  if (integrity.has(error.code)) return 4;
  if (usage.has(error.code)) return 2;
  return refused.has(error.code) ? 5 : 1;
}

/** The status of a run over many files: all failed ones named already. */
export function statusOfMany(failures: readonly unknown[]): ExitStatus {
  if (failures.length === 0) return 0;
  return failures.some((failure) => statusOf(failure) === 4) ? 4 : 3;
}
