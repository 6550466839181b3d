/**
 * Commits of images: each all or nothing. Manifest and preview are durable in a pack before the row; the store decides in
 * one transaction whether every block is the account's. A record whose row did not come to be is withdrawn.
 * SPEC.md section 12.
 */
import { concat } from '../../client-sdk/protocol/bytes.js';
import type { Commit } from '../../client-sdk/protocol/commit-body.js';
import type { Rehash } from '../../client-sdk/protocol/ids.js';
import { maxBlocksPerImage } from '../../client-sdk/protocol/limits.js';
import type { CommitResult } from '../../client-sdk/protocol/messages.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import { StorageError } from '../ports/errors.js';
import type { NewRecord, Place } from '../ports/block-store.js';
import type { CommitOutcome, NewImage } from '../ports/image-store.js';
import type { ExistenceScope } from '../ports/tag-store.js';
import type { Parts, UploadName } from './contract.js';
import { encodeManifestRecord, encodePreviewRecord, markOf } from './image-record.js';
import { standing, usedBytesOf } from './quota.js';
import { appendRemoval, newRecordId, recordOf } from './records.js';
import { enterUpload, unpackSortedRehashes } from './upload-scope.js';

/** A commit that was not answered by looking. */
interface Draft {
  readonly commit: Commit;
  readonly rehashes: readonly Rehash[];
  readonly manifestHash: Uint8Array;
  readonly recordId: Uint8Array;
}

interface Session {
  readonly scope: ExistenceScope;
  readonly quotaBytes: number | undefined;
  /** What drafts may still add beside their blocks, which are counted already. */
  room: number;
}

/** One result per commit, in order. */
export async function commitImages(parts: Parts, upload: UploadName, commits: readonly Commit[]): Promise<readonly CommitResult[]> {
  const lists = commits.map((commit) => unpackSortedRehashes(commit.tags, maxBlocksPerImage));
  const { scope } = await enterUpload(parts, upload);
  const { usage, quotaBytes } = await standing(parts, upload.accountId);
  const session: Session = { scope, quotaBytes, room: quotaBytes === undefined ? Infinity : quotaBytes - usedBytesOf(usage) };
  const looked: (CommitResult | Draft)[] = [];
  for (const [i, commit] of commits.entries()) looked.push(await look(parts, session, { commit, rehashes: lists[i] ?? [] }));
  const drafts = looked.filter((item) => 'manifestHash' in item);
  const stored = await parts.gate.run(() => store(parts, session, drafts));
  const results = stored.values();
  const answer = looked.map((item) => ('manifestHash' in item ? next(results) : item));
  for (const { status } of answer) parts.meter?.add('commits', status, 1);
  return answer;
}

/** Answers what needs no durable write: a repeated commit, a conflicting one, one that lacks blocks. */
async function look(parts: Parts, session: Session, given: Pick<Draft, 'commit' | 'rehashes'>): Promise<CommitResult | Draft> {
  const { commit, rehashes } = given;
  const manifestHash = parts.world.hasher.sha256(commit.manifest);
  const known = await parts.stores.images.probe(session.scope.accountId, commit.imageId, manifestHash);
  if (known !== undefined) return resultOf(commit, { kind: known });
  const missing = await parts.stores.images.missing(session.scope, rehashes);
  if (missing.length > 0) return resultOf(commit, { kind: 'missing', missing });
  session.room -= commit.manifest.length + commit.entry.length + commit.wrappedKey.length + (commit.preview?.length ?? 0);
  if (session.room < 0) return resultOf(commit, { kind: 'quota-exceeded' });
  return { commit, rehashes, manifestHash, recordId: newRecordId(parts) };
}

/** Records of all drafts share one durable write; then each image has its own transaction. */
async function store(parts: Parts, session: Session, drafts: readonly Draft[]): Promise<readonly CommitResult[]> {
  if (drafts.length === 0) return [];
  const createdAt = parts.world.clock.now();
  const places = (await parts.stores.blocks.append(drafts.flatMap((draft) => recordsOf(parts, session, { draft, createdAt })))).values();
  const outcomes: { readonly commit: Commit; readonly outcome: CommitOutcome }[] = [];
  for (const draft of drafts) {
    const image = imageOf(draft, createdAt, { manifest: next(places), preview: draft.commit.preview === undefined ? undefined : next(places) });
    const outcome = await parts.stores.images.commit(session.scope, image, session.quotaBytes);
    if (outcome.kind !== 'stored') await appendRemoval(parts, { kind: 'withdrawn', recordId: draft.recordId });
    outcomes.push({ commit: draft.commit, outcome });
  }
  // Read when all that were not stored are withdrawn: a session that is over refuses the whole call.
  return outcomes.map(({ commit, outcome }) => resultOf(commit, outcome));
}

function recordsOf(parts: Parts, { scope: { accountId } }: Session, { draft, createdAt }: { readonly draft: Draft; readonly createdAt: number }): readonly NewRecord[] {
  const { recordId, rehashes, manifestHash } = draft;
  const { imageId, wrappedKey, entry, manifest, preview } = draft.commit;
  const marks = rehashes.map((rehash) => markOf((bytes) => parts.world.hasher.sha256(bytes), recordId, rehash));
  const payload = encodeManifestRecord({ recordId, accountId, imageId, createdAt, wrappedKey, entry, manifest, marks });
  const records = [recordOf(parts, 'manifest', payload)];
  if (preview !== undefined) records.push(recordOf(parts, 'preview', encodePreviewRecord({ accountId, imageId, manifestHash, preview })));
  return records;
}

function imageOf({ commit, rehashes, manifestHash }: Draft, createdAt: number, places: { readonly manifest: Place; readonly preview: Place | undefined }): NewImage {
  const { imageId, wrappedKey, entry, manifest, preview } = commit;
  const isPreviewed = preview !== undefined && places.preview !== undefined;
  return {
    imageId, wrappedKey, entry, manifestHash, rehashes, createdAt,
    manifestBytes: manifest.length,
    manifestPlace: places.manifest,
    preview: isPreviewed ? { place: places.preview, bytes: preview.length } : undefined,
  };
}

function resultOf({ imageId }: Commit, outcome: CommitOutcome): CommitResult {
  switch (outcome.kind) {
    case 'stored':
    case 'known':
      return { imageId, status: 'stored' };
    case 'conflict':
      return { imageId, status: 'image-conflict' };
    case 'quota-exceeded':
      return { imageId, status: 'quota-exceeded' };
    case 'missing':
      return { imageId, status: 'blocks-missing', missing: concat(...outcome.missing) };
    case 'upload-unknown':
      throw new Refusal('upload-unknown');
  }
}

function next<T>(items: Iterator<T>): T {
  const item = items.next();
  if (item.done === true) throw new StorageError('the store answered fewer items than it was given', { retryable: false });
  return item.value;
}
