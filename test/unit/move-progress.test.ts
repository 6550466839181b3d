/**
 * What a move says on stderr: counts at once, then speed and the time left from what this run did.
 */
import { describe, expect, it } from '@jest/globals';
import { progressTeller } from '../../server/cli/move-progress.js';

function told(isTerminal: boolean): { readonly lines: string[]; readonly tell: ReturnType<typeof progressTeller>; readonly pass: (ms: number) => void } {
  const lines: string[] = [];
  let ms = 0;
  return { lines, tell: progressTeller({ isTerminal, now: () => ms, write: (text) => { lines.push(text); } }), pass: (more) => { ms += more; } };
}

const packs = (done: number, doneBytes: number) => ({ phase: 'packs' as const, done, total: 100, doneBytes, totalBytes: 6_000_000_000 });

describe('the progress of a move', () => {
  it('counts speed and time left from what this run did, and says it now and then', () => {
    const { lines, tell, pass } = told(false);
    tell.tell(packs(50, 3_000_000_000));
    pass(1_000);
    tell.tell(packs(51, 3_100_000_000));
    pass(9_000);
    tell.tell(packs(60, 3_600_000_000));
    expect(lines).toEqual(['50 of 100 packs\n', '60 of 100 packs, 3,600 of 6,000 MB, 60.0 MB/s, 40 s left\n']);
    tell.tell({ phase: 'rows', done: 0, total: 20_000, doneBytes: 0, totalBytes: 0 });
    pass(10_000);
    tell.tell({ phase: 'rows', done: 100, total: 80_000_000, doneBytes: 0, totalBytes: 0 });
    expect(lines.slice(2)).toEqual(['0 of 20,000 rows\n', '100 of 80,000,000 rows, 10 rows/s, 2222 h 13 min left\n']);
  });

  it('writes over its line on a terminal, and ends it', () => {
    const { lines, tell, pass } = told(true);
    tell.tell(packs(0, 0));
    pass(600);
    tell.tell(packs(1, 60_000_000));
    tell.end();
    tell.end();
    expect(lines).toEqual(['\r\u001b[K0 of 100 packs', '\r\u001b[K1 of 100 packs', '\n']);
  });
});
