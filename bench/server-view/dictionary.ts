/**
 * Dictionary: is a guessed content in the store? In `open` K is the fingerprint, so whoever guesses a content computes its
 * T1 and looks it up, block by block. In `personal` nothing can be computed without the account's secret.
 */
import type { Guess } from './guesses.js';
import type { KnownImage, Truth } from './made-store.js';
import { imagesByBlock, type SeenImage } from './seen-store.js';
import { meanOf } from './statistics.js';

/** What looking one guess up gave. */
export interface Looked {
  readonly guess: Guess;
  /** Distinct blocks of the guess, and those whose T1 the store has. */
  readonly blocks: number;
  readonly found: number;
  /** The stored image that has the most of them, where it has all. */
  readonly whole: SeenImage | undefined;
}

/** Looks all blocks of every guess up. */
export function lookUp(guesses: readonly Guess[], images: readonly SeenImage[]): readonly Looked[] {
  const users = imagesByBlock(images);
  return guesses.map((guess) => {
    const { blocks } = guess.open;
    const found = blocks.filter(({ rehash }) => users.has(rehash));
    const [first, ...others] = found.map(({ rehash }) => users.get(rehash) ?? []);
    const ofAll = found.length < blocks.length ? [] : (first ?? []).filter((image) => others.every((list) => list.includes(image)));
    // Of several the one that has little else.
    const [whole] = ofAll.sort((a, b) => a.blocks.length - b.blocks.length);
    return { guess, blocks: blocks.length, found: found.length, whole };
  });
}

/** How looking up went, where it is known what is stored. */
export interface DictionaryRates {
  /** Guesses that have blocks, and are in the store or not. */
  readonly stored: number;
  readonly absent: number;
  /** Of the stored ones: all blocks found in one image; and that is this very file. */
  readonly storedWhole: number;
  readonly storedNamed: number;
  /** Of the others: found whole, found in part (a near copy is stored). */
  readonly absentWhole: number;
  readonly absentPartly: number;
  /** Mean share of the blocks of a stored guess that was found. */
  readonly storedShare: number;
}

/** Guesses without blocks (they travel whole in the manifest) are left out: there is nothing to look up. */
export function dictionaryRates(looked: readonly Looked[], truth: Truth): DictionaryRates {
  const storedPaths = new Set([...truth.values()].map(({ file }) => file.path));
  const met = looked.filter(({ blocks }) => blocks > 0);
  const stored = met.filter(({ guess }) => storedPaths.has(guess.file.path));
  const absent = met.filter(({ guess }) => !storedPaths.has(guess.file.path));
  const pathOf = (image: SeenImage | undefined): string | undefined => knownOf(truth, image)?.file.path;
  return {
    stored: stored.length,
    absent: absent.length,
    storedWhole: stored.filter(({ whole }) => whole !== undefined).length,
    storedNamed: stored.filter(({ guess, whole }) => pathOf(whole) === guess.file.path).length,
    absentWhole: absent.filter(({ whole }) => whole !== undefined).length,
    absentPartly: absent.filter(({ whole, found }) => whole === undefined && found > 0).length,
    storedShare: meanOf(stored.map(({ found, blocks }) => found / blocks)),
  };
}

function knownOf(truth: Truth, image: SeenImage | undefined): KnownImage | undefined {
  return image === undefined ? undefined : truth.get(image.imageId);
}
