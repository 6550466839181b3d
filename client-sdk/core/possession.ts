/**
 * Proof of possession: shows that the client holds the whole cipher of a block that it claims, not only its tag.
 * protocol/possession.ts fixes what it is computed over. SPEC.md section 3.
 */
import { concat } from '../protocol/bytes.js';
import { type PossessionScope, possessionPrefix } from '../protocol/possession.js';
import type { CryptoProvider } from './crypto.js';

/** HMAC-SHA-256 (32 bytes) with the server's nonce as key over scope and cipher. */
export async function provePossession(
  provider: CryptoProvider,
  nonce: Uint8Array,
  claim: { readonly scope: PossessionScope; readonly cipher: Uint8Array },
): Promise<Uint8Array> {
  return await provider.hmacSha256(nonce, concat(possessionPrefix(claim.scope, claim.cipher.length), claim.cipher));
}
