/**
 * Looks for an order in which the model gives the answers that the real store gave, and ends in what is seen of it. Operations that were
 * cut off by a crash may have come as far as they like.
 */
import { viewOf, type State } from './store-model.js';
import type { Move } from './model-move.js';

/** An operation that was begun. `answer` undefined: nobody was told. */
export interface Begun {
  readonly first: Move;
  readonly answer: string | undefined;
}

const maxStates = 200_000;

/** All states in which it may have ended, as texts; none where no order explains what was seen. Throws where there are too many orders to look at. */
export function explanations(before: readonly State[], begun: readonly Begun[], seen: string): ReadonlySet<string> {
  const met = new Set<string>();
  const ends = new Set<string>();
  const search = (text: string, left: readonly (Move | undefined)[]): void => {
    const key = `${text} ${left.map((move) => move?.at ?? '').join('\n')}`;
    if (met.has(key)) return;
    met.add(key);
    if (met.size > maxStates) throw new Error('too many orders to look at');
    const isOver = left.every((move, at) => move === undefined || begun[at]?.answer === undefined);
    if (isOver && viewOf(stateIn(text)) === seen) ends.add(text);
    for (const [at, move] of left.entries()) {
      if (move === undefined) continue;
      const state = stateIn(text);
      const outcome = move.go(state);
      const answer = begun[at]?.answer;
      if ('answer' in outcome && answer !== undefined && answer !== outcome.answer) continue;
      search(JSON.stringify(state), left.map((old, index) => (index === at ? ('answer' in outcome ? undefined : outcome) : old)));
    }
  };
  for (const state of before) search(JSON.stringify(state), begun.map(({ first }) => first));
  return ends;
}

/** A state from its text. */
export function stateIn(text: string): State {
  return JSON.parse(text) as State; // it was written from one
}

/** What the model alone would do, for a report: each operation whole, one after the other. */
export function expected(before: State, begun: readonly Begun[]): { readonly answers: readonly string[]; readonly view: string } {
  const state = stateIn(JSON.stringify(before));
  const answers = begun.map(({ first }) => {
    let outcome: ReturnType<Move['go']> = first;
    while (!('answer' in outcome)) outcome = outcome.go(state);
    return outcome.answer;
  });
  return { answers, view: viewOf(state) };
}
