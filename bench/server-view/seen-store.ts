/**
 * The rows of a stolen index that attacks work on: images with their lengths and the blocks that they refer to, blocks in
 * the order of their row ids. What belongs to whom is told by the rows; what a block holds is not.
 */
import type { StolenDisk } from './stolen-disk.js';

/** A block as its row shows it. Ids grow as blocks are filed. */
export interface SeenBlock {
  readonly id: number;
  /** T1 in hex. */
  readonly rehash: string;
  /** Of the cipher. */
  readonly bytes: number;
  readonly pack: number;
  readonly offset: number;
}

/** An image as its row shows it. */
export interface SeenImage {
  readonly imageId: string;
  /** Account id in hex. */
  readonly accountId: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly trashedAt: number | undefined;
  readonly entryBytes: number;
  readonly manifestBytes: number;
  readonly previewBytes: number | undefined;
  /** Distinct ones, in ascending order of their ids. */
  readonly blocks: readonly SeenBlock[];
}

interface ImageColumns {
  readonly id: number;
  readonly image: string;
  readonly account: string;
  readonly created: number;
  readonly trashed: number | null;
  readonly entry: number;
  readonly manifest: number;
  readonly preview: number | null;
}

const imagesSql = `SELECT i.id, lower(hex(i.image_id)) AS image, lower(hex(o.account_id)) AS account, i.created_at AS created, i.trashed_at AS trashed,
  length(i.entry) AS entry, i.manifest_bytes AS manifest, i.preview_bytes AS preview FROM image i JOIN owner o ON o.id = i.owner ORDER BY i.id`;
const blocksSql = 'SELECT id, lower(hex(t1)) AS rehash, length AS bytes, pack, offset FROM tag ORDER BY id';
const runsSql = 'SELECT image, first_tag AS first, tags FROM reference_run ORDER BY image, first_tag';

/** All blocks, in ascending order of their ids. */
function seenBlocks(disk: StolenDisk): readonly SeenBlock[] {
  return disk.rows<SeenBlock>(blocksSql);
}

/** All images, in the order in which they were committed. */
export function seenImages(disk: StolenDisk): readonly SeenImage[] {
  const blocks = new Map(seenBlocks(disk).map((block) => [block.id, block] as const));
  const runs = new Map<number, SeenBlock[]>();
  for (const { image, first, tags } of disk.rows<{ readonly image: number; readonly first: number; readonly tags: number }>(runsSql)) {
    const members = runs.get(image) ?? [];
    runs.set(image, members);
    for (let id = first; id < first + tags; id++) members.push(...[blocks.get(id)].filter((block) => block !== undefined));
  }
  return disk.rows<ImageColumns>(imagesSql).map((row) => ({
    imageId: row.image,
    accountId: row.account,
    createdAt: row.created,
    trashedAt: row.trashed ?? undefined,
    entryBytes: row.entry,
    manifestBytes: row.manifest,
    previewBytes: row.preview ?? undefined,
    blocks: runs.get(row.id) ?? [],
  }));
}

/** T1 -> the images that refer to it. */
export function imagesByBlock(images: readonly SeenImage[]): ReadonlyMap<string, readonly SeenImage[]> {
  const users = new Map<string, SeenImage[]>();
  for (const image of images) {
    for (const { rehash } of image.blocks) {
      const list = users.get(rehash) ?? [];
      users.set(rehash, list);
      list.push(image);
    }
  }
  return users;
}
