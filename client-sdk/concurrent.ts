/**
 * A few tasks at once over an endless row of items, results as they come. Knows nothing of images. SPEC.md section 12.
 */

/**
 * `work` on each item, at most `limit` at a time; yields results in the order of completion. Takes an item only when a
 * place is free. The first failure ends it. Where the reader leaves early, `stop` is called, and what runs is awaited.
 */
export async function* concurrently<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  { work, stop }: { readonly work: (item: T) => Promise<R>; readonly stop: () => void },
): AsyncGenerator<R, void, void> {
  const source = iteratorOf(items);
  const running = new Set<Promise<{ readonly done: () => R }>>();
  let isExhausted = false;
  try {
    for (;;) {
      while (!isExhausted && running.size < limit) {
        const next = await source.next();
        if (next.done === true) isExhausted = true;
        else start(running, work(next.value));
      }
      if (running.size === 0) return;
      const finished = await Promise.race(running);
      yield finished.done();
    }
  } finally {
    if (running.size > 0) stop();
    await Promise.allSettled(running);
    await source.return?.();
  }
}

function start<R>(running: Set<Promise<{ readonly done: () => R }>>, task: Promise<R>): void {
  const settled: Promise<{ readonly done: () => R }> = task.then(
    (result) => ({
      done: () => {
        running.delete(settled);
        return result;
      },
    }),
    (reason: unknown) => ({
      done: () => {
        running.delete(settled);
        throw reason;
      },
    }),
  );
  running.add(settled);
}

function iteratorOf<T>(items: Iterable<T> | AsyncIterable<T>): AsyncIterator<T> | Iterator<T> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}
