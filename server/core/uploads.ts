/**
 * Upload sessions and existence. "Present" and the pin are one step of the store. Under existence = own an answer is a
 * function of the account's own references and sessions alone. SPEC.md section 3.
 */
import { concat } from '../../client-sdk/protocol/bytes.js';
import { idOfBytes, rehashHex, type UploadId } from '../../client-sdk/protocol/ids.js';
import { hashBytes, idBytes, maxTagsPerQuery, maxUploadsPerAccount, proofLifetimeMs, uploadLifetimeMs } from '../../client-sdk/protocol/limits.js';
import { existenceStates, type ExistenceAnswer } from '../../client-sdk/protocol/messages.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { Rehash } from '../../client-sdk/protocol/ids.js';
import { claimBlocks } from './claims.js';
import { commitImages } from './commits.js';
import type { Parts, UploadName, UploadService } from './contract.js';
import { enterUpload, unpackRehashes } from './upload-scope.js';

export function createUploads(parts: Parts): UploadService {
  return {
    async begin(accountId) {
      const now = parts.world.clock.now();
      const upload = { uploadId: idOfBytes<UploadId>(parts.world.random(idBytes)), accountId, expiresAt: now + uploadLifetimeMs, receivedBytes: 0 };
      const outcome = await parts.stores.tags.beginUpload(upload, now, maxUploadsPerAccount);
      if (outcome === 'too-many') throw new Refusal('too-many');
      return { uploadId: upload.uploadId, expiresAt: upload.expiresAt };
    },
    async askExistence(upload, tags) {
      const answer = await askExistence(parts, upload, tags);
      countAnswers(parts, answer.states);
      return answer;
    },
    claim: (upload, claim) => claimBlocks(parts, upload, claim),
    commit: (upload, commits) => commitImages(parts, upload, commits),
    end: ({ uploadId, accountId }) => parts.stores.tags.endUpload(uploadId, accountId),
  };
}

async function askExistence(parts: Parts, upload: UploadName, packed: Uint8Array): Promise<ExistenceAnswer> {
  const rehashes = unpackRehashes(packed, maxTagsPerQuery);
  const { scope } = await enterUpload(parts, upload);
  const owned = await parts.stores.tags.pinOwned(scope, rehashes);
  const states = Uint8Array.from(rehashes, (_, i) => (owned[i] === true ? existenceStates.present : existenceStates.send));
  if (parts.policy.existence === 'own') return { states };
  const claimable = await markClaimable(parts, rehashes, states);
  if (claimable.length === 0) return { states };
  const nonce = parts.world.random(hashBytes);
  const tagsHash = parts.world.hasher.sha256(concat(...claimable));
  await parts.stores.tags.keepNonce({ nonce, uploadId: upload.uploadId, tagsHash, expiresAt: scope.now + proofLifetimeMs });
  return { states, nonce };
}

function countAnswers({ meter }: Parts, states: Uint8Array): void {
  const counts = [0, 0, 0];
  for (const state of states) counts[state] = (counts[state] ?? 0) + 1;
  meter?.add('asked', 'present', counts[existenceStates.present] ?? 0);
  meter?.add('asked', 'claimable', counts[existenceStates.claimable] ?? 0);
  meter?.add('asked', 'send', counts[existenceStates.send] ?? 0);
  meter?.add('hits', 'own', counts[existenceStates.present] ?? 0);
}

/** Sets the state of those that others brought; answers them in the order asked. */
async function markClaimable(parts: Parts, rehashes: readonly Rehash[], states: Uint8Array): Promise<readonly Rehash[]> {
  const open = rehashes.filter((_, i) => states[i] === existenceStates.send);
  const live = new Set((await parts.stores.tags.findLive(open)).map((block) => rehashHex(block.rehash)));
  const claimable: Rehash[] = [];
  for (const [i, rehash] of rehashes.entries()) {
    if (states[i] !== existenceStates.send || !live.has(rehashHex(rehash))) continue;
    states[i] = existenceStates.claimable;
    claimable.push(rehash);
  }
  return claimable;
}
