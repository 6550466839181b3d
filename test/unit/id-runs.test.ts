/**
 * Runs of ids against sets: whatever is exchanged, the runs say what the set does, in as few as there can be.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exchange, idsWithin, runsOf, type IdRun } from '../../server/storage/sqlite/id-runs.js';

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 }).map((all) => all.sort((a, b) => a - b));
const idsOf = (runs: readonly IdRun[]): readonly number[] => runs.flatMap(({ first_tag, tags }) => Array.from({ length: tags }, (_, index) => first_tag + index));

describe('runs of ids', () => {
  it('hold ascending ids, none touching the next', () => {
    expect(runsOf([3, 4, 5, 7, 9, 10])).toEqual([{ first_tag: 3, tags: 3 }, { first_tag: 7, tags: 1 }, { first_tag: 9, tags: 2 }]);
    expect(runsOf([])).toEqual([]);
  });

  it('say what a set says after ids were exchanged', () => {
    fc.assert(fc.property(ids, ids, fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 40, maxLength: 40 }), (members, asked, others) => {
      const runs = runsOf(members);
      expect(idsOf(runs)).toEqual(members);
      const within = idsWithin(runs, asked);
      expect(within).toEqual(asked.filter((id) => members.includes(id)));
      const into = new Map(within.map((id, index) => [id, others[index] ?? id]));
      const expected = new Set([...members.filter((id) => !into.has(id)), ...into.values()]);
      const after = exchange(runs, into);
      expect(idsOf(after)).toEqual([...expected].sort((a, b) => a - b));
      expect(after).toEqual(runsOf(idsOf(after)));
    }), { numRuns: 2_000 });
  });
});
