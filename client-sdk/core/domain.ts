/**
 * Dedup domains: whose equal contents meet. A domain turns a fingerprint into a key; `open` by the paper's
 * Key = Hash(Block), `personal` and `group` under a secret that the server never has. SPEC.md section 3.
 */
import { bytesOfHex, concat, hexOf, utf8 } from '../protocol/bytes.js';
import { hashBytes, idBytes, maxCodedBytes } from '../protocol/limits.js';
import type { CryptoProvider, RandomBytes } from './crypto.js';
import { labels } from './labels.js';
import { padmeLength } from './padding.js';

/** The kinds of domain. */
export type DomainKind = 'open' | 'personal' | 'group';
/** "open", "personal", or the 32 hex digits of a group's random id. */
export type DomainId = string;

/** A domain at hand: secrets are 32 bytes. */
export type Domain =
  | { readonly kind: 'open'; readonly id: 'open' }
  | { readonly kind: 'personal'; readonly id: 'personal'; readonly secret: Uint8Array }
  | { readonly kind: 'group'; readonly id: DomainId; readonly secret: Uint8Array };

/** The domain in which everybody's equal contents meet. */
export const openDomain: Domain = { kind: 'open', id: 'open' };

/** The domain of one account. */
export function personalDomain(secret: Uint8Array): Domain {
  return { kind: 'personal', id: 'personal', secret: checkedSecret(secret) };
}

/** The domain of a group: `id` is 32 hex digits. */
export function groupDomain(id: DomainId, secret: Uint8Array): Domain {
  if (kindOfDomain(id) !== 'group') throw new RangeError('the id of a group is 32 lower-case hex digits');
  return { kind: 'group', id, secret: checkedSecret(secret) };
}

/** A new group: random id, random secret. */
export function newGroupDomain(randomBytes: RandomBytes): Domain {
  return groupDomain(hexOf(randomBytes(idBytes)), randomBytes(hashBytes));
}

/** The kind that a domain id names, or undefined where `id` has no such form. */
export function kindOfDomain(id: string): DomainKind | undefined {
  if (id === 'open' || id === 'personal') return id;
  return bytesOfHex(id)?.length === idBytes ? 'group' : undefined;
}

/** K of a fingerprint (32 bytes): the fingerprint itself in `open`, else HMAC-SHA-256(secret, label || fp). */
export async function blockKey(provider: CryptoProvider, domain: Domain, fingerprint: Uint8Array): Promise<Uint8Array> {
  if (domain.kind === 'open') return fingerprint;
  return await provider.hmacSha256(domain.secret, concat(keyLabels[domain.kind], fingerprint));
}

/** Bytes that a coded content of `length` bytes takes before encryption: padded (Padme) in `personal` only. */
export function paddedLength(kind: DomainKind, length: number): number {
  return kind === 'personal' ? Math.min(padmeLength(length), maxCodedBytes) : length;
}

const keyLabels = { personal: utf8(labels.personal), group: utf8(labels.group) } as const;

function checkedSecret(secret: Uint8Array): Uint8Array {
  if (secret.length !== hashBytes) throw new RangeError(`a domain's secret has 32 bytes, got ${String(secret.length)}`);
  return secret;
}
