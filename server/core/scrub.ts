/**
 * Walks the index and puts right what can be put right: first each row (check code, T1, then the cipher), then each
 * cipher (SHA-256 = T; an equal copy heals it, else it is quarantined until an equal block is uploaded). SPEC.md section 4.
 */
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import type { Rehash } from '../../client-sdk/protocol/ids.js';
import type { TagRow } from '../ports/tag-store.js';
import type { ConcernedImage } from './check.js';
import type { Stop } from './contract.js';
import { readSound, type ReadParts } from './stored-block.js';

const pageRows = 1_000;
const maxReferrers = 100;

/** A block that could not be put right. */
export interface LostBlock {
  readonly rehash: string;
  readonly images: readonly ConcernedImage[];
}

/** What a scrub did. Repairs are counted by what had rotted; `healed`: ciphers replaced by an equal copy. */
export interface ScrubAnswer {
  readonly blocks: number;
  readonly repairedTags: number;
  readonly repairedCodes: number;
  readonly repairedRehashes: number;
  readonly healedCiphers: number;
  readonly lost: number;
}

/** Scrubs all rows; blocks that stay damaged go to `onLost`. Repeatable. Memory: a page of rows and one block. */
export async function scrubStore(parts: ReadParts, order: { readonly onLost: (lost: LostBlock) => void; readonly stop?: Stop }): Promise<ScrubAnswer> {
  const counts = { blocks: 0, tag: 0, code: 0, rehash: 0, cipher: 0, lost: 0 };
  for await (const row of rowsOf(parts)) {
    if (order.stop?.aborted === true) break;
    counts.blocks++;
    const block = await readSound(parts, row);
    if (block?.rot !== undefined) counts[block.rot]++;
    if (block !== undefined || (await parts.stores.tags.find(row.rehash)) === undefined) continue;
    counts.lost++;
    order.onLost({ rehash: hexOf(row.rehash), images: await parts.stores.images.referrers(row.rehash, maxReferrers) });
  }
  const { blocks, tag, code, rehash, cipher, lost } = counts;
  return { blocks, repairedTags: tag, repairedCodes: code, repairedRehashes: rehash, healedCiphers: cipher, lost };
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
