/**
 * The queue of an upload as a model: states, totals that add up, and what goes back on the list. No browser.
 */
import { describe, expect, it } from '@jest/globals';
import type { PlainUploadedFile } from '../../client-sdk/browser/plain-outcome.js';
import { UploadQueue, type NewFile } from '../../views/pages/parts/upload-queue.js';

function files(count: number, from = 0): readonly NewFile[] {
  return Array.from({ length: count }, (_, i) => ({ name: `folder/${String(i + from)}.png`, size: 100, modifiedAt: 5 }));
}

function outcome(status: PlainUploadedFile['status']): PlainUploadedFile {
  const costs = { logicalBytes: 100, sentBytes: status === 'known' ? 0 : 40, blocks: status === 'known' ? 0 : 3, blocksSent: status === 'known' ? 0 : 1 };
  const error = status === 'failed' ? { code: 'image-too-large' as const, message: 'Too large.', extra: {} } : undefined;
  return { name: 'x', origin: undefined, id: undefined, status, splitter: undefined, ...costs, flatTiles: 0, patchedTiles: 0, error };
}

/** What the totals ought to be, counted anew. */
function recounted(queue: UploadQueue): readonly number[] {
  const items = queue.items('all');
  const of = (...states: readonly string[]): number => items.filter(({ state }) => states.includes(state)).length;
  const isDone = ['stored', 'known', 'skipped', 'failed'];
  return [
    items.length, items.length * 100, of('waiting'), of('reading', 'splitting', 'sealing', 'sending', 'committing'), of('stored'), of('known'), of('skipped'), of('failed'),
    of(...isDone) * 100,
  ];
}

function counted({ totals }: UploadQueue): readonly number[] {
  const { files: all, bytes, waiting, underWay, stored, known, skipped, failed, doneBytes } = totals;
  return [all, bytes, waiting, underWay, stored, known, skipped, failed, doneBytes];
}

describe('the queue of an upload', () => {
  it('hands each waiting file over once, in order, and counts it as waiting until it begins', () => {
    const queue = new UploadQueue();
    queue.add(files(5));
    expect(queue.take(2).map(({ key }) => key)).toEqual([1, 2]);
    expect(queue.take(9).map(({ key }) => key)).toEqual([3, 4, 5]);
    expect(queue.take(9)).toEqual([]);
    expect(queue.totals.waiting).toBe(5);
    queue.begin(1);
    expect(queue.totals).toMatchObject({ waiting: 4, underWay: 1 });
  });

  it('keeps totals that add up through every change', () => {
    const queue = new UploadQueue();
    queue.add(files(6));
    queue.add([{ ...files(1, 6)[0] ?? { name: 'x', size: 100, modifiedAt: 1 }, storedAs: 'a'.repeat(32) }]);
    queue.take(6);
    const steps: readonly (() => unknown)[] = [
      () => { queue.begin(1); }, () => { queue.begin(2); }, () => { queue.begin(3); }, () => { queue.advance(1, 'sealing', 0.5); },
      () => { queue.finish(1, outcome('stored')); }, () => { queue.finish(2, outcome('known')); }, () => { queue.finish(3, outcome('failed')); },
      () => { queue.finish(3, outcome('stored')); }, () => { queue.begin(4); }, () => { queue.putBack(); }, () => { queue.retry(3); }, () => queue.remove(5), () => { queue.begin(6); }, () => queue.remove(6),
      () => { queue.clearDone(); }, () => queue.cancel(),
    ];
    for (const step of steps) {
      step();
      expect(counted(queue)).toEqual(recounted(queue));
    }
    expect(queue.isAtRest).toBe(true);
    expect(queue.totals).toMatchObject({ files: 0, sums: { logicalBytes: 0, sentBytes: 0, blocks: 0, blocksSent: 0 } });
  });

  it('puts what was under way back before all others, and a retried file after them', () => {
    const queue = new UploadQueue();
    queue.add(files(4));
    for (const { key } of queue.take(3)) queue.begin(key);
    queue.finish(2, outcome('failed'));
    queue.putBack();
    queue.retry(2);
    expect(queue.take(9).map(({ key }) => key)).toEqual([1, 3, 4, 2]);
  });

  it('never calls a file stored that did not finish, and never takes an outcome back', () => {
    const queue = new UploadQueue();
    queue.add(files(2));
    queue.begin(1);
    queue.advance(1, 'committing', 1);
    expect(queue.totals.stored).toBe(0);
    queue.finish(1, outcome('stored'));
    queue.advance(1, 'reading', 0);
    queue.finish(1, outcome('failed'));
    expect(queue.item(1)?.state).toBe('stored');
    expect(queue.totals.sums).toEqual({ logicalBytes: 100, sentBytes: 40, blocks: 3, blocksSent: 1 });
  });

  it('moves a file forward alone: a phase that comes again does not take its share back', () => {
    const queue = new UploadQueue();
    queue.add(files(1));
    queue.begin(1);
    queue.advance(1, 'sealing', 0.8);
    const share = queue.item(1)?.share ?? 0;
    queue.advance(1, 'sending', 0);
    expect(queue.item(1)).toMatchObject({ state: 'sending', share });
    expect(queue.movedBytes).toBeCloseTo(100 * share);
  });

  it('shows what is under way and what failed apart', () => {
    const queue = new UploadQueue();
    queue.add(files(3));
    queue.begin(2);
    queue.begin(3);
    queue.finish(3, outcome('failed'));
    expect(queue.items('under-way').map(({ key }) => key)).toEqual([2]);
    expect(queue.items('failed').map(({ key }) => key)).toEqual([3]);
    expect(queue.items('all')).toHaveLength(3);
  });
});
