/**
 * An account head on its way to the server and back: signed by its owner, then sealed under the account key's subkey `account-head`, with
 * its counter as revision. SPEC.md section 14.
 *
 *   plaintext = Ed25519 signature (64), head
 */
import { concat } from '../../protocol/bytes.js';
import type { AccountId } from '../../protocol/ids.js';
import { hashBytes, maxHeadBytes } from '../../protocol/limits.js';
import { type CborValue, decodeCbor, encodeCbor } from '../cbor.js';
import type { CryptoProvider, RandomBytes } from '../crypto.js';
import { type DiceError, fault } from '../errors.js';
import { subkey } from '../hkdf.js';
import { labels } from '../labels.js';
import { isBytes, isInteger, isList } from '../record.js';
import type { Identity } from './identity.js';
import { associatedOf, objectIdOf, open, seal, type SealedContext } from './sealed-object.js';

/** Of the keyring and of the credentials, as an account record has them. */
export interface Revisions {
  readonly keyringRevision: number;
  readonly revision: number;
}

/** What an account holds, as its owner said it last. `previous` and `root`: 32 bytes; `signedAt`: milliseconds. In a head of version 1 both revisions are 0. */
export interface AccountHead extends Revisions {
  readonly counter: number;
  /** `hashOfHead` of the one before; zeros for the first. */
  readonly previous: Uint8Array;
  readonly epoch: number;
  readonly leaves: number;
  readonly root: Uint8Array;
  readonly signedAt: number;
}

/** Whose head, under which key. */
export interface HeadPlace {
  readonly accountId: AccountId;
  readonly accountKey: Uint8Array;
}

const signatureBytes = 2 * hashBytes;

/** The canonical list of a head. */
export function encodeHead({ counter, previous, epoch, leaves, root, signedAt, keyringRevision, revision }: AccountHead): Uint8Array {
  const common = [counter, previous, epoch, leaves, root, signedAt];
  return encodeCbor(keyringRevision === 0 ? [1, ...common] : [2, ...common, keyringRevision, revision]);
}

/** SHA-256 of the canonical list: what the next head names. */
export async function hashOfHead(provider: CryptoProvider, head: AccountHead): Promise<Uint8Array> {
  return provider.sha256(encodeHead(head));
}

/** The signed and sealed head. */
export async function sealHead(
  provider: CryptoProvider,
  place: HeadPlace,
  input: { readonly head: AccountHead; readonly identity: Identity; readonly randomBytes: RandomBytes },
): Promise<Uint8Array> {
  const { head, identity, randomBytes } = input;
  const key = await subkey(provider, place.accountKey, 'account-head');
  const context = contextOf(place, head.counter);
  const body = encodeHead(head);
  const signature = await provider.ed25519Sign(identity.ed25519Secret, await messageOf(provider, key, { context, body }));
  return seal(provider, { key, context, plaintext: concat(signature, body), randomBytes });
}

/** The head with this counter. Throws DiceError `sealed-invalid`, `signature-invalid` (not by `ownerKey`, Ed25519) or `answer-invalid`. */
export async function openHead(
  provider: CryptoProvider,
  place: HeadPlace & { readonly counter: number },
  input: { readonly sealed: Uint8Array; readonly ownerKey: Uint8Array },
): Promise<AccountHead> {
  if (input.sealed.length > maxHeadBytes) throw fault('sealed-invalid');
  const key = await subkey(provider, place.accountKey, 'account-head');
  const context = contextOf(place, place.counter);
  const plaintext = await open(provider, { key, context, sealed: input.sealed });
  const body = plaintext.subarray(signatureBytes);
  const message = await messageOf(provider, key, { context, body });
  if (!(await provider.ed25519Verify(input.ownerKey, message, plaintext.subarray(0, signatureBytes)))) throw fault('signature-invalid', 'The account head is not by this account.');
  const head = decodeHead(body);
  if (head.counter !== place.counter) throw malformed();
  return head;
}

function decodeHead(body: Uint8Array): AccountHead {
  const list = decodeCbor(body);
  if (!isList(list)) throw malformed();
  const [version, counter, previous, epoch, leaves, root, signedAt, ...named] = list;
  const isNumbered = isInteger(counter, 1, Number.MAX_SAFE_INTEGER) && isInteger(epoch, 0, 0xffffffff) && isInteger(leaves, 0, Number.MAX_SAFE_INTEGER);
  if (!isNumbered || !isBytes(previous, hashBytes) || !isBytes(root, hashBytes) || !isInteger(signedAt, 0, Number.MAX_SAFE_INTEGER)) throw malformed();
  return { counter, previous, epoch, leaves, root, signedAt, ...revisionsOf(version, named) };
}

function revisionsOf(version: CborValue | undefined, named: readonly CborValue[]): Revisions {
  if (version === 1 && named.length === 0) return { keyringRevision: 0, revision: 0 };
  const [keyringRevision, revision] = named;
  const isNamed = version === 2 && named.length === 2 && isInteger(keyringRevision, 1, Number.MAX_SAFE_INTEGER) && isInteger(revision, 1, Number.MAX_SAFE_INTEGER);
  if (!isNamed) throw malformed();
  return { keyringRevision, revision };
}

function contextOf({ accountId }: HeadPlace, counter: number): SealedContext {
  return { purpose: 'account-head', accountId, objectId: objectIdOf(accountId), revision: counter };
}

async function messageOf(provider: CryptoProvider, key: Uint8Array, { context, body }: { readonly context: SealedContext; readonly body: Uint8Array }): Promise<Uint8Array> {
  return encodeCbor([labels.headSignature, await associatedOf(provider, key, context), await provider.sha256(body)]);
}

function malformed(): DiceError {
  return fault('answer-invalid', 'The account head is malformed.');
}
