/**
 * A few tasks at once over an endless row of items, results as they come. Knows nothing of images. SPEC.md section 12.
 */

/** What came first: the next item, or the end of a task. */
type Event<T, R> = { readonly kind: 'item'; readonly next: IteratorResult<T> } | { readonly kind: 'end'; readonly done: () => R };

/**
 * `work` on each item, at most `limit` at a time; yields results in the order of completion. Asks for an item only when a
 * place is free, and an item that is slow to come holds no result up. The first failure ends it. Where the reader leaves
 * early, `stop` is called, and what runs is awaited.
 */
export async function* concurrently<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  { work, stop }: { readonly work: (item: T) => Promise<R>; readonly stop: () => void },
): AsyncGenerator<R, void, void> {
  const source = iteratorOf(items);
  const running = new Set<Promise<Event<T, R>>>();
  let coming: Promise<Event<T, R>> | undefined;
  let isExhausted = false;
  try {
    for (;;) {
      if (!isExhausted && running.size < limit) coming ??= itemOf(source);
      if (coming === undefined && running.size === 0) return;
      const first = await Promise.race(coming === undefined ? running : [coming, ...running]);
      if (first.kind === 'end') yield first.done();
      else {
        coming = undefined;
        if (first.next.done === true) isExhausted = true;
        else start(running, work(first.next.value));
      }
    }
  } finally {
    // An item that nobody waits for any more may fail unheard.
    coming?.catch(() => undefined);
    if (running.size > 0) stop();
    await Promise.allSettled(running);
    await source.return?.();
  }
}

async function itemOf<T, R>(source: AsyncIterator<T> | Iterator<T>): Promise<Event<T, R>> {
  return { kind: 'item', next: await source.next() };
}

function start<T, R>(running: Set<Promise<Event<T, R>>>, task: Promise<R>): void {
  const settled: Promise<Event<T, R>> = task.then(
    (result) => ({
      kind: 'end',
      done: () => {
        running.delete(settled);
        return result;
      },
    }),
    (reason: unknown) => ({
      kind: 'end',
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
