/**
 * User names, passwords and what scrypt makes of them: authKey for the server that was dialled, wrapKey for the account.
 * The minimum strength matters because a server can guess passwords offline at scrypt's cost. SPEC.md section 8.
 */
import { utf8 } from '../../protocol/bytes.js';
import type { AccountId } from '../../protocol/ids.js';
import {
  maxPasswordChars, maxUsernameChars, minPasswordChars, minUsernameChars, scryptCeiling, scryptFloor,
} from '../../protocol/limits.js';
import type { Kdf } from '../../protocol/messages.js';
import type { CryptoProvider, ScryptCost } from '../crypto.js';
import { type DiceError, fault } from '../errors.js';
import { deriveKey, labelled } from '../hkdf.js';
import { labels } from '../labels.js';
import { commonPasswords } from './common-passwords.js';
import { objectIdOf } from './sealed-object.js';

/** What a login starts from. */
export interface LoginInput {
  readonly password: string;
  /** From `realmOf`. */
  readonly realm: string;
  readonly kdf: Kdf;
}

/** What the password gives: 32 bytes each. */
export interface LoginKeys {
  /** Sent to the server, which keeps its SHA-256. */
  readonly authKey: Uint8Array;
  /** Wraps the account key of one account; never leaves the client. The id is known only after the login. */
  wrapKey(accountId: AccountId): Promise<Uint8Array>;
}

/** The user name as it is kept: NFKC, lower case. Throws DiceError `username-invalid`. */
export function normaliseUsername(text: string): string {
  const name = text.length > 4 * maxUsernameChars ? '' : text.normalize('NFKC').toLowerCase();
  if (usernamePattern.test(name)) return name;
  const sizes = `${String(minUsernameChars)} to ${String(maxUsernameChars)}`;
  throw fault('username-invalid', `It has ${sizes} characters of a-z, 0-9, dot, underscore and hyphen, and begins with a letter or digit.`);
}

/** The password as bytes: NFKC, UTF-8. Throws DiceError `argument-invalid` for what no keyboard types. */
export function normalisePassword(text: string): Uint8Array {
  const password = text.normalize('NFKC');
  const isTypable = !/\p{Surrogate}/u.test(password) && !password.includes('\0') && codePoints(password) <= maxPasswordChars;
  if (isTypable && password.length > 0) return utf8(password);
  throw fault('argument-invalid', `A password has 1 to ${String(maxPasswordChars)} characters of valid Unicode.`);
}

/** Throws DiceError `password-weak`, saying why, where a new password is too easy to guess. Not asked at login. */
export function checkPasswordStrength(password: string, username: string): void {
  normalisePassword(password);
  const text = password.normalize('NFKC').toLowerCase();
  if (codePoints(text) < minPasswordChars) throw weak(`It needs at least ${String(minPasswordChars)} characters.`);
  if (effectiveLength(text) < minPasswordChars - 2) throw weak('It repeats itself or counts up.');
  const name = username.normalize('NFKC').toLowerCase();
  if (remainderWithout(text, name) < minUncommonChars) throw weak('It is little more than the user name.');
  const skeleton = text.replace(/[^\p{L}\p{N}]/gu, '');
  const common = commonPasswords.find((word) => remainderWithout(skeleton, word) < minUncommonChars);
  if (common !== undefined) throw weak('It is little more than one of the commonest passwords.');
}

/** Throws DiceError `kdf-refused` where a server asks for a cost below the built-in floor or above the ceiling. */
export function checkScryptCost(cost: ScryptCost): void {
  const isWithin = (['log2N', 'r', 'p'] as const).every((name) => cost[name] >= scryptFloor[name] && cost[name] <= scryptCeiling[name]);
  if (!isWithin) throw fault('kdf-refused');
}

/** Stretches the password and derives the keys. Throws DiceError `kdf-refused` before it computes anything. */
export async function deriveLogin(provider: CryptoProvider, input: LoginInput): Promise<LoginKeys> {
  const { log2N, r, p, salt } = input.kdf;
  checkScryptCost({ log2N, r, p });
  const stretched = await provider.scrypt(normalisePassword(input.password), salt, { log2N, r, p });
  return {
    authKey: await deriveKey(provider, stretched, labelled(labels.auth, utf8(input.realm))),
    wrapKey: (accountId) => deriveKey(provider, stretched, labelled(labels.wrap, objectIdOf(accountId))),
  };
}

/** The realm of a host name without port: lower case, no final dot; every loopback name is `localhost`. */
export function realmOf(hostname: string): string {
  const host = hostname.toLowerCase().replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return isLoopback(host) ? 'localhost' : host;
}

const minUncommonChars = 5;
const usernamePattern = new RegExp(`^[a-z0-9][a-z0-9._-]{${String(minUsernameChars - 1)},${String(maxUsernameChars - 1)}}$`);

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  if (/^127(\.\d{1,3}){3}$/.test(host)) return true;
  return /^(0{0,4}:){2,7}0{0,3}1$/.test(host) || /^::ffff:(127(\.\d{1,3}){3}|7f[0-9a-f]{2}:[0-9a-f]{1,4})$/.test(host);
}

function codePoints(text: string): number {
  return Array.from(text).length;
}

/** Characters that add something: one equal to, or next to, the one before it (aaa, 345, cba) counts a quarter, as does a repeated pair. */
function effectiveLength(text: string): number {
  const points = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  let length = 0;
  points.forEach((point, at) => {
    const isStep = at > 0 && Math.abs(point - (points[at - 1] ?? 0)) <= 1;
    const isRepeat = [2, 3, 4].some((period) => at >= 2 * period - 1 && repeats(points, at, period));
    length += isStep || isRepeat ? 0.25 : 1;
  });
  return length;
}

function repeats(points: readonly number[], end: number, period: number): boolean {
  for (let back = 0; back < period; back++) if (points[end - back] !== points[end - back - period]) return false;
  return true;
}

/** Characters left when every occurrence of `part` is taken out; all of them where it does not occur. */
function remainderWithout(text: string, part: string): number {
  return part.length < 3 || !text.includes(part) ? Number.POSITIVE_INFINITY : codePoints(text.replaceAll(part, ''));
}

function weak(why: string): DiceError {
  return fault('password-weak', why);
}
