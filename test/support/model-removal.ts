/**
 * How an image comes to the trash, back and away in the model, and what the packs say of it meanwhile.
 */
import { refused, told, type Move, type Outcome, type Step } from './model-move.js';
import { add, dropUploads, removeImage, wordsOf, type State } from './store-model.js';

export class RemovalMoves {
  constructor(private readonly step: Step) {}

  trash(image: number): Move {
    return this.step('trash', (state) => {
      const row = state.images[image];
      if (row === undefined) return refused('not-found');
      row.trashedAt ??= state.now;
      return told('done');
    });
  }

  restore(image: number): Move {
    const write = this.step('restore', (state) => {
      const row = state.images[image];
      if (row === undefined) return refused('not-found');
      row.trashedAt = null;
      return told('done');
    });
    return this.step('find', (state) => {
      const row = state.images[image];
      if (row === undefined) return refused('not-found');
      return row.trashedAt === null ? told('done') : this.noting(image, 'restoredAt', write);
    });
  }

  private noting(image: number, word: 'removedAt' | 'restoredAt', next: Move): Move {
    return this.step(`note ${image} ${word} ${next.at}`, (state) => {
      const words = wordsOf(state, image);
      state.ledger[image] = words;
      words[word] = Math.max(words[word], state.now);
      return next;
    });
  }

  /** Goes on with `then`; `context` tells apart what came before. */
  purge(image: number, then: (isGone: boolean) => Outcome, context = ''): Move {
    const back: Move = this.step(`back ${image} ${context}`, (state) => {
      if (state.images[image] === undefined) return then(false);
      return this.noting(image, 'restoredAt', this.step(`late ${image} ${context}`, () => then(false)));
    });
    const take: Move = this.step(`purge ${image} ${context}`, (state) => {
      const row = state.images[image];
      if (row === undefined || row.trashedAt === null) return back;
      removeImage(state, image);
      add(state.buried, image);
      return then(true);
    });
    return this.step(`trashed ${image} ${context}`, (state) => {
      const row = state.images[image];
      return row === undefined || row.trashedAt === null ? then(false) : this.noting(image, 'removedAt', take);
    });
  }
}

/** The end of a closing: nothing is left of the account. */
export function forgetAccount(state: State, account: number): Outcome {
  dropUploads(state, (upload) => upload.account === account);
  const row = state.accounts[account];
  if (row !== undefined) row.status = 'closed';
  return told('done');
}
