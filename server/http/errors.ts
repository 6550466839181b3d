/**
 * What a failed request is answered: RFC 9457 problem bodies with a code of the closed table. The only file
 * that knows statuses. Nothing of a failure of the server itself reaches the client. SPEC.md section 9.
 */
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { Refusal, refusalTitles, type RefusalCode } from '../../client-sdk/protocol/refusals.js';
import { CorruptionError, StorageError } from '../ports/errors.js';
import { discardRest } from './body-rest.js';
import { loggable } from './loggable.js';
import { nameRefusal, requestIdOf } from './request-log.js';

const statuses: Readonly<Record<RefusalCode, number>> = {
  'request-invalid': 400,
  'route-unknown': 404,
  'method-not-allowed': 405,
  'body-too-large': 413,
  'body-type': 415,
  'host-not-allowed': 421,
  'origin-not-allowed': 403,
  unauthenticated: 401,
  'credentials-wrong': 401,
  forbidden: 403,
  'not-found': 404,
  'username-taken': 409,
  'account-exists': 409,
  'signup-closed': 403,
  'invitation-required': 403,
  'invitation-invalid': 403,
  'setup-token-required': 403,
  'revision-conflict': 409,
  'image-conflict': 409,
  'upload-unknown': 404,
  'too-many': 409,
  'blocks-missing': 409,
  'block-not-found': 404,
  'block-unavailable': 409,
  'frame-invalid': 400,
  'tag-mismatch': 422,
  'proof-invalid': 403,
  'quota-exceeded': 403,
  'storage-full': 507,
  'rate-limited': 429,
  unavailable: 503,
  internal: 500,
  'second-factor-required': 401,
  'second-factor-wrong': 401,
};

/** Status of a refusal. */
export function statusOf(code: RefusalCode): number {
  return statuses[code];
}

/** Answers an error; logs those of the server under the request id. What it refused by a rule of its own is no fault, and any client may bring it about. */
export function answerErrors(log: Logger): (error: unknown, request: Request, response: Response) => void {
  return (error, request, response) => {
    const refusal = refusalOf(error);
    const requestId = requestIdOf(response);
    if (error instanceof Refusal && statusOf(error.code) >= 500) log.warn({ requestId, detail: error.detail }, error.code);
    else if (statusOf(refusal.code) >= 500) log.error({ requestId, error: loggable(error) }, refusal.code);
    nameRefusal(response, refusal.code);
    if (response.headersSent) {
      // Half an answer cannot be taken back; a cut connection is how the client learns of it.
      response.destroy();
      return;
    }
    discardRest(request, response);
    sendProblem(response, refusal);
  };
}

/** Sends the problem body of `refusal`. */
function sendProblem(response: Response, refusal: Refusal): void {
  const status = statusOf(refusal.code);
  const { missing, retryAfterSeconds } = refusal.extra;
  const body = {
    type: `urn:dice:refusal:${refusal.code}`,
    title: refusalTitles[refusal.code],
    status,
    code: refusal.code,
    detail: refusal.detail,
    requestId: requestIdOf(response),
    missing,
    retryAfterSeconds,
  };
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(retryAfterSeconds));
  response.status(status).type('application/problem+json').setHeader('Cache-Control', 'no-store');
  response.end(JSON.stringify(body));
}

/** The refusal that a caught error amounts to. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof StorageError) return refusalOfStorage(error);
  if (error instanceof CorruptionError) return new Refusal('internal');
  const kind = kindOf(error);
  return Object.hasOwn(foreignRefusals, kind) ? (foreignRefusals[kind]?.() ?? new Refusal('internal')) : new Refusal('internal');
}

function refusalOfStorage(error: StorageError): Refusal {
  if (error.options.isFull === true) return new Refusal('storage-full');
  return error.options.retryable ? new Refusal('unavailable', undefined, { retryAfterSeconds: 5 }) : new Refusal('internal');
}

/** Errors of express, its router, passport and the socket, by `code`, or else by `name`. */
const foreignRefusals: Readonly<Record<string, () => Refusal>> = {
  URIError: () => new Refusal('request-invalid', 'The path is not valid percent-encoding.'),
  AuthenticationError: () => new Refusal('unauthenticated'),
  ECONNRESET: () => new Refusal('request-invalid', 'The body was cut off.'),
};

/** Told by members: errors of the platform may be of another realm. */
function kindOf(error: unknown): string {
  const { code, name } = (typeof error === 'object' && error !== null ? error : {}) as Readonly<Record<'code' | 'name', unknown>>;
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : '';
}
