/**
 * Order: does the order in which blocks were filed tell where they lie in the picture? Row ids and places in packs grow as
 * blocks come, and clients send them in shuffled order, a chunk of a file at a time.
 */
import type { KnownImage, Truth } from './made-store.js';
import { imagesByBlock, type SeenBlock, type SeenImage } from './seen-store.js';
import { meanOf, rankCorrelation } from './statistics.js';

/** How much of the places of tiles the order tells. */
export interface OrderFigures {
  /** Images that brought at least `minTiles` tiles. */
  readonly images: number;
  readonly tiles: number;
  /** Mean and largest size of Spearman's coefficient between the order of filing and the order in the picture. */
  readonly correlation: number;
  readonly maxCorrelation: number;
  /** Tiles put into the right eighth of their picture by that order alone (guessing gives 0.125). */
  readonly rightEighth: number;
  /** Blocks of lists and metadata that are told from tiles because they come last. */
  readonly segmentsLast: number;
}

const minTiles = 16;

/** `isTold` chooses images by what is true of them. */
export function orderFigures(images: readonly SeenImage[], truth: Truth, isTold: (known: KnownImage, tiles: number) => boolean): OrderFigures {
  const orders: (readonly number[])[] = [];
  const segments: number[] = [];
  const users = imagesByBlock(images);
  for (const image of images) {
    const known = truth.get(image.imageId);
    if (known === undefined) continue;
    const own = ownBlocks(image, known).filter(({ block }) => users.get(block.rehash)?.[0] === image);
    const tiles = own.filter(({ is }) => is.role === 'content');
    if (tiles.length < minTiles || !isTold(known, tiles.length)) continue;
    orders.push(ranksOf(tiles.map(({ is }) => is.index)));
    const lists = own.length - tiles.length;
    if (lists > 0) segments.push(own.slice(-lists).filter(({ is }) => is.role === 'segment').length / lists);
  }
  const correlations = orders.map((order) => Math.abs(rankCorrelation(order)));
  return {
    images: orders.length,
    tiles: orders.reduce((sum, order) => sum + order.length, 0),
    correlation: meanOf(correlations),
    maxCorrelation: Math.max(0, ...correlations),
    rightEighth: meanOf(orders.flatMap((order) => order.map((rank, i) => (eighth(rank, order) === eighth(i, order) ? 1 : 0)))),
    segmentsLast: meanOf(segments),
  };
}

/** Blocks with contents of this image, in the order of filing. Those that an earlier image brought are told with that one: a picture's versions would be one draw many times. */
function ownBlocks({ blocks }: SeenImage, known: KnownImage): readonly { readonly block: SeenBlock; readonly is: NonNullable<ReturnType<KnownImage['blocks']['get']>> }[] {
  return blocks.flatMap((block) => {
    const is = known.blocks.get(block.rehash);
    return is === undefined || is.isPatched ? [] : [{ block, is }];
  });
}

function ranksOf(values: readonly number[]): readonly number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const ranks = new Map(sorted.map((value, rank) => [value, rank] as const));
  return values.map((value) => ranks.get(value) ?? 0);
}

function eighth(rank: number, order: readonly number[]): number {
  return Math.floor((8 * rank) / order.length);
}
