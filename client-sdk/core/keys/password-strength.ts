/**
 * Passwords as they are typed: their bytes, and the rule for new ones. A rough estimate of guessability, the same in the SDK and in the
 * hint of a page; a minimum matters because a server can guess passwords offline at scrypt's cost. No keys here (password.ts). SPEC.md section 8.
 */
import { utf8 } from '../../protocol/bytes.js';
import { maxPasswordChars, minPasswordChars } from '../../protocol/limits.js';
import { DiceError, fault } from '../errors.js';
import { commonPasswords } from './common-passwords.js';

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

/** Why a new password would be refused, or undefined: for a hint while it is typed. */
export function passwordFlaw(password: string, username: string): string | undefined {
  try {
    checkPasswordStrength(password, username);
    return undefined;
  } catch (thrown) {
    return thrown instanceof DiceError ? thrown.message : undefined;
  }
}

const minUncommonChars = 5;

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
