/**
 * A manifest on its way to the server and back: signed by its owner, then sealed under the image key's subkey
 * `manifest`. The signature is bound to account, image and key: holding the image key is not authorship.
 * SPEC.md section 10.
 *
 *   plaintext = Ed25519 signature (64), manifest        both inside the sealed object
 */
import { concat } from '../../protocol/bytes.js';
import { hashBytes, maxManifestBytes } from '../../protocol/limits.js';
import { encodeCbor } from '../cbor.js';
import type { CryptoProvider, RandomBytes } from '../crypto.js';
import { fault } from '../errors.js';
import { subkey } from '../hkdf.js';
import { labels } from '../labels.js';
import { decodeManifest, encodeManifest, type Manifest } from '../manifest.js';
import { imageContext, type ImagePlace } from './hierarchy.js';
import type { Identity } from './identity.js';
import { associatedOf, open, seal, sealedLength } from './sealed-object.js';

/** Whose image, under which image key. `accountId` is the owner's. */
export interface ManifestPlace extends ImagePlace {
  readonly imageKey: Uint8Array;
}

const signatureBytes = 2 * hashBytes;

/** The signed and sealed manifest. Throws DiceError `image-too-large` where it would be above `maxManifestBytes`. */
export async function sealManifest(
  provider: CryptoProvider,
  place: ManifestPlace,
  input: { readonly manifest: Manifest; readonly identity: Identity; readonly randomBytes: RandomBytes },
): Promise<Uint8Array> {
  const body = encodeManifest(input.manifest);
  if (sealedLength('manifest', signatureBytes + body.length) > maxManifestBytes) throw fault('image-too-large');
  const key = await subkey(provider, place.imageKey, 'manifest');
  const context = imageContext(place, 'manifest');
  const signature = await signManifest(provider, input.identity, { body, associated: await associatedOf(provider, key, context) });
  return seal(provider, { key, context, plaintext: concat(signature, body), randomBytes: input.randomBytes });
}

/** The manifest. Throws DiceError `sealed-invalid`, `signature-invalid` (not by `ownerKey`, Ed25519) or `recipe-invalid`. */
export async function openManifest(
  provider: CryptoProvider,
  place: ManifestPlace,
  input: { readonly sealed: Uint8Array; readonly ownerKey: Uint8Array },
): Promise<Manifest> {
  if (input.sealed.length > maxManifestBytes) throw fault('sealed-invalid');
  const key = await subkey(provider, place.imageKey, 'manifest');
  const context = imageContext(place, 'manifest');
  const plaintext = await open(provider, { key, context, sealed: input.sealed });
  if (plaintext.length < signatureBytes) throw fault('sealed-invalid');
  const body = plaintext.subarray(signatureBytes);
  const signed = { body, associated: await associatedOf(provider, key, context) };
  await checkManifestSignature(provider, input.ownerKey, { ...signed, signature: plaintext.subarray(0, signatureBytes) });
  return decodeManifest(body);
}

/** What a signature covers: the manifest's bytes and the associated data of the object that holds them. */
export interface SignedBody {
  readonly body: Uint8Array;
  readonly associated: Uint8Array;
}

/** The owner's signature (64 bytes) over (context, associated data, SHA-256 of the manifest). */
export async function signManifest(provider: CryptoProvider, identity: Identity, signed: SignedBody): Promise<Uint8Array> {
  return provider.ed25519Sign(identity.ed25519Secret, await messageOf(provider, signed));
}

/** Throws DiceError `signature-invalid` unless the signature belongs to `ownerKey`. */
export async function checkManifestSignature(
  provider: CryptoProvider,
  ownerKey: Uint8Array,
  signed: SignedBody & { readonly signature: Uint8Array },
): Promise<void> {
  if (!(await provider.ed25519Verify(ownerKey, await messageOf(provider, signed), signed.signature))) throw fault('signature-invalid', 'The manifest is not by this image’s owner.');
}

async function messageOf(provider: CryptoProvider, { body, associated }: SignedBody): Promise<Uint8Array> {
  return encodeCbor([labels.manifestSignature, associated, await provider.sha256(body)]);
}
