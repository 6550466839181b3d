/**
 * HKDF-SHA-256 (RFC 5869) over a provider's HMAC, and the subkeys that it derives: no key has two uses.
 * SPEC.md sections 1 and 8.
 */
import { concat, utf8 } from '../protocol/bytes.js';
import { hashBytes } from '../protocol/limits.js';
import type { CryptoProvider } from './crypto.js';
import { type SubkeyPurpose, subkeyLabel } from './labels.js';

/** What one derivation takes: input key material, context and length (1 to 8,160 bytes); salt empty where absent. */
export interface HkdfInput {
  readonly key: Uint8Array;
  readonly salt?: Uint8Array;
  readonly info: Uint8Array;
  readonly length: number;
}

/** RFC 5869 section 2: extract, then expand to `length` bytes. */
export async function hkdf(provider: CryptoProvider, input: HkdfInput): Promise<Uint8Array> {
  const { key, salt = new Uint8Array(hashBytes), info, length } = input;
  if (length < 1 || length > 255 * hashBytes) throw new RangeError('HKDF-SHA-256 gives 1 to 8,160 bytes');
  const pseudorandomKey = await provider.hmacSha256(salt, key);
  const output = new Uint8Array(Math.ceil(length / hashBytes) * hashBytes);
  let previous: Uint8Array = new Uint8Array();
  for (let round = 1; (round - 1) * hashBytes < length; round++) {
    previous = await provider.hmacSha256(pseudorandomKey, concat(previous, info, Uint8Array.of(round)));
    output.set(previous, (round - 1) * hashBytes);
  }
  return output.slice(0, length);
}

/** 32 bytes of `key` for one info: a label, or a label and the bytes that it is bound to (`labelled`). */
export function deriveKey(provider: CryptoProvider, key: Uint8Array, info: Uint8Array): Promise<Uint8Array> {
  return hkdf(provider, { key, info, length: hashBytes });
}

/** The UTF-8 bytes of `label`, then `context`. No label that takes a context is the beginning of another one. */
export function labelled(label: string, context: Uint8Array): Uint8Array {
  return concat(utf8(label), context);
}

/** The 32-byte subkey of `key` for one purpose: HKDF-SHA-256(key, "dice/1/" + purpose). */
export function subkey(provider: CryptoProvider, key: Uint8Array, purpose: SubkeyPurpose): Promise<Uint8Array> {
  return deriveKey(provider, key, utf8(subkeyLabel(purpose)));
}
