/**
 * User names, and what scrypt makes of a password: authKey for the server that was dialled, wrapKey for the account. What a new
 * password must be like is password-strength.ts. SPEC.md section 8.
 */
import { utf8 } from '../../protocol/bytes.js';
import type { AccountId } from '../../protocol/ids.js';
import { maxUsernameChars, minUsernameChars, scryptCeiling, scryptFloor } from '../../protocol/limits.js';
import type { Kdf } from '../../protocol/messages.js';
import type { CryptoProvider, ScryptCost } from '../crypto.js';
import { fault } from '../errors.js';
import { deriveKey, labelled } from '../hkdf.js';
import { labels } from '../labels.js';
import { normalisePassword } from './password-strength.js';
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

const usernamePattern = new RegExp(`^[a-z0-9][a-z0-9._-]{${String(minUsernameChars - 1)},${String(maxUsernameChars - 1)}}$`);

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  if (/^127(\.\d{1,3}){3}$/.test(host)) return true;
  return /^(0{0,4}:){2,7}0{0,3}1$/.test(host) || /^::ffff:(127(\.\d{1,3}){3}|7f[0-9a-f]{2}:[0-9a-f]{1,4})$/.test(host);
}
