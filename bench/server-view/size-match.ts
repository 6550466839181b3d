/**
 * Sizes: which of the guessed images is a stored one, by lengths alone? Lengths of blocks, manifest and preview are compared
 * with those of each guess. No domain hides them; padding makes some of them equal.
 */
import type { DomainKind } from '../../client-sdk/core/domain.js';
import { padmeLength } from '../../client-sdk/core/padding.js';
import { ivBytes } from '../../client-sdk/protocol/limits.js';
import type { Guess } from './guesses.js';
import type { Truth } from './made-store.js';
import type { SeenImage } from './seen-store.js';
import { commonMembers, countsOf, meanOf } from './statistics.js';

/** What is compared: how many blocks there are; their lengths; these with the lengths of manifest and preview. */
export const sizeFeatures = ['number of blocks', 'lengths of blocks', 'all lengths'] as const;
export type SizeFeature = (typeof sizeFeatures)[number];

/** What a store shows of a stored image and of each guess. */
export interface SizeQuestion {
  readonly image: SeenImage;
  readonly guesses: readonly Guess[];
  readonly domain: Exclude<DomainKind, 'group'>;
  readonly feature: SizeFeature;
}

/** Guesses that fit a stored image best: one, or several that lengths do not tell apart. */
export function bestBySize({ image, guesses, domain, feature }: SizeQuestion): readonly Guess[] {
  const scores = guesses.map((guess) => likeness(image, guess[domain === 'open' ? 'open' : 'personal'], feature));
  const best = Math.max(...scores);
  return guesses.filter((_, i) => scores[i] === best);
}

/** Of the stored images that were guessed: the share for which the best guess is right, guesses that are told apart by nothing counted in part. */
export function topOne(ask: Omit<SizeQuestion, 'image'>, images: readonly SeenImage[], truth: Truth): { readonly images: number; readonly share: number } {
  const paths = new Set(ask.guesses.map(({ file }) => file.path));
  const asked = images.flatMap((image) => {
    const file = truth.get(image.imageId)?.file.path;
    return file === undefined || !paths.has(file) ? [] : [{ image, file }];
  });
  const hits = asked.map(({ image, file }) => {
    const best = bestBySize({ ...ask, image });
    return best.some((guess) => guess.file.path === file) ? 1 / best.length : 0;
  });
  return { images: asked.length, share: meanOf(hits) };
}

/** A rule by which coded bytes could be lengthened. */
export interface Padding {
  readonly name: string;
  readonly padded: (bytes: number) => number;
}

/** From none to one length for every block of a picture's full tiles. */
export const paddings: readonly Padding[] = [
  { name: 'none (`open` today)', padded: (bytes) => bytes },
  { name: 'Padmé (`personal` today)', padded: padmeLength },
  { name: 'to a multiple of 4,096', padded: (bytes) => Math.ceil(bytes / 4_096) * 4_096 },
  { name: 'to a half or a whole power of 2', padded: (bytes) => Math.min(...[2 ** Math.ceil(Math.log2(bytes)), 1.5 * 2 ** Math.ceil(Math.log2(bytes / 1.5))].map(Math.ceil)) },
  { name: 'to a power of 2', padded: (bytes) => 2 ** Math.ceil(Math.log2(bytes)) },
  { name: 'to a power of 4', padded: (bytes) => 4 ** Math.ceil(Math.log2(bytes) / 2) },
  { name: 'all to 65,536 or more', padded: (bytes) => Math.max(65_536, 2 ** Math.ceil(Math.log2(bytes))) },
];

/** What a rule would cost and hide. */
export interface PaddingFigures {
  readonly name: string;
  /** Distinct blocks of the guesses with padding, in parts of those without. */
  readonly cost: number;
  /** Share of guesses that no other guess has the lengths of; and how many guesses one looks like, on average. */
  readonly unique: number;
  readonly alike: number;
}

/** From the unpadded lengths of `open`: guesses that have blocks and differ in them. */
export function paddingFigures(guesses: readonly Guess[], { name, padded }: Padding): PaddingFigures {
  const different = [...new Map(guesses.map((guess) => [guess.open.blocks.map(({ rehash }) => rehash).sort().join(), guess] as const)).values()];
  const lengths = different.filter(({ open }) => open.blocks.length > 0).map(({ open }) => open.blocks.map(({ bytes }) => bytes - ivBytes));
  const signatures = lengths.map((list) => list.map(padded).sort((a, b) => a - b).join());
  const counts = countsOf(signatures);
  const blocks = new Map(guesses.flatMap(({ open }) => open.blocks.map(({ rehash, bytes }) => [rehash, bytes - ivBytes] as const)));
  const sumOf = (rule: (bytes: number) => number): number => [...blocks.values()].reduce((sum, bytes) => sum + rule(bytes) + ivBytes, 0);
  return {
    name,
    cost: sumOf(padded) / sumOf((bytes) => bytes),
    unique: meanOf(signatures.map((signature) => (counts.get(signature) === 1 ? 1 : 0))),
    alike: meanOf(signatures.map((signature) => counts.get(signature) ?? 0)),
  };
}

function likeness(a: SeenImage, b: SeenImage, feature: SizeFeature): number {
  if (feature === 'number of blocks') return -Math.abs(a.blocks.length - b.blocks.length);
  const both = a.blocks.length + b.blocks.length;
  const blocks = both === 0 ? 1 : (2 * commonMembers(a.blocks.map(({ bytes }) => bytes), b.blocks.map(({ bytes }) => bytes))) / both;
  if (feature === 'lengths of blocks') return blocks;
  return blocks + (a.manifestBytes === b.manifestBytes ? 0.5 : 0) + (a.previewBytes === b.previewBytes ? 0.5 : 0);
}
