/**
 * A block: one content, coded and sealed under a key that its own bytes decide. Sealing is deterministic; opening
 * checks in a fixed order and stops at the first failure. Knows no network and no storage. SPEC.md section 3.
 */
import { concat, isEqual, utf8 } from '../protocol/bytes.js';
import { hammingOf } from '../protocol/hamming.js';
import { asRehash, asTag, type Rehash, type Tag } from '../protocol/ids.js';
import { hashBytes, ivBytes, maxCipherBytes, minCipherBytes } from '../protocol/limits.js';
import { isSameSecret } from './constant-time.js';
import type { CryptoProvider } from './crypto.js';
import { blockKey, type Domain, paddedLength } from './domain.js';
import { DiceError, integrityFault, type IntegrityStep } from './errors.js';
import { freeBytes } from './free-bytes.js';
import { labels } from './labels.js';
import { isZeroFrom, padWithZeros } from './padding.js';

/** The lossless coder between contents and coded bytes (image/coded.ts); passed in, so that tests may swap it. */
export interface ContentCoder {
  /** Coded bytes of a content: the same for the same content, for ever. */
  code(content: Uint8Array): Uint8Array;
  /** The content of coded bytes without padding: nobody else's array, or a view of `coded`. Throws DiceError where they are malformed. */
  decode(coded: Uint8Array): Uint8Array;
  /** Bytes of coded without its zero padding. Throws DiceError where they are malformed. */
  length(coded: Uint8Array): number;
}

/** A sealed block: C, T = SHA-256(C), T1 = SHA-256(T) and H(T). */
export interface SealedBlock {
  readonly cipher: Uint8Array;
  readonly tag: Tag;
  readonly rehash: Rehash;
  readonly code: number;
}

/** A content on its way. */
export interface CodedContent {
  readonly fingerprint: Uint8Array;
  /** From `codeForSealing`, without padding. */
  readonly coded: Uint8Array;
}

/** What a fetched cipher is opened with: the tag and key that the manifest names; the domain where its secret is at hand. */
export interface BlockOpening {
  readonly cipher: Uint8Array;
  readonly tag: Uint8Array;
  readonly key: Uint8Array;
  readonly domain?: Domain | undefined;
}

/** What openBlockSteps tells of. */
export type PassedStep = Extract<IntegrityStep, 'tag' | 'iv' | 'decode'>;

/** H(i) as stored beside the tag, H(j) of the cipher in hand. Equal codes prove nothing; the report shows them. */
export interface CodeComparison {
  readonly stored: number;
  readonly computed: number;
  readonly isEqual: boolean;
}

/** fp: SHA-256 of a content in canonical form. Never leaves the client. */
export async function fingerprint(provider: CryptoProvider, content: Uint8Array): Promise<Uint8Array> {
  return await provider.sha256(content);
}

/**
 * The coded form of a content (where it is not at hand already), decoded again and compared: what may be sealed. Throws
 * RangeError where the coder does not give the content back; then nothing may be sealed.
 */
export function codeForSealing(coder: ContentCoder, content: Uint8Array, coded = coder.code(content)): Uint8Array {
  const decoded = coder.decode(coded);
  if (!isEqual(decoded, content)) throw new RangeError('the coder does not give this content back; it is not sealed');
  if (decoded.buffer !== coded.buffer) freeBytes(decoded);
  return coded;
}

/** Seals coded bytes, already padded, under K (32 bytes). */
export async function sealCoded(provider: CryptoProvider, key: Uint8Array, coded: Uint8Array): Promise<SealedBlock> {
  const { encryptionKey, ivKey } = await blockSubkeys(provider, key);
  const iv = (await provider.hmacSha256(ivKey, coded)).subarray(0, ivBytes);
  const cipher = await encrypt(provider, { key: encryptionKey, iv, coded });
  const tag = asTag(await provider.sha256(cipher));
  return { cipher, tag, rehash: asRehash(await provider.sha256(tag)), code: hammingOf(tag) };
}

/** A sealed block and the key that the manifest keeps for it. */
export interface KeyedBlock extends SealedBlock {
  readonly key: Uint8Array;
}

/** Derives the key, pads (personal only) and seals. */
export async function sealContent(provider: CryptoProvider, domain: Domain, content: CodedContent): Promise<KeyedBlock> {
  const key = await blockKey(provider, domain, content.fingerprint);
  const padded = padWithZeros(content.coded, paddedLength(domain.kind, content.coded.length));
  return { ...(await sealCoded(provider, key, padded)), key };
}

