/**
 * Walks the index and puts right what can be put right: first each row (check code, T1, then the cipher), then each
 * cipher (SHA-256 = T; an equal copy heals it, else it is quarantined until an equal block is uploaded). SPEC.md section 4.
 */
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { idOfBytes, type Rehash, type UploadId } from '../../client-sdk/protocol/ids.js';
import { idBytes, uploadLifetimeMs } from '../../client-sdk/protocol/limits.js';
import type { FiledBlock, TagRow } from '../ports/tag-store.js';
import type { ConcernedImage } from './check.js';
import type { Stop } from './contract.js';
import { sideBySide } from './side-by-side.js';
import { readSound, type ReadParts } from './stored-block.js';

const pageRows = 1_000;
const maxReferrers = 100;
/** The disk reads while the processor hashes. */
const readsAtOnce = 8;

/** A block that could not be put right. */
export interface LostBlock {
  readonly rehash: string;
  readonly images: readonly ConcernedImage[];
}

/**
 * What a scrub did. Repairs are counted by what had rotted; `healed`: ciphers replaced by an
 * equal copy; `revived`: quarantined ones that read well again. */
export interface ScrubAnswer {
  readonly blocks: number;
  readonly repairedTags: number;
  readonly repairedCodes: number;
  readonly repairedRehashes: number;
  readonly healedCiphers: number;
  readonly revived: number;
  readonly lost: number;
}

/** Scrubs all rows; blocks that stay damaged go to `onLost`. Repeatable. Memory: a page of rows and a few blocks. */
export async function scrubStore(parts: ReadParts, order: { readonly onLost: (lost: LostBlock) => void; readonly stop?: Stop }): Promise<ScrubAnswer> {
  const counts = { blocks: 0, tag: 0, code: 0, rehash: 0, cipher: 0, revived: 0, lost: 0 };
  const reading = sideBySide(rowsOf(parts), readsAtOnce, async (row) => ({ row, block: await readSound(parts, row) }));
  for await (const { row, block } of reading) {
    if (order.stop?.aborted === true) break;
    counts.blocks++;
    if (block?.rot !== undefined) counts[block.rot]++;
    if (block !== undefined && row.state === 'quarantined' && (await revive(parts, block.row))) counts.revived++;
    if (block !== undefined || (await parts.stores.tags.find(row.rehash)) === undefined) continue;
    counts.lost++;
    order.onLost({ rehash: hexOf(row.rehash), images: await parts.stores.images.referrers(row.rehash, maxReferrers) });
  }
  const { blocks, tag, code, rehash, cipher, revived, lost } = counts;
  return { blocks, repairedTags: tag, repairedCodes: code, repairedRehashes: rehash, healedCiphers: cipher, revived, lost };
}

/** Files a quarantined block that reads well as if its owner had sent it; false where nobody refers to it or it is live already. */
function revive(parts: ReadParts, block: FiledBlock): Promise<boolean> {
  const { tags, images } = parts.stores;
  return parts.gate.run(async () => {
    const [owner] = await images.referrers(block.rehash, 1);
    const row = await tags.find(block.rehash);
    if (owner === undefined || row?.state !== 'quarantined') return false;
    const now = parts.world.clock.now();
    const scope = { accountId: owner.accountId, uploadId: idOfBytes<UploadId>(parts.world.random(idBytes)), now };
    await tags.beginUpload({ ...scope, expiresAt: now + uploadLifetimeMs, receivedBytes: 0 }, now, Number.MAX_SAFE_INTEGER);
    const isFiled = await tags.file(scope, [{ ...block, place: row.place }]);
    await tags.endUpload(scope.uploadId, scope.accountId);
    return isFiled;
  });
}

async function* rowsOf(parts: ReadParts): AsyncGenerator<TagRow> {
  let after: Rehash | undefined;
  for (;;) {
    const rows = await parts.stores.tags.list(after, pageRows);
    yield* rows;
    after = rows.at(-1)?.rehash;
    if (rows.length < pageRows || after === undefined) return;
  }
}
