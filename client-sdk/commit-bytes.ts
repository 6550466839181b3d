/**
 * How many bytes a commit takes on the wire, before it is made: the body of a request that holds it alone. Lengths
 * only; the body itself is written by the transport. SPEC.md sections 7 and 10.
 */
import { bodyOverheadBytes, type Commit, commitOverheadBytes } from './protocol/commit-body.js';

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
export function commitBodyBytes({ wrappedKey, entry, manifest, preview, tags }: CommitLengths): number {
  return bodyOverheadBytes + commitOverheadBytes + wrappedKey + entry + manifest + (preview ?? 0) + tags;
}

/** The lengths of a commit that is made. */
export function lengthsOfCommit({ wrappedKey, entry, manifest, preview, tags }: Commit): CommitLengths {
  return { wrappedKey: wrappedKey.length, entry: entry.length, manifest: manifest.length, preview: preview?.length, tags: tags.length };
}