/**
 * The content of a fetched block. Stops, with DiceError `integrity-failed` whose `extra.step` names the step, at the
 * first of: SHA-256(C) = T (tag), C has the length of a block (length), iv recomputed from coded (iv), decoding and
 * padding (decode), domain(fp) = K where the domain is given (domain). `fileHash` is the caller's last step.
 */
export async function openBlock(provider: CryptoProvider, coder: ContentCoder, opening: BlockOpening): Promise<Uint8Array> {
  const steps = openBlockSteps(provider, coder, opening);
  for (;;) {
    const next = await steps.next();
    if (next.done === true) return next.value;
  }
}

/** openBlock, telling each step as it was passed; it answers the content and throws as openBlock does. */
export async function* openBlockSteps(provider: CryptoProvider, coder: ContentCoder, opening: BlockOpening): AsyncGenerator<PassedStep, Uint8Array, void> {
  const { cipher, tag, key, domain } = opening;
  if (!isEqual(await provider.sha256(cipher), tag)) throw integrityFault('tag', 'A block does not have the tag that the manifest names.');
  yield 'tag';
  if (cipher.length < minCipherBytes || cipher.length > maxCipherBytes) throw integrityFault('length', 'A block has a length that no block has.');
  const coded = await decrypt(provider, key, cipher);
  yield 'iv';
  const content = decodePadded(coder, coded, domain);
  yield 'decode';
  if (domain === undefined) return content;
  const expected = await blockKey(provider, domain, await fingerprint(provider, content));
  if (!isSameSecret(expected, key)) throw integrityFault('domain', 'A block was not sealed under the key of its own content.');
  return content;
}

/** Compares the code that the server stored with that of the tag computed from the received cipher. */
export function compareCodes(tag: Uint8Array, storedCode: number): CodeComparison {
  const computed = hammingOf(tag);
  return { stored: storedCode, computed, isEqual: computed === storedCode };
}

const blockLabel = utf8(labels.block);

async function blockSubkeys(provider: CryptoProvider, key: Uint8Array): Promise<{ encryptionKey: Uint8Array; ivKey: Uint8Array }> {
  if (key.length !== hashBytes) throw new RangeError(`a block key has 32 bytes, got ${String(key.length)}`);
  const both = await provider.hmacSha512(key, blockLabel);
  return { encryptionKey: both.subarray(0, hashBytes), ivKey: both.subarray(hashBytes) };
}

interface Encryption {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly coded: Uint8Array;
}

async function encrypt(provider: CryptoProvider, { key, iv, coded }: Encryption): Promise<Uint8Array> {
  if (provider.aes256CtrWithIv !== undefined) return await provider.aes256CtrWithIv(key, iv, coded);
  return concat(iv, await provider.aes256Ctr(key, iv, coded));
}

/** Decrypts, and judges the result by its own iv before anything reads it. */
async function decrypt(provider: CryptoProvider, key: Uint8Array, cipher: Uint8Array): Promise<Uint8Array> {
  const { encryptionKey, ivKey } = await blockSubkeys(provider, key);
  const iv = cipher.subarray(0, ivBytes);
  const coded = await provider.aes256Ctr(encryptionKey, iv, cipher.subarray(ivBytes));
  const expected = (await provider.hmacSha256(ivKey, coded)).subarray(0, ivBytes);
  if (!isSameSecret(iv, expected)) throw integrityFault('iv', 'A block does not open under the key that the manifest names.');
  return coded;
}

function decodePadded(coder: ContentCoder, coded: Uint8Array, domain: Domain | undefined): Uint8Array {
  try {
    const length = coder.length(coded);
    if (!isPaddingAllowed(coded, length, domain)) throw integrityFault('decode', 'A block has padding that no client writes.');
    return coder.decode(coded.subarray(0, length));
  } catch (cause) {
    if (cause instanceof DiceError && cause.code === 'integrity-failed') throw cause;
    if (cause instanceof DiceError) throw integrityFault('decode', cause.message);
    throw cause;
  }
}

/** Without the domain (a receiver) both lengths are possible; with it, one. */
function isPaddingAllowed(coded: Uint8Array, length: number, domain: Domain | undefined): boolean {
  const kinds = domain === undefined ? (['open', 'personal'] as const) : ([domain.kind] as const);
  return kinds.some((kind) => paddedLength(kind, length) === coded.length) && isZeroFrom(coded, length);
}
