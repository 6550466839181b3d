/**
 * Makes a quarantined block live again, where its bytes were found whole. Whoever calls it has hashed them.
 */
import { idOfBytes, type UploadId } from '../../client-sdk/protocol/ids.js';
import { idBytes, uploadLifetimeMs } from '../../client-sdk/protocol/limits.js';
import type { Place } from '../ports/block-store.js';
import type { FiledBlock } from '../ports/tag-store.js';
import type { Parts } from './contract.js';

/** Files the block at `place`, else where its row says, as if its owner had sent it; false where nobody refers to it or it is live already. */
export function revive(parts: Pick<Parts, 'stores' | 'world' | 'gate'>, block: Omit<FiledBlock, 'place'>, place?: Place): Promise<boolean> {
  const { tags, images } = parts.stores;
  return parts.gate.run(async () => {
    const [owner] = await images.referrers(block.rehash, 1);
    const row = await tags.find(block.rehash);
    if (owner === undefined || row?.state !== 'quarantined') return false;
    const now = parts.world.clock.now();
    const scope = { accountId: owner.accountId, uploadId: idOfBytes<UploadId>(parts.world.random(idBytes)), now };
    await tags.beginUpload({ ...scope, expiresAt: now + uploadLifetimeMs, receivedBytes: 0 }, now, Number.MAX_SAFE_INTEGER);
    const isFiled = await tags.file(scope, [{ ...block, place: place ?? row.place }]);
    await tags.endUpload(scope.uploadId, scope.accountId);
    return isFiled;
  });
}
