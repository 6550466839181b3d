/**
 * What guessed images tell of a stolen store of which nothing else is known: which of them are in it by content, and which
 * stored image each is most like by sizes.
 */
import { textTable } from '../text-table.js';
import { lookUp } from './dictionary.js';
import type { Guess } from './guesses.js';
import type { SeenImage } from './seen-store.js';
import { bestBySize } from './size-match.js';

export interface GuessedView {
  readonly guesses: readonly {
    readonly name: string;
    /** Distinct blocks, and those that the store has under the keys of `open`. */
    readonly blocks: number;
    readonly found: number;
    /** Stored images of which, by all lengths, nothing else that was guessed is more like. */
    readonly likeOpen: readonly string[];
    readonly likePersonal: readonly string[];
  }[];
}

/** A stored image that has no length in common with any guess is like none of them. */
export function guessedView(guesses: readonly Guess[], images: readonly SeenImage[]): GuessedView {
  const like = { open: new Map<Guess, string[]>(), personal: new Map<Guess, string[]>() };
  for (const domain of ['open', 'personal'] as const) {
    for (const image of images) {
      const best = bestBySize({ image, guesses, domain, feature: 'lengths of blocks' });
      for (const guess of best.length === guesses.length ? [] : best) like[domain].set(guess, [...(like[domain].get(guess) ?? []), image.imageId]);
    }
  }
  return {
    guesses: lookUp(guesses, images).map(({ guess, blocks, found }) => ({
      name: guess.file.name, blocks, found, likeOpen: like.open.get(guess) ?? [], likePersonal: like.personal.get(guess) ?? [],
    })),
  };
}

export function guessedViewText({ guesses }: GuessedView): string {
  const rows = guesses.map(({ name, blocks, found, likeOpen, likePersonal }) => [name, String(blocks), String(found), String(likeOpen.length), String(likePersonal.length)]);
  return `\nGuessed images:\n${textTable(['image', '>blocks', '>found by content', '>stored images most like it (open)', '>(personal)'], rows)}\n`;
}
