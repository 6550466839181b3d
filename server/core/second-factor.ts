/**
 * Codes of a second factor: 6 digits by time (RFC 6238 with SHA-1, 30 s, one step either way), and backup codes that each count once. Says what a
 * code is worth; who asks, counts and stores is proof.ts. SPEC.md section 12.
 */
import { Secret, TOTP } from 'otpauth';
import encodeQR from 'qr';
import { concat, utf8 } from '../../client-sdk/protocol/bytes.js';
import { backupCodeChars, backupCodes, hashBytes } from '../../client-sdk/protocol/limits.js';
import type { SecondFactor } from '../ports/account-store.js';
import type { Hasher, RandomBytes } from '../ports/world.js';
import { isEqualSecret } from './constant-time.js';

/** RFC 4226: as long as SHA-1. */
const secretBytes = 20;
const stepSeconds = 30;
const digits = 6;
const window = 1;
const bitsPerChar = 5;
/** ISO/IEC 18004, 9.1: the margin of a QR code. */
const quietModules = 4;

/** What a right code uses up: its step, or itself among the backup codes. */
export type Worth = { readonly kind: 'step'; readonly step: number } | { readonly kind: 'backup'; readonly codeHashes: Uint8Array };

/** A factor that waits for its first code. */
export function makeFactor(random: RandomBytes): SecondFactor {
  return { secret: random(secretBytes), isOn: false, usedStep: 0, codeHashes: new Uint8Array() };
}

/** The secret as base32, as a link for authenticator apps, and as a picture of that. */
export function shownFactor({ secret }: SecondFactor, username: string): { readonly secret: string; readonly link: string; readonly picture: string } {
  const totp = totpOf(secret, username);
  const link = totp.toString();
  return { secret: totp.secret.base32, link, picture: encodeQR(link, 'data-url', { scale: 1, border: quietModules }) };
}

/** New backup codes, and what is kept of them. */
export function makeBackupCodes(random: RandomBytes, hasher: Hasher): { readonly shown: readonly string[]; readonly codeHashes: Uint8Array } {
  const shown = Array.from({ length: backupCodes }, () => base32Of(random((backupCodeChars * bitsPerChar) / 8)));
  return { shown, codeHashes: concat(...shown.map((code) => hasher.sha256(utf8(code)))) };
}

/** What `code` uses up at `now`; undefined where it is wrong, or was used. */
export function worthOf(factor: SecondFactor, code: string, { now, hasher }: { readonly now: number; readonly hasher: Hasher }): Worth | undefined {
  const plain = code.replace(/[\s-]/g, '').toUpperCase();
  if (/^[0-9]{6}$/.test(plain)) return stepOf(factor, plain, now);
  return new RegExp(`^[A-Z2-7]{${String(backupCodeChars)}}$`).test(plain) ? backupOf(factor, hasher.sha256(utf8(plain))) : undefined;
}

function stepOf({ secret, usedStep }: SecondFactor, token: string, now: number): Worth | undefined {
  const delta = totpOf(secret, '').validate({ token, timestamp: now, window });
  const step = Math.floor(now / 1_000 / stepSeconds) + (delta ?? 0);
  return delta === null || step <= usedStep ? undefined : { kind: 'step', step };
}

function backupOf({ codeHashes }: SecondFactor, hash: Uint8Array): Worth | undefined {
  const all = Array.from({ length: codeHashes.length / hashBytes }, (_, index) => codeHashes.subarray(index * hashBytes, (index + 1) * hashBytes));
  const left = all.filter((kept) => !isEqualSecret(kept, hash));
  return left.length === all.length ? undefined : { kind: 'backup', codeHashes: concat(...left) };
}

function totpOf(secret: Uint8Array, username: string): TOTP {
  return new TOTP({ issuer: 'DICE Store', label: username, algorithm: 'SHA1', digits, period: stepSeconds, secret: secretOf(secret) });
}

function base32Of(bytes: Uint8Array): string {
  return secretOf(bytes).base32;
}

/** A copy: the package takes the whole buffer below a view. */
function secretOf(bytes: Uint8Array): Secret {
  return new Secret({ buffer: new Uint8Array(bytes).buffer });
}
