/**
 * The closed table of reasons for which a server refuses a request, and the error that carries one on
 * both sides of the wire (RFC 9457 problem bodies). Codes are append-only. HTTP statuses live in
 * server/http/errors.ts alone. SPEC.md section 9.
 */

/** Code to the one sentence that a person reads. */
export const refusalTitles = {
  'request-invalid': 'The request does not have the form that this route asks for.',
  'route-unknown': 'There is no such route.',
  'method-not-allowed': 'This route does not take that method.',
  'body-too-large': 'The request body is larger than this route takes.',
  'body-type': 'This route takes another content type.',
  'host-not-allowed': 'The server does not answer under this host name. Set DICE_PUBLIC_URL to the address that people use.',
  'origin-not-allowed': 'A request with a cookie must come from the server’s own pages.',
  unauthenticated: 'Log in first.',
  'credentials-wrong': 'The user name or the password is wrong.',
  forbidden: 'This account may not do that.',
  'not-found': 'There is no such thing in this account.',
  'username-taken': 'This user name is taken.',
  'account-exists': 'This account id is taken.',
  'signup-closed': 'This server does not take new accounts. Ask its operator.',
  'invitation-required': 'This server takes new accounts by invitation only.',
  'invitation-invalid': 'This invitation is unknown, used or expired.',
  'setup-token-required': 'The first account needs the setup token from the server’s data directory.',
  'revision-conflict': 'The record was changed by another device. Read it again and repeat.',
  'image-conflict': 'This image id was used for other bytes or was removed.',
  'upload-unknown': 'This upload session is unknown or has expired. Start it again: only what is missing travels.',
  'too-many': 'This account has too many of these at once.',
  'blocks-missing': 'The server lacks blocks that the image refers to.',
  'block-not-found': 'No image of this account refers to this block.',
  'block-unavailable': 'The stored block is damaged. Upload the image once more to heal it.',
  'frame-invalid': 'The stream of blocks is malformed.',
  'tag-mismatch': 'A block does not have the tag that it was sent under.',
  'proof-invalid': 'The nonce is unknown, used, expired or was given for other blocks.',
  'quota-exceeded': 'The account’s quota does not hold this.',
  'storage-full': 'The server’s disk is full. Nothing that was acknowledged is lost.',
  'rate-limited': 'Too many requests. Wait and repeat.',
  unavailable: 'The server cannot do this now. Repeat later.',
  internal: 'The server failed. Its log has the details under the request id.',
  'second-factor-required': 'This account also asks for a code: of its authenticator app, or one of its backup codes.',
  'second-factor-wrong': 'The code is wrong, or was used before. Wait for the next one.',
} as const;

/** A stable code of the closed table. */
export type RefusalCode = keyof typeof refusalTitles;

/** `text` is a code of the table. */
export function isRefusalCode(text: string): text is RefusalCode {
  return Object.hasOwn(refusalTitles, text);
}

/** Members of a problem body beside code and detail; never anything secret. */
export interface RefusalExtra {
  /** Rehashes (hex) that a commit lacks. */
  readonly missing?: readonly string[];
  /** Seconds to wait before the next try. */
  readonly retryAfterSeconds?: number;
}

/** The client's fault, or the server's state, said with a code of the table. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: RefusalCode,
    readonly detail?: string,
    readonly extra: RefusalExtra = {},
  ) {
    super(detail === undefined ? refusalTitles[code] : `${refusalTitles[code]} ${detail}`);
  }
}
