/** Where the tail of the packs begins, what lies in it, and how that is noted. */
import { describe, expect, it } from '@jest/globals';
import { endsOf, endTail, isBefore, noteTail, packsBeyond, renumberedTail, tailOf, type PackEnds } from '../../server/core/tail.js';
import type { PackSummary } from '../../server/ports/block-store.js';

const packs = (...pairs: readonly (readonly [number, number])[]): readonly PackSummary[] => pairs.map(([pack, bytes]) => ({ pack, bytes, isSealed: true }));
const numbersOf = (summaries: readonly PackSummary[]): readonly number[] => summaries.map(({ pack }) => pack);
const noted = async (text: string): Promise<PackEnds | undefined> => tailOf({ read: () => Promise.resolve(text) });
const place = (pack: number, offset: number) => ({ pack, offset, length: 1 });

describe('a tail', () => {
  it('has packs with other numbers, and the last one where it grew', () => {
    const ends = endsOf(packs([1, 100], [4, 70]), 0);
    expect(numbersOf(packsBeyond(ends, packs([1, 100], [4, 70])))).toEqual([]);
    expect(numbersOf(packsBeyond(ends, packs([1, 100], [4, 71], [5, 9])))).toEqual([4, 5]);
    // The last pack was compacted away meanwhile.
    expect(numbersOf(packsBeyond(ends, packs([1, 100], [5, 9])))).toEqual([5]);
    expect(numbersOf(packsBeyond(endsOf([], 0), packs([1, 40])))).toEqual([1]);
  });

  it('has packs of slower clocks, whose numbers lie below the last one, and none that was there', () => {
    const ends = endsOf(packs([10, 5], [95, 5], [100, 5]), 10);
    expect(numbersOf(packsBeyond(ends, packs([10, 5], [95, 5], [97, 5], [100, 5])))).toEqual([97]);
    expect(numbersOf(packsBeyond(ends, packs([10, 5], [89, 5], [90, 5], [95, 5], [100, 5])))).toEqual([90]);
  });

  it('begins behind what lay before', () => {
    const ends = endsOf(packs([2, 9], [95, 30], [100, 50]), 10);
    expect([place(2, 1_000), place(95, 29), place(100, 49)].map((at) => isBefore(ends, at))).toEqual([true, true, true]);
    expect([place(95, 30), place(97, 0), place(100, 50), place(101, 0)].map((at) => isBefore(ends, at))).toEqual([false, false, false, false]);
  });

  it('comes back as it was noted, is unknown where nothing was, and is everything where the note says nothing', async () => {
    const ends = endsOf(packs([2, 9], [95, 30], [100, 50]), 10);
    let text = '';
    await noteTail({ write: (_, value) => { text = value; return Promise.resolve(); } }, ends);
    expect(await noted(text)).toEqual(ends);
    expect(await tailOf({ read: () => Promise.resolve(undefined) })).toBeUndefined();
    for (const odd of ['', '{', '[]', '{"from":-1,"bytes":[]}', '{"from":7}']) expect(await noted(odd)).toEqual({ from: 0, bytes: new Map() });
    expect(await noted('{"from":7,"bytes":[[8,1],[9],["x",2],null]}')).toEqual({ from: 7, bytes: new Map([[8, 1]]) });
  });

  it('ends where the packs ended before all that is being written was settled', async () => {
    const steps: string[] = [];
    const step = <T>(name: string, result: T): Promise<T> => {
      steps.push(name);
      return Promise.resolve(result);
    };
    const gate = { settle: () => step('settle', undefined) };
    const store = {
      blocks: { numberSlack: 0, packs: () => step('packs', packs([3, 40])) },
      state: { read: () => step('read', undefined), write: (_: string, text: string) => step(`write ${text}`, undefined) },
    };
    await endTail(gate, store);
    expect(steps).toEqual(['packs', 'settle', 'write {"from":3,"bytes":[[3,40]]}']);
  });

  it('begins at the same records where packs have other numbers', async () => {
    const text = JSON.stringify({ from: 4, bytes: [[4, 70]] });
    expect(await noted(renumberedTail(text, [[1, 1_001], [4, 1_002], [7, 1_003]]))).toEqual({ from: 1_002, bytes: new Map([[1_002, 70]]) });
    // What was the last pack has gone.
    expect(await noted(renumberedTail(text, [[1, 1_001], [7, 1_003]]))).toEqual({ from: 1_003, bytes: new Map() });
    expect(await noted(renumberedTail(text, [[1, 1_001]]))).toEqual({ from: 1_002, bytes: new Map() });
    expect(await noted(renumberedTail(text, []))).toEqual({ from: 1, bytes: new Map() });
  });
});
