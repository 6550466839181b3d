/**
 * An operation of the model, and the moves of which it is made: each a step that nothing can come between, with whatever may come between two of them.
 */
import type { State } from './store-model.js';

/** What is asked of a store. Uploads, images and claims are numbers that nothing was called before, or what was called so. */
export type Operation =
  | { readonly kind: 'register' | 'close' | 'keyring'; readonly account: number; readonly revision: number }
  | { readonly kind: 'begin' | 'end'; readonly account: number; readonly upload: number }
  | { readonly kind: 'ask'; readonly account: number; readonly upload: number; readonly blocks: readonly number[]; readonly serial: number }
  | { readonly kind: 'send'; readonly account: number; readonly upload: number; readonly blocks: readonly number[] }
  | { readonly kind: 'claim'; readonly account: number; readonly upload: number; readonly blocks: readonly number[]; readonly serial: number; readonly forged: readonly number[] }
  | { readonly kind: 'commit'; readonly account: number; readonly upload: number; readonly drafts: readonly Draft[] }
  | { readonly kind: 'trash' | 'restore' | 'purge'; readonly account: number; readonly image: number }
  | { readonly kind: 'sweep'; readonly isThorough: boolean };

/** `isOther`: with another manifest than the one that the id was first committed with. */
export interface Draft {
  readonly image: number;
  readonly blocks: readonly number[];
  readonly isOther: boolean;
}

/** A step that is to come: `at` tells it from all others, with all that was learnt before it. */
export interface Move {
  readonly at: string;
  readonly go: (state: State) => Move | { readonly answer: string };
}

/** The next step, or what the client is told. */
export type Outcome = ReturnType<Move['go']>;

/** Makes a step of one operation. */
export type Step = (at: string, go: Move['go']) => Move;

export const refused = (code: string): Outcome => ({ answer: `refused ${code}` });
export const told = (answer: unknown): Outcome => ({ answer: JSON.stringify(answer) });
