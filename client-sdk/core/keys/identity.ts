/**
 * Identity of an account: an X25519 and an Ed25519 key pair. Private halves are wrapped under the account key;
 * public halves are derived from them, never taken from the server. RFC 7748, RFC 8032. SPEC.md section 8.
 */
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { concat, isEqual } from '../../protocol/bytes.js';
import type { AccountId } from '../../protocol/ids.js';
import { hashBytes } from '../../protocol/limits.js';
import { encodeCbor } from '../cbor.js';
import type { CryptoProvider, RandomBytes } from '../crypto.js';
import { fault } from '../errors.js';
import { subkey } from '../hkdf.js';
import { labels } from '../labels.js';
import { objectIdOf, open, seal, type SealedContext } from './sealed-object.js';

/** Private and public halves, 32 bytes each; `epoch` counts replacements from 1. */
export interface Identity {
  readonly epoch: number;
  readonly x25519Secret: Uint8Array;
  readonly ed25519Secret: Uint8Array;
  readonly x25519: Uint8Array;
  readonly ed25519: Uint8Array;
}

/** What an account tells others of its identity. */
export interface PublicIdentity {
  readonly accountId: AccountId;
  readonly username: string;
  readonly epoch: number;
  readonly x25519: Uint8Array;
  readonly ed25519: Uint8Array;
  readonly signature: Uint8Array;
}

/** Whose identity lies where. */
export interface IdentityPlace {
  readonly accountId: AccountId;
  readonly accountKey: Uint8Array;
  readonly epoch: number;
}

/** A new identity. */
export function makeIdentity(randomBytes: RandomBytes, epoch = 1): Identity {
  return identityOf(randomBytes(hashBytes), randomBytes(hashBytes), epoch);
}

/** The private halves, sealed under the account key's subkey `identity-wrap`. */
export async function wrapIdentity(
  provider: CryptoProvider,
  place: IdentityPlace,
  wrap: { readonly identity: Identity; readonly randomBytes: RandomBytes },
): Promise<Uint8Array> {
  const key = await subkey(provider, place.accountKey, 'identity-wrap');
  const plaintext = concat(wrap.identity.x25519Secret, wrap.identity.ed25519Secret);
  return seal(provider, { key, context: contextOf(place), plaintext, randomBytes: wrap.randomBytes });
}

/** The identity; its public halves are derived. Throws DiceError `sealed-invalid`. */
export async function unwrapIdentity(provider: CryptoProvider, place: IdentityPlace, wrapped: Uint8Array): Promise<Identity> {
  const key = await subkey(provider, place.accountKey, 'identity-wrap');
  const secrets = await open(provider, { key, context: contextOf(place), sealed: wrapped });
  if (secrets.length !== 2 * hashBytes) throw fault('sealed-invalid');
  return identityOf(secrets.slice(0, hashBytes), secrets.slice(hashBytes), place.epoch);
}

/** The Ed25519 signature (64 bytes) over (account id, user name, X25519 key, epoch). */
export function signIdentity(identity: Identity, accountId: AccountId, username: string): Uint8Array {
  return ed25519.sign(identityMessage({ accountId, username, x25519: identity.x25519, epoch: identity.epoch }), identity.ed25519Secret);
}

/** Throws DiceError `signature-invalid` unless the identity signed itself. */
export function checkPublicIdentity(identity: PublicIdentity): void {
  if (!isSignedBy(identity.ed25519, identityMessage(identity), identity.signature)) throw fault('signature-invalid');
}

/** Throws DiceError `wrong-account` unless the server's record has the public halves that the private ones give. */
export function checkOwnIdentity(own: Identity, told: PublicIdentity): void {
  const isOwn = isEqual(own.x25519, told.x25519) && isEqual(own.ed25519, told.ed25519) && own.epoch === told.epoch;
  if (!isOwn) throw fault('wrong-account', 'It holds another identity.');
  checkPublicIdentity(told);
}

/** RFC 8032 rules (no ZIP 215); malformed input is false. Once for a session: the provider's own is for what is many. */
function isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== hashBytes || signature.length !== 2 * hashBytes) return false;
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}

type SignedMembers = Pick<PublicIdentity, 'accountId' | 'username' | 'x25519' | 'epoch'>;

function identityMessage({ accountId, username, x25519: exchangeKey, epoch }: SignedMembers): Uint8Array {
  return encodeCbor([labels.identity, objectIdOf(accountId), username, exchangeKey, epoch]);
}

function identityOf(x25519Secret: Uint8Array, ed25519Secret: Uint8Array, epoch: number): Identity {
  return { epoch, x25519Secret, ed25519Secret, x25519: x25519.getPublicKey(x25519Secret), ed25519: ed25519.getPublicKey(ed25519Secret) };
}

function contextOf({ accountId, epoch }: IdentityPlace): SealedContext {
  return { purpose: 'identity', accountId, objectId: objectIdOf(accountId), revision: epoch };
}
