/**
 * The one typed error that leaves the SDK. `code` is stable: either a refusal of the server or one of the
 * client's own. Nothing secret stands in a message. SPEC.md section 9.
 */
import { type RefusalCode, type RefusalExtra } from '../protocol/refusals.js';

/** Codes that only the client raises. */
export const clientCodes = {
  'integrity-failed': 'What the server sent is not what was stored.',
  'recipe-invalid': 'The recipe of this image is malformed.',
  'sealed-invalid': 'A sealed object does not open under its key.',
  'signature-invalid': 'A signature does not belong to its owner.',
  'answer-invalid': 'The server’s answer does not have the form that the protocol asks for.',
  'server-unreachable': 'The server cannot be reached. Check the connection and try again.',
  'realm-mismatch': 'The server says that it is another host than the one that was dialled.',
  'kdf-refused': 'The server asks for key derivation parameters outside the built-in bounds. Do not log in there.',
  'account-rolled-back': 'The server shows an older state of this account than one that it showed before.',
  'image-omitted': 'The server does not have, or does not show, all that you stored.',
  'image-resurrected': 'The server shows images that you removed.',
  'wrong-account': 'The server answered with another account’s record.',
  'not-logged-in': 'Log in first.',
  'password-weak': 'The password is too easy to guess.',
  'username-invalid': 'The user name has a form that cannot be used.',
  'recovery-words-invalid': 'These are not the recovery words of an account.',
  'link-invalid': 'This invitation link is incomplete or malformed.',
  'name-invalid': 'The name of the image cannot be kept.',
  'file-changed': 'The file changed while it was read.',
  'file-unreadable': 'The file cannot be read.',
  'file-unwritable': 'The file cannot be written.',
  'image-unknown': 'There is no such image.',
  'image-ambiguous': 'Several images have this name.',
  'image-too-large': 'The file has more blocks than an image may have.',
  'argument-invalid': 'An argument has a form that cannot be used.',
  cancelled: 'It was cancelled.',
} as const;

/** Where the opening of a block or an image stopped: the server did not serve it, or a check of SPEC.md section 3 failed. */
export type IntegrityStep = 'absent' | 'tag' | 'length' | 'iv' | 'decode' | 'domain' | 'file-hash';

/** A stable code of the client's own table. */
export type ClientCode = keyof typeof clientCodes;
/** Every code that an SDK user can meet. */
export type DiceErrorCode = ClientCode | RefusalCode;

/** The SDK's only error class. */
export class DiceError extends Error {
  override readonly name = 'DiceError';

  constructor(
    readonly code: DiceErrorCode,
    message: string,
    readonly extra: RefusalExtra & { readonly cause?: unknown; readonly step?: IntegrityStep; readonly contentIndex?: number } = {},
  ) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
  }
}

/** A list is not what the account head says: the server hides or brings back something. What it did list is what was stored all the same. */
export function isHeadFault(thrown: unknown): thrown is DiceError {
  return thrown instanceof DiceError && (thrown.code === 'account-rolled-back' || thrown.code === 'image-omitted' || thrown.code === 'image-resurrected');
}

/** The same fault, of the content with this index. */
export function ofContent(error: DiceError, contentIndex: number): DiceError {
  return new DiceError(error.code, error.message, { ...error.extra, contentIndex });
}

/** A DiceError of the client's own table: its sentence, then `detail` that names the thing. */
export function fault(code: ClientCode, detail?: string, cause?: unknown): DiceError {
  const message = detail === undefined ? clientCodes[code] : `${clientCodes[code]} ${detail}`;
  return new DiceError(code, message, cause === undefined ? {} : { cause });
}

/** DiceError `integrity-failed` that names the step in its message and in `extra.step`. */
export function integrityFault(step: IntegrityStep, detail: string): DiceError {
  return new DiceError('integrity-failed', `${clientCodes['integrity-failed']} ${detail}`, { step });
}
