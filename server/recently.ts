/**
 * An answer that may be some seconds old: whoever asks again and again costs one question in a while, and nobody waits longer than a bound for
 * one that hangs. Decides nothing.
 */

/** Times in milliseconds. */
export interface Patience {
  /** How old an answer may be. */
  readonly holdMs: number;
  /** How long to wait for a new one. */
  readonly withinMs: number;
}

/**
 * `ask`, at most one at a time, each answer (a failure too) held for a while. Rejects with what `ask` rejects with, or where it takes too
 * long; it is not asked again before it has answered.
 */
export function recently<T>(ask: () => Promise<T>, { holdMs, withinMs }: Patience): () => Promise<T> {
  let last: { readonly at: number; readonly answer: Promise<T> } | undefined;
  let underWay: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    const answer = ask();
    const settle = (): void => {
      last = { at: performance.now(), answer };
      underWay = undefined;
    };
    answer.then(settle, settle);
    return answer;
  };
  return () => {
    if (last !== undefined && performance.now() - last.at < holdMs) return last.answer;
    underWay ??= begin();
    return bounded(underWay, withinMs);
  };
}

async function bounded<T>(answer: Promise<T>, withinMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => { reject(new Error(`no answer within ${withinMs} ms`)); }, withinMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
