/**
 * JSON bodies about upload sessions: existence, claims, intake, commits. Part of messages.ts. SPEC.md section 12.
 */
import type { ImageId, UploadId } from './ids.js';
import { maxBlocksPerImage, maxCommitsPerRequest, maxTagsPerQuery } from './limits.js';
import { packedTags } from './message-parts.js';
import { blob, count, hex, id, list, object, oneOf, optional, time, type Infer } from './schema.js';

/** POST /uploads. */
export const uploadGrant = object({ uploadId: id<UploadId>(), expiresAt: time });

/**
 * POST /uploads/:uploadId/existence (body: T1s packed, 32 bytes each, in shuffled order). One byte per asked T1, in the same order: 0 send it, 1 present and pinned, 2 may be claimed by proof of
 * possession over `nonce` (only under existence = shared).
 */
export const existenceAnswer = object({ states: blob(0, maxTagsPerQuery), nonce: optional(hex(32)) });
export type ExistenceAnswer = Infer<typeof existenceAnswer>;
export const existenceStates = { send: 0, present: 1, claimable: 2 } as const;

/** POST /uploads/:uploadId/claims: one 32-byte proof for each claimed T1. Answer: 1 pinned, 0 send it. */
export const claimRequest = object({ nonce: hex(32), tags: packedTags(maxTagsPerQuery), proofs: packedTags(maxTagsPerQuery) });
export const claimAnswer = object({ states: blob(0, maxTagsPerQuery) });

/** POST /uploads/:uploadId/blocks (body: frames). One result per frame, in order. */
export const intakeResult = oneOf('stored', 'tag-mismatch');
export const intakeAnswer = object({ results: list(intakeResult, 1_024), sessionBytes: count });
export type IntakeAnswer = Infer<typeof intakeAnswer>;

/** POST /uploads/:uploadId/commits (body: of commit-body.ts). Per commit, in order. `missing` (T1s packed) only with blocks-missing. */
export const commitResult = object({
  imageId: id<ImageId>(),
  status: oneOf('stored', 'blocks-missing', 'image-conflict', 'quota-exceeded'),
  missing: optional(packedTags(maxBlocksPerImage)),
});
export const commitAnswer = object({ results: list(commitResult, maxCommitsPerRequest) });
export type CommitResult = Infer<typeof commitResult>;
