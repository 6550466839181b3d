/**
 * Looks for secrets in requests: in URL, headers and body, as bytes, hex, base64 and base64url, and within the blobs of a JSON body.
 */
import type { SentRequest } from './lying-network.js';

const pieceBytes = 16;
const minDistinct = 12;

/** What must never be in a request. `auths` may be in the bodies of the routes that log in. */
export interface Secrets {
  /** Bytes as latin1 text. */
  readonly keys: ReadonlySet<string>;
  readonly auths: ReadonlySet<string>;
  readonly texts: readonly string[];
  /** Of plaintexts, `piecesOf`. */
  readonly pieces: ReadonlySet<string>;
}

const loginRoutes: ReadonlySet<string | undefined> = new Set(['login', 'register', 'changeCredentials', 'closeAccount', 'openRecovery', 'beginSecondFactor', 'endSecondFactor']);

/** Aligned pieces of a plaintext that are distinctive enough to mean something when found. */
export function piecesOf(plaintext: Uint8Array): readonly string[] {
  const pieces: string[] = [];
  for (let at = 0; at + pieceBytes <= plaintext.length; at += pieceBytes) {
    const piece = plaintext.subarray(at, at + pieceBytes);
    if (new Set(piece).size >= minDistinct) pieces.push(Buffer.from(piece).toString('latin1'));
  }
  return pieces;
}

/** What was found in a request, in words; undefined where nothing was. */
export function secretIn({ route, url, headers, body }: SentRequest, secrets: Secrets): string | undefined {
  const outside = `${url}\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join('\n')}`;
  const inside = [Buffer.from(body).toString('latin1'), ...blobsOf(body)];
  for (const text of secrets.texts) if (has(outside, text) || inside.some((part) => has(part, text))) return `a text (${text.slice(0, 12)}...)`;
  for (const key of secrets.keys) if (formsOf(key).some((form) => has(outside, form) || inside.some((part) => has(part, form)))) return 'a key';
  const authParts = loginRoutes.has(route) ? [outside] : [outside, ...inside];
  for (const auth of secrets.auths) if (formsOf(auth).some((form) => authParts.some((part) => has(part, form)))) return 'what a login proves';
  return inside.some((part) => hasPiece(part, secrets.pieces)) ? 'a piece of plaintext' : undefined;
}

function has(haystack: string, needle: string): boolean {
  return needle.length > 0 && haystack.includes(needle);
}

/** Texts in latin1, as a haystack of bytes has them. */
function formsOf(key: string): readonly string[] {
  const bytes = Buffer.from(key, 'latin1');
  return [key, bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url')];
}

/** What stands in a JSON body as base64url or hex. */
function blobsOf(body: Uint8Array): readonly string[] {
  if (body[0] !== 0x7b) return [];
  const texts = Buffer.from(body).toString().match(/"[A-Za-z0-9_-]{16,}"/g) ?? [];
  return texts.flatMap((text) => [Buffer.from(text.slice(1, -1), 'base64url').toString('latin1'), Buffer.from(text.slice(1, -1), 'hex').toString('latin1')]);
}

function hasPiece(text: string, pieces: ReadonlySet<string>): boolean {
  if (pieces.size === 0) return false;
  for (let at = 0; at + pieceBytes <= text.length; at++) if (pieces.has(text.slice(at, at + pieceBytes))) return true;
  return false;
}
