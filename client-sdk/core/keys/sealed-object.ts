/**
 * A sealed object: everything that an account keeps on the server beside its blocks. Authenticated encryption that
 * commits to its key and to what it is: AES-256-GCM under a key of its own, with associated data that the reader
 * builds from what it asked for, never from the blob. SPEC.md section 8.
 *
 *   "DSO1", suite u8, purpose u8, key id (8), nonce (12), key commitment (32), ciphertext and GCM tag (16)
 */
import { bytesOfHex, concat, isEqual, u32, utf8 } from '../../protocol/bytes.js';
import type { AccountId } from '../../protocol/ids.js';
import { hashBytes } from '../../protocol/limits.js';
import { encodeCbor } from '../cbor.js';
import { isSameSecret } from '../constant-time.js';
import type { CryptoProvider, RandomBytes } from '../crypto.js';
import { type DiceError, fault } from '../errors.js';
import { deriveKey, hkdf, labelled } from '../hkdf.js';
import { labels } from '../labels.js';
import { isZeroFrom, padmeLength, padWithZeros } from '../padding.js';

/** What sealed objects are for. Numbers are append-only; `entry`, `manifest` and `preview` are padded (Padme). */
export const sealedPurposes = {
  'account-key': 1,
  'account-key-recovery': 2,
  'account-key-page': 3,
  'image-key': 4,
  identity: 5,
  keyring: 6,
  manifest: 7,
  entry: 8,
  preview: 9,
  invitation: 10,
  cache: 11,
  'account-head': 12,
} as const;
/** A purpose of the closed table. */
export type SealedPurpose = keyof typeof sealedPurposes;

/** What a sealed object is, in the words of whoever seals it or asks for it. `objectId` has 1 to 64 bytes. */
export interface SealedContext {
  readonly purpose: SealedPurpose;
  readonly accountId: AccountId;
  readonly objectId: Uint8Array;
  /** 0 where an object is never replaced under the same key. */
  readonly revision: number;
}

/** What is to be sealed, under a key that serves this purpose alone. */
export interface SealInput {
  readonly key: Uint8Array;
  readonly context: SealedContext;
  readonly plaintext: Uint8Array;
  readonly randomBytes: RandomBytes;
}

/** What is to be opened, and what the reader asked for. */
export interface OpenInput {
  readonly key: Uint8Array;
  /** `keyIdOf(key)`, where many objects are opened under one key. */
  readonly keyId?: Uint8Array;
  readonly context: SealedContext;
  readonly sealed: Uint8Array;
}

const magic = utf8('DSO1');
const suite = 1;
const keyIdBytes = 8;
const nonceBytes = 12;
const gcmTagBytes = 16;
const headBytes = magic.length + 2 + keyIdBytes + nonceBytes + hashBytes;
const lengthBytes = 4;
const paddedPurposes: ReadonlySet<SealedPurpose> = new Set(['manifest', 'entry', 'preview']);

/** Bytes that sealing adds: head and GCM tag, without padding. */
export const sealedOverheadBytes = headBytes + gcmTagBytes;

/** Bytes of the sealed object of a plaintext of `length` bytes. */
export function sealedLength(purpose: SealedPurpose, length: number): number {
  return sealedOverheadBytes + (paddedPurposes.has(purpose) ? padmeLength(lengthBytes + length) : length);
}

/** Seals a plaintext. Two calls give different bytes: the nonce is random. */
export async function seal(provider: CryptoProvider, input: SealInput): Promise<Uint8Array> {
  const { key, context, plaintext } = input;
  const nonce = input.randomBytes(nonceBytes);
  const { encryptionKey, commitment } = await objectKeys(provider, key, nonce);
  const keyId = await keyIdOf(provider, key);
  const associated = encodeAssociated(context, keyId);
  const bytes = paddedPurposes.has(context.purpose) ? pad(plaintext) : plaintext;
  const ciphertext = await provider.aes256GcmSeal(encryptionKey, nonce, { bytes, associated });
  return concat(magic, Uint8Array.of(suite, sealedPurposes[context.purpose]), keyId, nonce, commitment, ciphertext);
}

