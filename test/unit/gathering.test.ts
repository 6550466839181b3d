/**
 * Requests that several callers share: what gathers, in what order it is answered, and who fails for whom.
 */
import { describe, expect, it } from '@jest/globals';
import { Gathering } from '../../client-sdk/gathering.js';

interface Sent {
  readonly items: readonly number[];
  readonly answer: () => void;
  readonly refuse: (reason: Error) => void;
}

/** Numbers are sent, ten times as much is answered; a number counts as its own size. */
function gathering(maxSize = 100, maxItems = 4): { readonly sent: Sent[]; readonly add: (item: number) => Promise<number> } {
  const sent: Sent[] = [];
  const rules = { maxSize, maxItems, sizeOf: (item: number) => item, isOfOne: (thrown: unknown) => thrown instanceof RangeError };
  const gathered = new Gathering<number, number>(rules, (items) => new Promise((resolve, reject) => {
    sent.push({ items, answer: () => { resolve(items.map((item) => 10 * item)); }, refuse: reject });
  }));
  return { sent, add: (item) => gathered.add(item) };
}

/** Until what was resolved has run on. */
const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

describe('requests of several callers', () => {
  it('gather while one is under way, and each caller gets its own answer', async () => {
    const { sent, add } = gathering();
    const answers = [1, 2, 3, 4, 5, 6].map(add);
    expect(sent.map(({ items }) => items)).toEqual([[1]]);
    for (let i = 0; i < 3; i++) {
      sent[i]?.answer();
      await turn();
    }
    expect(sent.map(({ items }) => items)).toEqual([[1], [2, 3, 4, 5], [6]]);
    expect(await Promise.all(answers)).toEqual([10, 20, 30, 40, 50, 60]);
  });

  it('are no larger than allowed, but for one that is larger by itself', async () => {
    const { sent, add } = gathering(10, 100);
    const answers = [1, 50, 6, 4, 1].map(add);
    for (let i = 0; i < 4; i++) {
      sent[i]?.answer();
      await turn();
    }
    expect(sent.map(({ items }) => items)).toEqual([[1], [50], [6, 4], [1]]);
    expect(await Promise.all(answers)).toEqual([10, 500, 60, 40, 10]);
  });

  it('that are refused for what one brought are made again, each alone', async () => {
    const { sent, add } = gathering();
    const first = add(1);
    const [good, bad] = [add(2), add(3)];
    sent[0]?.answer();
    await turn();
    sent[1]?.refuse(new RangeError('too much'));
    await turn();
    sent[2]?.answer();
    await turn();
    sent[3]?.refuse(new RangeError('too much'));
    expect(sent.map(({ items }) => items)).toEqual([[1], [2, 3], [2], [3]]);
    expect([await first, await good]).toEqual([10, 20]);
    await expect(bad).rejects.toThrow('too much');
  });

  it('that fail for all are not made again', async () => {
    const { sent, add } = gathering();
    const first = add(1);
    const others = [add(2), add(3)];
    sent[0]?.answer();
    await turn();
    sent[1]?.refuse(new Error('no server'));
    expect(await first).toBe(10);
    expect((await Promise.allSettled(others)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const after = add(4);
    sent[2]?.answer();
    expect(await after).toBe(40);
  });
});
