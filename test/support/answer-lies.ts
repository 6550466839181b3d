/**
 * Lies about an answer as a whole: its status, its headers, refusals that are none, and bytes in place of octets.
 */
import { bodyLie, type Lie, type Told } from './lie.js';
import { changedSealed } from './sealed-lies.js';

const text = (body: string): Uint8Array => Buffer.from(body);

/** Lies that fit any answer. */
export function answerLies(): readonly Lie[] {
  return [...statusLies(), ...headerLies(), ...refusalLies()];
}

/** Lies about sealed octets. `elsewhere`: sealed objects that belong elsewhere. */
export function octetLies(honest: Uint8Array, elsewhere: readonly (readonly [whose: string, bytes: Uint8Array])[]): readonly Lie[] {
  return [
    ...changedSealed(honest).map(([kind, bytes]) => bodyLie(kind, '', () => bytes)),
    ...elsewhere.map(([whose, bytes]) => bodyLie(`sealed: ${whose}`, '', () => bytes)),
    bodyLie('octets too long', '', () => new Uint8Array(1_048_577)),
    bodyLie('no octets', '', () => text('{"code":"internal"}')),
  ];
}

function statusLies(): readonly Lie[] {
  const status = (kind: string, code: number, body?: string): Lie => ({ kind, at: '', tell: (answer) => ({ ...answer, status: code, body: body === undefined ? answer.body : text(body) }) });
  return [
    status('success of another kind', 201), status('success of another kind', 206), status('success of another kind', 226), status('success without a body', 200, ''),
    ...[400, 401, 403, 404, 409, 418, 429, 451, 500, 502, 503, 504, 507, 599].map((code) => status('failure with the answer’s body', code)),
    ...[401, 404, 500, 503].map((code) => status('failure without a body', code, '')),
    ...[300, 301, 302, 303, 307, 308].map((code): Lie => ({ kind: 'redirected', at: '', tell: (answer) => ({ ...answer, status: code, headers: { ...answer.headers, location: 'http://elsewhere.example/api/v1/server' } }) })),
  ];
}

function headerLies(): readonly Lie[] {
  const headers = (kind: string, other: Readonly<Record<string, string>>): Lie => ({ kind, at: '', tell: (answer) => ({ ...answer, headers: { ...answer.headers, ...other } }) });
  return [
    headers('another content type', { 'content-type': 'text/html' }),
    headers('another content type', { 'content-type': 'application/problem+json' }),
    headers('another content type', { 'content-type': 'application/json; charset=utf-16' }),
    headers('strange headers', { 'retry-after': '999999999', 'set-cookie': 'dice=stolen', refresh: '0; url=http://elsewhere.example/', 'x-dice-csrf': 'stolen', 'clear-site-data': '"*"' }),
  ];
}

function refusalLies(): readonly Lie[] {
  const refusal = (kind: string, body: unknown, status = 400): Lie => ({ kind, at: '', tell: () => ({ status, headers: { 'content-type': 'application/problem+json' }, body: text(JSON.stringify(body)) }) });
  const codes = [
    'unauthenticated', 'credentials-wrong', 'forbidden', 'not-found', 'upload-unknown', 'block-not-found', 'block-unavailable', 'revision-conflict', 'image-conflict', 'blocks-missing', 'too-many',
    'username-taken', 'account-exists', 'frame-invalid', 'tag-mismatch', 'proof-invalid', 'quota-exceeded', 'rate-limited', 'internal', 'unavailable', 'storage-full', 'request-invalid',
  ];
  return [
    ...codes.map((code) => refusal('refused', { code })),
    ...['constructor', '__proto__', 'toString', 'cancelled', 'integrity-failed', 'no-such-code', ''].map((code) => refusal('refused with a strange code', { code })),
    refusal('refused with a strange body', []), refusal('refused with a strange body', null), refusal('refused with a strange body', 'code'),
    refusal('refused with strange members', { code: 'blocks-missing', detail: `\u001b[2J${'x'.repeat(100_000)}`, missing: [1, {}], retryAfterSeconds: -1 }),
    refusal('refused with strange members', { code: 'rate-limited', detail: { toString: 1 }, missing: Array.from({ length: 140_000 }, () => 'x'), retryAfterSeconds: 1e300 }),
    refusal('refused with strange members', { code: 'unavailable', retryAfterSeconds: '5' }),
    refusal('told to wait', { code: 'unavailable', retryAfterSeconds: 59 }, 503),
    refusal('told to wait', { code: 'rate-limited', retryAfterSeconds: 1e9 }, 429),
    refusal('a success that is a refusal', { type: 'urn:dice:refusal:internal', code: 'internal', status: 500 }, 200),
  ];
}

/** What the client would make of it. */
export function responseOf({ status, headers, body }: Told): Response {
  const hasBody = ![101, 204, 205, 304].includes(status);
  return new Response(hasBody ? Uint8Array.from(body) : null, { status, headers });
}