/** The plaintext. Every refusal is the same DiceError `sealed-invalid`: another key, other bytes or another context. */
export async function open(provider: CryptoProvider, input: OpenInput): Promise<Uint8Array> {
  const { key, context, sealed, keyId = await keyIdOf(provider, key) } = input;
  const start = concat(magic, Uint8Array.of(suite, sealedPurposes[context.purpose]), keyId);
  if (sealed.length < sealedOverheadBytes || !isEqual(sealed.subarray(0, start.length), start)) throw refused();
  const nonce = sealed.subarray(start.length, start.length + nonceBytes);
  const { encryptionKey, commitment } = await objectKeys(provider, key, nonce);
  if (!isSameSecret(sealed.subarray(headBytes - hashBytes, headBytes), commitment)) throw refused();
  const associated = encodeAssociated(context, keyId);
  const bytes = await provider.aes256GcmOpen(encryptionKey, nonce, { bytes: sealed.subarray(headBytes), associated });
  if (bytes === undefined) throw refused();
  return paddedPurposes.has(context.purpose) ? unpad(bytes) : bytes;
}

/** The associated data of a context under a key: what signatures are bound to as well. */
export async function associatedOf(provider: CryptoProvider, key: Uint8Array, context: SealedContext): Promise<Uint8Array> {
  return encodeAssociated(context, await keyIdOf(provider, key));
}

/** The bytes of an id of 32 hex digits, for `objectId`. */
export function objectIdOf(id: string): Uint8Array {
  const bytes = bytesOfHex(id);
  if (bytes === undefined) throw new RangeError('an id is lower-case hex');
  return bytes;
}

function encodeAssociated(context: SealedContext, keyId: Uint8Array): Uint8Array {
  const { purpose, accountId, objectId, revision } = context;
  return encodeCbor([suite, sealedPurposes[purpose], objectIdOf(accountId), objectId, revision, keyId]);
}

/** Nobody writes into an array that holds a key. */
const keyIds = new WeakMap<Uint8Array, Uint8Array>();

/** 8 bytes that tell which key an object lies under. */
export async function keyIdOf(provider: CryptoProvider, key: Uint8Array): Promise<Uint8Array> {
  const keyId = keyIds.get(key) ?? (await deriveKey(provider, key, utf8(labels.keyId))).slice(0, keyIdBytes);
  keyIds.set(key, keyId);
  return keyId;
}

interface ObjectKeys {
  readonly encryptionKey: Uint8Array;
  readonly commitment: Uint8Array;
}

/** An encryption key for this object alone; the commitment binds key and nonce, which GCM by itself does not. */
async function objectKeys(provider: CryptoProvider, key: Uint8Array, nonce: Uint8Array): Promise<ObjectKeys> {
  if (key.length !== hashBytes) throw new RangeError(`a sealing key has 32 bytes, got ${String(key.length)}`);
  const info = labelled(labels.seal, Uint8Array.of(suite));
  const both = await hkdf(provider, { key, salt: nonce, info, length: 2 * hashBytes });
  return { encryptionKey: both.slice(0, hashBytes), commitment: both.slice(hashBytes) };
}

/** u32 length, plaintext, zeros up to the Padme length of the two. */
function pad(plaintext: Uint8Array): Uint8Array {
  const marked = concat(u32(plaintext.length), plaintext);
  return padWithZeros(marked, padmeLength(marked.length));
}

function unpad(bytes: Uint8Array): Uint8Array {
  if (bytes.length < lengthBytes) throw refused();
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  const end = lengthBytes + length;
  if (end > bytes.length || padmeLength(end) !== bytes.length || !isZeroFrom(bytes, end)) throw refused();
  return bytes.subarray(lengthBytes, end);
}

function refused(): DiceError {
  return fault('sealed-invalid');
}
