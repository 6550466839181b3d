/**
 * What a stolen index tells of an account's images without opening any: how many, when, how large, which have blocks in
 * common, and how blocks lie. Pure, of rows.
 */
import { padmeLength } from '../../client-sdk/core/padding.js';
import { ivBytes } from '../../client-sdk/protocol/limits.js';
import { joinedGroups, joinedPairs } from './copy-graph.js';
import { imagesByBlock, type SeenBlock, type SeenImage } from './seen-store.js';
import { countsOf, entropyBits, meanOf } from './statistics.js';

/** Lengths of one kind of thing, in bytes. `bits`: what one of them tells, on average. */
export interface LengthView {
  readonly what: string;
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly distinct: number;
  readonly bits: number;
}

export interface ImagesView {
  readonly accountId: string;
  readonly images: number;
  readonly trashed: number;
  /** Ms since the epoch. */
  readonly firstAt: number | undefined;
  readonly lastAt: number | undefined;
  /** Groups of commits with no pause above a quarter of an hour, and hours of the day (UTC) in which any came. */
  readonly visits: number;
  readonly hours: readonly number[];
  readonly lengths: readonly LengthView[];
  /** Of the distinct blocks, those whose length Padmé could have given: all, where all are `personal`. */
  readonly paddedBlocks: number;
  readonly blocks: number;
  readonly cipherBytes: number;
  /** Images that no other one of the account has the lengths of blocks of. */
  readonly uniqueLengths: number;
  /** Blocks of more than one image, pairs of images that have some in common, groups of such. */
  readonly commonBlocks: number;
  readonly joinedPairs: number;
  readonly joinedGroups: readonly number[];
  /** The blocks of most images: how many images, and the length of the cipher. */
  readonly mostUsed: readonly { readonly images: number; readonly bytes: number }[];
  /** Neighbouring row ids of which both blocks are of one image (1: each image lies in one piece). */
  readonly contiguity: number;
}

const pauseMs = 900_000;
const shownBlocks = 5;

/** Of the images of one account. */
export function imagesView(accountId: string, images: readonly SeenImage[]): ImagesView {
  const times = images.map(({ createdAt }) => createdAt).sort((a, b) => a - b);
  const users = imagesByBlock(images);
  const blocks = [...new Map(images.flatMap((image) => image.blocks.map((block) => [block.id, block] as const))).values()].sort((a, b) => a.id - b.id);
  const pairs = joinedPairs(images);
  const byUse = [...blocks].sort((a, b) => usersOf(users, b) - usersOf(users, a));
  return {
    accountId,
    images: images.length,
    trashed: images.filter(({ trashedAt }) => trashedAt !== undefined).length,
    firstAt: times[0],
    lastAt: times.at(-1),
    visits: times.filter((time, i) => i === 0 || time - (times[i - 1] ?? 0) > pauseMs).length,
    hours: [...new Set(times.map((time) => new Date(time).getUTCHours()))].sort((a, b) => a - b),
    lengths: lengthsOf(images, blocks),
    paddedBlocks: blocks.filter(({ bytes }) => padmeLength(bytes - ivBytes) === bytes - ivBytes).length,
    blocks: blocks.length,
    cipherBytes: blocks.reduce((sum, { bytes }) => sum + bytes, 0),
    uniqueLengths: uniqueLengths(images),
    commonBlocks: [...users.values()].filter((list) => list.length > 1).length,
    joinedPairs: pairs.length,
    joinedGroups: joinedGroups(images, pairs).map((group) => group.length).sort((a, b) => b - a),
    mostUsed: byUse.slice(0, shownBlocks).map((block) => ({ images: usersOf(users, block), bytes: block.bytes })),
    contiguity: contiguityOf(blocks, users),
  };
}

/** Blocks that images of several accounts refer to: pairs of account ids, and how many blocks. */
export function commonToAccounts(images: readonly SeenImage[]): ReadonlyMap<string, number> {
  const pairs: string[] = [];
  for (const users of imagesByBlock(images).values()) {
    const accounts = [...new Set(users.map(({ accountId }) => accountId))].sort();
    for (const [i, a] of accounts.entries()) for (const b of accounts.slice(i + 1)) pairs.push(`${a} ${b}`);
  }
  return countsOf(pairs);
}

function lengthsOf(images: readonly SeenImage[], blocks: readonly SeenBlock[]): readonly LengthView[] {
  const previews = images.flatMap(({ previewBytes }) => (previewBytes === undefined ? [] : [previewBytes]));
  return [
    lengthView('entries', images.map(({ entryBytes }) => entryBytes)),
    lengthView('manifests', images.map(({ manifestBytes }) => manifestBytes)),
    lengthView('previews', previews),
    lengthView('blocks', blocks.map(({ bytes }) => bytes)),
    lengthView('blocks of an image (their number)', images.map((image) => image.blocks.length)),
  ].filter(({ count }) => count > 0);
}

function lengthView(what: string, values: readonly number[]): LengthView {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    what,
    count: values.length,
    min: sorted[0] ?? 0,
    median: sorted[Math.floor(sorted.length / 2)] ?? 0,
    max: sorted.at(-1) ?? 0,
    distinct: new Set(values).size,
    bits: entropyBits(values),
  };
}

function uniqueLengths(images: readonly SeenImage[]): number {
  const signatures = images.map((image) => image.blocks.map(({ bytes }) => bytes).sort((a, b) => a - b).join());
  const counts = countsOf(signatures);
  return signatures.filter((signature) => counts.get(signature) === 1).length;
}

function contiguityOf(blocks: readonly SeenBlock[], users: ReadonlyMap<string, readonly SeenImage[]>): number {
  return meanOf(blocks.slice(1).flatMap((block, i) => {
    const before = users.get(blocks[i]?.rehash ?? '') ?? [];
    return [(users.get(block.rehash) ?? []).some((image) => before.includes(image)) ? 1 : 0];
  }));
}

function usersOf(users: ReadonlyMap<string, readonly SeenImage[]>, { rehash }: SeenBlock): number {
  return users.get(rehash)?.length ?? 0;
}
