/**
 * A few pieces of work at once: how many, in which order results come, and that nothing is left under way.
 */
import { describe, expect, it } from '@jest/globals';
import { sideBySide } from '../../server/core/side-by-side.js';

/** Work that ends when it is told, and knows how much of it is under way. */
class Works {
  underWay = 0;
  most = 0;
  readonly begun: number[] = [];
  readonly #ends = new Map<number, (failed: boolean) => void>();

  readonly run = async (item: number): Promise<number> => {
    this.begun.push(item);
    this.most = Math.max(this.most, ++this.underWay);
    await new Promise<void>((resolve, reject) => {
      this.#ends.set(item, (failed) => {
        this.underWay--;
        if (failed) reject(new Error(`item ${String(item)}`));
        else resolve();
      });
    });
    return 10 * item;
  };

  end(item: number, failed = false): void {
    this.#ends.get(item)?.(failed);
  }

  endAll(): void {
    for (const item of this.begun) this.end(item);
  }
}

/** Lets everything that can go on go on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

describe('work side by side', () => {
  it('has at most so many under way, and answers in the order of the items whichever ends first', async () => {
    const works = new Works();
    const results: number[] = [];
    const all = (async () => { for await (const result of sideBySide([1, 2, 3, 4, 5, 6], 3, works.run)) results.push(result); })();
    for (const item of [3, 2, 1, 5, 4, 6]) {
      await settle();
      works.end(item);
    }
    await settle();
    works.endAll();
    await all;
    expect([results, works.most]).toEqual([[10, 20, 30, 40, 50, 60], 3]);
  });

  it('fails with the first failure in the order of the items, when all that was under way has ended', async () => {
    const works = new Works();
    const state = { hasEnded: false };
    const all = (async () => { for await (const result of sideBySide([1, 2, 3], 3, works.run)) expect(result).toBe(0); })().finally(() => { state.hasEnded = true; });
    const failed = expect(all).rejects.toThrow('item 1');
    await settle();
    works.end(2, true);
    works.end(1, true);
    await settle();
    expect(state.hasEnded).toBe(false);
    works.end(3);
    await failed;
    expect(works.underWay).toBe(0);
  });

  it('begins nothing more where the reader leaves, and waits for what it began', async () => {
    const works = new Works();
    const reading = (async () => {
      for await (const result of sideBySide([1, 2, 3, 4, 5], 2, works.run)) return result;
      return 0;
    })();
    await settle();
    works.end(1);
    await settle();
    works.end(2);
    expect(await reading).toBe(10);
    expect([works.begun, works.underWay]).toEqual([[1, 2], 0]);
  });
});
