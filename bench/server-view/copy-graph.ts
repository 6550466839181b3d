/**
 * Copies: which stored images are versions of one picture? Images that refer to a common block are joined; no content is
 * needed, and no domain hides it, since equal blocks of one account are one block.
 */
import { imagesByBlock, type SeenImage } from './seen-store.js';

/** Two images that have blocks in common. */
export interface Joined {
  readonly a: SeenImage;
  readonly b: SeenImage;
  readonly common: number;
  /** Of the one that has fewer blocks. */
  readonly share: number;
}

/** A block of more images than this joins nobody: it would be a border or a header, and the pairs would be without number. */
const maxUsers = 1_000;

/** All pairs that have a block in common. */
export function joinedPairs(images: readonly SeenImage[]): readonly Joined[] {
  const places = new Map(images.map((image, i) => [image, i] as const));
  const common = new Map<number, number>();
  for (const users of imagesByBlock(images).values()) {
    if (users.length > maxUsers) continue;
    const ids = users.map((image) => places.get(image) ?? 0);
    for (const [i, a] of ids.entries()) {
      for (const b of ids.slice(i + 1)) {
        const key = a * images.length + b;
        common.set(key, (common.get(key) ?? 0) + 1);
      }
    }
  }
  return [...common].flatMap(([key, count]) => {
    const [a, b] = [images[Math.floor(key / images.length)], images[key % images.length]];
    return a === undefined || b === undefined ? [] : [{ a, b, common: count, share: count / Math.min(a.blocks.length, b.blocks.length) }];
  });
}

/** Groups of images that lead to one another. */
export function joinedGroups(images: readonly SeenImage[], pairs: readonly Joined[]): readonly (readonly SeenImage[])[] {
  const leader = new Map(images.map((image) => [image, image] as const));
  const leaderOf = (image: SeenImage): SeenImage => {
    let at = image;
    for (let above = leader.get(at); above !== undefined && above !== at; above = leader.get(at)) at = above;
    return at;
  };
  for (const { a, b } of pairs) leader.set(leaderOf(a), leaderOf(b));
  const groups = new Map<SeenImage, SeenImage[]>();
  for (const image of images) {
    const first = leaderOf(image);
    const group = groups.get(first) ?? [];
    groups.set(first, group);
    group.push(image);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** How well "versions of one picture" is told. */
export interface GraphRates {
  readonly truePairs: number;
  readonly toldPairs: number;
  readonly precision: number;
  readonly recall: number;
}

/** `pictureOf`: which picture an image is a version of. `minShare`: pairs with less in common are not told. */
export function graphRates(images: readonly SeenImage[], pictureOf: (image: SeenImage) => string, minShare: number): GraphRates {
  const pairs = joinedPairs(images).filter(({ share }) => share >= minShare);
  const right = pairs.filter(({ a, b }) => pictureOf(a) === pictureOf(b)).length;
  const versions = new Map<string, number>();
  for (const image of images) versions.set(pictureOf(image), (versions.get(pictureOf(image)) ?? 0) + 1);
  const truePairs = [...versions.values()].reduce((sum, n) => sum + (n * (n - 1)) / 2, 0);
  return { truePairs, toldPairs: pairs.length, precision: pairs.length === 0 ? 0 : right / pairs.length, recall: truePairs === 0 ? 0 : right / truePairs };
}
