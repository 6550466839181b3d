/**
 * Which key wraps which. The account key and the image keys are random and never encrypt: their subkeys do. No
 * passwords here (password.ts) and no words (recovery.ts). SPEC.md section 8.
 */
import type { AccountId, ImageId } from '../../protocol/ids.js';
import { hashBytes } from '../../protocol/limits.js';
import type { CryptoProvider, RandomBytes } from '../crypto.js';
import { fault } from '../errors.js';
import { subkey } from '../hkdf.js';
import { keyIdOf, objectIdOf, open, seal, type SealedContext, type SealedPurpose } from './sealed-object.js';

/** What an account key is wrapped under: wrapKey, recoveryWrap, or the key that a live session of the pages holds. */
export type AccountKeyWrap = 'password' | 'recovery' | 'page';

/** Under which 32-byte key of which account an account key lies. */
export interface AccountKeyPlace {
  readonly accountId: AccountId;
  readonly under: AccountKeyWrap;
  readonly wrapKey: Uint8Array;
}

/** An image of an account. */
export interface ImagePlace {
  readonly accountId: AccountId;
  readonly imageId: ImageId;
}

/** Sealed parts of an image that are not its manifest (signed-manifest.ts): each under its own subkey of the image key. */
export type ImagePart = 'entry' | 'preview';

/** A part of an image, under the image's key. */
export interface ImagePartPlace extends ImagePlace {
  readonly imageKey: Uint8Array;
  readonly part: ImagePart;
}

/** A new account key or image key: 32 random bytes. */
export function makeKey(randomBytes: RandomBytes): Uint8Array {
  return randomBytes(hashBytes);
}

/** The account key, sealed under `place.wrapKey`. */
export async function wrapAccountKey(
  provider: CryptoProvider,
  place: AccountKeyPlace,
  wrap: { readonly accountKey: Uint8Array; readonly randomBytes: RandomBytes },
): Promise<Uint8Array> {
  const { accountKey: plaintext, randomBytes } = wrap;
  return seal(provider, { key: place.wrapKey, context: accountKeyContext(place), plaintext, randomBytes });
}

/** The account key. Throws DiceError `sealed-invalid`. */
export async function unwrapAccountKey(provider: CryptoProvider, place: AccountKeyPlace, wrapped: Uint8Array): Promise<Uint8Array> {
  return checkedKey(await open(provider, { key: place.wrapKey, context: accountKeyContext(place), sealed: wrapped }));
}

/** The image key, sealed under the account key's subkey `image-wrap`: what the server keeps as `wrappedKey`. */
export async function wrapImageKey(
  provider: CryptoProvider,
  place: ImagePlace & { readonly accountKey: Uint8Array },
  wrap: { readonly imageKey: Uint8Array; readonly randomBytes: RandomBytes },
): Promise<Uint8Array> {
  const key = await subkey(provider, place.accountKey, 'image-wrap');
  return seal(provider, { key, context: imageContext(place, 'image-key'), plaintext: wrap.imageKey, randomBytes: wrap.randomBytes });
}

/** The image key. Throws DiceError `sealed-invalid`. */
export async function unwrapImageKey(
  provider: CryptoProvider,
  place: ImagePlace & { readonly accountKey: Uint8Array },
  wrapped: Uint8Array,
): Promise<Uint8Array> {
  return unwrapImageKeyUnder(provider, { ...place, under: await imageWrapOf(provider, place.accountKey) }, wrapped);
}

/** What the image keys of an account lie under: its subkey `image-wrap`, and the id of that. */
export interface ImageWrap {
  readonly key: Uint8Array;
  readonly keyId: Uint8Array;
}

/** As `unwrapImageKey`, where the account key is not at hand. */
export async function unwrapImageKeyUnder(provider: CryptoProvider, place: ImagePlace & { readonly under: ImageWrap }, wrapped: Uint8Array): Promise<Uint8Array> {
  return checkedKey(await open(provider, { ...place.under, context: imageContext(place, 'image-key'), sealed: wrapped }));
}

/** By account key, and forgotten with it. */
const imageWraps = new WeakMap<Uint8Array, ImageWrap>();

/** Derived once, for a listing opens a key for each image. */
export async function imageWrapOf(provider: CryptoProvider, accountKey: Uint8Array): Promise<ImageWrap> {
  const known = imageWraps.get(accountKey);
  if (known !== undefined) return known;
  const key = await subkey(provider, accountKey, 'image-wrap');
  const made = { key, keyId: await keyIdOf(provider, key) };
  imageWraps.set(accountKey, made);
  return made;
}

/** An entry or a preview, sealed. */
export async function sealImagePart(
  provider: CryptoProvider,
  place: ImagePartPlace,
  part: { readonly plaintext: Uint8Array; readonly randomBytes: RandomBytes },
): Promise<Uint8Array> {
  const key = await subkey(provider, place.imageKey, place.part);
  return seal(provider, { key, context: imageContext(place, place.part), ...part });
}

/** An entry or a preview in clear. Throws DiceError `sealed-invalid`. */
export async function openImagePart(provider: CryptoProvider, place: ImagePartPlace, sealed: Uint8Array): Promise<Uint8Array> {
  const key = await subkey(provider, place.imageKey, place.part);
  return open(provider, { key, context: imageContext(place, place.part), sealed });
}

/** The context of a sealed part of an image. An image id is used once, so its revision is 0. */
export function imageContext(place: ImagePlace, purpose: SealedPurpose): SealedContext {
  return { purpose, accountId: place.accountId, objectId: objectIdOf(place.imageId), revision: 0 };
}

const accountKeyPurposes: Readonly<Record<AccountKeyWrap, SealedPurpose>> = {
  password: 'account-key',
  recovery: 'account-key-recovery',
  page: 'account-key-page',
};

function accountKeyContext({ accountId, under }: AccountKeyPlace): SealedContext {
  return { purpose: accountKeyPurposes[under], accountId, objectId: objectIdOf(accountId), revision: 0 };
}

function checkedKey(key: Uint8Array): Uint8Array {
  if (key.length !== hashBytes) throw fault('sealed-invalid');
  return key;
}
