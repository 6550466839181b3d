/**
 * The live session that an upload's call is made in, and packed lists of T1.
 */
import { compareBytes } from '../../client-sdk/protocol/bytes.js';
import { asRehash, type Rehash } from '../../client-sdk/protocol/ids.js';
import { hashBytes, uploadLifetimeMs } from '../../client-sdk/protocol/limits.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { ExistenceScope, Upload } from '../ports/tag-store.js';
import type { Parts, UploadName } from './contract.js';

/** Notes use of the session, whose life begins anew. Refusal upload-unknown where it is not live or another's. */
export async function enterUpload(parts: Parts, { accountId, uploadId }: UploadName): Promise<{ readonly scope: ExistenceScope; readonly upload: Upload }> {
  const now = parts.world.clock.now();
  const scope = { accountId, uploadId, now };
  const upload = await parts.stores.tags.touchUpload(scope, now + uploadLifetimeMs);
  if (upload === undefined) throw new Refusal('upload-unknown');
  return { scope, upload };
}

/** The T1s in `packed`, 32 bytes each, at most `max`. Refusal request-invalid. */
export function unpackRehashes(packed: Uint8Array, max: number): readonly Rehash[] {
  if (packed.length % hashBytes !== 0 || packed.length > max * hashBytes) {
    throw new Refusal('request-invalid', `A list of tags has 32 bytes for each of at most ${String(max)}.`);
  }
  return Array.from({ length: packed.length / hashBytes }, (_, i) => asRehash(packed.slice(i * hashBytes, (i + 1) * hashBytes)));
}

/** As `unpackRehashes`; refuses what is not sorted by value and distinct. */
export function unpackSortedRehashes(packed: Uint8Array, max: number): readonly Rehash[] {
  const rehashes = unpackRehashes(packed, max);
  const isSorted = rehashes.every((rehash, i) => i === 0 || compareBytes(rehashes[i - 1] ?? rehash, rehash) < 0);
  if (!isSorted) throw new Refusal('request-invalid', 'The tags of an image are sorted by value and distinct.');
  return rehashes;
}
