/**
 * Claiming blocks of others by proof of possession (existence = shared): every claimed cipher is read and hashed whole.
 * A wrong proof and a rotten copy are both answered "send it". SPEC.md section 3.
 */
import { concat } from '../../client-sdk/protocol/bytes.js';
import { rehashHex, type Rehash } from '../../client-sdk/protocol/ids.js';
import { hashBytes, maxTagsPerQuery } from '../../client-sdk/protocol/limits.js';
import { possessionPrefix } from '../../client-sdk/protocol/possession.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import { isEqualSecret } from './constant-time.js';
import type { Parts, UploadName } from './contract.js';
import { readSound } from './stored-block.js';
import { enterUpload, unpackRehashes } from './upload-scope.js';

interface Claim {
  readonly nonce: Uint8Array;
  readonly tags: Uint8Array;
  readonly proofs: Uint8Array;
}

/** One byte per T1: 1 pinned, 0 send it. Refusals upload-unknown, request-invalid, proof-invalid, rate-limited. */
export async function claimBlocks(parts: Parts, upload: UploadName, claim: Claim): Promise<Uint8Array> {
  const rehashes = unpackRehashes(claim.tags, maxTagsPerQuery);
  if (claim.proofs.length !== claim.tags.length) throw new Refusal('request-invalid', 'There is one proof of 32 bytes for each tag.');
  const { scope } = await enterUpload(parts, upload);
  const nonce = { nonce: claim.nonce, uploadId: upload.uploadId, tagsHash: parts.world.hasher.sha256(claim.tags), expiresAt: 0 };
  const isSpent = await parts.stores.tags.spendNonce(nonce, scope.now);
  if (!isSpent || parts.policy.existence !== 'shared') throw new Refusal('proof-invalid');
  await spendBudget(parts, upload, rehashes);
  const passed: Rehash[] = [];
  for (const [i, rehash] of rehashes.entries()) {
    const proof = claim.proofs.subarray(i * hashBytes, (i + 1) * hashBytes);
    if (await isPossessed(parts, { ...upload, rehash, nonce: claim.nonce }, proof)) passed.push(rehash);
  }
  const pins = await parts.stores.tags.pinClaimed({ ...scope, now: parts.world.clock.now() }, passed);
  const pinned = new Set(passed.filter((_, i) => pins[i] === true).map(rehashHex));
  const states = Uint8Array.from(rehashes, (rehash) => (pinned.has(rehashHex(rehash)) ? 1 : 0));
  countClaims(parts, states);
  return states;
}

function countClaims({ meter }: Parts, states: Uint8Array): void {
  const count = states.reduce((sum, state) => sum + state, 0);
  meter?.add('claimed', 'pinned', count);
  meter?.add('claimed', 'refused', states.length - count);
  meter?.add('hits', 'claimed', count);
}

async function spendBudget(parts: Parts, upload: UploadName, rehashes: readonly Rehash[]): Promise<void> {
  const { maxProofBytes, proofWindowMs } = parts.policy;
  const now = parts.world.clock.now();
  const bytes = (await parts.stores.tags.findLive(rehashes)).reduce((sum, block) => sum + block.place.length, 0);
  const spending = { bytes, limit: maxProofBytes, since: now - proofWindowMs, now };
  if (!(await parts.stores.tags.spendProofBytes(upload.accountId, spending))) {
    parts.meter?.add('limited', 'proofs', 1);
    throw new Refusal('rate-limited', undefined, { retryAfterSeconds: Math.ceil(proofWindowMs / 1_000) });
  }
}

/** The proof fits the stored cipher. Reading quarantines a copy that fails its hash. */
async function isPossessed(parts: Parts, scope: UploadName & { readonly rehash: Rehash; readonly nonce: Uint8Array }, proof: Uint8Array): Promise<boolean> {
  const row = await parts.stores.tags.find(scope.rehash);
  if (row?.state !== 'live') return false;
  const block = await readSound(parts, row);
  if (block === undefined) return false;
  const prefix = possessionPrefix({ ...scope, serverId: parts.secrets.serverId }, block.cipher.length);
  return isEqualSecret(parts.world.hasher.hmacSha256(scope.nonce, concat(prefix, block.cipher)), proof);
}
