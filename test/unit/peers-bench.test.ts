/**
 * The comparison with other tools without any of them: what its command takes, and the medians of its tables.
 */
import { describe, expect, it } from '@jest/globals';
import type { RoundFigures } from '../../bench/peers/comparison.js';
import { peerCommand } from '../../bench/peers/peer-options.js';
import { medianOf, peerRows } from '../../bench/peers/peer-table.js';

describe('the command', () => {
  it.each([
    [[], 'name one folder'],
    [['x', '--tool', 'tar'], '--tool is a list of dice, dice-bytes, dice-bare, restic, borg, not "tar"'],
    [['x', '--link', 'fast'], '--link is a list of none and of Mbit/s, not "fast"'],
    [['x', '--runs', '0'], '--runs is a number from 1 on, not "0"'],
  ])('refuses %j with a sentence', (args, sentence) => {
    expect(() => peerCommand(args)).toThrow(sentence);
  });
});

describe('medians', () => {
  it('are the middle one, or the mean of the two in the middle', () => {
    expect([medianOf([9, 1, 5]), medianOf([4, 1, 2, 100])]).toEqual([5, 3]);
    expect(() => medianOf([])).toThrow('no median');
  });

  it('are taken over the rounds of one tool, step and link alone', () => {
    const figures = [3, 1, 2].flatMap((seconds, index) => [roundOf('dice', index + 1, seconds), roundOf('restic', index + 1, 10 * seconds), roundOf('borg', index + 1, 5 * seconds)]);
    const rows = peerRows(figures, ['restic', 'borg']).filter(({ step }) => step === 'verify');
    expect(rows.map(({ tool, wallSeconds, runs, ratioToBestPeer }) => [tool, wallSeconds, runs, ratioToBestPeer])).toEqual([['dice', 2, 3, 0.2], ['restic', 20, 3, 2], ['borg', 10, 3, 1]]);
  });
});

function roundOf(tool: string, round: number, seconds: number): RoundFigures {
  const steps = ['first store', 'store unchanged', 'restore', 'store after edits', 'verify'] as const;
  return { link: 'x', tool, round, steps: steps.map((step) => ({ step, wallSeconds: seconds, cpuSeconds: 1, linkBytes: 1, repositoryBytes: undefined, peakMemoryBytes: 1 })) };
}
