/**
 * A few pieces of work at once over many items, results in the order of the items. What waits for the disk overlaps, and writes of one
 * moment share a sync. Knows nothing of what is done.
 */

/**
 * `work` on each item, at most `limit` under way. Asks for an item when there is room. The first failure, in the order of items, ends it;
 * what is under way then is awaited, and so it is where the reader leaves early.
 */
export async function* sideBySide<T, R>(items: Iterable<T> | AsyncIterable<T>, limit: number, work: (item: T) => Promise<R>): AsyncGenerator<R, void, void> {
  const running: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const one = work(item);
      // A failure is met when its turn comes.
      one.catch(() => undefined);
      running.push(one);
      if (running.length < limit) continue;
      const first = running.shift();
      if (first !== undefined) yield await first;
    }
    for (let first = running.shift(); first !== undefined; first = running.shift()) yield await first;
  } finally {
    await Promise.allSettled(running);
  }
}
