/**
 * What a proof of possession is computed over. The proof itself is HMAC-SHA-256 with the nonce as key over this
 * prefix and then the whole cipher; the HMAC is the caller's. SPEC.md section 3.
 *
 *   message = field("dice/1/pop"), field(server id), field(account id), field(upload id), field(T1), u32 length of C, C
 *   field(x) = u32 length of x in bytes, x          ids: their 16 bytes; text: UTF-8; integers big-endian
 *
 * A claim names exactly the T1s that the existence answer called claimable, in the order asked: the nonce is bound to
 * SHA-256 of them packed.
 */
import { bytesOfHex, concat, u32, utf8 } from './bytes.js';
import type { AccountId, Rehash, UploadId } from './ids.js';

/** Whom and what a proof is for. `serverId` is that of the server card: 32 hex digits. */
export interface PossessionScope {
  readonly serverId: string;
  readonly accountId: AccountId;
  readonly uploadId: UploadId;
  readonly rehash: Rehash;
}

/** The bytes before C. `cipherBytes` is the length of C. Throws RangeError where an id is not hex. */
export function possessionPrefix(scope: PossessionScope, cipherBytes: number): Uint8Array<ArrayBuffer> {
  const fields = [utf8('dice/1/pop'), idField(scope.serverId), idField(scope.accountId), idField(scope.uploadId), scope.rehash];
  return concat(...fields.flatMap((field) => [u32(field.length), field]), u32(cipherBytes));
}

function idField(text: string): Uint8Array {
  const bytes = bytesOfHex(text);
  if (bytes === undefined) throw new RangeError('an id must be lower-case hex');
  return bytes;
}
