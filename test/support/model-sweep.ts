/**
 * A sweep as the model does it: sessions that are over, closings that were interrupted, old images of the trash, then blocks.
 */
import { refused, told, type Move, type Outcome, type Step } from './model-move.js';
import { forgetAccount, type RemovalMoves } from './model-removal.js';
import { collect, dropUploads, imagesOf, isReferenced, removeImage, type State, type Terms } from './store-model.js';

export class SweepMoves {
  constructor(private readonly terms: Terms, private readonly step: Step, private readonly removal: RemovalMoves) {}

  sweep(): Move {
    return this.step('alone', (state) => {
      if (state.isSweeping) return refused('unavailable');
      state.isSweeping = true;
      return this.step('held', (then) => (then.isHeld ? this.over(then, refused('unavailable')) : this.expire()));
    });
  }

  private over(state: State, outcome: Outcome): Outcome {
    state.isSweeping = false;
    return outcome;
  }

  private expire(): Move {
    return this.step('expire', (state) => {
      const expired = dropUploads(state, ({ expiresAt }) => expiresAt <= state.now);
      const closing = state.accounts.flatMap(({ status }, account) => (status === 'closing' || status === 'closed' ? [account] : []));
      return this.finish(closing, expired);
    });
  }

  /** Closings that were interrupted, and what late requests wrote. */
  private finish([account, ...others]: readonly number[], expired: number): Outcome {
    if (account === undefined) return this.expiredImages(expired);
    return this.step(`clear ${account} ${expired}`, (state) => {
      for (const { image } of imagesOf(state, account)) removeImage(state, image);
      return this.step(`rest ${account} ${expired}`, (then) => {
        forgetAccount(then, account);
        return this.finish(others, expired);
      });
    });
  }

  private expiredImages(expired: number): Move {
    return this.step(`old ${expired}`, (state) => {
      const before = state.now - this.terms.trashMs;
      const old = Object.entries(state.images).flatMap(([image, { trashedAt }]) => (trashedAt !== null && trashedAt < before ? [Number(image)] : []));
      return this.purgeAll(old, { expired, purged: 0 });
    });
  }

  private purgeAll([image, ...others]: readonly number[], counts: { readonly expired: number; readonly purged: number }): Outcome {
    if (image === undefined) return this.collect(counts);
    const next = (isGone: boolean): Outcome => this.purgeAll(others, { ...counts, purged: counts.purged + (isGone ? 1 : 0) });
    return this.removal.purge(image, next, `${others.join()} ${JSON.stringify(counts)}`);
  }

  private collect(counts: { readonly expired: number; readonly purged: number }): Move {
    return this.step(`collect ${JSON.stringify(counts)}`, (state) => {
      const collected = collect(state, state.now - this.terms.graceMs);
      return this.step(`figures ${JSON.stringify([counts, collected])}`, (then) => {
        const pending = Object.keys(then.blocks).filter((block) => !isReferenced(then, Number(block))).length;
        return this.over(then, told([counts.expired, counts.purged, collected, pending]));
      });
    });
  }
}
