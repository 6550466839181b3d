/**
 * How many bytes a commit takes on the wire, before it is made: the JSON body of a request that holds it alone. Lengths
 * only; the body itself is written by the transport. SPEC.md sections 10 and 12.
 */
import type { Commit } from './protocol/messages.js';

/** Bytes of each blob of a commit. */
export interface CommitLengths {
  readonly wrappedKey: number;
  readonly entry: number;
  readonly manifest: number;
  /** Undefined where there is no preview. */
  readonly preview: number | undefined;
  readonly tags: number;
}

/** Bytes of the body of `POST /uploads/:uploadId/commits` with one commit of these lengths. */
export function commitBodyBytes({ preview, ...lengths }: CommitLengths): number {
  const blobs = [...Object.values(lengths), preview ?? 0];
  return blobs.reduce((sum, bytes) => sum + base64Length(bytes), preview === undefined ? frameBytes : frameBytes + previewMemberBytes);
}

/** The lengths of a commit that is made. */
export function lengthsOfCommit({ wrappedKey, entry, manifest, preview, tags }: Commit): CommitLengths {
  return { wrappedKey: wrappedKey.length, entry: entry.length, manifest: manifest.length, preview: preview?.length, tags: tags.length };
}

/** Everything of the body but what the blobs hold. */
const frameBytes = JSON.stringify({ commits: [{ imageId: '0'.repeat(32), wrappedKey: '', entry: '', manifest: '', tags: '' }] }).length;
const previewMemberBytes = '"preview":"",'.length;

/** Letters of unpadded base64url. */
function base64Length(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}
